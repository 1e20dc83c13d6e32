//! Input that can be given back.

use std::collections::VecDeque;
use std::sync::Arc;

use error::Result;
use sparse::{Piece, SparseRead};

/// Bytes that several threads look at.
pub(super) type Shared = Arc<Vec<u8>>;

/// A stream to which bytes read too early can be given back.
pub(super) struct Feed<R> {
    back: VecDeque<(Shared, usize)>,
    rest: R,
}

impl<R: SparseRead> Feed<R> {
    pub(super) fn new(rest: R) -> Self {
        Feed {
            back: VecDeque::new(),
            rest,
        }
    }

    /// Puts `bytes` from `start` on in front of what comes next.
    pub(super) fn give_back(&mut self, bytes: Shared, start: usize) {
        if start < bytes.len() {
            self.back.push_front((bytes, start));
        }
    }
}

impl<R: SparseRead> SparseRead for Feed<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self.back.front() {
            Some((bytes, start)) => Ok(Piece::Data(bytes.get(*start..).unwrap_or_default())),
            None => self.rest.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        let Some((bytes, start)) = self.back.front_mut() else {
            return self.rest.consume(n);
        };
        *start += n as usize;
        if *start >= bytes.len() {
            self.back.pop_front();
        }
    }
}
