//! The target of a symbolic link: inside the inode, or in blocks of its own.

use error::{Error, Result};
use sparse::fields::{be32, be64, holds};

use super::check_block;
use super::fork::{Extent, extents};
use super::geometry::Geometry;
use super::inode::{Format, Inode};
use crate::blocks::Blocks;

/// Most bytes of a target (`XFS_SYMLINK_MAXLEN`).
const LONGEST: u64 = 1024;

/// Most blocks of a target (`XFS_SYMLINK_MAPS`).
const MOST_BLOCKS: u64 = 3;

/// Bytes of the header (`struct xfs_dsymlink_hdr`) that each extent begins with in version 5.
const HEADER: usize = 56;

/// The target of the link `inode`.
pub(super) fn target(inode: &Inode, blocks: &Blocks, geometry: &Geometry) -> Result<Vec<u8>> {
    let size = inode.size();
    if size == 0 || size > LONGEST {
        return Err(Error::corrupt(format!(
            "a link's target of {size} bytes; the most is {LONGEST}"
        )));
    }
    if inode.format() == Format::Local {
        return Ok(inode.local()?.to_vec());
    }
    let mut target = Vec::new();
    for extent in extents(inode, blocks, geometry)? {
        if target.len() as u64 >= size {
            break;
        }
        if extent.count > MOST_BLOCKS {
            let text = format!("{} blocks of a link's target", extent.count);
            return Err(Error::corrupt(text));
        }
        let bytes = blocks.bytes(extent.place, (extent.count * geometry.block) as usize)?;
        let part = if geometry.has_sums {
            part(inode, &bytes, &extent, target.len())
                .map_err(|error| error.at(format!("block at byte {}", extent.place)))?
        } else {
            &bytes
        };
        target.extend_from_slice(part);
    }
    if (target.len() as u64) < size {
        return Err(Error::corrupt(format!(
            "a link's target of {size} bytes, of which {} exist",
            target.len()
        )));
    }
    target.truncate(size as usize);
    Ok(target)
}

/// What follows the header of an extent that continues the target at byte `at`.
fn part<'a>(inode: &Inode, bytes: &'a [u8], extent: &Extent, at: usize) -> Result<&'a [u8]> {
    if !holds(bytes, 0, b"XSLM") {
        return Err(Error::corrupt("it is not a link's target"));
    }
    check_block(bytes, extent.place, 12, 40)?;
    let (owner, offset) = (be64(bytes, 32), be32(bytes, 4) as usize);
    let part = bytes.get(HEADER..HEADER + (be32(bytes, 8) as usize).min(bytes.len()));
    match part {
        Some(part) if owner == inode.number && offset == at => Ok(part),
        _ => Err(Error::corrupt(format!(
            "it holds {} bytes of the target of inode {owner} from byte {offset} on",
            be32(bytes, 8)
        ))),
    }
}
