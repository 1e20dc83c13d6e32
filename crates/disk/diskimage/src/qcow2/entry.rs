//! Entries of L1 and L2 tables.

use error::{Error, Result};

use super::bounds::{aligned, inside};

/// Bits 9 to 55: where in the file a cluster is.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
/// The cluster is used once; a reader does not need to know.
const COPIED: u64 = 1 << 63;
/// The cluster is compressed.
const COMPRESSED: u64 = 1 << 62;
/// The cluster reads as zeros.
const ZERO: u64 = 1;
/// A sector in bytes, in which the length of compressed data is counted.
const SECTOR: u64 = 512;
/// Parts of a cluster that extended entries tell apart.
const PARTS: u64 = 32;

/// How an image is laid out: the numbers that entries are read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) cluster_bits: u32,
    /// Whether L2 entries are extended ones of 16 bytes.
    pub(super) extended: bool,
    /// Whether entries may say that a cluster reads as zeros: from version 3 on.
    pub(super) zero_flag: bool,
    /// The disk's size in bytes.
    pub(super) size: u64,
    /// The file's size in bytes, where it is known.
    pub(super) file_size: Option<u64>,
}

impl Layout {
    /// Bytes in a cluster.
    pub(super) fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Parts of a cluster that are told apart.
    pub(super) fn parts(&self) -> u64 {
        if self.extended { PARTS } else { 1 }
    }

    /// Bytes in such a part.
    pub(super) fn part(&self) -> u64 {
        self.cluster() / self.parts()
    }

    /// Clusters in an L2 table.
    pub(super) fn in_table(&self) -> u64 {
        self.cluster() / if self.extended { 16 } else { 8 }
    }

    /// Bytes of the disk that an L2 table stands for.
    pub(super) fn covered(&self) -> u64 {
        self.in_table() << self.cluster_bits
    }

    /// L2 tables that the disk needs.
    pub(super) fn tables(&self) -> u64 {
        self.size.div_ceil(self.covered())
    }
}

/// Where the L2 table is that `entry`, number `index` of the L1 table, points to.
pub(super) fn l2_table(layout: &Layout, index: u64, entry: u64) -> Result<Option<u64>> {
    let offset = entry & OFFSET;
    let reserved = entry & !OFFSET & !COPIED;
    if reserved != 0 {
        return Err(Error::corrupt(format!(
            "L1 entry {index} has reserved bits set: {reserved:#x}"
        )));
    }
    if entry == 0 {
        return Ok(None);
    }
    let what = format_args!("L2 table {index}");
    if offset == 0 {
        let message = format!("{what} is marked as in use, but has no offset");
        return Err(Error::corrupt(message));
    }
    aligned(what, offset, layout.cluster())?;
    inside(layout.file_size, what, offset, layout.cluster())?;
    Ok(Some(offset))
}

/// A cluster of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cluster {
    /// Made of parts.
    Parts {
        /// Where in the file the cluster is; 0 when it has no place.
        offset: u64,
        /// A bit for each part that is in the file.
        stored: u32,
        /// A bit for each part that reads as zeros.
        zeros: u32,
    },
    /// Compressed.
    Packed {
        /// Where in the file its data begins.
        offset: u64,
        /// Bytes that it takes there, at most.
        stored: u64,
    },
}

impl Cluster {
    /// The cluster at byte `guest` of the disk, as `entry` and, in extended entries, `bitmap` describe it.
    pub(super) fn read(layout: &Layout, guest: u64, entry: u64, bitmap: u64) -> Result<Self> {
        let read = match entry & COMPRESSED {
            0 => Self::standard(layout, entry, bitmap),
            _ => Self::packed(layout, entry, bitmap),
        };
        read.map_err(|why| Error::corrupt(format!("cluster at byte {guest} of the disk {why}")))
    }

    fn standard(layout: &Layout, entry: u64, bitmap: u64) -> Result<Self, String> {
        let offset = entry & OFFSET;
        let flag = if layout.zero_flag && !layout.extended {
            ZERO
        } else {
            0
        };
        let reserved = entry & !(OFFSET | COPIED | flag);
        if reserved != 0 {
            return Err(format!("has reserved bits set: {reserved:#x}"));
        }
        if offset == 0 && entry & COPIED != 0 {
            return Err("is marked as in use, but has no offset".into());
        }
        if !offset.is_multiple_of(layout.cluster()) {
            let cluster = layout.cluster();
            return Err(format!(
                "is at byte {offset}, which is not a multiple of {cluster}"
            ));
        }
        let (stored, zeros) = match (layout.extended, entry & flag) {
            (true, _) => (bitmap as u32, (bitmap >> 32) as u32),
            (false, ZERO) => (0, 1),
            (false, _) => (u32::from(offset != 0), 0),
        };
        if stored & zeros != 0 {
            let both = stored & zeros;
            return Err(format!(
                "has parts that are stored and zeros at once: {both:#x}"
            ));
        }
        if stored != 0 && offset == 0 {
            return Err(format!("has stored parts, but no offset: {stored:#x}"));
        }
        Ok(Cluster::Parts {
            offset,
            stored,
            zeros,
        })
    }

    fn packed(layout: &Layout, entry: u64, bitmap: u64) -> Result<Self, String> {
        // The number of sectors takes the highest bits below the flags, as many as it may need.
        let bits = layout.cluster_bits - 8;
        let shift = 62 - bits;
        let offset = entry & ((1 << shift) - 1);
        let sectors = (entry >> shift & ((1 << bits) - 1)) + 1;
        let reserved = offset >> 56 << 56 | entry & COPIED;
        if reserved != 0 {
            return Err(format!(
                "is compressed and has reserved bits set: {reserved:#x}"
            ));
        }
        if bitmap != 0 {
            return Err(format!(
                "is compressed and has a bitmap of parts: {bitmap:#x}"
            ));
        }
        let stored = sectors * SECTOR - offset % SECTOR;
        Ok(Cluster::Packed { offset, stored })
    }

    /// Makes sure that what the disk has at byte `guest` of it is in the file.
    pub(super) fn check(&self, layout: &Layout, guest: u64) -> Result<()> {
        let what = format_args!("cluster at byte {guest} of the disk, stored");
        match *self {
            Cluster::Parts { stored: 0, .. } => Ok(()),
            Cluster::Parts { offset, stored, .. } => {
                // The last cluster of a file may not be filled.
                let parts = u64::from(32 - stored.leading_zeros());
                let needed = (parts * layout.part()).min(layout.size.saturating_sub(guest));
                inside(layout.file_size, what, offset, needed)
            }
            Cluster::Packed { offset, stored } => {
                // The data ends somewhere in its last sector, and the file may end there as well.
                let least = stored.saturating_sub(SECTOR - 1).max(1);
                inside(layout.file_size, what, offset, least)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(cluster_bits: u32) -> Layout {
        Layout {
            cluster_bits,
            extended: false,
            zero_flag: true,
            size: 1 << 30,
            file_size: None,
        }
    }

    #[test]
    fn compressed_entries_count_sectors_as_wide_as_the_cluster_needs() {
        let read = |bits, entry| Cluster::read(&layout(bits), 0, COMPRESSED | entry, 0).unwrap();
        let (offset, stored) = (0x1234, 512 - 0x34);
        assert_eq!(read(9, 0x1234), Cluster::Packed { offset, stored });
        let stored = 1024 - 0x34;
        assert_eq!(
            read(9, 1 << 61 | 0x1234),
            Cluster::Packed { offset, stored }
        );
        assert_eq!(
            read(16, 1 << 54 | 0x1234),
            Cluster::Packed { offset, stored }
        );
        assert_eq!(
            read(21, 1 << 49 | 0x1234),
            Cluster::Packed { offset, stored }
        );
        let most = (2 << 21) - 0x34;
        let stored = most;
        assert_eq!(
            read(21, 0x1fff << 49 | 0x1234),
            Cluster::Packed { offset, stored }
        );
    }

    #[test]
    fn tables_cover_what_the_format_says() {
        assert_eq!(layout(9).covered(), 32 << 10);
        assert_eq!(layout(16).covered(), 512 << 20);
        assert_eq!(layout(21).covered(), 512 << 30);
        assert_eq!(layout(16).tables(), 2);
        let extended = Layout {
            extended: true,
            ..layout(16)
        };
        assert_eq!((extended.covered(), extended.part()), (256 << 20, 2048));
    }
}
