//! The content of one .xz block.
//!
//! LZMA2 alone is decoded here, zeros as holes. Chains with other filters (`xz --x86`, as for kernels; rare
//! for disks) are left to liblzma, which [`crate::lzma`] needs as well.

use error::{Error, Result, hex};
use liblzma::stream::{Action, Filters, Status, Stream};

use super::check::{Check, CheckKind};
use super::container::{BlockHeader, Filter};
use super::lzma2::Lzma2;
use super::window::{Run, Window};
use crate::chunk::{BATCH, Chunk};

/// Takes what a block decompresses to.
pub(super) type Put<'a> = dyn FnMut(Chunk) -> Result<()> + 'a;

/// A decoder of one block.
pub(super) struct BlockDecoder {
    number: u64,
    engine: Engine,
    check: Check,
    kind: CheckKind,
    /// Bytes the block decompresses to, if told.
    told: Option<u64>,
    /// Bytes put out.
    len: u64,
}

enum Engine {
    Lzma2(Box<Lzma2>),
    /// With a buffer for its output.
    Liblzma(Stream, Vec<u8>),
}

/// Bytes of memory that decoding a block takes beside the block itself.
pub(super) fn memory(header: &BlockHeader) -> u64 {
    match header.filters.as_slice() {
        [_] => Window::size(header.dictionary, header.content),
        _ => header.dictionary + (1 << 20),
    }
}

impl BlockDecoder {
    /// A decoder of block `number`.
    pub(super) fn new(number: u64, header: &BlockHeader, kind: CheckKind) -> Result<Self> {
        let engine = match header.filters.as_slice() {
            [_] => Engine::Lzma2(Box::new(Lzma2::new(header.dictionary, header.content))),
            filters => {
                let stream = chain(filters).map_err(|cause| {
                    Error::unsupported(format!(
                        "xz block {number} has filters that are not supported"
                    ))
                    .cause(cause)
                })?;
                Engine::Liblzma(stream, vec![0; BATCH])
            }
        };
        Ok(BlockDecoder {
            number,
            engine,
            check: kind.start(),
            kind,
            told: header.content,
            len: 0,
        })
    }

    /// Decodes one whole LZMA2 chunk.
    pub(super) fn chunk(&mut self, chunk: &[u8], put: &mut Put<'_>) -> Result<()> {
        let number = self.number;
        let damaged =
            || Error::corrupt(format!("xz block {number}: the compressed data is damaged"));
        let (check, len, told) = (&mut self.check, &mut self.len, self.told);
        let put = |run: Run<'_>| {
            *len += match &run {
                Run::Data(data) => data.len() as u64,
                Run::Zeros(zeros) => *zeros,
            };
            if let Some(told) = told.filter(|told| *len > *told) {
                return Err(Error::corrupt(format!(
                    "xz block {number}: announces {told} bytes and holds at least {len}"
                )));
            }
            match run {
                Run::Data(data) => {
                    check.update(data);
                    data.chunks(BATCH)
                        .try_for_each(|part| put(Chunk::Data(part.to_vec())))
                }
                Run::Zeros(zeros) => {
                    check.update_zeros(zeros);
                    put(Chunk::Zeros(zeros))
                }
            }
        };
        match &mut self.engine {
            Engine::Lzma2(lzma2) => {
                lzma2.chunk(chunk).ok_or_else(damaged)?;
                lzma2.take(put)
            }
            Engine::Liblzma(stream, buffer) => run(stream, chunk, buffer, damaged, put),
        }
    }

    /// Checks the block's end against its header and its `check`; returns the bytes put out.
    pub(super) fn finish(self, check: &[u8]) -> Result<u64> {
        let number = self.number;
        if let Some(told) = self.told.filter(|told| *told != self.len) {
            return Err(Error::corrupt(format!(
                "xz block {number}: announces {told} bytes and holds {}",
                self.len
            )));
        }
        let found = self.check.finish();
        if found != check {
            return Err(Error::corrupt(format!(
                "xz block {number}: the {} is {}, the data has {}",
                self.kind.name(),
                hex(check),
                hex(&found)
            )));
        }
        Ok(self.len)
    }
}

/// Has liblzma decode a `chunk` by way of `buffer`.
fn run(
    stream: &mut Stream,
    chunk: &[u8],
    buffer: &mut [u8],
    damaged: impl Fn() -> Error,
    mut put: impl FnMut(Run<'_>) -> Result<()>,
) -> Result<()> {
    let mut rest = chunk;
    loop {
        let (read, written) = (stream.total_in(), stream.total_out());
        let status = stream
            .process(rest, buffer, Action::Run)
            .map_err(|cause| damaged().cause(cause))?;
        rest = rest
            .get((stream.total_in() - read) as usize..)
            .unwrap_or_default();
        let len = (stream.total_out() - written) as usize;
        if len > 0 {
            put(Run::Data(buffer.get(..len).unwrap_or_default()))?;
        }
        if status == Status::StreamEnd || (rest.is_empty() && len < buffer.len()) {
            return Ok(());
        }
        if status == Status::MemNeeded {
            return Err(damaged());
        }
    }
}

/// liblzma's decoder for a chain of filters, in the order of the header.
fn chain(filters: &[Filter]) -> Result<Stream, liblzma::stream::Error> {
    let mut chain = Filters::new();
    for Filter { id, properties } in filters {
        match id {
            3 => chain.delta_properties(properties)?,
            4 => chain.x86_properties(properties)?,
            5 => chain.powerpc_properties(properties)?,
            6 => chain.ia64_properties(properties)?,
            7 => chain.arm_properties(properties)?,
            8 => chain.arm_thumb_properties(properties)?,
            9 => chain.sparc_properties(properties)?,
            10 => chain.arm64_properties(properties)?,
            11 => chain.riscv_properties(properties)?,
            _ => chain.lzma2_properties(properties)?,
        };
    }
    Stream::new_raw_decoder(&chain)
}
