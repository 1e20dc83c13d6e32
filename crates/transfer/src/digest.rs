//! Naming what lies somewhere.

use std::sync::Arc;

use extent::digest::{Digest, DiskHasher, block_hash};
use extent::{ByteSource, Piece, SparseRead};
use report::{Error, Result, amount};

use crate::control::Control;
use crate::cut::{Cut, Cutter};
use crate::intake::{Intake, Keep, Passing};

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
/// The source's, [`report::Kind::Corrupt`] when it has less than `limit` bytes, and
/// [`report::Kind::Interrupted`].
pub fn digest(
    source: Box<dyn ByteSource>,
    limit: Option<u64>,
    control: &Arc<Control>,
) -> Result<Content> {
    let name = source.name().to_owned();
    control.source_opened(source.size());
    control.disk_found(limit.or(source.size()));
    let passing = Passing {
        keep: Keep::default(),
        hash: false,
    };
    let mut stream = First {
        stream: Intake::start(source, passing, control)?,
        left: limit.unwrap_or(u64::MAX),
    };
    let content = read(&mut stream, control).map_err(|error| error.at(&name))?;
    match limit {
        Some(limit) if content.size < limit => Err(Error::corrupt(format!(
            "has {}, {} were to be read",
            amount(content.size),
            amount(limit)
        ))
        .at(name)),
        _ => Ok(content),
    }
}

fn read(stream: &mut dyn SparseRead, control: &Control) -> Result<Content> {
    let mut cutter = Cutter::new(stream, 1);
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

/// The first bytes of a stream; what lies behind them is not even waited for.
struct First {
    stream: Intake,
    left: u64,
}

impl SparseRead for First {
    fn peek(&mut self) -> Result<Piece<'_>> {
        if self.left == 0 {
            return Ok(Piece::End);
        }
        let left = self.left;
        Ok(match self.stream.peek()? {
            Piece::Data(data) if data.len() as u64 > left => Piece::Data(&data[..left as usize]),
            Piece::Zeros(len) => Piece::Zeros(len.min(left)),
            piece => piece,
        })
    }

    fn consume(&mut self, n: u64) {
        self.left -= n;
        self.stream.consume(n);
    }
}
