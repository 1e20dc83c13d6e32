//! Several disks that pass in turns, each watched for itself.

use error::{Error, Result};
use sparse::{Piece, SparseRead};

use super::{Claim, Watch};
use crate::disk::Disk;
use crate::mixed::Mixed;

/// Mixed disks that are watched as they pass.
pub(crate) struct GuardedMixed<'a> {
    disks: &'a [Disk],
    mixed: &'a mut dyn Mixed,
    watches: Vec<Watch>,
}

impl<'a> GuardedMixed<'a> {
    /// The `disks` whose pieces `mixed` gives, each of which `claim` has to be true of.
    pub(crate) fn new(disks: &'a [Disk], mixed: &'a mut dyn Mixed, claim: Claim) -> Self {
        GuardedMixed {
            disks,
            mixed,
            watches: disks.iter().map(|_| Watch::new(claim)).collect(),
        }
    }

    /// What is to be said of the disks once all of them have passed: the disk and the warning.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (&Disk, Error)> {
        let both = self.disks.iter().zip(&self.watches);
        both.filter_map(|(disk, watch)| Some((disk, watch.warning(disk.size?)?)))
    }
}

impl SparseRead for GuardedMixed<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let place = self.mixed.place()?;
        let piece = self.mixed.peek()?;
        let watch = place.and_then(|(index, at)| Some((self.watches.get_mut(index)?, at)));
        match (watch, piece) {
            (Some((watch, at)), Piece::Data(bytes)) => watch.see(at, bytes)?,
            (Some((watch, at)), Piece::Zeros(len)) => watch.zeros(at, len)?,
            (_, Piece::End) => {
                for (disk, watch) in self.disks.iter().zip(&self.watches) {
                    let fits = disk.size.map_or(Ok(()), |size| watch.fits(size));
                    fits.map_err(|error| error.within(&disk.member))?;
                }
            }
            (None, _) => {}
        }
        Ok(piece)
    }

    fn consume(&mut self, n: u64) {
        self.mixed.consume(n);
    }
}

impl Mixed for GuardedMixed<'_> {
    fn place(&mut self) -> Result<Option<(usize, u64)>> {
        self.mixed.place()
    }
}
