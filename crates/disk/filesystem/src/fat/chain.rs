//! Chains of clusters: each entry of the table names the cluster that follows.

use error::{Error, Result};

use super::geometry::{Bits, FIRST, Geometry};
use crate::blocks::Blocks;

/// Most runs of a chain. Each may need another part of the table.
const MOST_RUNS: usize = 1 << 16;

/// Most bytes of a directory, as in the specification and in the kernel (`FAT_MAX_DIR_SIZE`).
const LONGEST_DIRECTORY: u64 = 2 << 20;

/// Consecutive clusters of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) count: u64,
}

impl Run {
    fn end(&self) -> u64 {
        u64::from(self.first) + self.count
    }
}

/// The chain of a directory from cluster `first` on, to its end.
pub(super) fn whole(first: u32, blocks: &Blocks, geometry: &Geometry) -> Result<Vec<Run>> {
    let most = (LONGEST_DIRECTORY / geometry.cluster).max(1);
    let mut chain = Chain::new(blocks, geometry);
    let mut next = Some(first);
    while let Some(cluster) = next {
        if chain.count == most {
            chain.check_loops()?;
            let text = format!("a directory of more than {LONGEST_DIRECTORY} bytes");
            return Err(Error::corrupt(text));
        }
        chain.push(cluster)?;
        next = chain.after(cluster)?;
    }
    chain.check_loops()?;
    Ok(chain.runs)
}

/// The clusters that hold the `size` bytes of a file, from cluster `first` on.
pub(super) fn of(first: u32, size: u64, blocks: &Blocks, geometry: &Geometry) -> Result<Vec<Run>> {
    let wanted = size.div_ceil(geometry.cluster);
    let mut chain = Chain::new(blocks, geometry);
    if wanted > geometry.clusters {
        return Err(Error::corrupt(format!(
            "a file of {wanted} clusters; there are {}",
            geometry.clusters
        )));
    }
    let mut next = Some(first);
    while chain.count < wanted {
        let Some(cluster) = next else {
            return Err(Error::corrupt(format!(
                "its chain ends after {} of {wanted} clusters",
                chain.count
            )));
        };
        chain.push(cluster)?;
        // What is behind the last one does not matter.
        if chain.count < wanted {
            next = chain.after(cluster)?;
        }
    }
    chain.check_loops()?;
    Ok(chain.runs)
}

struct Chain<'a> {
    blocks: &'a Blocks,
    geometry: &'a Geometry,
    runs: Vec<Run>,
    count: u64,
}

impl<'a> Chain<'a> {
    fn new(blocks: &'a Blocks, geometry: &'a Geometry) -> Self {
        Chain {
            blocks,
            geometry,
            runs: Vec::new(),
            count: 0,
        }
    }

    fn push(&mut self, cluster: u32) -> Result<()> {
        let clusters = u64::from(FIRST)..u64::from(FIRST) + self.geometry.clusters;
        if !clusters.contains(&cluster.into()) {
            return Err(Error::corrupt(format!(
                "cluster {cluster} does not exist; there are {} from {FIRST} on",
                self.geometry.clusters
            )));
        }
        self.count += 1;
        let follows = |last: &&mut Run| last.end() == u64::from(cluster);
        if let Some(last) = self.runs.last_mut().filter(follows) {
            last.count += 1;
            return Ok(());
        }
        if self.runs.len() == MOST_RUNS {
            let text = format!("a file in more than {MOST_RUNS} pieces");
            return Err(Error::unsupported(text));
        }
        let (first, count) = (cluster, 1);
        self.runs.push(Run { first, count });
        Ok(())
    }

    /// What the table has for `cluster`: the one that follows, or `None` at the end.
    fn after(&self, cluster: u32) -> Result<Option<u32>> {
        // All kinds of entries are compared as those of 32 bits, of which the upper four are not used.
        let number = u64::from(cluster);
        let next = match self.geometry.bits {
            Bits::Twelve => {
                let pair = u32::from(u16::from_le_bytes(self.entry(number * 3 / 2)?));
                widen((pair >> (cluster % 2 * 4)) & 0xFFF, 0xFFF)
            }
            Bits::Sixteen => {
                let next = u16::from_le_bytes(self.entry(number * 2)?);
                widen(next.into(), 0xFFFF)
            }
            Bits::ThirtyTwo => u32::from_le_bytes(self.entry(number * 4)?) & 0x0FFF_FFFF,
        };
        match next {
            0 | 1 => Err(Error::corrupt(format!(
                "cluster {cluster} is in a chain, and the table says that it is not in use"
            ))),
            0x0FFF_FFF7 => Err(Error::corrupt(format!(
                "cluster {cluster} is in a chain, and the table says that it is bad"
            ))),
            0x0FFF_FFF8.. => Ok(None),
            next => Ok(Some(next)),
        }
    }

    /// The `N` bytes at byte `at` of the table.
    fn entry<const N: usize>(&self, at: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.blocks.fill(self.geometry.table + at, &mut bytes)?;
        Ok(bytes)
    }

    /// # Errors
    /// [`error::Kind::Corrupt`] where a cluster is in the chain twice.
    fn check_loops(&self) -> Result<()> {
        let mut runs = self.runs.clone();
        runs.sort_unstable_by_key(|run| run.first);
        for pair in runs.windows(2) {
            if pair[0].end() > pair[1].first.into() {
                let text = format!("cluster {} is in a chain twice", pair[1].first);
                return Err(Error::corrupt(text));
            }
        }
        Ok(())
    }
}

/// An entry as one of 32 bits: the last sixteen numbers, up to `most`, are no clusters and keep their meaning.
fn widen(entry: u32, most: u32) -> u32 {
    if entry > most - 16 {
        entry + (0x0FFF_FFFF - most)
    } else {
        entry
    }
}
