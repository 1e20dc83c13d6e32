//! The content of one Zstandard frame.
//!
//! libzstd decodes the blocks, but sees a frame of our making: a bare header, no checksum, no last
//! block. So blocks that it need not see can be left out: behind a window's worth of zeros, further
//! blocks of zeros change nothing that a later block could refer to. The checksum and the size are
//! checked here.

use error::{Error, Result};
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::header::{BlockHeader, BlockKind, FrameHeader};
use crate::chunk::Chunk;
use crate::xxhash::Xxh64;

/// Takes what a frame decompresses to.
pub(super) trait Sink {
    /// A buffer to fill, with any content.
    fn buffer(&mut self) -> Vec<u8>;
    /// Takes a chunk.
    fn put(&mut self, chunk: Chunk) -> Result<()>;
}

/// A decoder of one frame after another.
pub(super) struct FrameDecoder {
    libzstd: Decoder<'static>,
    header: FrameHeader,
    hash: Xxh64,
    /// Bytes put out.
    len: u64,
    /// Zero bytes that came last, as whole blocks of zeros.
    zeros: u64,
    /// A block as libzstd sees it.
    block: Vec<u8>,
}

impl FrameDecoder {
    /// A decoder that stands before the first block of a frame.
    pub(super) fn new(header: FrameHeader) -> Result<Self> {
        let mut decoder = FrameDecoder {
            libzstd: Decoder::new().map_err(|cause| Error::io("libzstd does not start", cause))?,
            hash: Xxh64::new(),
            len: 0,
            zeros: 0,
            block: Vec::new(),
            header,
        };
        decoder.start()?;
        Ok(decoder)
    }

    /// Goes on with another frame.
    pub(super) fn restart(&mut self, header: FrameHeader) -> Result<()> {
        self.header = header;
        self.hash = Xxh64::new();
        (self.len, self.zeros) = (0, 0);
        self.libzstd
            .reinit()
            .map_err(|cause| Error::io("libzstd does not start", cause))?;
        self.start()
    }

    fn start(&mut self) -> Result<()> {
        let log = self
            .header
            .window
            .max(1)
            .next_power_of_two()
            .ilog2()
            .clamp(10, 31);
        self.libzstd
            .set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(log))
            .map_err(|cause| {
                Error::unsupported(format!("a zstd window of 2^{log} bytes")).cause(cause)
            })?;
        self.block.clear();
        self.block.extend_from_slice(&self.header.bare());
        Ok(())
    }

    /// The header of the frame being decoded.
    pub(super) fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// Decodes a block, whose `content` is [`BlockHeader::stored`] bytes.
    pub(super) fn block(
        &mut self,
        header: BlockHeader,
        content: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if header.kind == BlockKind::Run && content.iter().all(|&byte| byte == 0) {
            return self.zeros(header, sink);
        }
        self.zeros = 0;
        let mut data = sink.buffer();
        self.feed(header, content, &mut data)?;
        self.grown(data.len() as u64)?;
        if self.header.checksum {
            self.hash.update(&data);
        }
        sink.put(Chunk::Data(data))
    }

    fn zeros(&mut self, header: BlockHeader, sink: &mut dyn Sink) -> Result<()> {
        let size = u64::from(header.size);
        if self.zeros < self.header.window {
            let mut data = sink.buffer();
            self.feed(header, &[0], &mut data)?;
        }
        self.zeros = self.zeros.saturating_add(size);
        self.grown(size)?;
        if self.header.checksum {
            self.hash.update_zeros(size);
        }
        sink.put(Chunk::Zeros(size))
    }

    fn grown(&mut self, by: u64) -> Result<()> {
        self.len += by;
        match self.header.content_size {
            Some(size) if self.len > size => Err(self.wrong(format!(
                "announces {size} bytes and holds at least {}",
                self.len
            ))),
            _ => Ok(()),
        }
    }

    /// Has libzstd decode a block into `data`.
    fn feed(&mut self, header: BlockHeader, content: &[u8], data: &mut Vec<u8>) -> Result<()> {
        self.block.extend_from_slice(&header.bare());
        self.block.extend_from_slice(content);
        data.clear();
        // One byte more than a block can have: a full buffer might mean that something is left.
        data.reserve_exact(self.header.block_max() as usize + 1);
        let mut input = InBuffer::around(&self.block);
        let mut output = OutBuffer::around(data);
        while input.pos() < input.src.len() {
            let before = (input.pos(), output.pos());
            self.libzstd.run(&mut input, &mut output).map_err(|cause| {
                Error::corrupt(format!(
                    "zstd frame {}: a block cannot be decoded",
                    self.header.number
                ))
                .cause(cause)
            })?;
            if before == (input.pos(), output.pos()) {
                break;
            }
        }
        let (len, most) = (output.pos() as u64, self.header.block_max());
        if len > most {
            return Err(self.wrong(format!("a block decompresses to more than {most} bytes")));
        }
        self.block.clear();
        Ok(())
    }

    /// Checks what the end of the frame promises.
    pub(super) fn finish(&self, checksum: Option<[u8; 4]>) -> Result<()> {
        if let Some(size) = self.header.content_size.filter(|size| *size != self.len) {
            return Err(self.wrong(format!("announces {size} bytes and holds {}", self.len)));
        }
        let found = self.hash.finish() as u32;
        match checksum.map(u32::from_le_bytes) {
            Some(told) if told != found => Err(self.wrong(format!(
                "the checksum is {told:#010x}, the data has {found:#010x}"
            ))),
            _ => Ok(()),
        }
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::corrupt(format!("zstd frame {}: {what}", self.header.number))
    }
}
