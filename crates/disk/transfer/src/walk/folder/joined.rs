//! A file of a folder that comes in chunks, read as the one that they make.

use std::sync::Arc;

use error::{Error, Result};
use sparse::{Again, BlockRead, ByteSource, Fill, Opener, Run};

use crate::names::shortened;
use crate::walk::NAMED;

/// Chunks of one file, each of which is held open.
pub(super) const CHUNKS: usize = 500;

/// Bytes one behind the other, read as one.
pub(super) struct Joined {
    name: String,
    /// Each chunk and where it begins.
    chunks: Vec<(u64, Arc<dyn BlockRead>)>,
    size: u64,
}

impl Joined {
    /// The file `name` that comes in `chunks` of `each` bytes, and of `total` bytes in all where its description
    /// says so.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when one of them is missing or has another size.
    pub(super) fn new(
        name: &str,
        chunks: Vec<Arc<dyn BlockRead>>,
        each: u64,
        total: Option<u64>,
    ) -> Result<Self> {
        let count = chunks.len();
        let mut joined = Joined {
            name: name.to_owned(),
            chunks: Vec::with_capacity(count),
            size: 0,
        };
        for (chunk, number) in chunks.into_iter().zip(1..) {
            let size = chunk.size().unwrap_or(0);
            if size > each || (size < each && number < count) {
                let name = shortened(chunk.name(), NAMED);
                return Err(Error::corrupt(format!(
                    "has the chunk {name} of {size} bytes, and each but the last has {each}"
                )));
            }
            joined.chunks.push((joined.size, chunk));
            joined.size += size;
        }
        let short = joined
            .chunks
            .last()
            .is_some_and(|(start, _)| joined.size - start < each);
        match total {
            // A chunk that is shorter is the last, whatever size was written down.
            Some(total) if !short && joined.size < total => Err(Error::corrupt(format!(
                "has {} of its {total} bytes in its {count} chunks: the chunk {count:09} is missing",
                joined.size
            ))),
            _ => Ok(joined),
        }
    }

    /// The chunk with the byte at `offset`, and where in it that is.
    fn at(&self, offset: u64) -> Option<(&dyn BlockRead, u64)> {
        let behind = self.chunks.partition_point(|(start, _)| *start <= offset);
        let (start, chunk) = self.chunks.get(behind.checked_sub(1)?)?;
        (offset < self.size).then_some((&**chunk, offset - start))
    }

    /// The chunks as a source, from their beginning.
    pub(super) fn source(self: Arc<Self>) -> Box<dyn ByteSource> {
        Box::new(InOrder {
            joined: self,
            position: 0,
        })
    }
}

impl BlockRead for Joined {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let (Some((chunk, at)), Some(rest)) =
            (self.at(offset + filled as u64), buffer.get_mut(filled..))
            && !rest.is_empty()
        {
            match chunk.read_at(at, rest)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        match self.at(offset) {
            Some((chunk, at)) => chunk.run_at(at),
            None => Ok(Run::End),
        }
    }

    fn check_unchanged(&self) -> Result<()> {
        let mut chunks = self.chunks.iter();
        chunks.try_for_each(|(_, chunk)| chunk.check_unchanged())
    }

    fn is_far(&self) -> bool {
        self.chunks.first().is_some_and(|(_, chunk)| chunk.is_far())
    }
}

/// Chunks as they pass.
struct InOrder {
    joined: Arc<Joined>,
    position: u64,
}

impl ByteSource for InOrder {
    fn name(&self) -> &str {
        self.joined.name()
    }

    fn size(&self) -> Option<u64> {
        self.joined.size()
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        let fill = match self.joined.run_at(self.position)? {
            Run::End => Fill::End,
            Run::Hole(len) => Fill::Hole(len),
            Run::Data(len) => {
                let len = usize::try_from(len).unwrap_or(usize::MAX).min(buffer.len());
                let read = self.joined.read_at(self.position, &mut buffer[..len])?;
                match read {
                    0 => Fill::End,
                    read => Fill::Data(read),
                }
            }
        };
        self.position += match fill {
            Fill::Data(len) => len as u64,
            Fill::Hole(len) => len,
            Fill::End => 0,
        };
        Ok(fill)
    }

    fn at_any_offset(&self) -> Option<Opener> {
        let joined = Arc::clone(&self.joined);
        Some(Box::new(move || {
            let joined: Arc<dyn BlockRead> = joined.clone();
            Ok(Some(joined))
        }))
    }

    fn is_far(&self) -> bool {
        self.joined.is_far()
    }

    fn again(&self) -> Option<Again> {
        let joined = Arc::clone(&self.joined);
        Some(Box::new(move || Ok(Arc::clone(&joined).source())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(chunks: &[&[u8]], each: u64, total: Option<u64>) -> Result<Arc<Joined>> {
        let chunks = chunks
            .iter()
            .map(|chunk| -> Arc<dyn BlockRead> { Arc::new(chunk.to_vec()) });
        Joined::new("disk", chunks.collect(), each, total).map(Arc::new)
    }

    #[test]
    fn chunks_are_read_as_one_at_any_offset_and_in_order() {
        let joined = joined(&[b"abc", b"def", b"g"], 3, Some(7)).unwrap();
        for offset in 0..9 {
            for len in 0..9 {
                let mut buffer = vec![0; len];
                let read = joined.read_at(offset as u64, &mut buffer).unwrap();
                let whole = b"abcdefg".get(offset..).unwrap_or_default();
                assert_eq!(&buffer[..read], &whole[..whole.len().min(len)]);
            }
        }
        assert_eq!(joined.run_at(4).unwrap(), Run::Data(2));
        assert_eq!(joined.run_at(7).unwrap(), Run::End);
        let (mut source, mut all, mut buffer) = (joined.source(), Vec::<u8>::new(), [0; 2]);
        while let Fill::Data(len) = source.fill(&mut buffer).unwrap() {
            all.extend(&buffer[..len]);
        }
        assert_eq!(all, b"abcdefg");
    }

    #[test]
    fn chunks_that_are_not_all_are_told() {
        let told = |chunks: &[&[u8]], total| match joined(chunks, 3, total) {
            Ok(joined) => format!("{} bytes", joined.size),
            Err(error) => error.to_string(),
        };
        assert_eq!(told(&[b"abc", b"d"], Some(99)), "4 bytes");
        assert_eq!(told(&[b"abc"], None), "3 bytes");
        assert_eq!(
            told(&[b"ab", b"def"], None),
            "has the chunk memory of 2 bytes, and each but the last has 3"
        );
        assert_eq!(
            told(&[b"abc", b"defg"], None),
            "has the chunk memory of 4 bytes, and each but the last has 3"
        );
        assert_eq!(
            told(&[b"abc", b"def"], Some(7)),
            "has 6 of its 7 bytes in its 2 chunks: the chunk 000000002 is missing"
        );
    }
}
