//! The integrity checks of .xz blocks.

use error::{Error, Result};
use sha2::{Digest, Sha256};

use crate::crc::{Crc32, Crc64};
use crate::hashing::each_zeros;

/// Which check follows each block of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckKind {
    None,
    Crc32,
    Crc64,
    Sha256,
}

impl CheckKind {
    /// The check by its number in the stream's flags.
    pub(super) fn parse(id: u8) -> Result<Self> {
        match id {
            0 => Ok(CheckKind::None),
            1 => Ok(CheckKind::Crc32),
            4 => Ok(CheckKind::Crc64),
            10 => Ok(CheckKind::Sha256),
            _ => Err(Error::unsupported(format!("the xz check {id} is unknown"))),
        }
    }

    /// Bytes of the check.
    pub(super) fn len(self) -> usize {
        match self {
            CheckKind::None => 0,
            CheckKind::Crc32 => 4,
            CheckKind::Crc64 => 8,
            CheckKind::Sha256 => 32,
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            CheckKind::None => "no check",
            CheckKind::Crc32 => "CRC-32",
            CheckKind::Crc64 => "CRC-64",
            CheckKind::Sha256 => "SHA-256",
        }
    }

    /// The check of no bytes yet.
    pub(super) fn start(self) -> Check {
        match self {
            CheckKind::None => Check::None,
            CheckKind::Crc32 => Check::Crc32(Crc32::new()),
            CheckKind::Crc64 => Check::Crc64(Crc64::new()),
            CheckKind::Sha256 => Check::Sha256(Box::default()),
        }
    }
}

/// A check being computed.
pub(super) enum Check {
    None,
    Crc32(Crc32),
    Crc64(Crc64),
    Sha256(Box<Sha256>),
}

impl Check {
    /// Takes `data`.
    pub(super) fn update(&mut self, data: &[u8]) {
        match self {
            Check::None => {}
            Check::Crc32(crc) => crc.update(data),
            Check::Crc64(crc) => crc.update(data),
            Check::Sha256(hash) => hash.update(data),
        }
    }

    /// Takes `n` zero bytes.
    pub(super) fn update_zeros(&mut self, n: u64) {
        match self {
            Check::None => {}
            Check::Crc32(crc) => crc.update_zeros(n),
            Check::Crc64(crc) => crc.update_zeros(n),
            Check::Sha256(hash) => each_zeros(n, |zeros| hash.update(zeros)),
        }
    }

    /// The check as it stands in the file.
    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Check::None => Vec::new(),
            Check::Crc32(crc) => crc.finish().to_le_bytes().to_vec(),
            Check::Crc64(crc) => crc.finish().to_le_bytes().to_vec(),
            Check::Sha256(hash) => hash.finalize().to_vec(),
        }
    }
}
