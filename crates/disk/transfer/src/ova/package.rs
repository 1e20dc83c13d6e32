//! The archive around the disk's file.

use std::path::Path;
use std::sync::Arc;

use error::{Error, Result, hex};
use sha2::{Digest as _, Sha256};
use sparse::{BlockRead, BlockWrite};

use super::member::Member;
use super::tar::{self, BLOCK};
use super::told::{Measured, Told};
use super::{DESCRIPTOR, DISK, MANIFEST};
use crate::advice::Advice;
use crate::part::Part;

/// Bytes kept for the description of a guest that may still come, behind the disk.
const ROOM: usize = 64 << 10;

/// Takes the disk's file and puts the archive around it.
pub(super) struct Package {
    told: Told,
    inner: Box<dyn BlockWrite>,
    member: Member,
    /// The disk's size in bytes.
    capacity: u64,
    /// Bytes of the descriptor.
    room: usize,
    /// Where the disk's file begins in the archive.
    start: u64,
    /// What a first pass has found out; then the front is written already.
    measured: Option<Measured>,
}

impl Package {
    /// Starts an archive in `inner` with a disk of `size` bytes.
    ///
    /// # Errors
    /// Those of `inner`, and [`error::Kind::Unsupported`] when it takes bytes in ascending order only
    /// and there was no first pass.
    pub(super) fn begin(told: Told, size: u64, inner: Box<dyn BlockWrite>) -> Result<Self> {
        let measured = told.measured();
        if !inner.any_order() && measured.is_none() {
            return Err(Error::unsupported(format!(
                "{} takes an ova only after a first pass over the disk",
                inner.name()
            ))
            .hint("write to a file"));
        }
        let room = told.room().unwrap_or(ROOM);
        let mut package = Package {
            member: Member::default(),
            capacity: size.next_multiple_of(BLOCK),
            room,
            start: 0,
            measured,
            told,
            inner,
        };
        package.start = package.front(Measured::NONE)?.len() as u64;
        if let Some(measured) = measured {
            let front = package.front(measured)?;
            package.inner.write_at(0, &front)?;
        }
        Ok(package)
    }

    /// What lies in front of the disk's file, which is `measured`: its length is always the same.
    fn front(&self, measured: Measured) -> Result<Vec<u8>> {
        let text = self
            .told
            .descriptor(measured.size, self.capacity, self.room);
        let Some(mut text) = text else {
            return Err(Error::unsupported(format!(
                "the description of the guest came behind its disk and does not fit into {} bytes",
                self.room
            ))
            .advise(Advice::DescribeGuest));
        };
        // Space behind the root element is allowed.
        while text.len() < self.room {
            text.push('\n');
        }
        let [descriptor, disk] = [DESCRIPTOR, DISK].map(|ending| self.told.file(ending));
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let manifest = format!(
            "SHA256({descriptor})= {}\nSHA256({disk})= {}\n",
            hex(&digest),
            hex(&measured.sha256)
        );
        let mut front = Vec::new();
        for (name, text) in [(descriptor, text), (self.told.file(MANIFEST), manifest)] {
            front.extend(tar::header(&name, text.len() as u64));
            front.extend(text.as_bytes());
            front.resize(tar::padded(front.len() as u64) as usize, 0);
        }
        front.extend(tar::header(&disk, measured.size));
        Ok(front)
    }

    /// What follows the disk's file of `size` bytes; returns where the archive ends.
    fn end(&mut self, size: u64) -> Result<u64> {
        let at = self.start + size;
        let end = tar::end(self.start + tar::padded(size));
        self.inner.zero_at(at, end - at)?;
        Ok(end)
    }
}

impl BlockWrite for Package {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn path(&self) -> Option<&Path> {
        self.inner.path()
    }

    fn is_lasting(&self) -> bool {
        self.inner.is_lasting()
    }

    /// The disk's file, for whoever wants to see the disk again.
    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        let end = self.start + self.member.measured().size;
        let bytes = self.inner.read_back()?;
        Ok(bytes.map(|bytes| Arc::new(Part::new(bytes, self.start..end)) as Arc<dyn BlockRead>))
    }

    fn temporary(&self) -> Option<&Path> {
        self.inner.temporary()
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.member.data(offset, data)?;
        self.inner.write_at(self.start + offset, data)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.member.zeros(offset, len)?;
        self.inner.zero_at(self.start + offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        let found = self.member.measured();
        let end = self.end(size)?;
        match self.measured {
            Some(measured) if measured != found => {
                return Err(Error::io(
                    "the disk changed between two passes",
                    "its vmdk has another digest",
                ));
            }
            Some(_) => {}
            None => {
                // Without it nobody takes the file for an archive.
                let front = self.front(found)?;
                self.inner.write_at(0, &front)?;
            }
        }
        self.inner.finish(end)
    }

    fn abort(&mut self) -> Result<()> {
        self.inner.abort()
    }
}
