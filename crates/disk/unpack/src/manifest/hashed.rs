//! Digests of what passes.

use error::Result;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};
use sparse::{Piece, SparseRead};

use super::Algorithm;
use crate::archive::clip;
use crate::hashing::{Feed, Job, Worker, each_zeros};

/// A hole is shown in pieces of so many bytes: its zeros have to be hashed, and whoever reads may
/// want to stop.
const STEP: u64 = 64 << 20;

/// The digests of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(Vec<(Algorithm, Vec<u8>)>);

impl Digests {
    /// The digest by `algorithm`, if it was computed.
    pub fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        let found = self.0.iter().find(|(by, _)| *by == algorithm);
        found.map(|(_, digest)| digest.as_slice())
    }
}

/// A stream whose bytes, zeros in holes included, are hashed on their way.
///
/// Each algorithm has a thread of its own, once there is more than a little to hash.
pub struct Hashed<R> {
    inner: R,
    feed: Feed<Hasher>,
    /// Bytes that were shown and given to the hashers, but not consumed.
    ahead: u64,
}

impl<R: SparseRead> Hashed<R> {
    /// Hashes what is read from `inner` by each of `algorithms`.
    pub fn new(inner: R, algorithms: &[Algorithm]) -> Self {
        let hashers = algorithms.iter().copied().map(Hasher::new).collect();
        Hashed {
            inner,
            feed: Feed::new(hashers),
            ahead: 0,
        }
    }

    /// Reads what is left, and tells the digests of the whole stream.
    ///
    /// # Errors
    /// The stream's, and [`error::Kind::Io`] when the system gives no thread.
    pub fn finish(self) -> Result<Digests> {
        self.end().map(|(digests, _)| digests)
    }

    /// As [`Hashed::finish`], and gives the stream back, which is at its end.
    ///
    /// # Errors
    /// As [`Hashed::finish`].
    pub fn end(mut self) -> Result<(Digests, R)> {
        sparse::drain(&mut self)?;
        let digests = self.feed.finish().map(Digests)?;
        Ok((digests, self.inner))
    }
}

impl<R: SparseRead> SparseRead for Hashed<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        // Never less than was shown before.
        let piece = clip(self.inner.peek()?, STEP);
        match piece {
            Piece::Data(data) => {
                let ahead = usize::try_from(self.ahead).unwrap_or(usize::MAX);
                self.feed.data(data.get(ahead..).unwrap_or_default())?;
            }
            Piece::Zeros(n) => self.feed.zeros(n.saturating_sub(self.ahead))?,
            Piece::End => {}
        }
        self.ahead = self.ahead.max(piece.len());
        Ok(piece)
    }

    fn consume(&mut self, n: u64) {
        self.ahead = self.ahead.saturating_sub(n);
        self.inner.consume(n);
    }
}

enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Hasher::Sha1(Sha1::new()),
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::new()),
        }
    }

    fn data(&mut self, data: &[u8]) {
        match self {
            Hasher::Sha1(hash) => hash.update(data),
            Hasher::Sha256(hash) => hash.update(data),
            Hasher::Sha512(hash) => hash.update(data),
        }
    }
}

impl Worker for Hasher {
    type Note = ();
    type Outcome = (Algorithm, Vec<u8>);

    fn take(&mut self, job: &Job<()>) -> Result<()> {
        match job {
            Job::Data(data) => self.data(data),
            Job::Zeros(n) => each_zeros(*n, |zeros| self.data(zeros)),
            Job::Note(()) => {}
        }
        Ok(())
    }

    fn finish(self) -> (Algorithm, Vec<u8>) {
        match self {
            Hasher::Sha1(hash) => (Algorithm::Sha1, hash.finalize().to_vec()),
            Hasher::Sha256(hash) => (Algorithm::Sha256, hash.finalize().to_vec()),
            Hasher::Sha512(hash) => (Algorithm::Sha512, hash.finalize().to_vec()),
        }
    }
}
