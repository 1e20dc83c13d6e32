//! The checksum behind each chunk.

use error::{Error, Result, hex};
use sha1::{Digest, Sha1};
use sparse::{Piece, SparseRead};

use crate::archive::shown;
use crate::hashing::{Job, Worker, each_zeros};
use crate::xxhash::Xxh64;

/// How a chunk's checksum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Sha1,
    Xxh64,
}

impl Scheme {
    /// The scheme that a member's name tells, by what stands behind the chunk's name.
    pub(super) fn of(extension: &str) -> Option<Self> {
        match extension {
            ".checksum" => Some(Scheme::Sha1),
            ".xxhash" => Some(Scheme::Xxh64),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Scheme::Sha1 => "SHA-1",
            Scheme::Xxh64 => "XXH64",
        }
    }

    fn digits(self) -> usize {
        match self {
            Scheme::Sha1 => 40,
            Scheme::Xxh64 => 16,
        }
    }
}

/// What a chunk's checksum should be.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    chunk: String,
    scheme: Scheme,
    /// In small hexadecimal digits.
    digits: String,
}

impl Claim {
    /// Reads the claim about `chunk` that `content` holds.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it is none, and the stream's.
    pub(super) fn read(content: &mut dyn SparseRead, scheme: Scheme, chunk: &str) -> Result<Self> {
        let mut text = [0; 128];
        let len = sparse::read_full(content, &mut text)?;
        let longer = content.peek()? != Piece::End;
        let text = String::from_utf8_lossy(&text[..len]);
        let digits = text.trim();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if longer || digits.len() != scheme.digits() || !is_hex {
            let (what, digits) = (scheme.name(), shown(digits));
            return Err(Error::corrupt(format!(
                "the checksum of {chunk} is not a valid {what}: {digits}"
            )));
        }
        Ok(Claim {
            chunk: chunk.to_owned(),
            scheme,
            digits: digits.to_ascii_lowercase(),
        })
    }
}

/// Hashes chunks and compares them with what they claim to be.
#[derive(Default)]
pub(super) struct Checker {
    /// Zeros that the current chunk begins with and that are not hashed yet: it may hold nothing
    /// else, and such chunks are all alike.
    zeros: u64,
    sums: Option<Sums>,
    /// The scheme of the last claim; the first chunk is hashed by all.
    scheme: Option<Scheme>,
    /// A number of zeros, and their checksum by `scheme`.
    alike: Option<(u64, String)>,
}

struct Sums {
    sha1: Option<Sha1>,
    xxh64: Option<Xxh64>,
}

impl Sums {
    fn new(scheme: Option<Scheme>) -> Self {
        let by = |this| scheme.is_none_or(|scheme| scheme == this);
        Sums {
            sha1: by(Scheme::Sha1).then(Sha1::new),
            xxh64: by(Scheme::Xxh64).then(Xxh64::new),
        }
    }

    fn data(&mut self, data: &[u8]) {
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(data);
        }
        if let Some(xxh64) = &mut self.xxh64 {
            xxh64.update(data);
        }
    }

    fn zeros(&mut self, n: u64) {
        if let Some(sha1) = &mut self.sha1 {
            each_zeros(n, |zeros| sha1.update(zeros));
        }
        if let Some(xxh64) = &mut self.xxh64 {
            xxh64.update_zeros(n);
        }
    }

    fn finish(self, scheme: Scheme) -> String {
        match scheme {
            Scheme::Sha1 => self.sha1.map(|sum| hex(&sum.finalize())),
            Scheme::Xxh64 => self.xxh64.map(|sum| hex(&sum.finish().to_be_bytes())),
        }
        .unwrap_or_default()
    }
}

impl Checker {
    fn sums(&mut self) -> &mut Sums {
        let (zeros, scheme) = (std::mem::take(&mut self.zeros), self.scheme);
        self.sums.get_or_insert_with(|| {
            let mut sums = Sums::new(scheme);
            sums.zeros(zeros);
            sums
        })
    }

    /// The checksum of all since the last one.
    fn sum(&mut self, scheme: Scheme) -> String {
        if let Some(sums) = self.sums.take() {
            return sums.finish(scheme);
        }
        let zeros = std::mem::take(&mut self.zeros);
        match &self.alike {
            Some((len, sum)) if *len == zeros => sum.clone(),
            _ => {
                let mut sums = Sums::new(Some(scheme));
                sums.zeros(zeros);
                let sum = sums.finish(scheme);
                self.alike = Some((zeros, sum.clone()));
                sum
            }
        }
    }

    fn compare(&mut self, claim: &Claim) -> Result<()> {
        let found = self.sum(claim.scheme);
        self.scheme = Some(claim.scheme);
        if found == claim.digits {
            return Ok(());
        }
        let (chunk, what, told) = (&claim.chunk, claim.scheme.name(), &claim.digits);
        Err(Error::corrupt(format!(
            "{chunk} has the {what} {found}, its checksum says {told}"
        )))
    }
}

impl Worker for Checker {
    type Note = Claim;
    type Outcome = ();

    fn take(&mut self, job: &Job<Claim>) -> Result<()> {
        match job {
            Job::Data(data) => self.sums().data(data),
            Job::Zeros(n) if self.sums.is_none() => self.zeros += n,
            Job::Zeros(n) => self.sums().zeros(*n),
            Job::Note(claim) => return self.compare(claim),
        }
        Ok(())
    }

    fn finish(self) {}
}
