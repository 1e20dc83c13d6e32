//! Naming what lies somewhere.

use std::sync::Arc;

use diskimage::{Format, Image, OpenOptions};
use error::{Error, Result, amount, amounts};
use sparse::digest::Digest;
use sparse::{BlockRead, ByteSource, InOrder, Piece, SparseRead};

use crate::chunker::{ChunkSource, Extent, StreamChunker};
use crate::control::Control;
use crate::format_target::Padding;
use crate::hash::Hasher;
use crate::parallel_reader::{ParallelReader, ReadOptions};
use crate::part::Part;
use crate::source_reader::{Keep, ReaderOptions, SourceReader};
use crate::sums::Sums;

/// Chunk buffers of 256 KiB for several workers.
const BUFFERS: usize = 32;

/// What a disk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentSize {
    /// Its size in bytes.
    pub size: u64,
    /// Bytes of data, in blocks of 4 KiB; the rest of `size` is zeros.
    pub data: u64,
}

/// What a disk holds, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    /// How much it is.
    pub content: ContentSize,
    /// The digest of it all.
    pub digest: Digest,
}

/// Reads `source` to its end, or its first `limit` bytes, and names its content.
///
/// # Errors
/// The source's, its reason why its end proves nothing unless there is a `limit`, [`error::Kind::Corrupt`] when it has less than `limit` bytes, and
/// [`error::Kind::Interrupted`].
pub fn digest(
    source: Box<dyn ByteSource>,
    limit: Option<u64>,
    control: &Arc<Control>,
) -> Result<ContentDigest> {
    let name = source.name().to_owned();
    if let Some(unproven) = source.unproven_end().filter(|_| limit.is_none()) {
        return Err(unproven.at(name));
    }
    control.source_opened(source.size());
    control.disk_found(limit.or(source.size()));
    let near = source.at_any_offset().filter(|_| !source.is_far());
    let opened = near.map_or(Ok(None), |open| open());
    let named = opened.and_then(|bytes| match bytes {
        Some(bytes) => digest_bytes(bytes, limit, control),
        None => digest_stream(source, limit, control),
    });
    named.map_err(|error| error.at(name))
}

fn digest_bytes(
    bytes: Arc<dyn BlockRead>,
    limit: Option<u64>,
    control: &Arc<Control>,
) -> Result<ContentDigest> {
    let bytes = match limit {
        Some(limit) => first(bytes, limit)?,
        None => bytes,
    };
    digest_image(
        Image::open(Format::Raw, bytes, &OpenOptions::default())?,
        control,
    )
}

/// The first `limit` bytes of `bytes`.
fn first(bytes: Arc<dyn BlockRead>, limit: u64) -> Result<Arc<dyn BlockRead>> {
    match bytes.size() {
        Some(have) if have < limit => Err(too_short(have, limit)),
        _ => Ok(Arc::new(Part::new(bytes, 0..limit))),
    }
}

fn digest_stream(
    source: Box<dyn ByteSource>,
    limit: Option<u64>,
    control: &Arc<Control>,
) -> Result<ContentDigest> {
    let reader_options = ReaderOptions {
        keep: Keep::default(),
        sums: Sums::default(),
    };
    let mut stream = FirstOf {
        stream: SourceReader::start(source, reader_options, control)?,
        left: limit.unwrap_or(u64::MAX),
    };
    let mut disk = InOrder::new(&mut stream, None);
    let named = digest_chunks(&mut StreamChunker::new(&mut disk, 1), control)?;
    match limit {
        Some(limit) if named.content.size < limit => Err(too_short(named.content.size, limit)),
        _ => Ok(named),
    }
}

/// Names the disk of `size` bytes that was written to `written` in `format`, which makes it a larger
/// one as `padded` says.
///
/// # Errors
/// Those of reading it, and [`error::Kind::Corrupt`] when it is none.
pub(crate) fn digest_written(
    written: Arc<dyn BlockRead>,
    format: Format,
    size: u64,
    padded: Padding,
    control: &Arc<Control>,
) -> Result<ContentDigest> {
    if format == Format::Raw {
        return digest_bytes(written, Some(size), control);
    }
    let image = Image::open(format, written, &OpenOptions::default())?;
    let whole = padded.size(size);
    if whole != Some(image.size()) {
        let (found, wanted) = amounts(image.size(), whole.unwrap_or(u64::MAX));
        let message = format!("holds a disk of {found}, one of {wanted} was to be written");
        return Err(Error::corrupt(message));
    }
    digest_image(image.first(size), control)
}

fn digest_image(image: Image, control: &Arc<Control>) -> Result<ContentDigest> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = ReadOptions {
        threads,
        buffers: BUFFERS,
        want_digest: true,
    };
    digest_chunks(
        &mut ParallelReader::start(image, options, None, control)?,
        control,
    )
}

fn digest_chunks(chunks: &mut dyn ChunkSource, control: &Control) -> Result<ContentDigest> {
    let mut hasher = Hasher::in_order();
    let (mut size, mut data) = (0, 0);
    while let Some(extent) = chunks.next()? {
        control.check()?;
        size = extent.end();
        if let Extent::Chunk(chunk) = extent {
            hasher.take(&chunk.hashes());
            data += chunk.data_len();
        }
        control.reached(size, data);
    }
    Ok(ContentDigest {
        content: ContentSize { size, data },
        digest: hasher.finish(size)?,
    })
}

fn too_short(found: u64, wanted: u64) -> Error {
    let (found, wanted) = (amount(found), amount(wanted));
    Error::corrupt(format!("has {found}, {wanted} were to be read"))
}

/// The first bytes of a stream; what lies behind them is not even waited for.
struct FirstOf {
    stream: SourceReader,
    left: u64,
}

impl SparseRead for FirstOf {
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
