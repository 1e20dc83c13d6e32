"""Writes a zip to standard output whose members are compressed in all the ways that are read, and in some that are not."""

import bz2
import lzma
import struct
import subprocess
import sys
import zlib

TEXT = b"the last words of a disk, and the first ones of another. " * 9
FILTER = {"id": lzma.FILTER_LZMA1, "preset": 0, "dict_size": 1 << 16}
PROPERTIES = b"\x09\x04\x05\x00" + struct.pack("<BI", 93, 1 << 16)
MEMBERS = {
    12: bz2.compress(TEXT),
    14: PROPERTIES + lzma.compress(TEXT, lzma.FORMAT_RAW, filters=[FILTER]),
    93: subprocess.run(["zstd", "-q"], input=TEXT, capture_output=True, check=True).stdout,
    95: lzma.compress(TEXT, preset=0),
}
MEMBERS |= {method: b"?" for method in (1, 6, 10, 16, 18, 19, 94, 96, 97, 98, 99, 1000)}

out, central = b"", b""
for method, data in MEMBERS.items():
    name = b"m%d" % method
    # The LZMA data ends with a mark.
    flags = 2 if method == 14 else 0
    fields = struct.pack("<HHHIIIIHH", 20, flags, method, 0, zlib.crc32(TEXT), len(data), len(TEXT), len(name), 0)
    central += b"PK\1\2" + b"\x14\x00" + fields + bytes(10) + struct.pack("<I", len(out)) + name
    out += b"PK\3\4" + fields + name + data
end = struct.pack("<HHHHIIH", 0, 0, len(MEMBERS), len(MEMBERS), len(central), len(out), 0)
sys.stdout.buffer.write(out + central + b"PK\5\6" + end)
