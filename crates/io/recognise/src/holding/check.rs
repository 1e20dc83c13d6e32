//! Whether the fields around a short magic number make sense. Each gets the disk's first bytes.

use sparse::fields::{be16, be32, byte, le16, le32};

/// The superblock at byte 1024: block size, groups and revision are in their ranges.
pub(super) fn ext(head: &[u8]) -> bool {
    let (inodes, blocks, log_size) = (le32(head, 1024), le32(head, 1028), le32(head, 1048));
    let (blocks_per_group, inodes_per_group) = (le32(head, 1056), le32(head, 1064));
    let revision = le32(head, 1100);
    inodes > 0
        && blocks > 0
        && log_size <= 6
        && blocks_per_group > 0
        && inodes_per_group > 0
        && revision <= 1
}

/// The superblock at byte 0: the block's and the sector's size are powers of two in their ranges.
pub(super) fn xfs(head: &[u8]) -> bool {
    let (block, sector) = (be32(head, 4), be16(head, 102));
    let is_size = |size: u32| size.is_power_of_two() && (512..=65536).contains(&size);
    is_size(block) && is_size(u32::from(sector))
}

/// The BIOS parameter block at byte 11.
pub(super) fn fat(head: &[u8]) -> bool {
    let (sector, cluster) = (le16(head, 11), byte(head, 13));
    let (reserved, fats, media) = (le16(head, 14), byte(head, 16), byte(head, 21));
    sector.is_power_of_two()
        && (512..=4096).contains(&sector)
        && cluster.is_power_of_two()
        && reserved > 0
        && (1..=4).contains(&fats)
        && (media == 0xf0 || media >= 0xf8)
}

/// A superblock of version 1 at byte `at`; version 0 has its superblock at the end.
pub(super) fn md(head: &[u8], at: usize) -> bool {
    le32(head, at + 4) == 1
}

/// The header at byte 0: valid or not, version 1, chunks of a power of two sectors.
pub(super) fn snapshot(head: &[u8]) -> bool {
    let (valid, version, chunk) = (le32(head, 4), le32(head, 8), le32(head, 12));
    valid <= 1 && version == 1 && chunk.is_power_of_two()
}

/// The superblock at byte 1024: sectors and blocks are of a usual size.
pub(super) fn f2fs(head: &[u8]) -> bool {
    let (sector, block) = (le32(head, 1032), le32(head, 1040));
    (9..=14).contains(&sector) && (12..=16).contains(&block)
}

/// The superblock at byte 1024: blocks are of a usual size.
pub(super) fn erofs(head: &[u8]) -> bool {
    (9..=16).contains(&byte(head, 1024 + 12))
}

/// The superblock at byte 1024: revision 2, and a length that fits.
pub(super) fn nilfs2(head: &[u8]) -> bool {
    let (revision, length, log_size) = (le32(head, 1024), le16(head, 1032), le32(head, 1044));
    revision == 2 && (100..=1024).contains(&length) && log_size <= 6
}

/// The master directory block at byte 1024: allocation blocks are whole sectors.
pub(super) fn hfs(head: &[u8]) -> bool {
    let (blocks, size) = (be16(head, 1024 + 18), be32(head, 1024 + 20));
    blocks > 0 && size >= 512 && size.is_multiple_of(512)
}

/// The superblock at byte 0, little-endian: version 1 to 4.
pub(super) fn squashfs(head: &[u8]) -> bool {
    (1..=4).contains(&le16(head, 28))
}

/// The same, big-endian; only versions up to 3 exist.
pub(super) fn squashfs_big(head: &[u8]) -> bool {
    (1..=4).contains(&be16(head, 28))
}

/// The superblock at byte 1024 of versions 1 and 2: the maps are as long as inodes and zones need.
pub(super) fn minix(head: &[u8]) -> bool {
    let inodes = u32::from(le16(head, 1024));
    let zones = match le16(head, 1040) {
        0x2468 | 0x2478 => le32(head, 1044),
        _ => u32::from(le16(head, 1026)),
    };
    let (inode_map, zone_map) = (le16(head, 1028), le16(head, 1030));
    let (first, log_size) = (le16(head, 1032), le16(head, 1034));
    let bits = |blocks: u16| u64::from(blocks) * 1024 * 8;
    inodes > 0
        && u32::from(first) < zones
        && first >= 4
        && log_size <= 6
        && bits(inode_map) > u64::from(inodes)
        && bits(zone_map) + u64::from(first) > u64::from(zones)
}

/// The superblock at byte 1024 of version 3.
pub(super) fn minix3(head: &[u8]) -> bool {
    let (inodes, block) = (le32(head, 1024), le16(head, 1024 + 28));
    let (inode_map, zone_map) = (le16(head, 1030), le16(head, 1032));
    inodes > 0 && inode_map > 0 && zone_map > 0 && block.is_power_of_two() && block >= 1024
}

/// The first entry of the map, at byte 512 or 2048: it counts the entries and describes itself.
pub(super) fn apple(head: &[u8]) -> bool {
    let at = match head.get(512..514) {
        Some(b"PM") => 512,
        _ => 2048,
    };
    (1..=1024).contains(&be32(head, at + 4)) && be32(head, at + 12) > 0
}

/// A label at byte `at`: its second magic number and the number of its partitions.
pub(super) fn disklabel(head: &[u8], at: usize) -> bool {
    le32(head, at + 132) == 0x8256_4557 && (1..=64).contains(&le16(head, at + 138))
}

/// The label at byte 0: all of its words together make zero.
pub(super) fn sun(head: &[u8]) -> bool {
    let words = (0..256).map(|word| be16(head, 2 * word));
    words.fold(0, |sum, word| sum ^ word) == 0
}

/// The volume header at byte 0: the sum of its words is zero.
pub(super) fn sgi(head: &[u8]) -> bool {
    let words = (0..128).map(|word| be32(head, 4 * word));
    words.fold(0u32, u32::wrapping_add) == 0
}
