//! Seeds of what is told by the bytes alone: partition tables, file systems, and what is no disk.

/// A GPT and its protective MBR, with one partition.
const GPT: &str = "python3 -c '
import struct, sys, zlib
mbr = bytes(446) + struct.pack(\"<BxxxBxxxII\", 0, 0xee, 1, 0xffffffff) + bytes(48) + b\"\\x55\\xaa\"
entry = (bytes(range(1, 33)) + struct.pack(\"<QQ\", 34, 90)).ljust(128, b\"\\0\")
def header(crc):
    return struct.pack(\"<8sIIIIQQQQ16sQIII\", b\"EFI PART\", 0x10000, 92, crc, 0, 1, 191, 34, 158, bytes(16), 2, 128, 128, 0)
sys.stdout.buffer.write(mbr + header(zlib.crc32(header(0))).ljust(512, b\"\\0\") + entry)'";

/// The target, the seed's name, and the command that writes it to standard output.
pub(super) const SEEDS: &[(&str, &str, &str)] = &[
    (
        "recognise",
        "ext2",
        "truncate -s 256K fs; mke2fs -q -t ext2 -U clear fs; head -c 2K fs",
    ),
    (
        "recognise",
        "fat",
        "rm -f fat; truncate -s 64K fat; mkfs.fat -i 12345678 fat >/dev/null; head -c 1K fat",
    ),
    (
        "recognise",
        "swap",
        "truncate -s 64K swap; mkswap -q -U clear swap; head -c 4K swap",
    ),
    ("recognise", "gpt", GPT),
    (
        "recognise",
        "mbr",
        "head -c 446 /dev/zero
        printf '\\200\\0\\1\\0\\203\\0\\0\\0\\1\\0\\0\\0\\377\\0\\0\\0'
        head -c 48 /dev/zero; printf '\\125\\252'",
    ),
    (
        "recognise",
        "cpio",
        "printf 'name = guest\\n' >a.cfg; echo a.cfg | cpio -o -H bin --quiet",
    ),
    (
        "recognise",
        "openpgp",
        "printf '\\214\\015\\004\\011\\003\\002abcdefgh`\\322\\003\\001xy'",
    ),
    ("recognise", "pdf", "printf '%%PDF-1.7\\n\\200\\201\\202'"),
];
