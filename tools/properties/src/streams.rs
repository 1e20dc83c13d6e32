//! Decoders and archive readers: how the bytes are cut into pieces on their way in changes nothing,
//! and what comes out keeps to the ports' rules: no empty piece, an end that stays, members of the size
//! they were said to have.

use std::io::Read;

use error::{Error, Result};
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use sparse::{Lookahead, Piece, SliceSource, SparseRead};
use unpack::Limits;
use unpack::archive::Archive;
use unpack::bzip2::Bzip2;
use unpack::gzip::Gzip;
use unpack::inflate::{Inflate, Inflate64};
use unpack::layer::{HEAD, Layer, sniff};
use unpack::lz4::Lz4;
use unpack::lzma::Lzma;
use unpack::lzop::Lzop;
use unpack::tar::Tar;
use unpack::vma::Vma;
use unpack::xz::Xz;
use unpack::zip::{Zip, embedded};
use unpack::zstd::Zstd;

use crate::told::presentable;

/// Bytes of data, holes not counted, after which nobody reads on.
const ENOUGH: u64 = 256 << 10;

/// Members after which nobody reads on.
const MANY: u64 = 1000;

/// Layers inside each other after which nobody reads on.
const DEEP: usize = 4;

/// Runs a raw DEFLATE stream, and compares with zlib-rs.
pub fn inflate(data: &[u8]) -> Result<()> {
    let own = check(data, |input, digest| {
        digest.stream(&mut Inflate::new(input))
    });
    own.agrees_with(&zlib(data));
    own.result
}

/// Runs a raw Deflate64 stream.
pub fn deflate64(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Inflate64::new(input))
    })
    .result
}

/// Runs a .lzma file, or .lz members where the data begins as they do.
pub fn lzma(data: &[u8]) -> Result<()> {
    let lzip = data.starts_with(b"LZIP");
    check(data, |input, digest| {
        digest.stream(&mut if lzip {
            Lzma::lzip(input, &limits())?
        } else {
            Lzma::alone(input, &limits())?
        })
    })
    .result
}

/// Runs gzip, and compares with flate2 over zlib-rs.
pub fn gzip(data: &[u8]) -> Result<()> {
    let own = check(data, |input, digest| {
        digest.stream(&mut Gzip::new(input, &limits()))
    });
    own.agrees_with(&gzip_members(data));
    own.result
}

/// Runs xz.
pub fn xz(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Xz::new(input, &limits())?)
    })
    .result
}

/// Runs Zstandard.
pub fn zstd(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Zstd::new(input, &limits())?)
    })
    .result
}

/// Runs bzip2.
pub fn bzip2(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Bzip2::new(input, &limits())?)
    })
    .result
}

/// Runs LZ4.
pub fn lz4(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Lz4::new(input, &limits())?)
    })
    .result
}

/// Runs lzop.
pub fn lzop(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.stream(&mut Lzop::new(input, &limits())?)
    })
    .result
}

/// Runs tar.
pub fn tar(data: &[u8]) -> Result<()> {
    check(data, |input, digest| {
        digest.archive(&mut Tar::new(input, &limits()))
    })
    .result
}

/// Runs zip, also one that something else is in front of.
pub fn zip(data: &[u8]) -> Result<()> {
    if let Some(found) = embedded(&data.to_vec())? {
        let behind = data.get(found.start as usize..).unwrap_or_default();
        return check(behind, |input, digest| {
            digest.archive(&mut Zip::at_offset(found.offset, input, &limits()))
        })
        .result;
    }
    check(data, |input, digest| {
        digest.archive(&mut Zip::new(input, &limits()))
    })
    .result
}

/// Runs whatever the first bytes say it is, and what is inside that, and so on.
pub fn layers(data: &[u8]) -> Result<()> {
    check(data, |input, digest| digest.layers(&mut { input }, DEEP)).result
}

/// Little memory, so that its limits are met; two threads, so that order matters.
fn limits() -> Limits {
    Limits {
        threads: 2,
        memory: 16 << 20,
        xz_memory: 32 << 20,
        ..Limits::default()
    }
}

/// What came of reading something.
struct Outcome {
    result: Result<()>,
    digest: Digest,
}

impl Outcome {
    /// Two decoders may find different words for what is wrong, and must find the same right.
    fn agrees_with(&self, oracle: &Outcome) {
        if self.digest.stopped || oracle.digest.stopped {
            return;
        }
        match (&self.result, &oracle.result) {
            (Ok(()), Ok(())) => assert_eq!(self.digest.content(), oracle.digest.content()),
            (Err(_), Err(_)) => {}
            (own, oracle) => panic!("one decoder says {own:?}, the other {oracle:?}"),
        }
    }
}

/// Reads `data` in one piece and in small ones, and compares what comes of it.
fn check(data: &[u8], read: impl Fn(SliceSource<'_>, &mut Digest) -> Result<()>) -> Outcome {
    let run = |step| {
        let mut digest = Digest::default();
        let result = read(SliceSource::in_steps(data, step), &mut digest);
        Outcome { result, digest }
    };
    let (whole, cut) = (run(usize::MAX), run(1 + data.len() % 13));
    for outcome in [&whole, &cut] {
        outcome.result.as_ref().map_or_else(presentable, |()| ());
    }
    if !whole.digest.stopped && !cut.digest.stopped {
        // Causes may differ: they are in the words of the libraries below.
        let said = |outcome: &Outcome| outcome.result.clone().map_err(|error| error.to_string());
        assert_eq!(said(&whole), said(&cut), "the way the input was cut shows");
    }
    whole.agrees_with(&cut);
    whole
}

/// What zlib-rs makes of a raw DEFLATE stream.
fn zlib(data: &[u8]) -> Outcome {
    let mut digest = Digest::default();
    let mut zlib = Decompress::new(false);
    let mut output = vec![0; 64 << 10];
    let result = loop {
        let (used, made) = (zlib.total_in(), zlib.total_out());
        let rest = &data[used as usize..];
        let status = zlib.decompress(rest, &mut output, FlushDecompress::None);
        let new = (zlib.total_out() - made) as usize;
        digest.data(&output[..new]);
        match status {
            Ok(Status::StreamEnd) => break Ok(()),
            Ok(_) if new > 0 || zlib.total_in() > used => {}
            Ok(_) => break Err(Error::corrupt("truncated")),
            Err(error) => break Err(Error::corrupt(error.to_string())),
        }
        if digest.stopped {
            break Ok(());
        }
    };
    Outcome { result, digest }
}

/// What flate2 makes of gzip members, one after another, with zeros as padding.
fn gzip_members(data: &[u8]) -> Outcome {
    let mut digest = Digest::default();
    let mut buffer = vec![0; 64 << 10];
    let mut rest = data;
    let result = loop {
        let mut member = GzDecoder::new(rest);
        let read = loop {
            match member.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(n) => digest.data(&buffer[..n]),
                Err(error) => break Err(Error::corrupt(error.to_string())),
            }
            if digest.stopped {
                break Ok(());
            }
        };
        rest = member.into_inner();
        if read.is_err() || digest.stopped || rest.iter().all(|byte| *byte == 0) {
            break read;
        }
    };
    Outcome { result, digest }
}

/// A fingerprint of streams and members, the same whether zeros came as data or as holes.
#[derive(Debug, Default)]
struct Digest {
    hash: u64,
    /// Bytes seen, holes included.
    length: u64,
    /// Bytes seen as data, and a little for each hole.
    spent: u64,
    members: u64,
    /// There was more than enough.
    stopped: bool,
}

impl Digest {
    fn add(&mut self, number: u64) {
        self.hash = (self.hash ^ number)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(23);
    }

    fn data(&mut self, data: &[u8]) {
        for (at, &byte) in (self.length..).zip(data).filter(|(_, byte)| **byte != 0) {
            self.add(at << 8 | u64::from(byte));
        }
        self.length = self.length.saturating_add(data.len() as u64);
        self.spend(data.len() as u64);
    }

    fn zeros(&mut self, n: u64) {
        self.length = self.length.saturating_add(n);
        // A hole costs a step; many are as good as much data.
        self.spend(16);
    }

    fn spend(&mut self, bytes: u64) {
        self.spent += bytes;
        self.stopped |= self.spent > ENOUGH;
    }

    /// What two readings of the same must have in common.
    fn content(&self) -> (u64, u64, u64) {
        (self.hash, self.length, self.members)
    }

    /// Takes a stream to its end.
    fn stream(&mut self, stream: &mut dyn SparseRead) -> Result<()> {
        while !self.stopped {
            let n = match stream.peek()? {
                Piece::Data(data) => {
                    assert!(!data.is_empty(), "an empty piece of data");
                    self.data(data);
                    data.len() as u64
                }
                Piece::Zeros(n) => {
                    assert_ne!(n, 0, "an empty hole");
                    self.zeros(n);
                    n
                }
                Piece::End => break,
            };
            stream.consume(n);
        }
        if !self.stopped {
            assert_eq!(stream.peek()?, Piece::End, "the end has to stay");
        }
        Ok(())
    }

    /// Takes an archive to its end.
    fn archive(&mut self, archive: &mut dyn Archive) -> Result<()> {
        self.members(archive, &mut |digest, content| digest.stream(content))
    }

    fn members(
        &mut self,
        archive: &mut dyn Archive,
        take: &mut dyn FnMut(&mut Digest, &mut dyn SparseRead) -> Result<()>,
    ) -> Result<()> {
        while let Some(member) = archive.next_member()? {
            self.members += 1;
            self.stopped |= self.members > MANY;
            if self.stopped {
                return Ok(());
            }
            member.name.bytes().for_each(|byte| self.add(byte.into()));
            let mut content = Measured {
                stream: archive.content(),
                length: 0,
            };
            take(self, &mut content)?;
            let length = content.length;
            if let Some(size) = member.size.filter(|_| !self.stopped) {
                assert_eq!(length, size, "{member:?} is longer or shorter than said");
            }
        }
        if !self.stopped {
            assert!(archive.next_member()?.is_none(), "the end has to stay");
        }
        Ok(())
    }

    /// Takes what a stream turns out to be to its end.
    fn layers(&mut self, stream: &mut dyn SparseRead, deep: usize) -> Result<()> {
        let mut input = Lookahead::new(stream);
        let layer = sniff(input.head(HEAD)?);
        self.add(deep as u64);
        match layer.filter(|_| deep > 0) {
            None => self.stream(&mut input),
            Some(Layer::Compression(kind)) => {
                let mut inner = kind.decoder(input, &limits())?;
                self.layers(&mut inner, deep - 1)
            }
            Some(Layer::Vma) => Vma::new(input)?.finish(),
            Some(Layer::Archive(kind)) => {
                let mut archive = kind.reader(0, input, &limits());
                self.members(&mut *archive, &mut |digest, content| {
                    digest.layers(content, deep - 1)
                })
            }
        }
    }
}

/// A stream that counts what is taken from it.
struct Measured<'a> {
    stream: &'a mut dyn SparseRead,
    length: u64,
}

impl SparseRead for Measured<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.stream.peek()
    }

    fn consume(&mut self, n: u64) {
        self.stream.consume(n);
        self.length = self.length.saturating_add(n);
    }
}
