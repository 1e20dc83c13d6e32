//! Virtual PC's VHD, which Hyper-V, XenServer and Azure use too.
//!
//! Layout: Microsoft's "Virtual Hard Disk Image Format Specification", version 1.0. A fixed disk is
//! the disk and a footer. A dynamic one begins with a copy of the footer, then come a header, a
//! table of blocks and the blocks, each behind a bitmap that says which of its sectors were written;
//! the others read as zeros, or as what the parent has where there is one.
//!
//! **The disk's size** is the footer's current size. Virtual PC and old versions of QEMU show a guest
//! the size that the geometry comes to instead, which may be more: with their images it is the larger
//! of both if the file has room for it, so that nothing a guest could write is lost. (QEMU takes the
//! geometry even where it comes to less.)
//!
//! **Which footer**: the one at the end, and the copy where that is damaged. Where both are right but
//! do not say the same, somebody built a file to be read in two ways.

mod footer;
mod header;
mod map;
mod parent;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::bits::{Bits, First};
use crate::image::{About, How, Image, Reference};
pub use footer::fixed_size;
use footer::{Found, Kind};
use header::Header;
use map::{Blocks, Fixed};

/// Bytes in a sector, whatever the disk's own sectors are.
const SECTOR: u64 = 512;

/// Opens `file`, which lies on top of `depth` other images.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &How, depth: usize) -> Result<Image> {
    let found = Found::find(&*file, how.in_file_order)?;
    let mut about = About {
        variant: found.footer.kind.name().into(),
        notes: found.notes(),
        ..About::default()
    };
    if found.footer.kind == Kind::Fixed {
        let map = Fixed(found.fixed_size()?);
        return Ok(Image::new(Box::new(map), vec![file], about));
    }
    let header = Header::read(&*file, &found)?;
    about.unit = Some(header.block);
    let below = match found.footer.kind {
        Kind::Differencing => {
            let names = header.parent_names(&*file)?;
            about.refers.push(Reference {
                what: "parent",
                name: names.first().cloned().unwrap_or_default(),
            });
            parent::open(how.gate.likeliest(&names), &header, how, depth)?
        }
        _ => None,
    };
    let map = Blocks::load(Arc::clone(&file), &found, header, how)?;
    let image = Image::new(Box::new(map), vec![file], about);
    Ok(match below {
        Some(below) => image.on_top_of(below),
        None => image,
    })
}

/// Takes a block apart: `bitmap` bytes of bitmap, then the sectors of `unit`, of which those that
/// are not set become zeros.
pub(crate) fn unpack_sectors(stored: &[u8], bitmap: u64, unit: &mut [u8]) -> Result<()> {
    let short = || Error::corrupt(format!("ended {} bytes into a block", stored.len()));
    let bitmap = usize::try_from(bitmap).unwrap_or(usize::MAX);
    let (bits, data) = stored.split_at_checked(bitmap).ok_or_else(short)?;
    let byte = |sector: u64| usize::try_from(sector * SECTOR).unwrap_or(usize::MAX);
    let sectors = (unit.len() as u64).div_ceil(SECTOR);
    for (set, from, to) in Bits(bits, First::Highest).runs(sectors) {
        let range = byte(from)..byte(to).min(unit.len());
        let part = unit.get_mut(range.clone()).unwrap_or_default();
        match set {
            false => part.fill(0),
            true => part.copy_from_slice(data.get(range).ok_or_else(short)?),
        }
    }
    Ok(())
}
