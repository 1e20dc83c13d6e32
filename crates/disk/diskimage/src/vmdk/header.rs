//! The header of a sparse extent, `SparseExtentHeader` in the specification.

use error::{Error, Result};

use crate::fields::{le16, le32, le64};

/// Bytes in the sector in which the format counts.
pub(super) const SECTOR: u64 = 512;

/// The header's length in bytes.
pub(super) const LEN: usize = 512;

/// The descriptor's greatest length in sectors: 1 MiB; the usual one takes 20.
const DESCRIPTOR: u64 = 2048;

/// The largest grain that is read here, in sectors: 1 MiB. VMware's products write 128.
const GRAIN: u64 = 2048;

/// Where the grain directory is when only the footer knows.
const AT_END: u64 = u64::MAX;

const LINE_ENDS: u32 = 1;
const ZEROED_GRAINS: u32 = 1 << 2;
const COMPRESSED: u32 = 1 << 16;
const MARKERS: u32 = 1 << 17;
/// Flags from this bit on change what the rest means; those below may be unknown.
const INCOMPATIBLE: u32 = 0xffff_0000;

/// What a header says, checked on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// 1 to 3.
    pub version: u32,
    /// The disk's, or the extent's, size in sectors; a multiple of nothing.
    pub capacity: u64,
    /// Sectors in a grain, a power of two.
    pub grain: u64,
    /// The embedded descriptor's first sector and its length in sectors.
    pub descriptor: Option<(u64, u64)>,
    /// Entries in a grain table, a power of two.
    pub entries: u64,
    /// The grain directory's first sector; `None` when the footer knows it.
    pub directory: Option<u64>,
    /// Sectors before the first grain.
    pub overhead: u64,
    /// Whether entry 1 of a grain table stands for a grain of zeros.
    pub zeroed_grains: bool,
    /// Whether grains are compressed and have markers.
    pub compressed: bool,
    /// Whether a program that had it open crashed.
    pub unclean: bool,
}

impl Header {
    /// Reads the header in `sector`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for values that contradict the format or each other,
    /// [`error::Kind::Unsupported`] for what is not read here.
    pub(super) fn parse(sector: &[u8]) -> Result<Self> {
        if sector.starts_with(b"COWD") {
            return Err(Error::unsupported(
                "is a copy-on-write extent of ESX (COWD), which is not read here",
            )
            .hint("export the machine as OVA, which writes streamOptimized disks"));
        }
        if sector.starts_with(super::SESPARSE) {
            return Err(Error::unsupported(
                "is a space-efficient extent of ESXi (SESPARSE), which is not read here",
            )
            .hint("export the machine as OVA, which writes streamOptimized disks"));
        }
        if sector.len() < LEN || !sector.starts_with(b"KDMV") {
            return Err(Error::corrupt("has no header of a sparse extent"));
        }
        let (version, flags) = (le32(sector, 4), le32(sector, 8));
        if !(1..=3).contains(&version) {
            let message = format!("is of version {version}, and only 1 to 3 are read here");
            return Err(Error::unsupported(message));
        }
        if flags & LINE_ENDS != 0 && sector.get(73..77) != Some(b"\n \r\n") {
            return Err(Error::corrupt(
                "was damaged by a transfer that converts line ends",
            ));
        }
        let header = Header {
            version,
            capacity: le64(sector, 12),
            grain: le64(sector, 20),
            descriptor: match (le64(sector, 28), le64(sector, 36)) {
                (0, _) => None,
                descriptor => Some(descriptor),
            },
            entries: u64::from(le32(sector, 44)),
            directory: Some(le64(sector, 56)).filter(|&sector| sector != AT_END),
            overhead: le64(sector, 64),
            zeroed_grains: flags & ZEROED_GRAINS != 0,
            compressed: compressed(flags, le16(sector, 77))?,
            unclean: sector.get(72) == Some(&1),
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<()> {
        if !self.grain.is_power_of_two() || self.grain < 8 {
            return Err(Error::corrupt(format!(
                "has grains of {} sectors, which is not a power of two from 8 on",
                self.grain
            )));
        }
        if self.grain > GRAIN {
            return Err(Error::unsupported(format!(
                "has grains of {} sectors, and at most {GRAIN} are read here",
                self.grain
            )));
        }
        if !self.entries.is_power_of_two() || !(128..=4096).contains(&self.entries) {
            return Err(Error::unsupported(format!(
                "has grain tables of {} entries, which are not read here",
                self.entries
            )));
        }
        if self.capacity > i64::MAX as u64 / SECTOR {
            return Err(Error::unsupported(format!(
                "claims {} sectors, more than 2^63 bytes",
                self.capacity
            )));
        }
        match self.descriptor {
            Some((_, sectors)) if sectors > DESCRIPTOR => Err(Error::unsupported(format!(
                "has a descriptor of {sectors} sectors, and at most {DESCRIPTOR} are read here"
            ))),
            Some((first, sectors)) if first.checked_add(sectors).is_none_or(is_too_far) => {
                Err(Error::corrupt(format!(
                    "has its descriptor at sector {first}, which no file reaches"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the descriptor's number of sectors is that of this header, which may be rounded
    /// up to whole grains.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when they differ.
    pub(super) fn holds(&self, sectors: u64) -> Result<()> {
        match self.capacity.checked_sub(sectors) {
            Some(more) if more < self.grain => Ok(()),
            _ => Err(Error::corrupt(format!(
                "has a header of {} sectors, and the descriptor says {sectors}",
                self.capacity
            ))),
        }
    }

    /// Bytes in a grain.
    pub(super) fn grain_bytes(&self) -> u64 {
        self.grain * SECTOR
    }

    /// The number of grains, the last of which may be cut off by the disk's end.
    pub(super) fn grains(&self) -> u64 {
        self.capacity.div_ceil(self.grain)
    }

    /// The number of grain tables.
    pub(super) fn tables(&self) -> u64 {
        self.grains().div_ceil(self.entries)
    }

    /// Bytes that a grain takes in the file at most, its marker included. Deflate makes what it
    /// cannot compress a little larger; a quarter is more than any encoder of zlib's needs.
    pub(super) fn stored_bytes(&self) -> u64 {
        if self.compressed {
            self.grain_bytes() / 4 * 5 + crate::unpacker::grain::MARKER as u64
        } else {
            self.grain_bytes()
        }
    }

    /// Bytes at the start of the file where no grain can be.
    pub(super) fn floor(&self) -> u64 {
        let (first, sectors) = self.descriptor.unwrap_or((1, 0));
        (first + sectors) * SECTOR
    }

    /// Whether `footer` is the same but for where the grain directory is, which it knows.
    pub(super) fn agrees_with(&self, footer: &Header) -> bool {
        let same = Header {
            directory: self.directory,
            overhead: self.overhead,
            unclean: self.unclean,
            ..footer.clone()
        };
        *self == same && footer.directory.is_some()
    }
}

/// Sectors behind which no file can have anything.
fn is_too_far(sector: u64) -> bool {
    sector > i64::MAX as u64 / SECTOR
}

/// Whether grains are compressed: two flags and the algorithm's number say so together.
fn compressed(flags: u32, algorithm: u16) -> Result<bool> {
    let unknown = flags & INCOMPATIBLE & !COMPRESSED & !MARKERS;
    if unknown != 0 {
        let message = format!("has incompatible flags that are not known here: {unknown:#x}");
        return Err(Error::unsupported(message));
    }
    match (flags & COMPRESSED != 0, flags & MARKERS != 0, algorithm) {
        (true, true, 1) => Ok(true),
        (false, false, 0) => Ok(false),
        (_, _, 2..) => Err(Error::unsupported(format!(
            "is compressed by algorithm {algorithm}, which is not known here"
        ))),
        (compressed, _, _) if compressed != (algorithm == 1) => Err(Error::corrupt(format!(
            "has flags {flags:#x} and compression algorithm {algorithm}, which contradict each other"
        ))),
        _ => Err(Error::unsupported(
            "has compressed grains without markers or markers without compressed grains",
        )),
    }
}
