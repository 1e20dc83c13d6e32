//! A part of something that can be read at any offset.

use std::ops::Range;
use std::sync::Arc;

use error::Result;
use sparse::{BlockRead, Run};

/// Some of the bytes of something longer.
pub(crate) struct Part {
    bytes: Arc<dyn BlockRead>,
    range: Range<u64>,
}

impl Part {
    /// The bytes in `range`, which have to be there.
    pub(crate) fn new(bytes: Arc<dyn BlockRead>, range: Range<u64>) -> Self {
        Part { bytes, range }
    }

    fn len(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl BlockRead for Part {
    fn name(&self) -> &str {
        self.bytes.name()
    }

    fn size(&self) -> Option<u64> {
        Some(self.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = self.len().saturating_sub(offset);
        let n = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        match n {
            0 => Ok(0),
            n => self
                .bytes
                .read_at(self.range.start + offset, &mut buffer[..n]),
        }
    }

    fn check_unchanged(&self) -> Result<()> {
        self.bytes.check_unchanged()
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let left = self.len().saturating_sub(offset);
        if left == 0 {
            return Ok(Run::End);
        }
        Ok(match self.bytes.run_at(self.range.start + offset)? {
            Run::Data(len) => Run::Data(len.min(left)),
            Run::Hole(len) => Run::Hole(len.min(left)),
            Run::End => Run::End,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_begins_at_0_and_ends_where_it_ends() {
        let part = Part::new(Arc::new(b"0123456789".to_vec()), 3..7);
        assert_eq!(part.size(), Some(4));
        let mut buffer = [0; 10];
        assert_eq!(part.read_at(1, &mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"456");
        assert_eq!(part.read_at(4, &mut buffer).unwrap(), 0);
        assert_eq!(part.read_at(u64::MAX, &mut buffer).unwrap(), 0);
        assert_eq!(part.run_at(1).unwrap(), Run::Data(3));
        assert_eq!(part.run_at(4).unwrap(), Run::End);
    }
}
