//! From a byte of the disk to the byte of the file, through L1 and L2 tables that are read a part at a
//! time.

use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::claims::{Claims, Owner};
use super::entry::{self, Cluster, Layout};
use super::table::{L1, L2};
use crate::map::{Coding, Extent, Location, Map, Packed};

/// L2 tables that are announced at a time.
const BATCH: usize = 8192;

/// A disk in a qcow2 file.
pub(super) struct Mapped {
    file: Arc<dyn BlockRead>,
    layout: Layout,
    coding: Coding,
    /// What a cluster that is not there reads as.
    absent: Location,
    l1: L1,
    l2: Option<L2>,
    claims: Claims,
    /// A bit for each L2 table whose clusters have made their claims.
    seen: Vec<u64>,
    /// The last answer and where in the disk it begins: who looks at an image below as well comes
    /// back for the rest of it.
    last: Option<(u64, Extent)>,
}

impl Mapped {
    /// The disk whose L1 table begins at byte `l1`; the table has been checked and has claimed its
    /// place.
    ///
    /// # Errors
    /// When an L2 table is where it cannot.
    pub(super) fn new(
        file: Arc<dyn BlockRead>,
        layout: Layout,
        l1: u64,
        coding: Coding,
        absent: Location,
        claims: Claims,
    ) -> Result<Self> {
        let tables = layout.tables();
        let mut mapped = Mapped {
            l1: L1::new(l1, tables),
            file,
            layout,
            coding,
            absent,
            l2: None,
            claims,
            seen: vec![0; usize::try_from(tables / 64 + 1).unwrap_or_default()],
            last: None,
        };
        mapped.survey()?;
        Ok(mapped)
    }

    /// Looks at the whole L1 table, and says which L2 tables will be needed.
    fn survey(&mut self) -> Result<()> {
        self.file.will_need(&[self.l1.range()]);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for table in 0..self.layout.tables() {
            let Some(offset) = self.table(table)? else {
                continue;
            };
            let len = self.layout.cluster();
            self.claims
                .take(offset, len, Owner::Table)
                .map_err(|owner| {
                    Error::corrupt(format!(
                        "L2 table {table} at byte {offset} overlaps {owner}"
                    ))
                })?;
            match ranges.last_mut() {
                Some(last) if last.end == offset => last.end += len,
                _ => ranges.push(offset..offset + len),
            }
            if ranges.len() == BATCH {
                self.file.will_need(&ranges);
                ranges.clear();
            }
        }
        if !ranges.is_empty() {
            self.file.will_need(&ranges);
        }
        Ok(())
    }

    /// Where L2 table number `table` is.
    fn table(&mut self, table: u64) -> Result<Option<u64>> {
        let entry = self.l1.entry(&*self.file, table)?;
        entry::l2_table(&self.layout, table, entry)
    }

    /// Reads L2 table number `table`, which is at `offset`, unless it is there.
    fn load(&mut self, table: u64, offset: u64) -> Result<L2> {
        if let Some(l2) = self.l2.take() {
            if l2.table == table {
                return Ok(l2);
            }
            // Its memory goes before there is a new one.
            drop(l2);
        }
        let l2 = L2::read(&*self.file, &self.layout, table, offset)?;
        self.admit(&l2)?;
        Ok(l2)
    }

    /// Lets the clusters of a table that is new claim their places.
    fn admit(&mut self, l2: &L2) -> Result<()> {
        let word = usize::try_from(l2.table / 64).unwrap_or_default();
        let bit = 1 << (l2.table % 64);
        let first_time = self.seen.get(word).is_some_and(|word| word & bit == 0);
        let clusters = l2.clusters(&self.layout);
        for index in 0..clusters {
            let (guest, cluster) = l2.cluster(&self.layout, index)?;
            cluster.check(&self.layout, guest)?;
            if !first_time {
                continue;
            }
            let claimed = match cluster {
                Cluster::Parts { offset: 0, .. } => continue,
                Cluster::Parts { offset, .. } => {
                    let len = self.layout.cluster();
                    self.claims
                        .take(offset, len, Owner::Plain)
                        .map_err(|owner| (offset, owner))
                }
                Cluster::Packed { offset, .. } => self
                    .claims
                    .take(offset, 1, Owner::Packed)
                    .map_err(|owner| (offset, owner)),
            };
            claimed.map_err(|(offset, owner)| {
                Error::corrupt(format!(
                    "cluster at byte {guest} of the disk, stored at byte {offset}, overlaps {owner}"
                ))
            })?;
        }
        if let Some(word) = self.seen.get_mut(word) {
            *word |= bit;
        }
        Ok(())
    }

    /// The stretch at `at` where L2 table number `table` is not there.
    fn without_table(&mut self, table: u64, at: u64) -> Result<Extent> {
        let mut next = table + 1;
        while next < self.layout.tables() && self.table(next)?.is_none() {
            next += 1;
        }
        let end = next.saturating_mul(self.layout.covered());
        Ok(Extent {
            len: end.min(self.layout.size) - at,
            location: self.absent,
        })
    }

    /// The stretch at `at`, which `l2` stands for.
    fn within(&self, l2: &L2, at: u64) -> Result<Extent> {
        let part = self.layout.part();
        let mut stretch = self.first_part(l2, at)?;
        if let Location::Packed(_) = stretch.location {
            return Ok(stretch);
        }
        let end = (l2.table + 1).saturating_mul(self.layout.covered());
        let end = end.min(self.layout.size);
        let mut next = at + stretch.len;
        while next < end {
            let more = self.first_part(l2, next)?;
            if !goes_on(&stretch, &more.location) {
                break;
            }
            stretch.len += part;
            next += part;
        }
        stretch.len = stretch.len.min(self.layout.size - at);
        Ok(stretch)
    }

    /// The stretch at `at`, to the end of the part of a cluster that it is in.
    fn first_part(&self, l2: &L2, at: u64) -> Result<Extent> {
        let layout = &self.layout;
        let within = at % layout.cluster();
        let index = at / layout.cluster() % layout.in_table();
        let part = layout.part();
        let bit = 1 << (within / part);
        let location = match l2.cluster(layout, index)?.1 {
            Cluster::Packed { offset, stored } => {
                return Ok(Extent {
                    len: (layout.cluster() - within).min(layout.size - at),
                    location: Location::Packed(Packed {
                        file: 0,
                        offset,
                        stored,
                        coding: self.coding,
                        unit: layout.cluster(),
                        skip: within,
                    }),
                });
            }
            Cluster::Parts { zeros, .. } if zeros & bit != 0 => Location::Nowhere,
            Cluster::Parts { offset, stored, .. } if stored & bit != 0 => Location::Plain {
                file: 0,
                offset: offset + within,
            },
            Cluster::Parts { .. } => self.absent,
        };
        Ok(Extent {
            len: part - at % part,
            location,
        })
    }
}

impl Map for Mapped {
    fn size(&self) -> u64 {
        self.layout.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        if let Some((start, stretch)) = &self.last
            && let Some(stretch) = rest(*start, stretch, at)
        {
            return Ok(stretch);
        }
        let table = at / self.layout.covered();
        let stretch = match self.table(table)? {
            None => self.without_table(table, at)?,
            Some(offset) => {
                let l2 = self.load(table, offset)?;
                let stretch = self.within(&l2, at);
                self.l2 = Some(l2);
                stretch?
            }
        };
        self.last = Some((at, stretch));
        Ok(stretch)
    }
}

/// Whether what is at `next` goes on with `stretch`.
fn goes_on(stretch: &Extent, next: &Location) -> bool {
    match (stretch.location, *next) {
        (Location::Plain { offset, .. }, Location::Plain { offset: next, .. }) => {
            offset + stretch.len == next
        }
        (Location::Packed(_), _) => false,
        (location, next) => location == next,
    }
}

/// What `stretch`, which begins at `start`, says about `at`; compressed clusters are quickly found again.
fn rest(start: u64, stretch: &Extent, at: u64) -> Option<Extent> {
    let into = at.checked_sub(start).filter(|&into| into < stretch.len)?;
    let location = match stretch.location {
        Location::Plain { file, offset } => Location::Plain {
            file,
            offset: offset + into,
        },
        Location::Packed(_) => return None,
        location => location,
    };
    Some(Extent {
        len: stretch.len - into,
        location,
    })
}
