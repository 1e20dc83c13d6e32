//! VMDK's compressed grains and their markers, `GrainMarker` and `MetaDataMarker` in "Virtual Disk Format 5.0".

use error::{Error, Result};
use sparse::BlockRead;

use crate::fields::{le32, le64};

/// Bytes of a grain's marker before its data.
pub(crate) const MARKER: usize = 12;

/// Bytes that are read first to see how long a grain is: a sector.
const FIRST: usize = 512;

/// What stands at the start of a sector in a streamOptimized disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A grain: the disk's sector where it begins and the bytes of its zlib data.
    Grain { sector: u64, len: u32 },
    /// Something else of so many sectors.
    Other { sectors: u64, kind: u32 },
}

impl Marker {
    /// Nothing comes any more.
    pub(crate) const END: u32 = 0;
    /// A grain table follows.
    pub(crate) const TABLE: u32 = 1;
    /// The grain directory follows.
    pub(crate) const DIRECTORY: u32 = 2;
    /// The footer follows.
    pub(crate) const FOOTER: u32 = 3;
    /// Nothing follows: ESX says that it is still there.
    pub(crate) const PROGRESS: u32 = 4;

    /// Reads the marker at the start of `sector`, of which there are at least [`MARKER`] bytes.
    pub(crate) fn parse(sector: &[u8]) -> Self {
        let value = le64(sector, 0);
        match le32(sector, 8) {
            0 => Marker::Other {
                sectors: value,
                kind: le32(sector, 12),
            },
            len => Marker::Grain { sector: value, len },
        }
    }
}

/// The zlib data of a grain, behind its marker, which must be that of `sector`.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it is another marker, or the data is not all there.
pub(super) fn grain(stored: &[u8], sector: u64) -> Result<&[u8]> {
    if stored.len() < MARKER {
        return Err(Error::corrupt(format!(
            "its marker is cut off after {} bytes",
            stored.len()
        )));
    }
    match Marker::parse(stored) {
        Marker::Other { kind, .. } => Err(Error::corrupt(format!(
            "has a marker of type {kind}, not a grain"
        ))),
        Marker::Grain { sector: found, .. } if found != sector => Err(Error::corrupt(format!(
            "its marker is that of sector {found} and not of sector {sector}"
        ))),
        Marker::Grain { len, .. } => {
            let data = stored.get(MARKER..).unwrap_or_default();
            data.get(..len as usize).ok_or_else(|| {
                Error::corrupt(format!(
                    "its marker claims {len} bytes, of which {} are there",
                    data.len()
                ))
            })
        }
    }
}

/// Reads the grain at byte `offset`, its marker included, into `stored`, which is cut to its length; its
/// present length is the most that a grain may take.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it would be longer than that, and those of reading.
pub(super) fn read_grain(file: &dyn BlockRead, offset: u64, stored: &mut Vec<u8>) -> Result<()> {
    let most = stored.len();
    let first = most.min(FIRST);
    let got = file.read_at(offset, stored.get_mut(..first).unwrap_or_default())?;
    let whole = match Marker::parse(stored.get(..got).unwrap_or_default()) {
        Marker::Grain { len, .. } if got >= MARKER => len as usize + MARKER,
        _ => got,
    };
    if whole > most {
        return Err(Error::corrupt(format!(
            "its marker claims {} bytes, and there is room for {}",
            whole - MARKER,
            most.saturating_sub(MARKER)
        )));
    }
    stored.truncate(whole);
    if whole > got && got == first {
        let rest = stored.get_mut(got..).unwrap_or_default();
        let more = file.read_at(offset + got as u64, rest)?;
        stored.truncate(got + more);
    } else {
        stored.truncate(got.min(whole));
    }
    Ok(())
}
