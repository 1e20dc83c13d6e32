//! The boot sector and its table of parameters (BPB): what is where.

use error::{Error, Result};
use sparse::fields::{byte, field, holds, le16, le32};

use crate::port::About;

/// Bytes of the boot sector that hold parameters.
pub(super) const SECTOR: usize = 512;

/// The number of the first cluster. The two before it are in the table, for other purposes.
pub(super) const FIRST: u32 = 2;

/// Most clusters with entries of 12 and of 16 bits (`MAX_FAT12` and `MAX_FAT16` in the kernel).
const MOST_12: u64 = 0xFF4;
const MOST_16: u64 = 0xFFF4;
const MOST_32: u64 = 0x0FFF_FFF6;

/// The bits of an entry in the table of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    Twelve,
    Sixteen,
    ThirtyTwo,
}

/// Where the root directory is.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// In front of the clusters.
    Fixed { place: u64, len: u64 },
    /// In a chain of clusters, from this one on.
    Chain(u32),
}

/// What the boot sector says of the whole. All numbers are in bytes, but for `clusters`.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    pub(super) bits: Bits,
    /// Bytes of a cluster.
    pub(super) cluster: u64,
    /// The number of clusters.
    pub(super) clusters: u64,
    /// The byte where the table in use starts.
    pub(super) table: u64,
    pub(super) root: Root,
    /// The byte where cluster [`FIRST`] starts.
    data: u64,
}

/// Whether these bytes are the boot sector of a FAT, and not that of a disk or of another file system: what `blkid` and the
/// kernel look at.
pub(super) fn is_boot_sector(sector: &[u8]) -> bool {
    let has_name = holds(sector, 0x36, b"FAT") || holds(sector, 0x52, b"FAT32   ");
    let has_old_name = holds(sector, 0x36, b"MSDOS") || holds(sector, 0x52, b"MSWIN");
    let has_signature = holds(sector, 0x1FE, &[0x55, 0xAA]);
    // OS/2 puts such a sector in front of others.
    let is_other = holds(sector, 0x36, b"JFS     ") || holds(sector, 0x36, b"HPFS    ");
    let is_named = has_name || has_old_name || (has_signature && !is_other);
    let sector_size = le16(sector, 11);
    let media = byte(sector, 21);
    is_named
        && sector_size.is_power_of_two()
        && (512..=4096).contains(&sector_size)
        && byte(sector, 13).is_power_of_two()
        && le16(sector, 14) != 0
        && byte(sector, 16) != 0
        && (media == 0xF0 || media >= 0xF8)
}

/// Whether the parameters are those of FAT32, which has no 16-bit length of its table.
fn is_32(sector: &[u8]) -> bool {
    le16(sector, 22) == 0 && le32(sector, 36) != 0
}

/// What the boot sector calls itself, all but the label.
pub(super) fn about(sector: &[u8]) -> About {
    let (serial, state) = if is_32(sector) { (67, 65) } else { (39, 37) };
    let [a, b, c, d]: [u8; 4] = field(sector, serial);
    let mut notes = Vec::new();
    if byte(sector, state) & 1 != 0 {
        notes.push("not unmounted; it may have errors".into());
    }
    About {
        kind: "vfat",
        label: String::new(),
        uuid: match [a, b, c, d] {
            [0, 0, 0, 0] => String::new(),
            _ => format!("{d:02X}{c:02X}-{b:02X}{a:02X}"),
        },
        notes,
    }
}

impl Geometry {
    /// The geometry that a boot sector describes.
    ///
    /// How many bits an entry has follows from the number of clusters; only FAT32 is known by its other parameters, since there
    /// are smaller ones than the specification allows (EFI system partitions), and every system reads them so.
    pub(super) fn parse(sector: &[u8]) -> Result<Self> {
        let unit = u64::from(le16(sector, 11));
        let cluster = unit * u64::from(byte(sector, 13));
        let reserved = u64::from(le16(sector, 14)) * unit;
        let table_len = match (u64::from(le16(sector, 22)), u64::from(le32(sector, 36))) {
            (0, long) => long * unit,
            (short, _) => short * unit,
        };
        let tables = u64::from(byte(sector, 16));
        let root_len = (u64::from(le16(sector, 17)) * 32).next_multiple_of(unit);
        let total = match (u64::from(le16(sector, 19)), u64::from(le32(sector, 32))) {
            (0, long) => long * unit,
            (short, _) => short * unit,
        };
        let root_place = reserved + tables * table_len;
        let data = root_place + root_len;
        let Some(count) = total.checked_sub(data).map(|len| len / cluster) else {
            return Err(Error::corrupt(format!(
                "boot sector: the clusters start at byte {data}, and the volume has {total}"
            )));
        };
        let bits = bits(sector, count)?;
        // The table may be shorter than the volume.
        let entries = bits.entries(table_len).saturating_sub(FIRST.into());
        let root = match bits {
            Bits::ThirtyTwo => Root::Chain(le32(sector, 44)),
            _ => Root::Fixed {
                place: root_place,
                len: root_len,
            },
        };
        Ok(Geometry {
            bits,
            cluster,
            clusters: count.min(entries),
            table: reserved + active_table(sector, tables)? * table_len,
            root,
            data,
        })
    }

    /// The byte of the volume where `cluster`, which exists, starts.
    pub(super) fn place(&self, cluster: u32) -> u64 {
        self.data + u64::from(cluster.saturating_sub(FIRST)) * self.cluster
    }
}

impl Bits {
    /// The entries in a table of `len` bytes.
    fn entries(self, len: u64) -> u64 {
        match self {
            Bits::Twelve => len * 2 / 3,
            Bits::Sixteen => len / 2,
            Bits::ThirtyTwo => len / 4,
        }
    }
}

fn bits(sector: &[u8], clusters: u64) -> Result<Bits> {
    let (bits, most) = if is_32(sector) {
        (Bits::ThirtyTwo, MOST_32)
    } else if clusters <= MOST_12 {
        (Bits::Twelve, MOST_12)
    } else {
        (Bits::Sixteen, MOST_16)
    };
    if clusters > most {
        return Err(Error::corrupt(format!(
            "boot sector: {clusters} clusters; the most is {most}"
        )));
    }
    Ok(bits)
}

/// Which of the `tables` is in use: the first one, unless FAT32 says that they are not copies of each other.
fn active_table(sector: &[u8], tables: u64) -> Result<u64> {
    let flags = le16(sector, 40);
    if !is_32(sector) || flags & 0x80 == 0 {
        return Ok(0);
    }
    let active = u64::from(flags & 0xF);
    if active >= tables {
        return Err(Error::corrupt(format!(
            "boot sector: table {active} is in use, of {tables}"
        )));
    }
    Ok(active)
}
