//! The digest of a disk whose chunks come in any order.

use error::{Error, Result};
use sparse::digest::{Digest, DiskHasher};

use crate::advice::Advice;

/// Blocks whose hashes are remembered: 40 MiB of them stand for 64 GiB of data.
const MOST: usize = 1 << 20;
/// Blocks whose hashes are remembered before it is looked which of them are needed no more.
const FEW: usize = 1 << 13;

/// Collects the hashes of chunks.
pub(crate) struct Hasher {
    /// What has come, as long as it ascends.
    ascending: Option<DiskHasher>,
    /// The next block's number is at least this.
    next: u64,
    /// All blocks before this one have come.
    settled: u64,
    /// Blocks before that, in order.
    front: DiskHasher,
    /// All others that have come, until it is too much.
    all: Option<Vec<(u64, [u8; 32])>>,
    /// How many of them there may be before some are put into `front`.
    room: usize,
    most: usize,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher::remembering(MOST)
    }
}

impl Hasher {
    /// For chunks that ascend, for certain: nothing has to be remembered.
    pub(crate) fn in_order() -> Self {
        Hasher {
            all: None,
            ..Hasher::default()
        }
    }

    fn remembering(most: usize) -> Self {
        Hasher {
            ascending: Some(DiskHasher::default()),
            next: 0,
            settled: 0,
            front: DiskHasher::default(),
            all: Some(Vec::new()),
            room: FEW.min(most),
            most,
        }
    }

    /// Takes blocks by their number in the disk and their hash, none of which has come before.
    pub(crate) fn take(&mut self, hashes: &[(u64, [u8; 32])]) {
        for (number, hash) in hashes {
            self.block(*number, hash);
        }
    }

    /// Says that all bytes before `offset` have come.
    pub(crate) fn settle(&mut self, offset: u64) {
        self.settled = offset / sparse::digest::BLOCK as u64;
    }

    fn block(&mut self, number: u64, hash: &[u8; 32]) {
        match &mut self.ascending {
            Some(hasher) if number >= self.next => hasher.hashed(number, hash),
            _ => self.ascending = None,
        }
        self.next = number + 1;
        if self.all.as_ref().is_some_and(|all| all.len() >= self.room) {
            self.make_room();
        }
        match &mut self.all {
            Some(all) if all.len() < self.most => all.push((number, *hash)),
            _ => self.all = None,
        }
    }

    /// Forgets the blocks that no other can come before. Where they are few, more may be remembered.
    fn make_room(&mut self) {
        let Some(all) = &mut self.all else { return };
        all.sort_unstable_by_key(|&(number, _)| number);
        let settled = all.partition_point(|&(number, _)| number < self.settled);
        for (number, hash) in all.drain(..settled) {
            self.front.hashed(number, &hash);
        }
        if all.len() > self.most - self.most / 16 {
            // To sort again for each of them would take too long.
            self.all = None;
        } else if all.len() > self.room / 2 {
            self.room = (self.room * 2).min(self.most);
        }
    }

    /// The digest of a disk of `size` bytes.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when more blocks came out of order than can be remembered.
    pub(crate) fn finish(self, size: u64) -> Result<Digest> {
        if let Some(ascending) = self.ascending {
            return Ok(ascending.finish(size));
        }
        let (mut hasher, Some(mut all)) = (self.front, self.all) else {
            return Err(Error::unsupported(format!(
                "holds more than {} of data out of order, too much to be named in one pass",
                error::amount(self.most as u64 * sparse::digest::BLOCK as u64)
            ))
            .advise(Advice::SkipDigest));
        };
        all.sort_unstable_by_key(|&(number, _)| number);
        for (number, hash) in &all {
            hasher.hashed(*number, hash);
        }
        Ok(hasher.finish(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(most: usize, numbers: &[u64]) -> Result<Digest> {
        let mut hasher = Hasher::remembering(most);
        for &number in numbers {
            hasher.block(number, &[number as u8; 32]);
        }
        hasher.finish(1 << 30)
    }

    #[test]
    fn the_order_does_not_matter() {
        let expected = digest(0, &[1, 2, 5, 9]).unwrap();
        assert_eq!(digest(4, &[5, 1, 9, 2]).unwrap(), expected);
        let error = digest(3, &[5, 1, 9, 2]).unwrap_err();
        assert_eq!(
            error.message(),
            "holds more than 192.0 KiB of data out of order, too much to be named in one pass"
        );
    }

    #[test]
    fn what_is_settled_is_not_remembered() {
        let expected = digest(0, &(0..1000).collect::<Vec<_>>()).unwrap();
        let mut hasher = Hasher::remembering(16);
        // Pairs change places.
        for number in (0..1000).map(|number| number ^ 1) {
            hasher.block(number, &[number as u8; 32]);
            hasher.settle((number & !1) * sparse::digest::BLOCK as u64);
        }
        assert!(hasher.all.as_ref().is_some_and(|all| all.len() <= 16));
        assert_eq!(hasher.finish(1 << 30).unwrap(), expected);
    }
}
