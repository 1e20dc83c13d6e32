//! The bytes behind a local header, up to where they end.

use error::{Error, Result};
use sparse::zero::is_zero;
use sparse::{Piece, SparseRead};

use super::Input;
use super::descriptor::{self, SPAN};
use crate::archive::{clip, shown};
use crate::crc::Crc32;

/// Bytes that are looked at in search of a data descriptor.
const LOOK: usize = 64 << 10;

/// The archive's bytes, seen as the data of the current member.
pub(super) struct Data<R> {
    pub(super) input: Input<R>,
    /// The member's name.
    name: String,
    end: End,
    /// Bytes of the data so far.
    at: u64,
    /// Their CRC-32, where it is needed to find the end.
    crc: Crc32,
}

/// Where the data ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// After so many bytes more.
    After(u64),
    /// Where a data descriptor fits; and how many bytes are known to come before it.
    Descriptor {
        /// Whether the data is the content itself.
        stored: bool,
        /// Bytes that were looked through already.
        clear: u64,
    },
}

impl End {
    /// Where data ends whose length is unknown.
    pub(super) fn unknown(stored: bool) -> Self {
        End::Descriptor { stored, clear: 0 }
    }
}

impl<R: SparseRead> Data<R> {
    /// No data yet.
    pub(super) fn new(input: Input<R>) -> Self {
        Data {
            input,
            name: String::new(),
            end: End::After(0),
            at: 0,
            crc: Crc32::new(),
        }
    }

    /// Becomes the data of member `name`, which begins here.
    pub(super) fn begin(&mut self, name: &str, end: End) {
        name.clone_into(&mut self.name);
        (self.end, self.at, self.crc) = (end, 0, Crc32::new());
    }

    /// Looks how far the data goes on for certain; 0 where it ends.
    fn clear(&mut self, stored: bool) -> Result<u64> {
        // No descriptor begins in a hole, unless it is near its end.
        if let (head, Piece::Zeros(len)) = self.input.get_mut().beyond()?
            && head.len() <= SPAN
            && len > SPAN as u64
            && is_zero(head)
        {
            return Ok(head.len() as u64 + len - SPAN as u64);
        }
        let head = self.input.get_mut().head(LOOK)?;
        let crc = stored.then(|| self.crc.finish());
        match descriptor::look(head, self.at, crc) {
            descriptor::End::Here => Ok(0),
            descriptor::End::NotBefore(clear) => Ok(clear as u64),
            descriptor::End::Nowhere => Err(self.endless()),
        }
    }

    fn endless(&self) -> Error {
        Error::corrupt(format!(
            "zip member {}: its size is unknown before its end, and no data descriptor that fits comes before \
             the archive's end",
            shown(&self.name)
        ))
    }
}

impl<R: SparseRead> SparseRead for Data<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if let End::Descriptor { stored, clear: 0 } = self.end {
            let clear = self.clear(stored)?;
            self.end = match clear {
                0 => End::After(0),
                clear => End::Descriptor { stored, clear },
            };
        }
        let (End::After(len) | End::Descriptor { clear: len, .. }) = self.end;
        if len == 0 {
            return Ok(Piece::End);
        }
        let (at, name) = (self.at, &self.name);
        match clip(self.input.peek()?, len) {
            Piece::End => Err(Error::corrupt(format!(
                "zip member {}: the archive ends at byte {at} of {}",
                shown(name),
                at + len
            ))),
            piece => Ok(piece),
        }
    }

    fn consume(&mut self, n: u64) {
        if let End::Descriptor { stored: true, .. } = self.end {
            match self.input.peek().map(|piece| clip(piece, n)) {
                Ok(Piece::Data(data)) => self.crc.update(data),
                Ok(Piece::Zeros(len)) => self.crc.update_zeros(len),
                // Nothing to consume: the next `peek` says why.
                Ok(Piece::End) | Err(_) => return,
            }
        }
        self.input.consume(n);
        self.at += n;
        let (End::After(len) | End::Descriptor { clear: len, .. }) = &mut self.end;
        *len = len.saturating_sub(n);
    }
}
