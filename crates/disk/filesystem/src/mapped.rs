//! Bytes that lie in pieces somewhere else: a file's extents, a logical volume's segments, a partition.

use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

/// Most extents of one file or volume. A map of as many takes 12 MiB.
const MOST: usize = 1 << 18;

/// A run of bytes and where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    /// The first byte after it, in what is mapped.
    end: u64,
    /// Its first byte in the source; `None` where it reads as zeros.
    at: Option<u64>,
}

/// Where the bytes of something are, built in order.
#[derive(Debug, Default)]
pub(crate) struct Map {
    extents: Vec<Extent>,
}

impl Map {
    /// The bytes that are mapped so far.
    pub(crate) fn len(&self) -> u64 {
        self.extents.last().map_or(0, |last| last.end)
    }

    /// Adds `len` bytes, at byte `at` of the source or zeros.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when there are too many pieces, [`error::Kind::Corrupt`] past the largest number.
    pub(crate) fn push(&mut self, len: u64, at: Option<u64>) -> Result<()> {
        if len == 0 {
            return Ok(());
        }
        let start = self.len();
        let ends = start.checked_add(len).zip(at.unwrap_or(0).checked_add(len));
        let Some((end, _)) = ends else {
            return Err(Error::corrupt(format!(
                "an extent of {len} bytes at byte {start} is past any file's end"
            )));
        };
        let before = self
            .extents
            .len()
            .checked_sub(2)
            .map_or(0, |i| self.extents[i].end);
        if let Some(last) = self.extents.last_mut() {
            let follows = match (last.at, at) {
                (None, None) => true,
                (Some(last), Some(at)) => last.checked_add(start - before) == Some(at),
                _ => false,
            };
            if follows {
                last.end = end;
                return Ok(());
            }
        }
        if self.extents.len() == MOST {
            return Err(Error::unsupported(format!("more than {MOST} extents")));
        }
        self.extents.push(Extent { end, at });
        Ok(())
    }

    /// Adds zeros up to byte `end`.
    ///
    /// # Errors
    /// As [`Map::push`]; [`error::Kind::Corrupt`] when that is mapped already.
    pub(crate) fn zeros_to(&mut self, end: u64) -> Result<()> {
        match end.checked_sub(self.len()) {
            Some(len) => self.push(len, None),
            None => Err(Error::corrupt(format!(
                "an extent starts at byte {end}, before the end of another one at byte {}",
                self.len()
            ))),
        }
    }

    /// The first `size` bytes of it, read from `source`; what is not mapped is zeros.
    pub(crate) fn over(
        mut self,
        source: Arc<dyn BlockRead>,
        name: &str,
        size: u64,
    ) -> Result<Mapped> {
        if self.len() < size {
            self.zeros_to(size)?;
        }
        Ok(Mapped {
            source,
            name: name.to_owned(),
            size,
            map: self,
        })
    }

    /// The extent with byte `offset`: its bytes from there on, and where they are.
    fn at(&self, offset: u64) -> Option<(u64, Option<u64>)> {
        let i = self.extents.partition_point(|extent| extent.end <= offset);
        let extent = self.extents.get(i)?;
        let start = i
            .checked_sub(1)
            .map_or(0, |before| self.extents[before].end);
        let at = extent.at.map(|at| at + (offset - start));
        Some((extent.end - offset, at))
    }
}

/// Bytes of a source in another order, with holes.
pub(crate) struct Mapped {
    source: Arc<dyn BlockRead>,
    name: String,
    size: u64,
    map: Map,
}

impl BlockRead for Mapped {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = self.size.saturating_sub(offset).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < wanted {
            let Some((len, at)) = self.map.at(offset + done as u64) else {
                break;
            };
            let n = len.min((wanted - done) as u64) as usize;
            let part = &mut buffer[done..done + n];
            match at {
                None => part.fill(0),
                Some(at) if self.source.read_at(at, part)? == n => {}
                Some(at) => {
                    return Err(Error::corrupt(format!(
                        "{n} bytes at byte {at} of {} are past its end",
                        self.source.name()
                    ))
                    .at(&self.name));
                }
            }
            done += n;
        }
        Ok(done)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        if offset >= self.size {
            return Ok(Run::End);
        }
        let left = self.size - offset;
        Ok(match self.map.at(offset) {
            None => Run::End,
            Some((len, None)) => Run::Hole(len.min(left)),
            Some((len, Some(at))) => match self.source.run_at(at)? {
                Run::Hole(zeros) => Run::Hole(zeros.min(len).min(left)),
                Run::Data(there) => Run::Data(there.min(len).min(left)),
                Run::End => Run::Data(len.min(left)),
            },
        })
    }

    fn is_far(&self) -> bool {
        self.source.is_far()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_follow_each_other_are_one() {
        let mut map = Map::default();
        for at in [Some(10), Some(14), None, None, Some(2), Some(7)] {
            map.push(4, at).unwrap();
        }
        let ends: Vec<_> = map.extents.iter().map(|e| (e.end, e.at)).collect();
        assert_eq!(
            ends,
            [(8, Some(10)), (16, None), (20, Some(2)), (24, Some(7))]
        );
    }

    #[test]
    fn bytes_come_from_where_the_map_says() {
        let source: Arc<dyn BlockRead> = Arc::new((0..32).collect::<Vec<u8>>());
        let mut map = Map::default();
        map.push(3, Some(20)).unwrap();
        map.zeros_to(5).unwrap();
        map.push(4, Some(1)).unwrap();
        let file = map.over(source, "file", 10).unwrap();
        let mut buffer = [9; 16];
        assert_eq!(file.read_at(1, &mut buffer).unwrap(), 9);
        assert_eq!(buffer[..9], [21, 22, 0, 0, 1, 2, 3, 4, 0]);
        assert_eq!(file.run_at(3).unwrap(), Run::Hole(2));
        assert_eq!(file.run_at(5).unwrap(), Run::Data(4));
        assert_eq!(file.run_at(10).unwrap(), Run::End);
    }

    #[test]
    fn extents_that_overlap_are_corrupt() {
        let mut map = Map::default();
        map.push(8, Some(0)).unwrap();
        let error = map.zeros_to(4).unwrap_err();
        assert_eq!(error.kind(), error::Kind::Corrupt);
        assert!(map.push(u64::MAX, None).is_err());
    }

    #[test]
    fn a_source_that_ends_early_is_corrupt() {
        let mut map = Map::default();
        map.push(8, Some(4)).unwrap();
        let source: Arc<dyn BlockRead> = Arc::new(vec![1; 8]);
        let file = map.over(source, "file", 8).unwrap();
        let error = file.read_at(0, &mut [0; 8]).unwrap_err();
        assert_eq!(
            error.to_text(),
            "error: file: 8 bytes at byte 4 of memory are past its end"
        );
    }
}
