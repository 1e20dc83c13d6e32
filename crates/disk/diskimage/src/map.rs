//! Where each extent of a disk is: what a format's reader finds out, and nothing else.

use error::Result;

/// An extent of the disk that is in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its length in bytes, at least 1; it never reaches beyond the disk's end.
    pub len: u64,
    /// Where it is.
    pub location: Location,
}

/// Where an extent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Nowhere: it reads as zeros.
    Nowhere,
    /// The image says nothing about it: the image below it does, and without one it reads as zeros.
    Below,
    /// In a file of the image, byte for byte.
    Plain {
        /// The file's index in [`crate::Image::files`].
        file: usize,
        /// Where in the file, in bytes.
        offset: u64,
    },
    /// In a unit that has to be unpacked as a whole.
    Packed(Packed),
}

impl Location {
    /// The same where the file with index 0 has the index `first`.
    pub(crate) fn shifted(self, first: usize) -> Self {
        match self {
            Location::Plain { file, offset } => Location::Plain {
                file: file + first,
                offset,
            },
            Location::Packed(packed) => Location::Packed(Packed {
                file: packed.file + first,
                ..packed
            }),
            other => other,
        }
    }
}

/// A unit that is stored packed, and the extent in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The file's index in [`crate::Image::files`].
    pub file: usize,
    /// Where in the file the stored bytes begin.
    pub offset: u64,
    /// Stored bytes, at most: formats that count in sectors do not know the exact number. The file
    /// may end before.
    pub stored: u64,
    /// How they are packed.
    pub coding: Coding,
    /// Bytes that the unit decompresses to, exactly.
    pub unit: u64,
    /// Where in the unfolded unit the extent begins.
    pub skip: u64,
}

/// How a unit is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Raw deflate (RFC 1951), perhaps followed by other bytes: qcow2's clusters.
    Deflate,
    /// One zstd frame (RFC 8878), perhaps followed by other bytes: qcow2's clusters.
    Zstd,
    /// A VMDK grain: a marker of 12 bytes (sector of the disk and length, little-endian), then zlib
    /// data (RFC 1950). The sector is what the marker must say.
    Grain {
        /// The grain's first sector in the disk.
        sector: u64,
        /// Bytes it decompresses to at least: some programs write the last grain only as far as the
        /// disk goes. What is missing to the whole unit reads as zeros.
        least: u64,
    },
    /// A VHD block: a bitmap of this many bytes, a bit a sector of 512 bytes, highest bit first, then
    /// the sectors; those whose bit is not set read as zeros.
    Sectors {
        /// The bitmap's length in bytes.
        bitmap: u64,
    },
}

/// Finds extents: what every format's reader implements.
///
/// A map reads its tables as it needs them and keeps few of them, so that the memory it takes does
/// not grow with the disk.
pub trait Map: Send {
    /// The disk's size in bytes.
    fn size(&self) -> u64;

    /// The extent that begins at byte `at` of the disk, as long as is known without effort. The
    /// caller must see to it that `at` is less than the size.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] and [`error::Kind::Unsupported`] about the tables, and those of
    /// reading them.
    fn lookup(&mut self, at: u64) -> Result<Extent>;
}
