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
//! do not say the same, the file was built to be read in two ways.

mod footer;
mod header;
mod map;
mod parent;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::Result;
use sparse::BlockRead;

use crate::about::{About, Reference};
use crate::layer::Layer;
use crate::options::OpenOptions;
pub use footer::fixed_size;
use footer::{Found, Kind};
use header::Header;
use map::{Blocks, Fixed};

/// Bytes in a sector, whatever the disk's own sectors are.
const SECTOR: u64 = 512;

/// Opens `file`.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &OpenOptions) -> Result<Layer> {
    let found = Found::find(&*file, how.in_file_order)?;
    let mut about = About {
        variant: found.footer.kind.name().into(),
        notes: found.notes(),
        ..About::default()
    };
    if found.footer.kind == Kind::Fixed {
        let map = Fixed(found.fixed_size()?);
        return Ok(Layer::new(map, vec![file], about));
    }
    let header = Header::read(&*file, &found)?;
    about.unit = Some(header.block);
    let backing = match found.footer.kind {
        Kind::Differencing => {
            let names = header.parent_names(&*file)?;
            about.refers.push(Reference {
                what: "parent",
                name: names.first().cloned().unwrap_or_default(),
            });
            parent::open(how.access.likeliest(&names), &header, how)?
        }
        _ => None,
    };
    let map = Blocks::load(Arc::clone(&file), &found, header, how)?;
    Ok(Layer::new(map, vec![file], about).on(backing))
}
