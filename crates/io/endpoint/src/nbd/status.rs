//! Where an export has data and where it has none.

use std::sync::{Mutex, PoisonError};

use error::{Error, Result};
use sparse::Run;

use super::client::Client;
use super::reply::Extent;

/// Bytes that are asked about at once, at first; each question that follows on the one before asks
/// about twice as many.
const LEAST: u64 = 128 << 20;

/// The most, a multiple of every block size.
const MOST: u64 = (4 << 30) - (1 << 20);

/// Holes shorter than this are read: they are not worth a request of their own.
const SMALL: u64 = 16 << 10;

/// The part of an export that was asked about last.
#[derive(Debug, Default)]
pub(super) struct Status {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    start: u64,
    /// In ascending order and without gaps.
    runs: Vec<Known>,
    /// How much was asked about.
    asked: u64,
    /// The server does not tell after all.
    silent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    end: u64,
    hole: bool,
}

impl Status {
    /// What is at `offset`. Where the server does not tell, everything is data.
    pub(super) fn run_at(&self, client: &Client, offset: u64) -> Result<Run> {
        let left = client.size().saturating_sub(offset);
        if left == 0 {
            return Ok(Run::End);
        }
        if client.export().context.is_none() {
            return Ok(Run::Data(left));
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.find(offset).is_none() {
            window.ask(client, offset)?;
        }
        Ok(match window.find(offset) {
            Some(known) if known.hole => Run::Hole(known.end - offset),
            Some(known) => Run::Data(known.end - offset),
            None => Run::Data(left),
        })
    }
}

impl Window {
    fn end(&self) -> u64 {
        self.runs.last().map_or(self.start, |known| known.end)
    }

    fn find(&self, offset: u64) -> Option<Known> {
        if offset < self.start {
            return None;
        }
        let at = self.runs.partition_point(|known| known.end <= offset);
        self.runs.get(at).copied()
    }

    fn ask(&mut self, client: &Client, offset: u64) -> Result<()> {
        if self.silent {
            return Ok(());
        }
        let asked = if offset == self.end() {
            (self.asked * 2).clamp(LEAST, MOST)
        } else {
            LEAST
        };
        let block = u64::from(client.export().block);
        let start = offset / block * block;
        let len = asked.min(client.size() - start);
        let extents = match client.extents(start, len as u32) {
            Ok(extents) => extents,
            // It told that it could, and cannot: no reason not to read.
            Err(trouble) if trouble.is_too_much() => {
                *self = Window {
                    silent: true,
                    ..Window::default()
                };
                return Ok(());
            }
            Err(trouble) => {
                let message = format!("where byte {start} has data cannot be found out");
                return Err(Error::io(message, trouble));
            }
        };
        *self = Window {
            start,
            runs: runs(&extents, start, client.size(), block),
            asked,
            silent: false,
        };
        Ok(())
    }
}

/// The runs that `extents` from `start` on make, holes shrunk to whole blocks.
fn runs(extents: &[Extent], start: u64, size: u64, block: u64) -> Vec<Known> {
    let mut runs: Vec<Known> = Vec::new();
    let mut from = start;
    for extent in extents {
        let to = from.saturating_add(extent.len).min(size);
        let (mut hole_from, mut hole_to) = (from, from);
        if extent.zero {
            hole_from = from.next_multiple_of(block).min(to);
            hole_to = if to == size { to } else { to / block * block };
        }
        from = to;
        if hole_to.saturating_sub(hole_from) < SMALL && to < size {
            (hole_from, hole_to) = (to, to);
        }
        push(&mut runs, start, hole_from, false);
        push(&mut runs, start, hole_to, true);
        push(&mut runs, start, to, false);
    }
    // What a block's data is beside belongs to it, beyond what was told too.
    if let Some(last) = runs.last_mut()
        && last.end < size
    {
        last.end = if last.hole {
            last.end
        } else {
            last.end.next_multiple_of(block).min(size)
        };
    }
    runs
}

fn push(runs: &mut Vec<Known>, start: u64, end: u64, hole: bool) {
    let before = runs.last().map_or(start, |known| known.end);
    if end <= before {
        return;
    }
    match runs.last_mut() {
        Some(last) if last.hole == hole => last.end = end,
        _ => runs.push(Known { end, hole }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(extents: &[(u64, bool)], start: u64, size: u64, block: u64) -> Vec<(u64, bool)> {
        let extents: Vec<Extent> = extents
            .iter()
            .map(|&(len, zero)| Extent { len, zero })
            .collect();
        runs(&extents, start, size, block)
            .iter()
            .map(|known| (known.end, known.hole))
            .collect()
    }

    const K: u64 = 1 << 10;

    #[test]
    fn runs_follow_the_extents() {
        let extents = [(64 * K, true), (64 * K, false), (128 * K, true)];
        let expected = [(64 * K, true), (128 * K, false), (256 * K, true)];
        assert_eq!(told(&extents, 0, 256 * K, 512), expected);
    }

    #[test]
    fn holes_shrink_to_whole_blocks() {
        let extents = [(100, false), (64 * K, true), (900, false)];
        let expected = [(4 * K, false), (64 * K, true), (68 * K, false)];
        assert_eq!(told(&extents, 0, 1 << 20, 4 * K), expected);
    }

    #[test]
    fn small_holes_are_data() {
        let extents = [(K, false), (8 * K, true), (K, false), (K, true)];
        assert_eq!(told(&extents, 0, 1 << 20, 512), [(11 * K, false)]);
        assert_eq!(
            told(&extents[..2], 0, 9 * K, 512),
            [(K, false), (9 * K, true)]
        );
    }

    #[test]
    fn extents_end_with_the_export() {
        let extents = [(u64::MAX, true)];
        assert_eq!(told(&extents, 512, 1000, 512), [(1000, true)]);
        assert_eq!(told(&[], 512, 1000, 512), []);
    }
}
