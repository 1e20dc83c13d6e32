//! The bytes of a volume, with what was read a moment ago kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use error::{Error, Result};
use sparse::BlockRead;

/// Bytes of a page. Metadata lies close together, and a request to a server costs more than its bytes.
const PAGE: u64 = 32 << 10;

/// Most pages kept: 8 MiB.
const PAGES: usize = 256;

/// A volume whose metadata is read in small pieces, many of them more than once.
pub(crate) struct Blocks {
    source: Arc<dyn BlockRead>,
    size: u64,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    /// By number: the bytes, and when they were used last.
    kept: HashMap<u64, (Arc<[u8]>, u64)>,
    uses: u64,
}

impl Blocks {
    pub(crate) fn new(source: Arc<dyn BlockRead>) -> Self {
        Blocks {
            size: source.size().unwrap_or(u64::MAX),
            source,
            pages: Mutex::default(),
        }
    }

    /// The volume itself, for data that is read once and in large pieces.
    pub(crate) fn source(&self) -> &Arc<dyn BlockRead> {
        &self.source
    }

    /// `len` bytes from `offset` on.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when the volume ends before, [`error::Kind::Io`].
    pub(crate) fn bytes(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let is_inside = offset
            .checked_add(len as u64)
            .is_some_and(|end| end <= self.size);
        if !is_inside {
            return Err(self.too_short(offset, len));
        }
        let mut bytes = vec![0; len];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// As [`Blocks::bytes`].
    pub(crate) fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset.saturating_add(done as u64);
            let page = self.page(at / PAGE)?;
            let there = page.get((at % PAGE) as usize..).unwrap_or_default();
            let n = there.len().min(buffer.len() - done);
            if n == 0 {
                return Err(self.too_short(offset, buffer.len()));
            }
            buffer[done..done + n].copy_from_slice(&there[..n]);
            done += n;
        }
        Ok(())
    }

    fn page(&self, number: u64) -> Result<Arc<[u8]>> {
        if let Some(page) = self.kept().used(number) {
            return Ok(page);
        }
        let mut bytes = vec![0; PAGE as usize];
        let n = self
            .source
            .read_at(number.saturating_mul(PAGE), &mut bytes)?;
        bytes.truncate(n);
        let page: Arc<[u8]> = bytes.into();
        self.kept().keep(number, Arc::clone(&page));
        Ok(page)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn too_short(&self, offset: u64, len: usize) -> Error {
        Error::corrupt(format!(
            "{len} bytes are needed at byte {offset}, and the volume has {}",
            self.size
        ))
    }
}

impl Pages {
    fn used(&mut self, number: u64) -> Option<Arc<[u8]>> {
        self.uses += 1;
        let (page, last) = self.kept.get_mut(&number)?;
        *last = self.uses;
        Some(Arc::clone(page))
    }

    fn keep(&mut self, number: u64, page: Arc<[u8]>) {
        if self.kept.len() >= PAGES {
            let oldest = self.kept.iter().min_by_key(|(_, (_, last))| *last);
            if let Some(number) = oldest.map(|(number, _)| *number) {
                self.kept.remove(&number);
            }
        }
        self.kept.insert(number, (page, self.uses));
    }
}
