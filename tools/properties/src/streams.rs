//! Decoders and archive readers: how the bytes are cut into pieces on their way in changes nothing, nor
//! does the number of threads; another decoder finds the same, where there is one; and what comes out keeps
//! to the ports' rules: no empty piece, an end that stays, members of the size they were said to have.

mod digest;

use std::io::Read;

use error::{Error, Result};
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use sparse::SliceSource;
use unpack::Limits;
use unpack::bzip2::Bzip2;
use unpack::gzip::Gzip;
use unpack::inflate::{Inflate, Inflate64};
use unpack::lz4::Lz4;
use unpack::lzma::Lzma;
use unpack::lzop::Lzop;
use unpack::tar::Tar;
use unpack::xz::Xz;
use unpack::zip::{Zip, embedded};
use unpack::zstd::Zstd;

use crate::told::presentable;
use digest::Digest;

/// Bytes of data, holes not counted, after which a comparison reads no further.
const ENOUGH: u64 = 256 << 10;

/// The same for a single reading: more than the longest distance of DEFLATE.
const LITTLE: u64 = 48 << 10;

/// What a decoder or an archive reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A raw DEFLATE stream.
    Inflate,
    /// A raw Deflate64 stream.
    Deflate64,
    /// A .lzma file, or .lz members where the data begins as they do.
    Lzma,
    /// gzip.
    Gzip,
    /// xz.
    Xz,
    /// Zstandard.
    Zstd,
    /// bzip2.
    Bzip2,
    /// LZ4.
    Lz4,
    /// lzop.
    Lzop,
    /// tar.
    Tar,
    /// zip, also one that something else is in front of.
    Zip,
    /// Whatever the first bytes say it is, and what is inside that, and so on.
    Layers,
}

impl Format {
    /// All of them, in the order of the first byte that [`compared`] takes.
    pub const ALL: [Format; 12] = [
        Format::Inflate,
        Format::Deflate64,
        Format::Lzma,
        Format::Gzip,
        Format::Xz,
        Format::Zstd,
        Format::Bzip2,
        Format::Lz4,
        Format::Lzop,
        Format::Tar,
        Format::Zip,
        Format::Layers,
    ];

    /// Reads `data` once, in this thread where the decoder can, until there is nothing more or it decompresses to more than
    /// is worth the time; tells whether all of it was read.
    ///
    /// # Errors
    /// What the reader says is wrong with it.
    pub fn read(self, data: &[u8]) -> Result<bool> {
        let step = match data.len() % 2 {
            0 => usize::MAX,
            _ => 1 + data.len() % 61,
        };
        let way = Way {
            step,
            threads: 1,
            enough: LITTLE,
        };
        let found = way.read(self, data);
        found.result.inspect_err(presentable)?;
        Ok(!found.digest.stopped)
    }

    /// Reads `data` in several ways and compares: in one piece and in small ones, in one thread and in two, and
    /// with another decoder where there is one.
    ///
    /// # Errors
    /// What the reader says is wrong with it.
    pub fn compare(self, data: &[u8]) -> Result<()> {
        let run = |step, threads| {
            let enough = ENOUGH;
            Way {
                step,
                threads,
                enough,
            }
            .read(self, data)
        };
        let whole = run(usize::MAX, 2);
        whole.same_as(&run(1 + data.len() % 13, 2));
        // Several threads read ahead: of two things that are wrong they may find the other one first.
        let alone = run(usize::MAX, 1);
        alone.presentable();
        whole.agrees_with(&alone);
        match self {
            Format::Inflate => whole.agrees_with(&zlib(data)),
            Format::Gzip => whole.agrees_with(&gzip_members(data)),
            _ => {}
        }
        whole.result
    }
}

/// Compares the ways to read what the first byte says, one of [`Format::ALL`]; the rest is the data.
///
/// # Errors
/// What the reader says is wrong with it.
pub fn compared(data: &[u8]) -> Result<()> {
    let Some((&format, data)) = data.split_first() else {
        return Ok(());
    };
    Format::ALL[usize::from(format) % Format::ALL.len()].compare(data)
}

/// How something is read.
#[derive(Clone, Copy)]
struct Way {
    /// Bytes that the input shows at a time.
    step: usize,
    threads: usize,
    /// Bytes of data after which nobody reads on.
    enough: u64,
}

impl Way {
    /// Little memory, so that its limits are met.
    fn limits(self) -> Limits {
        Limits {
            threads: self.threads,
            memory: 16 << 20,
            xz_memory: 32 << 20,
            ..Limits::default()
        }
    }

    /// Reads `data`.
    fn read(self, format: Format, data: &[u8]) -> Outcome {
        let mut digest = Digest::new(self.limits(), self.enough);
        let result = self.read_into(&mut digest, format, data);
        Outcome { result, digest }
    }

    fn read_into(self, digest: &mut Digest, format: Format, data: &[u8]) -> Result<()> {
        let (mut input, limits) = (SliceSource::in_steps(data, self.step), &self.limits());
        match format {
            Format::Inflate => digest.stream(&mut Inflate::new(input)),
            Format::Deflate64 => digest.stream(&mut Inflate64::new(input)),
            Format::Lzma if data.starts_with(b"LZIP") => {
                digest.stream(&mut Lzma::lzip(input, limits)?)
            }
            Format::Lzma => digest.stream(&mut Lzma::alone(input, limits)?),
            Format::Gzip => digest.stream(&mut Gzip::new(input, limits)),
            Format::Xz => digest.stream(&mut Xz::new(input, limits)?),
            Format::Zstd => digest.stream(&mut Zstd::new(input, limits)?),
            Format::Bzip2 => digest.stream(&mut Bzip2::new(input, limits)?),
            Format::Lz4 => digest.stream(&mut Lz4::new(input, limits)?),
            Format::Lzop => digest.stream(&mut Lzop::new(input, limits)?),
            Format::Tar => digest.archive(&mut Tar::new(input, limits)),
            Format::Zip => self.zip(digest, data),
            Format::Layers => digest.layers(&mut input),
        }
    }

    fn zip(self, digest: &mut Digest, data: &[u8]) -> Result<()> {
        let found = embedded(&data.to_vec())?;
        let (start, offset) = found.map_or((0, 0), |found| (found.start as usize, found.offset));
        let behind = data.get(start..).unwrap_or_default();
        let input = SliceSource::in_steps(behind, self.step);
        if start == 0 {
            return digest.archive(&mut Zip::new(input, &self.limits()));
        }
        digest.archive(&mut Zip::at_offset(offset, input, &self.limits()))
    }
}

/// What came of reading something.
struct Outcome {
    result: Result<()>,
    digest: Digest,
}

impl Outcome {
    fn presentable(&self) {
        self.result.as_ref().map_or_else(presentable, |()| ());
    }

    /// The same decoder finds the same, and says the same of what is wrong.
    fn same_as(&self, other: &Outcome) {
        self.presentable();
        other.presentable();
        if !self.digest.stopped && !other.digest.stopped {
            // Causes may differ: they are in the words of the libraries below.
            let said =
                |outcome: &Outcome| outcome.result.clone().map_err(|error| error.to_string());
            assert_eq!(said(self), said(other), "the way it was read shows");
        }
        self.agrees_with(other);
    }

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

/// What zlib-rs makes of a raw DEFLATE stream.
fn zlib(data: &[u8]) -> Outcome {
    let mut digest = Digest::new(Limits::default(), ENOUGH);
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
    let mut digest = Digest::new(Limits::default(), ENOUGH);
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
