//! The bytes of a volume, with what was read a moment ago kept.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::recent::Recent;

/// Bytes of a page. Metadata lies close together, and a request to a server costs more than its bytes.
const PAGE: u64 = 32 << 10;

/// Most pages kept: 8 MiB.
const PAGES: usize = 256;

/// A volume whose metadata is read in small pieces, many of them more than once.
pub(crate) struct Blocks {
    source: Arc<dyn BlockRead>,
    size: u64,
    pages: Recent<Arc<[u8]>>,
}

impl Blocks {
    pub(crate) fn new(source: Arc<dyn BlockRead>) -> Self {
        Blocks {
            size: source.size().unwrap_or(u64::MAX),
            source,
            pages: Recent::new(PAGES),
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
        if let Some(page) = self.pages.get(number) {
            return Ok(page);
        }
        let mut bytes = vec![0; PAGE as usize];
        let n = self
            .source
            .read_at(number.saturating_mul(PAGE), &mut bytes)?;
        bytes.truncate(n);
        let page: Arc<[u8]> = bytes.into();
        self.pages.keep(number, Arc::clone(&page));
        Ok(page)
    }

    fn too_short(&self, offset: u64, len: usize) -> Error {
        Error::corrupt(format!(
            "{len} bytes are needed at byte {offset}, and the volume has {}",
            self.size
        ))
    }
}
