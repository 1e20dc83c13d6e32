//! Whether the grain tables say what has passed.
//!
//! A table says where each grain is; who reads the file at random places believes it, who reads it
//! as a stream believes the markers. Both must come to the same disk. Tables may come before their
//! grains or behind them, and there may be many, so what is kept of each is a sum over its entries,
//! of keyed hashes, so that an image cannot be made to fool them: one of what the table says, one of what
//! has passed.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use error::{Error, Result};

use crate::vmdk::header::{Header, SECTOR};

/// Grain tables that are kept account of, 8 TiB of disk with grains of 64 KiB.
const TABLES: u64 = 1 << 18;

/// Grains that are kept account of; a bit each.
const GRAINS: u64 = 1 << 27;

/// The account of one stream.
pub(super) struct Ledger {
    keys: RandomState,
    /// Entries in a grain table.
    entries: u64,
    /// Whether an entry of 1 stands for no grain.
    zeroed: bool,
    /// The sums of the grains that have passed, by the number of the table that should name them.
    passed: Vec<u64>,
    /// The sums of the tables that have passed, by the sector where they lay.
    tables: HashMap<u32, u64>,
    /// A bit for each grain that has passed.
    seen: Vec<u64>,
}

impl Ledger {
    /// An empty account.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when it could take too much memory.
    pub(super) fn new(header: &Header) -> Result<Self> {
        if header.tables() > TABLES || header.grains() > GRAINS {
            return Err(Error::unsupported(format!(
                "has {} grains, more than one pass keeps account of",
                header.grains()
            ))
            .hint("save it first and give the file"));
        }
        Ok(Ledger {
            keys: RandomState::new(),
            entries: header.entries,
            zeroed: header.zeroed_grains,
            passed: Vec::new(),
            tables: HashMap::new(),
            seen: Vec::new(),
        })
    }

    /// Grain `number` passes at byte `at`; `false` when it did before.
    pub(super) fn grain(&mut self, number: u64, at: u64) -> bool {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        let table = (number / self.entries) as usize;
        let hash = self.hash(number % self.entries, at / SECTOR);
        let (Some(seen), Some(sum)) = (reach(&mut self.seen, word), reach(&mut self.passed, table))
        else {
            return false;
        };
        *sum = sum.wrapping_add(hash);
        let first = *seen & bit == 0;
        *seen |= bit;
        first
    }

    /// A grain table passes whose first byte was at `at`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when there are more than there can be.
    pub(super) fn table(&mut self, at: u64, entries: &[u8]) -> Result<()> {
        let nothing = |entry: u32| entry == 0 || (entry == 1 && self.zeroed);
        let entries = (0..).zip(entries.as_chunks().0);
        let sum = entries
            .map(|(i, &entry)| (i, u32::from_le_bytes(entry)))
            .filter(|&(_, entry)| !nothing(entry))
            .fold(0u64, |sum, (i, entry)| {
                sum.wrapping_add(self.hash(i, u64::from(entry)))
            });
        if self.tables.len() as u64 >= 2 * TABLES {
            return Err(Error::corrupt(format!(
                "has more than {} grain tables",
                self.tables.len()
            )));
        }
        if let Ok(sector) = u32::try_from(at / SECTOR) {
            self.tables.insert(sector, sum);
        }
        Ok(())
    }

    /// Checks that `directory` names tables that have passed and that these name the grains that
    /// have passed, no more and no less.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when they do not.
    pub(super) fn settle(&self, directory: &[u32]) -> Result<()> {
        for (i, &sector) in directory.iter().enumerate() {
            let passed = self.passed.get(i).copied().unwrap_or(0);
            let at = u64::from(sector) * SECTOR;
            let message = match (sector, self.tables.get(&sector)) {
                (0, _) if passed == 0 => continue,
                (0, _) => format!("has no grain table {i}, and grains that it should name"),
                (_, None) => {
                    format!(
                        "has a grain directory that names a grain table at byte {at}, where none is"
                    )
                }
                (_, Some(&sum)) if sum == passed => continue,
                _ => format!(
                    "has a grain table {i}, at byte {at}, that does not name the grains that are there"
                ),
            };
            return Err(Error::corrupt(message));
        }
        Ok(())
    }

    fn hash(&self, index: u64, sector: u64) -> u64 {
        self.keys.hash_one((index, sector))
    }
}

/// The element `index` of a list that grows as far as it is needed.
fn reach(list: &mut Vec<u64>, index: usize) -> Option<&mut u64> {
    if list.len() <= index {
        list.resize(index + 1, 0);
    }
    list.get_mut(index)
}
