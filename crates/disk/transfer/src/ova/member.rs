//! The disk's file on its way: counted and hashed.

use std::path::Path;

use error::{Error, Result};
use sha2::{Digest as _, Sha256};
use sparse::BlockWrite;

use super::told::{Measured, Told};

/// What zeros are hashed from.
static ZEROS: [u8; 4096] = [0; 4096];

/// The bytes of a file that comes from front to back.
#[derive(Default)]
pub(super) struct Member {
    size: u64,
    hash: Sha256,
}

impl Member {
    /// Takes `data` at byte `offset`, which has to be the next one.
    ///
    /// # Errors
    /// [`error::Kind::Io`] if it is not.
    pub(super) fn data(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.expect(offset)?;
        self.size += data.len() as u64;
        self.hash.update(data);
        Ok(())
    }

    /// Takes `len` zeros at byte `offset`.
    ///
    /// # Errors
    /// As [`Member::data`].
    pub(super) fn zeros(&mut self, offset: u64, len: u64) -> Result<()> {
        self.expect(offset)?;
        self.size += len;
        let mut left = len;
        while left > 0 {
            let step = left.min(ZEROS.len() as u64);
            self.hash.update(&ZEROS[..step as usize]);
            left -= step;
        }
        Ok(())
    }

    /// What has come so far.
    pub(super) fn measured(&self) -> Measured {
        Measured {
            size: self.size,
            sha256: self.hash.clone().finalize().into(),
        }
    }

    fn expect(&self, offset: u64) -> Result<()> {
        if offset == self.size {
            Ok(())
        } else {
            Err(Error::io(
                format!("byte {offset} of the vmdk came after byte {}", self.size),
                "the vmdk is not written in order",
            ))
        }
    }
}

/// Takes the place of a package in a first pass.
pub(super) struct Measure {
    told: Told,
    member: Member,
}

impl Measure {
    /// What it finds out goes to `told`.
    pub(super) fn new(told: Told) -> Self {
        Measure {
            told,
            member: Member::default(),
        }
    }
}

impl BlockWrite for Measure {
    fn name(&self) -> &str {
        "a first pass"
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.member.data(offset, data)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.member.zeros(offset, len)
    }

    fn finish(&mut self, _: u64) -> Result<()> {
        self.told.set_measured(self.member.measured());
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        Ok(())
    }
}
