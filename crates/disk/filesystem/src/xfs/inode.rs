//! An inode (`struct xfs_dinode`), its checksum, and the data that is kept inside it.

use error::{Error, Result};
use sparse::fields::{be16, be32, be64, byte, holds};

use super::check_sum;
use crate::port::Kind;

/// Where the checksum is.
const SUM: usize = 100;

/// `XFS_DIFLAG_REALTIME`: its data is on another device.
const REALTIME: u16 = 0x1;

/// `XFS_DIFLAG2_NREXT64`: it counts extents with 64 bits.
const LARGE_COUNT: u64 = 0x10;

/// How the data fork is kept (`enum xfs_dinode_fmt`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Inside the inode.
    Local,
    /// A list of extents.
    Extents,
    /// The root of a B+tree of extents.
    Tree,
    /// A device's number, or what is not known.
    Other(u8),
}

/// An inode as it is on the disk.
pub(super) struct Inode {
    pub(super) number: u64,
    bytes: Vec<u8>,
}

impl Inode {
    /// The inode `number`; of version 3 where metadata `has_sums`.
    pub(super) fn parse(number: u64, bytes: Vec<u8>, has_sums: bool) -> Result<Self> {
        let inode = Inode { number, bytes };
        inode
            .check(has_sums)
            .map_err(|error| error.at(format!("inode {number}")))?;
        Ok(inode)
    }

    fn check(&self, has_sums: bool) -> Result<()> {
        if !holds(&self.bytes, 0, b"IN") {
            return Err(Error::corrupt(format!(
                "it has the signature 0x{:04x}",
                be16(&self.bytes, 0)
            )));
        }
        let version = byte(&self.bytes, 4);
        if (version == 3) != has_sums || !(1..=3).contains(&version) {
            let text = format!("version {version} of an inode is not that of its file system");
            return Err(Error::corrupt(text));
        }
        if has_sums {
            check_sum(&self.bytes, SUM)?;
            let written = be64(&self.bytes, 152);
            if written != self.number {
                let text = format!("its header has the number of inode {written}");
                return Err(Error::corrupt(text));
            }
        }
        if self.mode() == 0 {
            return Err(Error::corrupt("it is not in use"));
        }
        if self.size() > i64::MAX as u64 {
            return Err(Error::corrupt(format!("a size of {} bytes", self.size())));
        }
        if self.start() + usize::from(byte(&self.bytes, 82)) * 8 > self.bytes.len() {
            let text = format!(
                "its attributes start after {} bytes of data",
                usize::from(byte(&self.bytes, 82)) * 8
            );
            return Err(Error::corrupt(text));
        }
        Ok(())
    }

    fn mode(&self) -> u16 {
        be16(&self.bytes, 2)
    }

    pub(super) fn kind(&self) -> Kind {
        match self.mode() >> 12 {
            0x8 => Kind::File,
            0x4 => Kind::Directory,
            0xA => Kind::Link,
            _ => Kind::Special,
        }
    }

    pub(super) fn format(&self) -> Format {
        match byte(&self.bytes, 5) {
            1 => Format::Local,
            2 => Format::Extents,
            3 => Format::Tree,
            other => Format::Other(other),
        }
    }

    /// The bytes of its content.
    pub(super) fn size(&self) -> u64 {
        be64(&self.bytes, 56)
    }

    /// The number of extents of its content.
    pub(super) fn extents(&self) -> u64 {
        if byte(&self.bytes, 4) == 3 && be64(&self.bytes, 120) & LARGE_COUNT != 0 {
            be64(&self.bytes, 24)
        } else {
            be32(&self.bytes, 76).into()
        }
    }

    /// # Errors
    /// [`error::Kind::Unsupported`] where its data is in the real-time section.
    pub(super) fn check_place(&self) -> Result<()> {
        if be16(&self.bytes, 90) & REALTIME != 0 {
            let text = "its data is in the real-time section, which is another device";
            return Err(Error::unsupported(text));
        }
        Ok(())
    }

    /// The byte where the data fork starts.
    fn start(&self) -> usize {
        if byte(&self.bytes, 4) == 3 { 176 } else { 100 }
    }

    /// The data fork: up to the attributes, where there are any.
    pub(super) fn fork(&self) -> &[u8] {
        let rest = self.bytes.get(self.start()..).unwrap_or_default();
        match usize::from(byte(&self.bytes, 82)) * 8 {
            0 => rest,
            len => rest.get(..len).unwrap_or(rest),
        }
    }

    /// Its content, which is in the inode.
    pub(super) fn local(&self) -> Result<&[u8]> {
        let fork = self.fork();
        let local = usize::try_from(self.size()).ok();
        local.and_then(|size| fork.get(..size)).ok_or_else(|| {
            Error::corrupt(format!(
                "{} bytes are in the inode, which has space for {}",
                self.size(),
                fork.len()
            ))
        })
    }
}
