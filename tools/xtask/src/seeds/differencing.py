"""Writes a differencing disk to standard output: `differencing.py vhd|vhdx PARENT`. One block or a part of one is its own, the
rest is in the parent."""

import struct
import sys

MIB = 1 << 20


def seal(part, at):
    """Makes the checksum of a part of a VHD right: the complement of the sum of its bytes."""
    part[at : at + 4] = bytes(4)
    part[at : at + 4] = struct.pack(">I", ~sum(part) & 0xFFFFFFFF)


def vhd(parent):
    """The parent's headers, a table with one block of which a sector is there, and locators of all kinds."""
    footer, header = bytearray(parent[:512]), bytearray(parent[512:1536])
    (table_at,) = struct.unpack_from(">Q", header, 16)
    (entries,) = struct.unpack_from(">I", header, 28)
    footer[60:64] = struct.pack(">I", 4)
    header[40:56] = footer[68:84]
    footer[68:84] = bytes(range(16))
    header[64:76] = "parent".encode("utf-16-be")
    names = [b"W2ru", b"W2ku", b"MacX"]
    texts = ["./parent".encode("utf-16-le"), "C:\\parent".encode("utf-16-le"), b"file:///parent%201"]
    table_len = (entries * 4 + 511) // 512 * 512
    locators_at = table_at + table_len
    for index, (name, text) in enumerate(zip(names, texts)):
        place = struct.pack(">4sIIIQ", name, 1, len(text), 0, locators_at + 512 * index)
        header[576 + 24 * index : 600 + 24 * index] = place
    seal(footer, 64)
    seal(header, 36)
    block_at = locators_at + 512 * len(texts)
    table = bytearray(b"\xff" * table_len)
    table[:4] = struct.pack(">I", block_at // 512)
    locators = b"".join(text.ljust(512, b"\0") for text in texts)
    (block_len,) = struct.unpack_from(">I", header, 32)
    bitmap = b"\x0f\xf0".ljust((block_len // 512 + 7) // 8, b"\0")
    bitmap = bitmap.ljust((len(bitmap) + 511) // 512 * 512, b"\0")
    block = (bytes(4 * 512) + b"own" * 1365).ljust(block_len, b"\0")
    front = (footer + header).ljust(table_at, b"\0")
    return front + table + locators + bitmap + block + footer


def vhdx(parent):
    """The parent with a locator in its metadata, its first block partly there, and a bitmap for that."""
    file = bytearray(parent)
    regions = 192 << 10
    places = {}
    for index in range(struct.unpack_from("<I", file, regions + 8)[0]):
        guid, at, size = struct.unpack_from("<16sQI", file, regions + 16 + 32 * index)
        places[guid[:4].hex()] = at, size
    table, metadata = places["6677c22d"][0], places["06a27c8b"][0]
    number = lambda at: struct.unpack_from("<Q", file, at + 8)
    header = max(64 << 10, 128 << 10, key=number)
    content = bytes(file[header + 32 : header + 48])
    a, b, c = struct.unpack("<IHH", content[:8])
    tail = content[8:].hex()
    linkage = "{%08x-%04x-%04x-%s-%s}" % (a, b, c, tail[:4], tail[4:])
    pairs = [("parent_linkage", linkage), ("relative_path", ".\\parent"), ("absolute_win32_path", "C:\\parent")]
    texts = [[text.encode("utf-16-le") for text in pair] for pair in pairs]
    locator = bytearray(bytes.fromhex("b7ef4ab09ed1814ab78925b8e9445913"))
    locator += struct.pack("<HH", 0, len(pairs))
    at = 20 + 12 * len(pairs)
    for key, value in texts:
        locator += struct.pack("<IIHH", at, at + len(key), len(key), len(value))
        at += len(key) + len(value)
    locator += b"".join(key + value for key, value in texts)
    count = struct.unpack_from("<H", file, metadata + 10)[0]
    for index in range(count):
        guid, offset = struct.unpack_from("<16sI", file, metadata + 32 + 32 * index)
        if guid[:4].hex() == "3767a1ca":
            file[metadata + offset + 4] |= 2
    item = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c") + struct.pack("<III", 512 << 10, len(locator), 4)
    file[metadata + 32 + 32 * count : metadata + 32 + 32 * count + 28] = item
    file[metadata + 10 : metadata + 12] = struct.pack("<H", count + 1)
    file[metadata + (512 << 10) : metadata + (512 << 10) + len(locator)] = locator
    (entry,) = struct.unpack_from("<Q", file, table)
    struct.pack_into("<Q", file, table, entry & ~7 | 7)
    # A chunk has as many blocks as a bitmap of 1 MiB has sectors for.
    bitmap = len(file) + -len(file) % MIB
    struct.pack_into("<Q", file, table + 8 * ((MIB * 8 * 512) // MIB), bitmap | 6)
    file = file.ljust(bitmap, b"\0") + b"\x0f\xf0".ljust(MIB, b"\0")
    return file


with open(sys.argv[2], "rb") as image:
    sys.stdout.buffer.write({"vhd": vhd, "vhdx": vhdx}[sys.argv[1]](image.read()))
