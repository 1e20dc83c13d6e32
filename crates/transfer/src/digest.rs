//! Naming what lies somewhere.

use extent::digest::{Digest, DiskHasher, block_hash};
use extent::{ByteSource, Fill, Piece, SparseRead};
use report::Result;

use crate::control::Control;
use crate::cut::{Cut, Cutter};

/// What a disk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its size in bytes.
    pub size: u64,
    /// Bytes of data, in blocks of 4 KiB; the rest of `size` is zeros.
    pub data: u64,
    /// The digest of it all.
    pub digest: Digest,
}

/// Reads `source` to its end, or its first `limit` bytes, and names its content.
///
/// # Errors
/// The source's, and [`report::Kind::Interrupted`].
pub fn digest(
    source: &mut dyn ByteSource,
    limit: Option<u64>,
    control: &Control,
) -> Result<Content> {
    let name = source.name().to_owned();
    read(source, limit, control).map_err(|error| error.at(name))
}

fn read(source: &mut dyn ByteSource, limit: Option<u64>, control: &Control) -> Result<Content> {
    control.disk_found(limit.or(source.size()));
    let mut stream = Direct {
        left: limit.unwrap_or(u64::MAX),
        buffer: vec![0; 512 * 1024],
        current: Current::Nothing,
        source,
    };
    let mut cutter = Cutter::new(&mut stream, 1);
    let mut hasher = DiskHasher::default();
    let (mut size, mut data) = (0, 0);
    while let Some(cut) = cutter.next()? {
        control.check()?;
        match cut {
            Cut::Chunk(chunk) => {
                for (number, block) in chunk.digest_blocks() {
                    hasher.hashed(number, &block_hash(block));
                }
                data += chunk.data_len();
                size = chunk.offset + chunk.len() as u64;
            }
            Cut::Hole { offset, len } => size = offset + len,
        }
        control.reached(size, data);
    }
    Ok(Content {
        size,
        data,
        digest: hasher.finish(size),
    })
}

/// A source as a stream, read in the caller's own thread.
struct Direct<'a> {
    source: &'a mut dyn ByteSource,
    buffer: Vec<u8>,
    current: Current,
    /// Bytes still wanted.
    left: u64,
}

enum Current {
    Nothing,
    Data { from: usize, to: usize },
    Hole(u64),
    End,
}

impl SparseRead for Direct<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if matches!(self.current, Current::Nothing) {
            self.current = match self.source.fill(&mut self.buffer) {
                _ if self.left == 0 => Current::End,
                Ok(Fill::Data(to)) => Current::Data { from: 0, to },
                Ok(Fill::Hole(len)) => Current::Hole(len),
                Ok(Fill::End) => Current::End,
                Err(error) => return Err(error),
            };
        }
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(match self.current {
            _ if self.left == 0 => Piece::End,
            Current::Data { from, to } => {
                Piece::Data(&self.buffer[from..to.min(from.saturating_add(wanted))])
            }
            Current::Hole(len) => Piece::Zeros(len.min(self.left)),
            Current::Nothing | Current::End => Piece::End,
        })
    }

    fn consume(&mut self, n: u64) {
        self.left -= n;
        let over = match &mut self.current {
            Current::Data { from, to } => {
                *from += n as usize;
                from == to
            }
            Current::Hole(len) => {
                *len -= n;
                *len == 0
            }
            Current::Nothing | Current::End => false,
        };
        if over {
            self.current = Current::Nothing;
        }
    }
}
