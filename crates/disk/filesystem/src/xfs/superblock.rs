//! The superblock (`struct xfs_dsb`), its features and its copies.

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{be16, be32, be64, byte, field, holds};

use super::check_sum;
use super::geometry::Geometry;
use crate::port::About;

/// Bytes that are read of it. It has a sector, of which its fields take the first 512 bytes.
const READ: usize = 512;

/// Most bytes of a sector, as in the kernel (`XFS_MAX_SECTORSIZE`).
const LARGEST_SECTOR: u64 = 32 << 10;

/// Where its checksum is.
const SUM: usize = 224;

/// A number that stands for "none" (`NULLFSINO`).
const NONE: u64 = u64::MAX;

/// Bits of the version (`XFS_SB_VERSION_*`).
mod version {
    pub const NUMBER: u16 = 0xF;
    pub const DIRECTORIES_2: u16 = 0x2000;
    pub const ASCII_CI: u16 = 0x4000;
    pub const MORE: u16 = 0x8000;
}

/// `XFS_SB_VERSION2_FTYPE`: directories hold what each name is (version 4).
const FILE_TYPES: u32 = 0x200;

/// Features without which the rest cannot be read (`XFS_SB_FEAT_INCOMPAT_*`).
mod incompat {
    pub const FILE_TYPES: u32 = 0x1;
    pub const NEEDS_REPAIR: u32 = 0x10;
    /// Those, and sparse inodes, another UUID in metadata, large times, large counts of extents, exchanged ranges, parent
    /// pointers, and a directory of metadata.
    pub const READ: u32 = 0x1FF;
    pub const ZONED: u32 = 0x200;
}

/// A superblock as it is on the disk.
pub(super) struct Superblock {
    bytes: Vec<u8>,
    /// Whether it is a copy, the first one being damaged.
    is_copy: bool,
}

impl Superblock {
    /// The superblock of `volume`, or a copy of it where its checksum is wrong; `None` where there is none.
    pub(super) fn read(volume: &dyn BlockRead) -> Result<Option<Self>> {
        let Some(first) = Self::read_at(volume, 0)? else {
            return Ok(None);
        };
        let Err(error) = first.check() else {
            return Ok(Some(first));
        };
        // The last group has a whole copy, and the one in the middle.
        let groups = u64::from(be32(&first.bytes, 88));
        let block = u64::from(be32(&first.bytes, 4));
        let group = u64::from(be32(&first.bytes, 84)).saturating_mul(block);
        let last = groups.saturating_sub(1);
        for number in [last, last / 2] {
            let Some(place) = group.checked_mul(number).filter(|place| *place > 0) else {
                continue;
            };
            if let Some(copy) = Self::read_at(volume, place)?
                && copy.check().is_ok()
                && copy.number(56) != NONE
            {
                let is_copy = true;
                return Ok(Some(Superblock { is_copy, ..copy }));
            }
        }
        Err(error.at("superblock"))
    }

    fn read_at(volume: &dyn BlockRead, place: u64) -> Result<Option<Self>> {
        let mut bytes = vec![0; READ];
        let n = volume.read_at(place, &mut bytes)?;
        if n < READ || !holds(&bytes, 0, b"XFSB") {
            return Ok(None);
        }
        // The checksum is that of the whole sector.
        let sector = u64::from(be16(&bytes, 102));
        if (READ as u64 + 1..=LARGEST_SECTOR).contains(&sector) {
            bytes.resize(sector as usize, 0);
            let n = volume.read_at(place, &mut bytes)?;
            bytes.truncate(n);
        }
        let is_copy = false;
        Ok(Some(Superblock { bytes, is_copy }))
    }

    fn check(&self) -> Result<()> {
        if self.has_sums() {
            check_sum(&self.bytes, SUM)?;
        }
        Ok(())
    }

    fn number(&self, at: usize) -> u64 {
        be64(&self.bytes, at)
    }

    fn version(&self) -> u16 {
        be16(&self.bytes, 100)
    }

    fn has_sums(&self) -> bool {
        self.version() & version::NUMBER >= 5
    }

    fn incompatible(&self) -> u32 {
        if self.has_sums() {
            be32(&self.bytes, 216)
        } else {
            0
        }
    }

    /// # Errors
    /// [`error::Kind::Unsupported`] where it has features that are not known, [`error::Kind::Corrupt`] where `mkfs.xfs` was
    /// not finished.
    pub(super) fn check_features(&self) -> Result<()> {
        let number = self.version() & version::NUMBER;
        if !(4..=5).contains(&number) {
            return Err(Error::unsupported(format!("XFS version {number}")));
        }
        if self.version() & version::DIRECTORIES_2 == 0 {
            let text = "XFS with directories of version 1";
            return Err(Error::unsupported(text));
        }
        let features = self.incompatible();
        if features & incompat::ZONED != 0 {
            return Err(Error::unsupported("a zoned XFS"));
        }
        let unknown = features & !incompat::READ;
        if unknown != 0 {
            let text = format!("XFS features that are not known (incompatible 0x{unknown:x})");
            return Err(Error::unsupported(text));
        }
        if byte(&self.bytes, 126) != 0 && !self.is_copy {
            let text = "superblock: mkfs.xfs did not finish";
            return Err(Error::corrupt(text));
        }
        Ok(())
    }

    /// What it says of the whole.
    pub(super) fn geometry(&self) -> Result<Geometry> {
        let b = &self.bytes;
        let has_types = if self.has_sums() {
            self.incompatible() & incompat::FILE_TYPES != 0
        } else {
            self.version() & version::MORE != 0 && be32(b, 200) & FILE_TYPES != 0
        };
        let geometry = Geometry {
            block: be32(b, 4).into(),
            blocks: self.number(8),
            group_blocks: be32(b, 84).into(),
            groups: be32(b, 88).into(),
            group_log: byte(b, 124).into(),
            inode: be16(b, 104).into(),
            inodes_per_block_log: byte(b, 123).into(),
            directory_log: byte(b, 192).into(),
            root: self.number(56),
            log_start: self.number(48),
            log_blocks: be32(b, 96).into(),
            has_sums: self.has_sums(),
            has_types,
            ignores_case: self.version() & version::ASCII_CI != 0,
        };
        geometry.check().map_err(|error| error.at("superblock"))?;
        Ok(geometry)
    }

    /// What the file system calls itself.
    pub(super) fn about(&self) -> About {
        let mut notes = Vec::new();
        if self.is_copy {
            notes.push("its superblock is damaged; a copy of it was read".into());
        }
        if self.incompatible() & incompat::NEEDS_REPAIR != 0 {
            notes.push("it must be repaired before it can be mounted".into());
        }
        About {
            kind: "xfs",
            label: crate::name::text(&self.bytes[108..120]),
            uuid: crate::name::uuid(&field(&self.bytes, 32)),
            notes,
        }
    }
}
