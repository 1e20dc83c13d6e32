//! The size that superblocks tell, of file systems and volumes that have the whole disk.

use super::{By, Reach, SECTOR};
use crate::holding;
use sparse::fields::{be32, be64, byte, holds, le16, le32, le64};

/// Bytes at the end of an optical disc's image that programs leave out: 150 sectors.
const PADDING: u64 = 150 * 2048;

fn whole(what: &'static str, end: u64) -> Reach {
    Reach::exactly(By::Whole(what), end)
}

/// `count` units of 2 to the power of `log` bytes; `None` where that is more than any disk.
fn shifted(count: u64, log: u32) -> Option<u64> {
    count.checked_mul(1u64.checked_shl(log)?)
}

/// ISO 9660 (ECMA-119, 8.4.8): the volume's size in the primary descriptor.
pub(super) fn optical(head: &[u8]) -> Option<Reach> {
    let descriptor = head.get(0x8000..)?;
    if !holds(descriptor, 0, b"\x01CD001") {
        return None;
    }
    let end = u64::from(le32(descriptor, 80)) * u64::from(le16(descriptor, 128));
    Some(Reach {
        least: end.saturating_sub(PADDING),
        ..whole("an ISO 9660 file system", end)
    })
}

/// File systems that have a boot sector as partition tables have: what stands where the table would be means
/// nothing.
pub(super) fn with_boot_sector(head: &[u8]) -> Option<Reach> {
    let found = holding::in_head(head)?;
    let sector = u64::from(le16(head, 11));
    let end = match found.what {
        "an NTFS file system" => {
            let end = le64(head, 40).checked_mul(sector)?;
            return Some(Reach {
                // One more, which is not counted, holds a copy of the first.
                most: end.checked_add(sector)?,
                ..whole(found.what, end)
            });
        }
        "an exFAT file system" => shifted(le64(head, 72), byte(head, 108).into())?,
        "a FAT file system" => match (le16(head, 19), le32(head, 32)) {
            (0, many) => u64::from(many) * sector,
            (few, _) => u64::from(few) * sector,
        },
        _ => return None,
    };
    Some(whole(found.what, end))
}

/// All others.
pub(super) fn other(head: &[u8]) -> Option<Reach> {
    let found = holding::in_head(head)?;
    let end = match found.what {
        "an ext2, ext3 or ext4 file system" => ext(head)?,
        "an XFS file system" => be64(head, 8).checked_mul(be32(head, 4).into())?,
        // The size of this device, in its own item.
        "a btrfs file system" => le64(head, 0x1_00d1),
        "an F2FS file system" => shifted(le64(head, 1024 + 36), le32(head, 1024 + 16))?,
        "an EROFS file system" => {
            shifted(le32(head, 1024 + 36).into(), byte(head, 1024 + 12).into())?
        }
        "a NILFS2 file system" => le64(head, 1024 + 32),
        "a squashfs file system" if holds(head, 0, b"hsqs") => le64(head, 40),
        "an HFS+ file system" => {
            let (block, blocks) = (be32(head, 1024 + 40), be32(head, 1024 + 44));
            u64::from(block) * u64::from(blocks)
        }
        "an APFS container" => le64(head, 40).checked_mul(le32(head, 36).into())?,
        "swap space" => swap(head, found.offset)?,
        "a ReiserFS file system" => {
            let at = usize::try_from(found.offset).ok()?.checked_sub(0x34)?;
            u64::from(le32(head, at)) * u64::from(le16(head, at + 44))
        }
        "an LVM physical volume" => lvm(head, found.offset),
        "an md RAID member" => {
            let at = usize::try_from(found.offset).ok()?;
            let (offset, sectors) = (le64(head, at + 128), le64(head, at + 136));
            offset.checked_add(sectors)?.checked_mul(SECTOR)?
        }
        _ => return None,
    };
    Some(whole(found.what, end))
}

/// Blocks of 1024 bytes shifted; the number's upper half counts only with the feature 64bit.
fn ext(head: &[u8]) -> Option<u64> {
    let large = le32(head, 1024 + 96) & 0x80 != 0;
    let high = if large { le32(head, 1024 + 0x150) } else { 0 };
    let blocks = u64::from(high) << 32 | u64::from(le32(head, 1028));
    shifted(blocks, 10 + le32(head, 1048))
}

/// The number of the last page, in pages that end with the magic number.
fn swap(head: &[u8], magic: u64) -> Option<u64> {
    let page = magic + 10;
    match (le32(head, 1024), le32(head, 1028)) {
        (1, last) => (u64::from(last) + 1).checked_mul(page),
        _ => None,
    }
}

/// The size in the header that follows the label, of which `magic` is the type.
fn lvm(head: &[u8], magic: u64) -> u64 {
    let label = usize::try_from(magic.saturating_sub(24)).unwrap_or(0);
    let header = label.saturating_add(le32(head, label + 20) as usize);
    le64(head, header.saturating_add(32))
}
