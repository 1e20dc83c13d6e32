"""Writes the VHDX given as its argument to standard output, with a log that was not replayed: one entry,
which changes a sector of 4096 bytes and makes another zeros."""

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


def entry(size, data_at, zeros_at):
    change = b"changed by the log " * 300
    change = change[:4096]
    descriptors = b"desc" + change[-4:] + change[:8] + struct.pack("<QQ", data_at, SEQUENCE)
    descriptors += b"zero" + struct.pack("<IQQQ", 0, 4096, zeros_at, SEQUENCE)
    sector = b"data" + struct.pack("<I", SEQUENCE >> 32) + change[8:-4] + struct.pack("<I", SEQUENCE)
    head = b"loge" + struct.pack("<IIIQII", 0, 8192, 0, SEQUENCE, 2, 0) + GUID
    head += struct.pack("<QQ", size, size) + descriptors
    return head.ljust(4096, b"\0") + sector


with open(sys.argv[1], "rb") as image:
    file = bytearray(image.read())
(log,) = struct.unpack_from("<Q", file, (64 << 10) + 72)
for header in 64 << 10, 128 << 10:
    file[header + 48 : header + 64] = GUID
    seal(file, header, 4096)
end = len(file)
file[log : log + 8192] = entry(end, end - (1 << 20), end - (1 << 20) + 8192)
seal(file, log, 8192)
sys.stdout.buffer.write(file)
