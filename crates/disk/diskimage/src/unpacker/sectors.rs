//! VHD's blocks: a bitmap that says which sectors were written, and the sectors.

use error::{Error, Result};

use crate::bits::{Bits, First};

/// Bytes in a sector of a VHD.
const SECTOR: u64 = 512;

/// Takes a block apart: `bitmap` bytes of bitmap, then the sectors of `unit`, of which those that
/// are not set become zeros.
pub(super) fn unpack_sectors(stored: &[u8], bitmap: u64, unit: &mut [u8]) -> Result<()> {
    let short = || Error::corrupt(format!("ended {} bytes into a block", stored.len()));
    let bitmap = usize::try_from(bitmap).unwrap_or(usize::MAX);
    let (bits, data) = stored.split_at_checked(bitmap).ok_or_else(short)?;
    let byte = |sector: u64| usize::try_from(sector * SECTOR).unwrap_or(usize::MAX);
    let sectors = (unit.len() as u64).div_ceil(SECTOR);
    for (set, from, to) in Bits(bits, First::Highest).runs(sectors) {
        let range = byte(from)..byte(to).min(unit.len());
        let part = unit.get_mut(range.clone()).unwrap_or_default();
        if set {
            part.copy_from_slice(data.get(range).ok_or_else(short)?)
        } else {
            part.fill(0)
        }
    }
    Ok(())
}
