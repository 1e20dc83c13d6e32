//! Seeds of what is told by the bytes alone: partition tables, file systems, and what is no disk.

/// A GPT and its protective MBR, with one partition.
const GPT: &str = "python3 -c '
import struct, sys, zlib
mbr = bytes(446) + struct.pack(\"<BxxxBxxxII\", 0, 0xee, 1, 0xffffffff) + bytes(48) + b\"\\x55\\xaa\"
entry = (bytes(range(1, 33)) + struct.pack(\"<QQ\", 34, 90)).ljust(128, b\"\\0\")
def header(crc):
    return struct.pack(\"<8sIIIIQQQQ16sQIII\", b\"EFI PART\", 0x10000, 92, crc, 0, 1, 191, 34, 158, bytes(16), 2, 128, 128, 0)
sys.stdout.buffer.write(mbr + header(zlib.crc32(header(0))).ljust(512, b\"\\0\") + entry)'";

/// Writes a superblock: `superblock SIZE OFFSET HEX…`, so many bytes with these at these places.
pub(super) const PRELUDE: &str = "
    superblock() {
        rm -f block; truncate -s $1 block; shift
        while [ $# -gt 0 ]; do printf %s $2 | xxd -r -p | dd of=block bs=1 seek=$1 conv=notrunc status=none; shift 2; done
        cat block
    }
    ";

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
    (
        "recognise",
        "gpt-far-backup",
        // The second copy is 2 MiB behind the last usable block.
        "python3 -c '
import struct, sys, zlib
def header(crc):
    return struct.pack(\"<8sIIIIQQQQ16sQIII\", b\"EFI PART\", 0x10000, 92, crc, 0, 1, 9999, 34, 158, bytes(16), 2, 0, 128, 0)
sys.stdout.buffer.write(bytes(512) + header(zlib.crc32(header(0))).ljust(512, b\"\\0\"))'",
    ),
    ("recognise", "f2fs", "superblock 1200 1024 1020f5f2 1032 09000000 1040 0c000000 1060 0010000000000000"),
    ("recognise", "erofs", "superblock 1200 1024 e2e1f5e0 1036 0c 1060 10000000"),
    ("recognise", "nilfs2", "superblock 1200 1024 02000000 1030 3434 1032 f801 1044 02000000 1056 0000100000000000"),
    ("recognise", "hfs", "superblock 1200 1024 4244 1042 0010 1044 00001000"),
    ("recognise", "hfs-plus", "superblock 1200 1024 482b0004 1064 00001000 1068 00000100"),
    ("recognise", "minix", "superblock 1100 1024 2000 1026 6400 1028 0100 1030 0100 1032 0500 1034 0000 1040 7f13"),
    ("recognise", "minix-2", "superblock 1100 1024 2000 1028 0100 1030 0100 1032 0500 1040 6824 1044 64000000"),
    ("recognise", "minix-3", "superblock 1100 1024 20000000 1030 0100 1032 0100 1048 5a4d 1052 0004"),
    ("recognise", "apple", "superblock 2200 0 45520200 512 504d0000 516 00000002 520 00000001 524 00000003 1024 504d0000 1028 00000002 1032 00000010 1036 00000040"),
    ("recognise", "apple-2048", "superblock 6200 0 45520800 2048 504d0000 2052 00000001 2056 00000001 2060 00000003"),
    ("recognise", "md", "superblock 4600 4096 fc4e2ba9 4100 01000000 4224 0008000000000000 4232 0010000000000000"),
    ("recognise", "squashfs", "superblock 128 0 68737173 28 0400 40 0010000000000000"),
    ("recognise", "squashfs-big", "superblock 128 0 73717368 28 0003"),
    ("recognise", "lvm-snapshot", "superblock 64 0 536e4170 4 01000000 8 01000000 12 10000000"),
    ("recognise", "swap-old", "superblock 4096 4086 535741502d5350414345"),
    ("recognise", "xfs", "superblock 200 0 58465342 4 00001000 8 0000000000000040 102 0200"),
    ("recognise", "apfs", "superblock 64 32 4e585342 36 00100000 40 0001000000000000"),
    ("recognise", "reiserfs", "superblock 9000 8192 00100000 8236 0010 8244 526549734572"),
    ("recognise", "nero", "superblock 600 592 4e45524f"),
    ("recognise", "apple-encrypted", "superblock 600 592 6364736165 597 6e6372"),
    ("recognise", "cso", "superblock 64 0 4349534f 16 00080000"),
    ("recognise", "dar", "superblock 64 0 0000007b 14 4e4e"),
    ("recognise", "cms", "superblock 32 0 308006092a864886f70d010702"),
    ("recognise", "cms-long", "superblock 32 0 308206092a 4 06092a864886f70d010702"),
];
