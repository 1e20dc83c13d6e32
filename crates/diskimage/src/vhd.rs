//! Virtual PC's VHD.

use std::sync::Arc;

use extent::BlockRead;
use report::{Error, Result};

use crate::image::{How, Image};

/// Opens `file`, which lies on top of `depth` other images.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &How, depth: usize) -> Result<Image> {
    let _ = (file, how, depth);
    Err(Error::unsupported("is a vhd disk, which is not read here"))
}

/// Takes a block apart: `bitmap` bytes of bitmap, then the sectors of `unit`, of which those that
/// are not set become zeros.
pub(crate) fn unpack_sectors(stored: &[u8], bitmap: u64, unit: &mut [u8]) -> Result<()> {
    let _ = (stored, bitmap, unit);
    Err(Error::unsupported("is a vhd disk, which is not read here"))
}
