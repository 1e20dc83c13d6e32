//! The tables of an image that passes by.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use error::{Error, Result, amount};
use sparse::{BlockRead, SparseRead};

use super::page_codec::{self, PackedPage};
use super::rewind::Rewind;
use crate::advice::Advice;

/// Bytes in a page; what is kept is kept in whole pages.
const PAGE: u64 = page_codec::PAGE as u64;
/// What a page takes in the map besides what is packed, more or less.
const PLACE: u64 = 64;

/// Keeps the pages of a stream that were asked for, and answers from them.
///
/// A read of a page that is not kept fails, and is remembered: `take_wanted` tells what was missing,
/// `collect` keeps it as it passes, and then the read is tried again.
#[derive(Default)]
pub struct TableCache(Mutex<State>);

#[derive(Default)]
struct State {
    /// The pages by their number.
    pages: HashMap<u64, PackedPage>,
    /// Bytes that `pages` takes.
    held: u64,
    wanted: Vec<Range<u64>>,
    size: Option<u64>,
}

impl TableCache {
    /// A cache that has kept nothing yet, of a stream of `size` bytes where that is known.
    pub fn new(size: Option<u64>) -> Self {
        TableCache(Mutex::new(State {
            size,
            ..State::default()
        }))
    }

    /// What was asked for since the last time and is not there, in ascending order.
    pub(super) fn take_wanted(&self) -> Vec<Range<u64>> {
        let mut state = self.lock();
        let mut wanted = std::mem::take(&mut state.wanted);
        wanted.retain(|range| !state.holds(range));
        wanted.sort_by_key(|range| range.start);
        wanted
    }

    /// Reads on and keeps what is `wanted`, in ascending order; `false` when part of it has passed
    /// already.
    pub(super) fn collect<R: SparseRead>(
        &self,
        stream: &mut Rewind<R>,
        wanted: &[Range<u64>],
        memory: u64,
    ) -> Result<bool> {
        let mut all = true;
        for range in wanted {
            let end = range.end.div_ceil(PAGE).saturating_mul(PAGE);
            let mut page = range.start / PAGE;
            while page.saturating_mul(PAGE) < end {
                let mut state = self.lock();
                let at = page * PAGE;
                let behind = state.size.is_some_and(|size| at >= size);
                if behind {
                    break;
                }
                if !state.pages.contains_key(&page) {
                    match stream.page(at, PAGE as usize)? {
                        None => all = false,
                        Some(bytes) => {
                            if (bytes.len() as u64) < PAGE {
                                state.size = Some(stream.position());
                            }
                            state.keep(page, &bytes, memory)?;
                        }
                    }
                }
                page += 1;
            }
        }
        Ok(all)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn holds(&self, range: &Range<u64>) -> bool {
        let end = range.end.min(self.size.unwrap_or(u64::MAX));
        (range.start / PAGE..end.div_ceil(PAGE)).all(|page| self.pages.contains_key(&page))
    }

    /// Keeps a page; a short one is the stream's last, or is behind it.
    fn keep(&mut self, page: u64, bytes: &[u8], memory: u64) -> Result<()> {
        let kept = PackedPage::pack(bytes);
        self.held += PLACE + kept.len() as u64;
        if self.held > memory {
            return Err(Error::unsupported(format!(
                "has more than {} of tables, which have to be kept while it passes by",
                amount(memory)
            ))
            .advise(Advice::RaiseMemory));
        }
        self.pages.insert(page, kept);
        Ok(())
    }

    /// Copies what is kept of the page that `offset` is in, as much as `buffer` takes; `None` when it
    /// is not kept.
    fn copy(&self, offset: u64, buffer: &mut [u8]) -> Option<usize> {
        let page = self.pages.get(&(offset / PAGE))?.unpack();
        let page = &page[(offset % PAGE) as usize..];
        let n = buffer.len().min(page.len());
        buffer[..n].copy_from_slice(&page[..n]);
        Some(n)
    }
}

impl BlockRead for TableCache {
    fn name(&self) -> &str {
        "a stream"
    }

    fn size(&self) -> Option<u64> {
        self.lock().size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut state = self.lock();
        let end = offset.saturating_add(buffer.len() as u64);
        let left = state.size.unwrap_or(u64::MAX).saturating_sub(offset);
        let wanted = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..wanted];
        let mut filled = 0;
        while filled < wanted {
            let at = offset + filled as u64;
            let Some(n) = state.copy(at, &mut buffer[filled..]) else {
                state.wanted.push(at..end);
                return Err(Error::io(format!("byte {at}"), "it has not passed by yet"));
            };
            filled += n;
        }
        Ok(filled)
    }

    fn will_need(&self, ranges: &[Range<u64>]) {
        self.lock().wanted.extend_from_slice(ranges);
    }
}
