//! The digest of a disk whose chunks come in any order.

use extent::digest::{Digest, DiskHasher};
use report::{Error, Result};

/// Blocks whose hashes are remembered: 40 MiB of them stand for 64 GiB of data.
const MOST: usize = 1 << 20;

/// Collects the hashes of chunks.
pub(crate) struct Hasher {
    /// What has come, as long as it ascends.
    ascending: Option<DiskHasher>,
    /// The next block's number is at least this.
    next: u64,
    /// All that has come, until it is too much.
    all: Option<Vec<(u64, [u8; 32])>>,
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
            all: Some(Vec::new()),
            most,
        }
    }

    /// Takes blocks by their number in the disk and their hash, none of which has come before.
    pub(crate) fn take(&mut self, hashes: &[(u64, [u8; 32])]) {
        for (number, hash) in hashes {
            self.block(*number, hash);
        }
    }

    fn block(&mut self, number: u64, hash: &[u8; 32]) {
        match &mut self.ascending {
            Some(hasher) if number >= self.next => hasher.hashed(number, hash),
            _ => self.ascending = None,
        }
        self.next = number + 1;
        match &mut self.all {
            Some(all) if all.len() < self.most => all.push((number, *hash)),
            _ => self.all = None,
        }
    }

    /// The digest of a disk of `size` bytes.
    ///
    /// # Errors
    /// [`report::Kind::Unsupported`] when more blocks came out of order than can be remembered.
    pub(crate) fn finish(self, size: u64) -> Result<Digest> {
        if let Some(ascending) = self.ascending {
            return Ok(ascending.finish(size));
        }
        let Some(mut all) = self.all else {
            return Err(Error::unsupported(format!(
                "holds more than {} of data out of order, too much to be named in one pass",
                report::amount(self.most as u64 * extent::digest::BLOCK as u64)
            ))
            .hint("unpack it first and give the file, or make no digest: --quiet alone"));
        };
        all.sort_unstable_by_key(|&(number, _)| number);
        let mut hasher = DiskHasher::default();
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
}
