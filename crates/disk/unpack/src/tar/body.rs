//! The content of one member: what is stored of it, and the holes between.

use error::{Error, Result};
use sparse::{Piece, SparseRead, drain, skip};

use super::span::padding;
use super::sparse_map::{Extent, Map};
use crate::archive::{Counted, clip, shown};

/// The archive's bytes, seen as the content of the current member.
#[derive(Debug)]
pub(super) struct Body<R> {
    pub(super) input: Counted<R>,
    name: String,
    extents: std::vec::IntoIter<Extent>,
    /// The extent that is being read or comes next.
    extent: Option<Extent>,
    at: u64,
    size: u64,
    padding: u64,
}

/// What comes next in the file.
enum Run {
    Hole(u64),
    Data(u64),
    End,
}

impl<R: SparseRead> Body<R> {
    /// No content yet.
    pub(super) fn new(input: Counted<R>) -> Self {
        Body {
            input,
            name: String::new(),
            extents: Vec::new().into_iter(),
            extent: None,
            at: 0,
            size: 0,
            padding: 0,
        }
    }

    /// Becomes the content of member `name`, of whose last block `stored` tells the end.
    pub(super) fn begin(&mut self, name: &str, map: Map, stored: u64) {
        name.clone_into(&mut self.name);
        self.at = 0;
        self.size = map.size();
        self.padding = padding(stored);
        self.extents = map.into_extents().into_iter();
        self.extent = self.extents.next();
    }

    /// Moves past what is left of the member and its last block.
    pub(super) fn finish(&mut self) -> Result<()> {
        drain(self)?;
        if skip(&mut self.input, self.padding)? < self.padding {
            return Err(truncated(&self.name, self.size, self.size));
        }
        self.padding = 0;
        Ok(())
    }

    fn run(&self) -> Run {
        match self.extent {
            Some(extent) if self.at < extent.start => Run::Hole(extent.start - self.at),
            Some(extent) => Run::Data(extent.end - self.at),
            None if self.at < self.size => Run::Hole(self.size - self.at),
            None => Run::End,
        }
    }
}

impl<R: SparseRead> SparseRead for Body<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self.run() {
            Run::Hole(len) => Ok(Piece::Zeros(len)),
            Run::Data(len) => match self.input.peek()? {
                Piece::End => Err(truncated(&self.name, self.at, self.size)),
                piece => Ok(clip(piece, len)),
            },
            Run::End => Ok(Piece::End),
        }
    }

    fn consume(&mut self, n: u64) {
        if let Run::Data(_) = self.run() {
            self.input.consume(n);
        }
        self.at += n;
        if self.extent.is_some_and(|extent| extent.end <= self.at) {
            self.extent = self.extents.next();
        }
    }
}

fn truncated(name: &str, at: u64, size: u64) -> Error {
    Error::corrupt(format!(
        "tar member {}: the archive ends at byte {at} of {size}",
        shown(name)
    ))
}
