//! Which cluster of the file belongs to whom: no two things may be in one place.

use std::fmt;

/// Who a cluster of the file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The header or a table.
    Table = 1,
    /// A cluster of the disk, stored as it is.
    Plain = 2,
    /// The beginnings of compressed clusters, which share.
    Packed = 3,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Owner::Table => "the header or another table",
            Owner::Plain => "a cluster of data",
            Owner::Packed => "compressed clusters",
        })
    }
}

/// Clusters in one word of two bits each.
const IN_WORD: u64 = 32;

/// The owners of the file's first clusters. What is stored farther behind is not looked at, so that memory
/// is bounded: it matters to the image's own disk only.
pub(super) struct Claims {
    words: Vec<u64>,
    cluster_bits: u32,
}

impl Claims {
    /// The claims on a file of so many bytes, if its size is known, in at most `memory` bytes.
    pub(super) fn new(file_size: Option<u64>, cluster_bits: u32, memory: usize) -> Self {
        let clusters = file_size.unwrap_or(u64::MAX) >> cluster_bits;
        let words = usize::try_from(clusters / IN_WORD + 1).unwrap_or(usize::MAX);
        Claims {
            // Fresh zeros take no memory before they are written to.
            words: vec![0; words.min(memory / size_of::<u64>())],
            cluster_bits,
        }
    }

    /// Gives the clusters of `len` bytes at `offset` to `owner`.
    ///
    /// # Errors
    /// Whose they are already.
    pub(super) fn take(&mut self, offset: u64, len: u64, owner: Owner) -> Result<(), Owner> {
        let Some(last) = len.checked_sub(1) else {
            return Ok(());
        };
        let first = offset >> self.cluster_bits;
        let last = offset.saturating_add(last) >> self.cluster_bits;
        for cluster in first..=last {
            let word = usize::try_from(cluster / IN_WORD).unwrap_or(usize::MAX);
            let Some(word) = self.words.get_mut(word) else {
                return Ok(());
            };
            let shift = cluster % IN_WORD * 2;
            match (*word >> shift & 3, owner) {
                (0, _) => *word |= (owner as u64) << shift,
                (3, Owner::Packed) => {}
                (1, _) => return Err(Owner::Table),
                (2, _) => return Err(Owner::Plain),
                _ => return Err(Owner::Packed),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compressed_clusters_share() {
        let mut claims = Claims::new(Some(100 << 9), 9, 1 << 20);
        assert_eq!(claims.take(0, 1025, Owner::Table), Ok(()));
        assert_eq!(claims.take(1024, 512, Owner::Plain), Err(Owner::Table));
        assert_eq!(claims.take(1536, 512, Owner::Plain), Ok(()));
        assert_eq!(claims.take(1536, 1, Owner::Packed), Err(Owner::Plain));
        assert_eq!(claims.take(40 << 9, 5, Owner::Packed), Ok(()));
        assert_eq!(claims.take((40 << 9) + 5, 5, Owner::Packed), Ok(()));
        assert_eq!(claims.take(40 << 9, 512, Owner::Table), Err(Owner::Packed));
        assert_eq!(claims.take(0, 0, Owner::Table), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let mut claims = Claims::new(None, 9, 8);
        assert_eq!(claims.words.len(), 1);
        assert_eq!(claims.take(31 << 9, u64::MAX, Owner::Plain), Ok(()));
        assert_eq!(claims.take(31 << 9, 512, Owner::Plain), Err(Owner::Plain));
        assert_eq!(claims.take(u64::MAX, 512, Owner::Plain), Ok(()));
    }
}
