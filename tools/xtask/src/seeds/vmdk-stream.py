"""Writes a streamOptimized VMDK as VMware's programs write it to standard output: tables behind their grains, a footer, an
end. The disk has CAPACITY sectors, and data in the grains whose numbers are given: `vmdk-stream.py CAPACITY GRAIN...`."""

import struct
import sys
import zlib

GRAIN, TABLE = 128, 512
out = bytearray()


def pad():
    out.extend(bytes(-len(out) % 512))


def header(directory):
    out.extend(b"KDMV" + struct.pack("<II4QI", 3, 0x30001, capacity, GRAIN, 1, 1, TABLE))
    out.extend(struct.pack("<QQQ", 0, directory, GRAIN) + b"\0\n \r\n\x01\0")
    pad()


def marker(sectors, kind):
    out.extend(struct.pack("<QII", sectors, 0, kind))
    pad()


def table(grains):
    places = [0] * TABLE
    for grain in grains:
        places[grain % TABLE] = len(out) // 512
        data = zlib.compress((b"grain %d " % grain * 50).ljust(GRAIN * 512, b"\0"), 9)
        out.extend(struct.pack("<QI", grain * GRAIN, len(data)) + data)
        pad()
    marker(TABLE * 4 // 512, 1)
    place = len(out) // 512
    out.extend(struct.pack("<%dI" % TABLE, *places))
    return place


capacity, *grains = map(int, sys.argv[1:])
header(2**64 - 1)
text = 'version=1\nCID=1\nparentCID=ffffffff\ncreateType="streamOptimized"\nRW %d SPARSE "a"\n' % capacity
out.extend(b"# Disk DescriptorFile\n" + text.encode())
out.extend(bytes(GRAIN * 512 - len(out)))
tables = [0] * (-(-capacity // (GRAIN * TABLE)))
for number in range(len(tables)):
    own = [grain for grain in grains if grain // TABLE == number]
    if own:
        tables[number] = table(own)
marker(-(-len(tables) * 4 // 512), 2)
directory = len(out) // 512
out.extend(struct.pack("<%dI" % len(tables), *tables))
pad()
marker(1, 3)
header(directory)
marker(0, 0)
sys.stdout.buffer.write(out)
