//! How far a disk reaches by what it says itself: its partition table, or the superblock of a file system
//! that has the whole disk. A disk that ends before was cut off, or is a part of one.

mod filesystem;
mod gpt;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

pub use gpt::Gpt;

use crate::without_article;

/// Bytes in a sector of PCs' old partition tables, and of nearly every disk.
const SECTOR: u64 = 512;

/// The end that a disk must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What says so.
    pub by: By,
    /// The first byte behind it.
    pub end: u64,
    /// Bytes that must be there. Fewer than `end` where partitioners round up, or programs leave padding
    /// out.
    pub least: u64,
    /// Bytes in the whole disk. More than `end` where something is behind that need not be there.
    pub most: u64,
}

/// What says how far a disk reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A partition of a table, counted from 1.
    Partition {
        /// The table: `GPT`, `MBR`.
        table: &'static str,
        /// The partition's number.
        number: u32,
    },
    /// What a GPT calls its last usable block.
    Usable,
    /// The place of a GPT's second copy.
    Backup,
    /// A file system, a volume or swap space that has the whole disk; with its article.
    Whole(&'static str),
}

impl fmt::Display for By {
    /// As the subject of a sentence: `partition 2 of its GPT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Partition { table, number } => write!(f, "partition {number} of its {table}"),
            By::Usable => f.write_str("the usable area of its GPT"),
            By::Backup => f.write_str("the backup of its GPT"),
            By::Whole(what) => write!(f, "its {}", without_article(what)),
        }
    }
}

impl By {
    /// The table or the file system itself.
    pub fn source(&self) -> &'static str {
        match self {
            By::Partition { table, .. } => table,
            By::Usable | By::Backup => "GPT",
            By::Whole(what) => without_article(what),
        }
    }

    /// Why a disk may be a little shorter than that says.
    pub fn excuse(&self) -> &'static str {
        match self {
            By::Partition { table: "GPT", .. } | By::Usable | By::Backup => {
                "only the backup of that table is missing"
            }
            By::Partition { .. } => "the last partition was perhaps rounded up to a cylinder",
            By::Whole(_) => "only padding is missing",
        }
    }
}

/// How a disk's size and its reach go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Everything is there.
    Whole,
    /// Something is missing that may be missing.
    Nearly,
    /// A part of the disk is missing.
    Cut,
}

impl Reach {
    /// What must be there to the last byte.
    fn exactly(by: By, end: u64) -> Self {
        Reach {
            by,
            end,
            least: end,
            most: end,
        }
    }

    /// Whether a disk of `size` bytes is as long as it says.
    pub fn fit(&self, size: u64) -> Fit {
        match size {
            size if size >= self.most => Fit::Whole,
            size if size >= self.least => Fit::Nearly,
            _ => Fit::Cut,
        }
    }
}

/// Bytes from a disk's start that show its reach. A GPT's entries may be behind them; then its header tells
/// enough.
pub const HEAD: usize = crate::HEAD;

/// How far the disk that begins with `head` reaches, by whatever in it reaches farthest; `None` where
/// nothing says so. A partition table counts before a file system, of which an older one may have left its
/// superblock.
pub fn of(head: &[u8]) -> Option<Reach> {
    // What is made for optical discs has partition tables around it that are only for starting from it.
    if let Some(disc) = filesystem::optical(head) {
        return Some(disc);
    }
    if let Some(gpt) = Gpt::read(head) {
        return Some(gpt.reach(head));
    }
    filesystem::with_boot_sector(head)
        .or_else(|| table::mbr(head))
        .or_else(|| table::apple(head))
        .or_else(|| filesystem::other(head))
}

/// Bytes in a sector of the disk that begins with `head`, where its partition table tells: a GPT shows it by
/// where it is, an MBR does not show it.
pub fn sector(head: &[u8]) -> Option<u32> {
    let gpt = Gpt::read(head)?;
    u32::try_from(gpt.sector).ok()
}
