//! LZMA outside of .xz: the .lzma format ("LZMA alone", of the LZMA SDK and XZ Utils) and lzip's .lz.
//!
//! A .lzma file has a header of 13 bytes without any magic number, and no checksum: that it is whole shows
//! in the range coder's end and, as a rule, in an end marker. An .lz file is made of members with a
//! CRC-32 and both sizes each (lzip manual, "File format"). liblzma decodes both; headers are read here,
//! so that memory is known before it is taken.

mod header;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use liblzma::stream::{Action, Status, Stream};
use sparse::zero::ZEROS;
use sparse::{Piece, SparseRead};

use crate::Limits;
use crate::chunk::{BATCH, Chunk, Outbox, needs_memory};
use crate::input::Input;
pub(crate) use header::{Alone, MAGIC, looks_like};
use header::{LZIP_HEADER, lzip_dictionary};

/// Bytes that liblzma takes beside the dictionary.
const BESIDE_DICTIONARY: u64 = 1 << 20;

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Alone,
    Lzip,
}

/// A decoder of a .lzma file, or of .lz members, one after another.
///
/// Corrupt are truncated and damaged streams, wrong checksums and sizes, and anything but another
/// member behind the end. Unsupported are dictionaries beyond [`Limits::xz_memory`].
pub struct Lzma<R> {
    input: Input<R>,
    format: Format,
    memory: u64,
    outbox: Outbox,
    /// Members begun so far; a .lzma file has one.
    members: u64,
    /// A header that is not in the input.
    known: Option<Alone>,
    state: State,
}

enum State {
    Header,
    Data(Stream),
    End,
}

impl<R: SparseRead> Lzma<R> {
    /// A decoder over `input`, which stands at the header of a .lzma file.
    ///
    /// # Errors
    /// None so far; what is wrong with the content shows when the decoder is read.
    pub fn alone(input: R, limits: &Limits) -> Result<Self> {
        Ok(Self::new(input, limits, Format::Alone, "lzma"))
    }

    /// A decoder over `input`, which stands at the first member of an .lz file.
    ///
    /// # Errors
    /// As [`Lzma::alone`].
    pub fn lzip(input: R, limits: &Limits) -> Result<Self> {
        Ok(Self::new(input, limits, Format::Lzip, "lzip"))
    }

    /// A decoder over `input`, which stands behind `header`: in other containers it is another one.
    pub(crate) fn behind(header: Alone, input: R, limits: &Limits) -> Self {
        Lzma {
            known: Some(header),
            ..Self::new(input, limits, Format::Alone, "lzma")
        }
    }

    fn new(input: R, limits: &Limits, format: Format, name: &'static str) -> Self {
        Lzma {
            known: None,
            input: Input::new(name, input),
            format,
            memory: limits.xz_memory,
            outbox: Outbox::new(name, limits),
            members: 0,
            state: State::Header,
        }
    }

    /// The input; at the end it stands behind the stream.
    pub(crate) fn into_input(self) -> R {
        self.input.into_inner()
    }

    /// Decodes some more.
    fn advance(&mut self) -> Result<()> {
        self.state = match std::mem::replace(&mut self.state, State::End) {
            State::Header if self.members > 0 && self.is_over()? => State::End,
            State::Header => self.header()?,
            State::Data(stream) => self.decode(stream)?,
            State::End => State::End,
        };
        Ok(())
    }

    /// Whether nothing follows the members so far.
    fn is_over(&mut self) -> Result<bool> {
        Ok(self.format == Format::Alone || self.input.at_end()?)
    }

    fn header(&mut self) -> Result<State> {
        const WHAT: &str = "the header";
        self.members += 1;
        let (dictionary, bytes) = match self.format {
            Format::Alone => {
                let header = match self.known.take() {
                    Some(header) => header,
                    None => Alone::parse(self.input.array(WHAT)?),
                };
                (header.reach(), header.for_decoder().to_vec())
            }
            Format::Lzip => {
                let header: [u8; LZIP_HEADER] = self.input.array(WHAT)?;
                if !header.starts_with(MAGIC) {
                    return Err(self.wrong(format!(
                        "trailing garbage at byte {}",
                        self.input.position() - LZIP_HEADER as u64
                    )));
                }
                let dictionary =
                    lzip_dictionary(header).ok_or_else(|| self.wrong("the header is damaged"))?;
                (dictionary, header.to_vec())
            }
        };
        let need = dictionary + BESIDE_DICTIONARY;
        if need > self.memory {
            let what = format!("the {} dictionary", self.name());
            return Err(needs_memory(&what, need, self.memory));
        }
        let stream = match self.format {
            Format::Alone => Stream::new_lzma_decoder(u64::MAX),
            Format::Lzip => Stream::new_lzip_decoder(u64::MAX, 0),
        };
        let mut stream = stream.map_err(|cause| Error::io("liblzma does not start", cause))?;
        // Nothing comes of a header alone, but liblzma takes none without room for output.
        stream
            .process(&bytes, &mut [0], Action::Run)
            .map_err(|cause| self.wrong("the header is damaged").cause(cause))?;
        Ok(State::Data(stream))
    }

    /// Decodes what the next piece of the input holds, or a buffer full of it.
    fn decode(&mut self, mut stream: Stream) -> Result<State> {
        let (read, written) = (stream.total_in(), stream.total_out());
        let mut output = self.outbox.buffer();
        output.clear();
        output.reserve_exact(BATCH);
        let piece = match self.input.peek()? {
            Piece::Data(data) => data,
            Piece::Zeros(n) => &ZEROS[..n.min(ZEROS.len() as u64) as usize],
            Piece::End => &[],
        };
        let ended = piece.is_empty();
        let status = stream.process_vec(piece, &mut output, Action::Run);
        self.input.consume(stream.total_in() - read);
        let status = status.map_err(|cause| self.damaged().cause(cause))?;
        if ended && status != Status::StreamEnd && stream.total_out() == written {
            let what = match self.format {
                Format::Alone => "the stream".to_owned(),
                Format::Lzip => format!("member {}", self.members),
            };
            return Err(self.input.truncated(&what));
        }
        self.outbox.put(if sparse::zero::is_zero(&output) {
            Chunk::Zeros(output.len() as u64)
        } else {
            Chunk::Data(output)
        })?;
        Ok(match status {
            Status::StreamEnd => State::Header,
            _ => State::Data(stream),
        })
    }

    fn damaged(&self) -> Error {
        self.wrong(match self.format {
            Format::Alone => "the compressed data is damaged",
            Format::Lzip => "the compressed data is damaged, or its CRC-32 or sizes are wrong",
        })
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::corrupt(match self.format {
            Format::Alone => format!("lzma: {what}"),
            Format::Lzip => format!("lzip member {}: {what}", self.members),
        })
    }

    fn name(&self) -> &'static str {
        match self.format {
            Format::Alone => "lzma",
            Format::Lzip => "lzip",
        }
    }
}

impl<R: SparseRead> SparseRead for Lzma<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        while self.outbox.is_empty() && !matches!(self.state, State::End) {
            self.advance()?;
        }
        Ok(self.outbox.piece())
    }

    fn consume(&mut self, n: u64) {
        self.outbox.consume(n);
    }
}
