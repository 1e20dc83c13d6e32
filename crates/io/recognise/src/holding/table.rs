//! The table of signatures. The offsets are those of each format's own documentation.

use super::At::{Aligned, End, Start};
use super::{At, Row, check};

pub(super) const ZFS: &str = "a ZFS pool member";
const EXT: &str = "an ext2, ext3 or ext4 file system";
const GPT: &str = "a GPT partition table";
const LVM: &str = "an LVM physical volume";
const SWAP: &str = "swap space";
const MD: &str = "an md RAID member";
const MINIX: &str = "a Minix file system";
const UFS: &str = "a UFS file system";
const UFS2: &str = "a UFS2 file system";
const OCFS2: &str = "an OCFS2 file system";
const HFS: &str = "an HFS file system";
const DISKLABEL: &str = "a BSD disk label";
const FAT: &str = "a FAT file system";
const NTFS: &str = "an NTFS file system";
const EXFAT: &str = "an exFAT file system";
const BITLOCKER: &str = "a BitLocker volume";
const REFS: &str = "a ReFS file system";
/// What begins with a boot sector of its own.
pub(super) const WITH_BOOT_SECTOR: [&str; 5] = [FAT, NTFS, EXFAT, BITLOCKER, REFS];
const REISER: &str = "a ReiserFS file system";

const MD_MAGIC: &[u8] = &0xa92b_4efcu32.to_le_bytes();
const BCACHE: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81,
];
const BCACHEFS: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef,
];
/// `VOL1` twice in EBCDIC: the key and the label of a DASD's volume.
const DASD: &[u8] = b"\xe5\xd6\xd3\xf1\xe5\xd6\xd3\xf1";

/// A magic number that is telling by itself.
const fn row(what: &'static str, at: At, magic: &'static [u8]) -> Row {
    checked(what, at, magic, |_| true)
}

/// A magic number that needs the fields around it.
const fn checked(
    what: &'static str,
    at: At,
    magic: &'static [u8],
    makes_sense: fn(&[u8]) -> bool,
) -> Row {
    Row {
        what,
        at,
        magic,
        makes_sense,
    }
}

/// From the telling to the vague.
pub(super) const TABLE: &[Row] = &[
    // Partition tables.
    row(GPT, Start(512), b"EFI PART"),
    row(GPT, Start(4096), b"EFI PART"),
    // Volume managers, RAID, encryption, caches.
    row("a LUKS encrypted volume", Start(0), b"LUKS\xba\xbe"),
    row("a LUKS encrypted volume", Start(0x4000), b"SKUL\xba\xbe"),
    row(LVM, Start(24), b"LVM2 001"),
    row(LVM, Start(512 + 24), b"LVM2 001"),
    row(LVM, Start(1024 + 24), b"LVM2 001"),
    row(LVM, Start(1536 + 24), b"LVM2 001"),
    checked(MD, Start(0), MD_MAGIC, |head| check::md(head, 0)),
    checked(MD, Start(4096), MD_MAGIC, |head| check::md(head, 4096)),
    row(MD, Aligned(8192, 4096), MD_MAGIC),
    row(MD, Aligned(65536, 65536), MD_MAGIC),
    row(
        "an Intel RAID member",
        End(1024),
        b"Intel Raid ISM Cfg Sig. ",
    ),
    row("a DDF RAID member", End(512), b"\xde\x11\xde\x11"),
    row("DRBD metadata", End(4096 - 60), b"\x83\x74\x02\x6b"),
    row("a bcache or bcachefs device", Start(4096 + 24), BCACHE),
    row("a bcachefs device", Start(4096 + 24), BCACHEFS),
    row("a VDO volume", Start(0), b"dmvdo001"),
    row(
        "a Stratis pool member",
        Start(512 + 4),
        b"!Stra0tis\x86\xff\x02^\x41rh",
    ),
    row(
        "a Ceph BlueStore device",
        Start(0),
        b"bluestore block device",
    ),
    row("an Oracle ASM disk", Start(32), b"ORCLDISK"),
    row("dm-integrity metadata", Start(0), b"integrt\0"),
    row("dm-verity metadata", Start(0), b"verity\0\0"),
    checked(
        "an LVM snapshot's store",
        Start(0),
        b"SnAp",
        check::snapshot,
    ),
    // The name of the first pair in a vdev label: the pool's own version.
    row(ZFS, Start(0x4000 + 20), b"\0\0\0\x07version\0"),
    // File systems.
    checked(EXT, Start(1080), b"\x53\xef", check::ext),
    checked("an XFS file system", Start(0), b"XFSB", check::xfs),
    row("a btrfs file system", Start(0x1_0040), b"_BHRfS_M"),
    row(SWAP, Start(4096 - 10), b"SWAPSPACE2"),
    row(SWAP, Start(4096 - 10), b"SWAP-SPACE"),
    row(SWAP, Start(8192 - 10), b"SWAPSPACE2"),
    row(SWAP, Start(16384 - 10), b"SWAPSPACE2"),
    row(SWAP, Start(65536 - 10), b"SWAPSPACE2"),
    row(
        "swap space with a suspended system",
        Start(4096 - 10),
        b"S1SUSPEND",
    ),
    row(
        "swap space with a suspended system",
        Start(4096 - 10),
        b"S2SUSPEND",
    ),
    row(
        "swap space with a suspended system",
        Start(4096 - 10),
        b"LINHIB0001",
    ),
    row("a VMFS volume", Start(0x10_0000), b"\x0d\xd0\x01\xc0"),
    row(NTFS, Start(3), b"NTFS    "),
    row(EXFAT, Start(3), b"EXFAT   "),
    row(BITLOCKER, Start(3), b"-FVE-FS-"),
    row(REFS, Start(3), b"ReFS\0\0\0\0"),
    checked(FAT, Start(54), b"FAT1", check::fat),
    checked(FAT, Start(82), b"FAT32   ", check::fat),
    checked(
        "an F2FS file system",
        Start(1024),
        b"\x10\x20\xf5\xf2",
        check::f2fs,
    ),
    checked(
        "an EROFS file system",
        Start(1024),
        b"\xe2\xe1\xf5\xe0",
        check::erofs,
    ),
    checked(
        "a NILFS2 file system",
        Start(1024 + 6),
        b"\x34\x34",
        check::nilfs2,
    ),
    row("a JFS file system", Start(0x8000), b"JFS1"),
    row(REISER, Start(0x1_0034), b"ReIsEr"),
    row(REISER, Start(0x2034), b"ReIsEr"),
    row("a Reiser4 file system", Start(0x1_0000), b"ReIsEr4"),
    row("a GFS2 file system", Start(0x1_0000), b"\x01\x16\x19\x70"),
    row(OCFS2, Start(0x0400), b"OCFSV2"),
    row(OCFS2, Start(0x0800), b"OCFSV2"),
    row(OCFS2, Start(0x1000), b"OCFSV2"),
    row(OCFS2, Start(0x2000), b"OCFSV2"),
    row("an APFS container", Start(32), b"NXSB"),
    row("an HFS+ file system", Start(1024), b"H+\0\x04"),
    row("an HFS+ file system", Start(1024), b"HX\0\x05"),
    checked(HFS, Start(1024), b"BD", check::hfs),
    row(UFS, Start(0x2000 + 1372), b"\x54\x19\x01\0"),
    row(UFS, Start(0x2000 + 1372), b"\0\x01\x19\x54"),
    row(UFS2, Start(0x2000 + 1372), b"\x19\x01\x54\x19"),
    row(UFS2, Start(0x1_0000 + 1372), b"\x19\x01\x54\x19"),
    row(UFS2, Start(0x1_0000 + 1372), b"\x19\x54\x01\x19"),
    row("an ISO 9660 file system", Start(0x8001), b"CD001"),
    row("a High Sierra file system", Start(0x8009), b"CDROM"),
    row("a UDF file system", Start(0x8001), b"BEA01"),
    checked("a squashfs file system", Start(0), b"hsqs", check::squashfs),
    checked(
        "a squashfs file system",
        Start(0),
        b"sqsh",
        check::squashfs_big,
    ),
    row("a cramfs file system", Start(0), b"\x45\x3d\xcd\x28"),
    row("a cramfs file system", Start(0), b"\x28\xcd\x3d\x45"),
    row("a romfs file system", Start(0), b"-rom1fs-"),
    checked(MINIX, Start(1040), b"\x7f\x13", check::minix),
    checked(MINIX, Start(1040), b"\x8f\x13", check::minix),
    checked(MINIX, Start(1040), b"\x68\x24", check::minix),
    checked(MINIX, Start(1040), b"\x78\x24", check::minix),
    checked(MINIX, Start(1048), b"\x5a\x4d", check::minix3),
    row(
        "an HPFS file system",
        Start(0x2000),
        b"\x49\xe8\x95\xf9\xc5\xe9\x53\xfa",
    ),
    row("a BFS file system", Start(512 + 32), b"1SFB"),
    row("a UnixWare BFS file system", Start(0), b"\xce\xfa\xad\x1b"),
    row("a VxFS file system", Start(1024), b"\xf5\xfc\x01\xa5"),
    row(
        "a HAMMER file system",
        Start(0),
        b"\x31\x30\x52\xc5\x4d\x4d\x41\xc8",
    ),
    row(
        "a HAMMER2 file system",
        Start(0),
        b"\x11\x20\x17\x05\x32\x4d\x41\x48",
    ),
    row("a QNX6 file system", Start(0x2000), b"\x22\x11\x19\x68"),
    row("a ZoneFS file system", Start(0), b"SFOZ"),
    row("a Novell NSS volume", Start(0x1000), b"SPB5"),
    // Partition tables that others than PCs have.
    checked(
        "an Apple partition map",
        Start(512),
        b"PM\0\0",
        check::apple,
    ),
    checked(
        "an Apple partition map",
        Start(2048),
        b"PM\0\0",
        check::apple,
    ),
    checked(DISKLABEL, Start(512), b"\x57\x45\x56\x82", |head| {
        check::disklabel(head, 512)
    }),
    checked(DISKLABEL, Start(64), b"\x57\x45\x56\x82", |head| {
        check::disklabel(head, 64)
    }),
    checked("a Sun disk label", Start(508), b"\xda\xbe", check::sun),
    checked(
        "an SGI disk label",
        Start(0),
        b"\x0b\xe5\xa9\x41",
        check::sgi,
    ),
    row("an AIX disk label", Start(0), b"\xc9\xc2\xd4\xc1"),
    row("an Amiga rigid disk block", Start(0), b"RDSK"),
    row("a DASD volume label", Start(0x2000), DASD),
    // Other containers, for the question whether a target holds anything.
    checked("a qcow2 image", Start(0), b"QFI\xfb", |_| false),
    row("a GPT backup partition table", End(512), b"EFI PART"),
    row("a GPT backup partition table", End(4096), b"EFI PART"),
];
