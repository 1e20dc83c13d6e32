//! What a device holds, by the magic numbers that file systems and volume managers leave.
//!
//! Only a question of overwriting: a match is enough to ask for `--force`, so nothing behind the
//! magic is checked. The offsets are those of each format's own documentation.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use At::{Aligned, End, Start};

/// Where a magic is.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Bytes from the start.
    Start(u64),
    /// Bytes before the end.
    End(u64),
    /// Bytes before the end, then down to a multiple of the second number.
    Aligned(u64, u64),
}

impl At {
    fn offset(self, size: u64) -> Option<u64> {
        match self {
            Start(offset) => Some(offset),
            End(before) => size.checked_sub(before),
            Aligned(before, unit) => Some(size.checked_sub(before)? / unit * unit),
        }
    }
}

/// A recognised holding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What it is, with its article: `an ext2, ext3 or ext4 file system`.
    pub(crate) what: &'static str,
    /// The byte at which its magic is.
    pub(crate) offset: u64,
}

const MD: &[u8] = &0xa92b_4efcu32.to_le_bytes();
const LVM: &[u8] = b"LVM2 001";
const LVM_NAME: &str = "an LVM physical volume";
const SWAP_NAME: &str = "swap space";
const BCACHE: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81,
];
const BCACHEFS: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef,
];

/// From the telling to the vague: the boot signature comes last, for FAT and NTFS have it too.
const TABLE: &[(&str, At, &[u8])] = &[
    ("a GPT partition table", Start(512), b"EFI PART"),
    ("a GPT partition table", Start(4096), b"EFI PART"),
    (
        "an ext2, ext3 or ext4 file system",
        Start(1080),
        b"\x53\xef",
    ),
    ("an XFS file system", Start(0), b"XFSB"),
    ("a btrfs file system", Start(0x1_0040), b"_BHRfS_M"),
    ("a LUKS encrypted volume", Start(0), b"LUKS\xba\xbe"),
    ("a LUKS encrypted volume", Start(0x4000), b"SKUL\xba\xbe"),
    (LVM_NAME, Start(24), LVM),
    (LVM_NAME, Start(512 + 24), LVM),
    (LVM_NAME, Start(1024 + 24), LVM),
    (LVM_NAME, Start(1536 + 24), LVM),
    (SWAP_NAME, Start(4096 - 10), b"SWAPSPACE2"),
    (SWAP_NAME, Start(4096 - 10), b"SWAP-SPACE"),
    (SWAP_NAME, Start(65536 - 10), b"SWAPSPACE2"),
    ("an md RAID member", Start(0), MD),
    ("an md RAID member", Start(4096), MD),
    ("an md RAID member", Aligned(8192, 4096), MD),
    ("an md RAID member", Aligned(65536, 65536), MD),
    (
        "an Intel RAID member",
        End(1024),
        b"Intel Raid ISM Cfg Sig. ",
    ),
    ("a DDF RAID member", End(512), b"\xde\x11\xde\x11"),
    ("DRBD metadata", End(4096 - 60), b"\x83\x74\x02\x6b"),
    ("a bcache or bcachefs device", Start(4096 + 24), BCACHE),
    ("a bcachefs device", Start(4096 + 24), BCACHEFS),
    ("a VDO volume", Start(0), b"dmvdo001"),
    (
        "a Stratis pool member",
        Start(512 + 4),
        b"!Stra0tis\x86\xff\x02^\x41rh",
    ),
    (
        "a Ceph BlueStore device",
        Start(0),
        b"bluestore block device",
    ),
    ("a VMFS volume", Start(0x10_0000), b"\x0d\xd0\x01\xc0"),
    ("an NTFS file system", Start(3), b"NTFS    "),
    ("an exFAT file system", Start(3), b"EXFAT   "),
    ("a BitLocker volume", Start(3), b"-FVE-FS-"),
    ("a ReFS file system", Start(3), b"ReFS\0\0\0\0"),
    ("a FAT file system", Start(54), b"FAT1"),
    ("a FAT file system", Start(82), b"FAT32   "),
    ("an F2FS file system", Start(1024), b"\x10\x20\xf5\xf2"),
    ("an EROFS file system", Start(1024), b"\xe2\xe1\xf5\xe0"),
    ("a NILFS2 file system", Start(1024 + 6), b"\x34\x34"),
    ("a JFS file system", Start(0x8000), b"JFS1"),
    ("a ReiserFS file system", Start(0x1_0034), b"ReIsEr"),
    ("a GFS2 file system", Start(0x1_0000), b"\x01\x16\x19\x70"),
    ("an OCFS2 file system", Start(0x2000), b"OCFSV2"),
    ("an APFS container", Start(32), b"NXSB"),
    ("an HFS+ file system", Start(1024), b"H+\0\x04"),
    ("a UFS file system", Start(0x2000 + 1372), b"\x54\x19\x01\0"),
    (
        "a UFS2 file system",
        Start(0x1_0000 + 1372),
        b"\x19\x01\x54\x19",
    ),
    ("an ISO 9660 file system", Start(0x8001), b"CD001"),
    ("a squashfs file system", Start(0), b"hsqs"),
    ("a qcow2 image", Start(0), b"QFI\xfb"),
    ("a GPT backup partition table", End(512), b"EFI PART"),
    ("a GPT backup partition table", End(4096), b"EFI PART"),
    ("a partition table or boot sector", Start(510), b"\x55\xaa"),
];

/// The first signature in `head`, a disk's beginning: what it holds, with its article. Signatures that
/// lie behind `head` or at the disk's end are not seen.
pub fn in_head(head: &[u8]) -> Option<&'static str> {
    let holds = |at: At, magic: &[u8]| match at {
        Start(offset) => {
            let offset = usize::try_from(offset).ok()?;
            head.get(offset..)?.starts_with(magic).then_some(())
        }
        End(_) | Aligned(..) => None,
    };
    let found = TABLE
        .iter()
        .find(|(_, at, magic)| holds(*at, magic).is_some());
    found.map(|(what, ..)| *what)
}

/// Bytes at each end in which every signature lies.
pub(crate) const EDGE: u64 = (1 << 20) + 4096;

/// ZFS keeps four labels of 256 KiB, two at each end; the second half of a label is a ring of
/// uberblocks, of which any may be the first used.
const ZFS_LABEL: u64 = 256 << 10;
const ZFS_UBERBLOCK: [u8; 8] = 0x00ba_b10cu64.to_le_bytes();

/// The first signature found on a device of `size` bytes.
///
/// # Errors
/// When the device cannot be read.
pub(crate) fn find(device: &File, size: u64) -> io::Result<Option<Found>> {
    find_in(size, |offset, buffer| device.read_exact_at(buffer, offset))
}

/// The first signature found in `size` bytes, of which `read` fills a buffer from an offset on. It is
/// asked for nothing but the first and the last [`EDGE`] bytes.
///
/// # Errors
/// Those of `read`.
pub(crate) fn find_in(
    size: u64,
    read: impl Fn(u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<Option<Found>> {
    let mut magic = [0; 32];
    for &(what, at, expected) in TABLE {
        let Some(offset) = at.offset(size) else {
            continue;
        };
        let Some(magic) = magic.get_mut(..expected.len()) else {
            continue;
        };
        if offset + magic.len() as u64 > size {
            continue;
        }
        read(offset, magic)?;
        if magic == expected {
            return Ok(Some(Found { what, offset }));
        }
    }
    zfs(size, read)
}

fn zfs(size: u64, read: impl Fn(u64, &mut [u8]) -> io::Result<()>) -> io::Result<Option<Found>> {
    let whole = size / ZFS_LABEL * ZFS_LABEL;
    let mut ring = vec![0; ZFS_LABEL as usize / 2];
    for label in [Some(0), whole.checked_sub(2 * ZFS_LABEL)]
        .into_iter()
        .flatten()
    {
        let start = label + ZFS_LABEL / 2;
        if start + ring.len() as u64 > size {
            continue;
        }
        read(start, &mut ring)?;
        let used = |slot: &[u8]| {
            let magic = slot.first_chunk::<8>();
            magic.is_some_and(|m| *m == ZFS_UBERBLOCK || *m == 0x00ba_b10cu64.to_be_bytes())
        };
        if let Some(slot) = ring.chunks(1024).position(used) {
            let what = "a ZFS pool member";
            let offset = start + 1024 * slot as u64;
            return Ok(Some(Found { what, offset }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use testkit::machine::{noise, run};

    use super::*;

    const SIZE: u64 = 4 << 20;

    fn in_file(fill: impl FnOnce(&File, &Path)) -> Option<Found> {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(SIZE).unwrap();
        fill(file.as_file(), file.path());
        find(file.as_file(), file.as_file().metadata().unwrap().len()).unwrap()
    }

    #[test]
    fn every_row_is_found_where_it_says() {
        for &(what, at, magic) in TABLE {
            let offset = at.offset(SIZE).unwrap();
            let found = in_file(|file, _| file.write_all_at(magic, offset).unwrap());
            assert_eq!(found, Some(Found { what, offset }));
        }
    }

    #[test]
    fn a_device_too_small_for_a_signature_has_none() {
        for size in [0, 1, 511, 512, 4096, 70_000] {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&noise(1, size), 0).unwrap();
            assert_eq!(find(&file, size as u64).unwrap(), None, "{size} bytes");
        }
    }

    #[test]
    fn zfs_is_found_in_any_slot_of_a_first_or_last_label() {
        for offset in [
            ZFS_LABEL / 2,
            ZFS_LABEL / 2 + 37 * 1024,
            SIZE - 3 * ZFS_LABEL / 2,
        ] {
            let magic = ZFS_UBERBLOCK;
            let found = in_file(|file, _| file.write_all_at(&magic, offset).unwrap()).unwrap();
            assert_eq!((found.what, found.offset), ("a ZFS pool member", offset));
        }
    }

    #[test]
    fn what_the_tools_make_is_recognised() {
        let cases: [(&str, &[&str], &str); 3] = [
            ("mkfs.ext4", &["-q"], "an ext2, ext3 or ext4 file system"),
            ("mkswap", &[], "swap space"),
            ("mkfs.vfat", &[], "a FAT file system"),
        ];
        for (program, arguments, what) in cases {
            let found = in_file(|_, path| {
                run(program, &[arguments, &[path.to_str().unwrap()]].concat());
            });
            assert_eq!(found.map(|found| found.what), Some(what), "{program}");
        }
    }

    #[test]
    fn a_head_shows_what_begins_in_it() {
        let mut head = vec![0; 2048];
        assert_eq!(in_head(&head), None);
        head[1080..1082].copy_from_slice(b"\x53\xef");
        assert_eq!(in_head(&head), Some("an ext2, ext3 or ext4 file system"));
        assert_eq!(in_head(&head[..1081]), None);
        assert_eq!(in_head(&[]), None);
    }
}
