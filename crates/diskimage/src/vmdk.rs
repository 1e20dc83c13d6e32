//! VMware's VMDK.

use std::sync::Arc;

use extent::BlockRead;
use report::{Error, Result};

use crate::image::{How, Image};

/// Opens `file`, which lies on top of `depth` other images.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &How, depth: usize) -> Result<Image> {
    let _ = (file, how, depth);
    Err(Error::unsupported("is a vmdk disk, which is not read here"))
}

/// The zlib data of a grain, behind its marker, which must be that of `sector`.
pub(crate) fn grain(stored: &[u8], sector: u64) -> Result<&[u8]> {
    let _ = (stored, sector);
    Err(Error::unsupported("is a vmdk disk, which is not read here"))
}

/// Reads the grain at byte `offset`, its marker included, into `stored`, which is cut to its length; its
/// present length is the most that a grain may take.
pub(crate) fn read_grain(file: &dyn BlockRead, offset: u64, stored: &mut Vec<u8>) -> Result<()> {
    let _ = (file, offset, stored);
    Err(Error::unsupported("is a vmdk disk, which is not read here"))
}
