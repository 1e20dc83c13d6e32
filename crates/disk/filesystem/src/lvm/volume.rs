//! The bytes of a logical volume, read from where its segments are.

use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

/// A logical volume.
pub(super) struct Volume {
    name: String,
    segments: Vec<Segment>,
}

struct Segment {
    /// The first byte of the volume behind it.
    end: u64,
    /// Bytes in a leg before the next one's turn.
    stripe: u64,
    /// None for zeros.
    legs: Vec<Leg>,
}

/// Where a segment, or every so many stripes of it, are.
pub(super) struct Leg {
    pub source: Arc<dyn BlockRead>,
    pub offset: u64,
}

impl Volume {
    pub(super) fn new(name: String) -> Self {
        let segments = Vec::new();
        Volume { name, segments }
    }

    /// Adds a segment at the end. `len` bytes are not past the largest number, and are a multiple of `stripe` times the
    /// number of legs.
    pub(super) fn push(&mut self, len: u64, stripe: u64, legs: Vec<Leg>) {
        if len != 0 {
            let end = self.end().saturating_add(len);
            self.segments.push(Segment { end, stripe, legs });
        }
    }

    fn end(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.end)
    }

    /// The bytes from `offset` on that follow each other, and where they are; `None` as the place for zeros.
    fn at(&self, offset: u64) -> Option<(u64, Option<(&Leg, u64)>)> {
        let i = self
            .segments
            .partition_point(|segment| segment.end <= offset);
        let segment = self.segments.get(i)?;
        let start = i
            .checked_sub(1)
            .map_or(0, |before| self.segments[before].end);
        let left = segment.end - offset;
        if segment.legs.is_empty() {
            return Some((left, None));
        }
        let (number, inside) = (
            (offset - start) / segment.stripe,
            (offset - start) % segment.stripe,
        );
        let count = segment.legs.len() as u64;
        let leg = &segment.legs[(number % count) as usize];
        let at = (number / count * segment.stripe + inside).saturating_add(leg.offset);
        Some(((segment.stripe - inside).min(left), Some((leg, at))))
    }
}

impl BlockRead for Volume {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.end())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let Some((len, place)) = self.at(offset.saturating_add(done as u64)) else {
                break;
            };
            let n = len.min((buffer.len() - done) as u64) as usize;
            let part = &mut buffer[done..done + n];
            match place {
                None => part.fill(0),
                Some((leg, at)) if leg.source.read_at(at, part)? == n => {}
                Some((leg, at)) => {
                    return Err(Error::corrupt(format!(
                        "{n} bytes at byte {at} of {} are past its end",
                        leg.source.name()
                    ))
                    .at(&self.name));
                }
            }
            done += n;
        }
        Ok(done)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        Ok(match self.at(offset) {
            None => Run::End,
            Some((len, None)) => Run::Hole(len),
            Some((len, Some((leg, at)))) => match leg.source.run_at(at)? {
                Run::Hole(zeros) => Run::Hole(zeros.min(len)),
                Run::Data(there) => Run::Data(there.min(len)),
                Run::End => Run::Data(len),
            },
        })
    }

    fn is_far(&self) -> bool {
        let mut legs = self.segments.iter().flat_map(|segment| &segment.legs);
        legs.any(|leg| leg.source.is_far())
    }
}
