//! What the first pass over a disk remembers for the second one.

use error::{Error, Result};

use super::geometry::Geometry;
use crate::advice::Advice;

/// Bytes a layout may take.
const MOST: usize = 32 << 20;

/// How a cluster of the disk is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// As it is.
    Whole,
    /// In this many bytes.
    Packed(u32),
}

/// What a qcow2 file's tables depend on: which clusters of the disk hold data, and how long they are
/// when they are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) geometry: Geometry,
    runs: Vec<Run>,
    /// The lengths of the packed clusters, in order.
    lengths: Vec<u32>,
}

/// Clusters that follow one another and are stored alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    count: u32,
    packed: bool,
}

impl Layout {
    /// One of nothing but zeros.
    pub(super) fn new(geometry: Geometry) -> Self {
        Layout {
            geometry,
            runs: Vec::new(),
            lengths: Vec::new(),
        }
    }

    /// Remembers cluster `number`, which is behind all others.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when that takes too much memory.
    pub(super) fn push(&mut self, number: u64, stored: Stored) -> Result<()> {
        let packed = matches!(stored, Stored::Packed(_));
        if let Stored::Packed(len) = stored {
            self.lengths.push(len);
        }
        match self.runs.last_mut() {
            Some(run) if run.packed == packed && run.end() == number && run.count < u32::MAX => {
                run.count += 1;
            }
            _ => self.runs.push(Run {
                first: number,
                count: 1,
                packed,
            }),
        }
        if size_of_val(&*self.runs) + size_of_val(&*self.lengths) > MOST {
            Err(Error::unsupported(format!(
                "a list of the disk's data takes more than {}, which is all that is given to it",
                error::amount(MOST as u64)
            ))
            .advise(Advice::RaiseClusterSizeOrWriteFile))
        } else {
            Ok(())
        }
    }

    /// What comes at `mark`, which moves on.
    pub(super) fn next(&self, mark: &mut Mark) -> Option<(u64, Stored)> {
        let run = self.runs.get(mark.run)?;
        let number = run.first + u64::from(mark.within);
        mark.within += 1;
        if mark.within == run.count {
            mark.run += 1;
            mark.within = 0;
        }
        if !run.packed {
            return Some((number, Stored::Whole));
        }
        let len = self.lengths.get(mark.packed)?;
        mark.packed += 1;
        Some((number, Stored::Packed(*len)))
    }

    /// All clusters in order.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (u64, Stored)> {
        let mut mark = Mark::default();
        std::iter::from_fn(move || self.next(&mut mark))
    }
}

impl Run {
    fn end(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// A place in a layout.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    run: usize,
    within: u32,
    packed: usize,
}
