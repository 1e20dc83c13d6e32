//! The names in a directory (`xfs_da_format.h`).
//!
//! A short one is in its inode. Larger ones have blocks of names; the hash tables, which are in the same block or behind byte
//! [`TABLES`], are not needed to list them.

use std::ops::ControlFlow;

use error::{Error, Result};
use sparse::fields::{be16, be32, be64, byte, field, holds};

use super::fork::{Extent, extents};
use super::geometry::Geometry;
use super::inode::Inode;
use super::{check_block, node};
use crate::blocks::Blocks;
use crate::port::DirEntry;

/// The byte of a directory where its hash table starts (`XFS_DIR2_LEAF_OFFSET`).
const TABLES: u64 = 1 << 35;

/// Most bytes of names that are read: a million names of usual length.
const MOST_BYTES: u64 = 64 << 20;

/// Visits the names of a directory that has blocks.
pub(super) fn entries(
    inode: &Inode,
    blocks: &Blocks,
    geometry: &Geometry,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let extents = extents(inode, blocks, geometry)?;
    let per_block = 1 << geometry.directory_log;
    let end = TABLES / geometry.block;
    let mut buffer = vec![0; geometry.directory() as usize];
    let (mut next, mut read) = (0, 0);
    for extent in extents.iter().take_while(|extent| extent.first < end) {
        let blocks_of_it = extent.first / per_block..extent.end().min(end).div_ceil(per_block);
        for number in blocks_of_it {
            // A block of names may have several extents.
            if number < next {
                continue;
            }
            next = number + 1;
            read += geometry.directory();
            if read > MOST_BYTES {
                let text = format!("a directory of more than {} MiB", MOST_BYTES >> 20);
                return Err(Error::unsupported(text));
            }
            let place = fill(&mut buffer, &extents, number * per_block, blocks, geometry)?;
            let seen = block(&buffer, place, geometry, visit)
                .map_err(|error| error.at(format!("block at byte {place}")))?;
            if seen.is_break() {
                return Ok(seen);
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Reads the blocks of a directory from `first` on, and returns the byte of the volume where the first one is.
fn fill(
    buffer: &mut [u8],
    extents: &[Extent],
    first: u64,
    blocks: &Blocks,
    geometry: &Geometry,
) -> Result<u64> {
    let mut start = None;
    for (block, part) in (first..).zip(buffer.chunks_exact_mut(geometry.block as usize)) {
        let i = extents.partition_point(|extent| extent.end() <= block);
        let extent = extents.get(i).filter(|extent| extent.first <= block);
        let Some(extent) = extent.filter(|extent| extent.is_written) else {
            let text = format!("its block {block} was not written");
            return Err(Error::corrupt(text));
        };
        let place = extent.place + (block - extent.first) * geometry.block;
        blocks.fill(place, part)?;
        start.get_or_insert(place);
    }
    Ok(start.unwrap_or(0))
}

/// Visits the names of one block, which was read at `place`.
fn block(
    bytes: &[u8],
    place: u64,
    geometry: &Geometry,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let (only, data, header): (&[u8], &[u8], usize) = if geometry.has_sums {
        (b"XDB3", b"XDD3", 64)
    } else {
        (b"XD2B", b"XD2D", 16)
    };
    let is_only = holds(bytes, 0, only);
    if !is_only && !holds(bytes, 0, data) {
        return Err(Error::corrupt(format!(
            "a block of names has the signature 0x{:08x}",
            be32(bytes, 0)
        )));
    }
    if geometry.has_sums {
        check_block(bytes, place, 4, 8)?;
    }
    let mut names = bytes;
    if is_only {
        // The hash table is at its end, with its count behind it.
        let table = u64::from(be32(bytes, bytes.len() - 8)) * 8 + 8;
        let end = (bytes.len() as u64).checked_sub(table);
        let Some(end) = end.filter(|end| *end >= header as u64) else {
            return Err(Error::corrupt(format!(
                "a hash table of {table} bytes in a block of {}",
                bytes.len()
            )));
        };
        names = &bytes[..end as usize];
    }
    run(names, header, geometry.has_types, visit)
}

/// Visits entries (`xfs_dir2_data_entry`) from byte `at` on.
fn run(
    bytes: &[u8],
    mut at: usize,
    has_types: bool,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    while at < bytes.len() {
        let is_free = be16(bytes, at) == 0xFFFF;
        let name_len = usize::from(byte(bytes, at + 8));
        let len = if is_free {
            be16(bytes, at + 2).into()
        } else {
            (8 + 1 + name_len + usize::from(has_types) + 2).next_multiple_of(8)
        };
        if len == 0 || len % 8 != 0 || len > bytes.len() - at {
            return Err(Error::corrupt(format!(
                "an entry of {len} bytes at byte {at}, of {}",
                bytes.len()
            )));
        }
        if !is_free {
            let name = &bytes[at + 9..at + 9 + name_len];
            if give(name, be64(bytes, at), visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        at += len;
    }
    Ok(ControlFlow::Continue(()))
}

/// Visits the names of a directory that is in its inode (`xfs_dir2_sf_hdr`): numbers have four bytes where all fit.
pub(super) fn short(
    bytes: &[u8],
    has_types: bool,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let number_len = if byte(bytes, 1) == 0 { 4 } else { 8 };
    let mut at = 2 + number_len;
    for _ in 0..byte(bytes, 0) {
        let name_len = usize::from(byte(bytes, at));
        let number = at + 3 + name_len + usize::from(has_types);
        if number + number_len > bytes.len() {
            return Err(Error::corrupt(format!(
                "an entry at byte {at} of {} has a name of {name_len} bytes",
                bytes.len()
            )));
        }
        let inode = if number_len == 4 {
            u64::from(be32(bytes, number))
        } else {
            u64::from_be_bytes(field(bytes, number))
        };
        let name = &bytes[at + 3..at + 3 + name_len];
        if give(name, inode, visit)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        at = number + number_len;
    }
    Ok(ControlFlow::Continue(()))
}

fn give(
    name: &[u8],
    number: u64,
    visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    if name.is_empty() || name.contains(&b'/') || name.contains(&0) {
        return Err(Error::corrupt(format!(
            "invalid name '{}'",
            String::from_utf8_lossy(name)
        )));
    }
    if name == b"." || name == b".." {
        return Ok(ControlFlow::Continue(()));
    }
    Ok(visit(DirEntry {
        name: name.to_vec(),
        node: node(number),
    }))
}
