//! The disk below a differencing one.

use std::sync::Arc;

use error::{Error, Result, hex};
use sparse::BlockRead;

use super::footer::Found;
use super::header::Header;
use crate::file_access::shown;
use crate::format::Format;
use crate::layer::{Backing, Place};
use crate::options::OpenOptions;
use crate::probe::probe_file;

/// Gets the parent called `name` of a disk with this `header`; `None` when it is not to be read.
pub(super) fn open(name: &str, header: &Header, how: &OpenOptions) -> Result<Option<Backing>> {
    let Some(file) = how.access.below("parent", name)? else {
        return Ok(None);
    };
    if how.in_file_order {
        return Err(Error::unsupported(
            "is a differencing vhd disk, whose bitmaps are among the data: it cannot be read in one pass",
        )
        .hint("give it as a file"));
    }
    let place = Place::Alone(shown(name));
    check(&file, header).map_err(|error| place.name(error))?;
    Ok(Some(Backing {
        format: Format::Vhd,
        file,
        place,
    }))
}

/// Looks whether `file` is the parent that the header means.
fn check(file: &Arc<dyn BlockRead>, header: &Header) -> Result<()> {
    let format = probe_file(&**file, None)?;
    if format != Format::Vhd {
        let message = format!("is a {format} disk and cannot be the parent of a vhd disk");
        return Err(Error::corrupt(message));
    }
    let id = Found::find(&**file, false)?.footer.id;
    if id != header.parent {
        let (found, wanted) = (hex(&id), hex(&header.parent));
        let message = format!("has the id {found} and is not the parent, which has {wanted}");
        return Err(Error::corrupt(message));
    }
    Ok(())
}
