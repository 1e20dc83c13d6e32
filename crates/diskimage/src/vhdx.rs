//! Hyper-V's VHDX.

use std::sync::Arc;

use extent::BlockRead;
use report::{Error, Result};

use crate::image::{How, Image};

/// Opens `file`, which lies on top of `depth` other images.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &How, depth: usize) -> Result<Image> {
    let _ = (file, how, depth);
    Err(Error::unsupported("is a vhdx disk, which is not read here"))
}
