//! The archive's bytes, by way of the decoder that reads them at the moment.

use error::{Error, Result};
use sparse::{Piece, SparseRead, read_exact};

use super::Input;
use super::data::Data;
use super::method::Method;
use super::record::Local;
use crate::Limits;
use crate::bzip2::Bzip2;
use crate::inflate::{Decoder, Decoder64};
use crate::lzma::{Alone, Lzma};
use crate::xz::Xz;
use crate::zstd::Zstd;

/// What the current member's data unpacks to.
pub(super) struct Source<R> {
    reader: Reader<R>,
    /// Decoders that hold no input of their own are kept from one member to the next.
    deflate: Option<Box<Decoder>>,
    deflate64: Option<Box<Decoder64>>,
}

/// Who has the archive's bytes.
enum Reader<R> {
    Stored(Data<R>),
    Deflate(Data<R>),
    Deflate64(Data<R>),
    Bzip2(Box<Bzip2<Data<R>>>),
    Lzma(Box<Lzma<Data<R>>>),
    Zstd(Box<Zstd<Data<R>>>),
    Xz(Box<Xz<Data<R>>>),
    /// A decoder that did not start.
    Nobody,
}

impl<R: SparseRead> Source<R> {
    /// The archive `input`, with no member yet.
    pub(super) fn new(input: Input<R>) -> Self {
        Source {
            reader: Reader::Stored(Data::new(input)),
            deflate: None,
            deflate64: None,
        }
    }

    /// The data of the member, once no decoder holds it.
    pub(super) fn data(&mut self) -> Result<&mut Data<R>> {
        match &mut self.reader {
            Reader::Stored(data) | Reader::Deflate(data) | Reader::Deflate64(data) => Ok(data),
            _ => Err(lost()),
        }
    }

    /// Has the data unpacked by `method` from here on.
    pub(super) fn start(&mut self, method: Method, local: &Local, limits: &Limits) -> Result<()> {
        let mut data = std::mem::replace(&mut self.reader, Reader::Nobody).into_data()?;
        self.reader = match method {
            Method::Stored => Reader::Stored(data),
            Method::Deflate => {
                self.deflate.get_or_insert_with(Default::default).restart();
                Reader::Deflate(data)
            }
            Method::Deflate64 => {
                self.deflate64
                    .get_or_insert_with(Default::default)
                    .restart();
                Reader::Deflate64(data)
            }
            Method::Bzip2 => Reader::Bzip2(Box::new(Bzip2::new(data, limits)?)),
            Method::Lzma => {
                let header = lzma_header(&mut data, local)?;
                Reader::Lzma(Box::new(Lzma::behind(header, data, limits)))
            }
            Method::Zstd => Reader::Zstd(Box::new(Zstd::new(data, limits)?)),
            Method::Xz => Reader::Xz(Box::new(Xz::new(data, limits)?)),
        };
        Ok(())
    }

    /// Takes the archive's bytes back from a decoder that has come to its end, or is not wanted.
    pub(super) fn stop(&mut self) -> Result<()> {
        let data = std::mem::replace(&mut self.reader, Reader::Nobody).into_data()?;
        self.reader = Reader::Stored(data);
        Ok(())
    }
}

impl<R: SparseRead> Reader<R> {
    /// What shows the content by itself.
    fn stream(&mut self) -> Result<&mut dyn SparseRead> {
        Ok(match self {
            Reader::Stored(data) => data,
            Reader::Bzip2(reader) => reader,
            Reader::Lzma(reader) => reader,
            Reader::Zstd(reader) => reader,
            Reader::Xz(reader) => reader,
            Reader::Deflate(_) | Reader::Deflate64(_) | Reader::Nobody => return Err(lost()),
        })
    }

    fn into_data(self) -> Result<Data<R>> {
        match self {
            Reader::Stored(data) | Reader::Deflate(data) | Reader::Deflate64(data) => Ok(data),
            Reader::Bzip2(reader) => Ok(reader.into_input()),
            Reader::Lzma(reader) => Ok(reader.into_input()),
            Reader::Zstd(reader) => Ok(reader.into_input()),
            Reader::Xz(reader) => Ok(reader.into_input()),
            Reader::Nobody => Err(lost()),
        }
    }
}

impl<R: SparseRead> SparseRead for Source<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match (&mut self.reader, &mut self.deflate, &mut self.deflate64) {
            (Reader::Deflate(data), Some(decoder), _) => {
                decoder.prepare(&mut data.input)?;
                Ok(decoder.piece())
            }
            (Reader::Deflate64(data), _, Some(decoder)) => {
                decoder.prepare(&mut data.input)?;
                Ok(decoder.piece())
            }
            (reader, ..) => reader.stream()?.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        match (&mut self.reader, &mut self.deflate, &mut self.deflate64) {
            (Reader::Deflate(_), Some(decoder), _) => decoder.consume(n),
            (Reader::Deflate64(_), _, Some(decoder)) => decoder.consume(n),
            (reader, ..) => {
                if let Ok(stream) = reader.stream() {
                    stream.consume(n);
                }
            }
        }
    }
}

/// The header of a .lzma file, made of what stands before LZMA data in a zip (APPNOTE 5.8.8) and in the
/// member's header.
fn lzma_header<R: SparseRead>(data: &mut Data<R>, local: &Local) -> Result<Alone> {
    let mut bytes = [0; 9];
    let complete = read_exact(data, &mut bytes)?;
    let [_, _, 5, 0, properties, a, b, c, d] = bytes else {
        return Err(Error::corrupt("the LZMA properties are damaged"));
    };
    if complete {
        Ok(Alone {
            properties,
            dictionary: u32::from_le_bytes([a, b, c, d]),
            size: local.lzma_size(),
        })
    } else {
        Err(Error::corrupt("the LZMA data has no properties"))
    }
}

fn lost() -> Error {
    Error::io("the archive cannot be read on", "a decoder did not start")
}
