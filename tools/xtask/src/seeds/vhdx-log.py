"""Writes the VHDX given as its argument to standard output, with a log that was not replayed: one entry, which changes a
sector of 4096 bytes and makes another zeros; with `two` a second one, which makes zeros of a part of what the first
changed."""

import struct
import sys

GUID = bytes(range(16))
SEQUENCE = 7


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def seal(file, at, length):
    file[at + 4 : at + 8] = bytes(4)
    file[at + 4 : at + 8] = struct.pack("<I", crc32c(file[at : at + length]))


def zero(number, at, length):
    return b"zero" + struct.pack("<IQQQ", 0, length, at, number)


def entry(number, size, data_at, zeros):
    change = (b"changed by the log " * 20).ljust(4092, b"\0") + b"last"
    descriptors = b"desc" + change[-4:] + change[:8] + struct.pack("<QQ", data_at, number)
    descriptors += b"".join(zero(number, at, length) for at, length in zeros)
    sector = b"data" + struct.pack("<I", number >> 32) + change[8:-4] + struct.pack("<I", number)
    head = b"loge" + struct.pack("<IIIQII", 0, 8192, 0, number, 1 + len(zeros), 0) + GUID
    head += struct.pack("<QQ", size, size) + descriptors
    return head.ljust(4096, b"\0") + sector


with open(sys.argv[1], "rb") as image:
    file = bytearray(image.read())
(log,) = struct.unpack_from("<Q", file, (64 << 10) + 72)
for header in 64 << 10, 128 << 10:
    file[header + 48 : header + 64] = GUID
    seal(file, header, 4096)
end = len(file)
last = end - (1 << 20)
file[log : log + 8192] = entry(SEQUENCE, end, last, [(last + 8192, 5 * 4096)])
seal(file, log, 8192)
if sys.argv[2:] == ["two"]:
    file[log + 8192 : log + 16384] = entry(SEQUENCE + 1, end, last + 4096, [(last, 4096), (last + 12288, 4096)])
    seal(file, log + 8192, 8192)
sys.stdout.buffer.write(file)
