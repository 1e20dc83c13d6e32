//! The image below: a backing file.

use error::{Error, Result};

use crate::file_access::shown;
use crate::format::Format;
use crate::layer::{Backing, Place};
use crate::options::OpenOptions;
use crate::probe::probe_file;

/// What the backing file is called in messages and among references.
pub(super) const WHAT: &str = "backing file";

/// Gets the backing file called `name`; `format` is what the image says about it. `None` when it is
/// not to be read.
pub(super) fn open(name: &str, format: Option<&str>, how: &OpenOptions) -> Result<Option<Backing>> {
    let declared = format.map(declared).transpose()?;
    let Some(file) = how.access.below(WHAT, name)? else {
        return Ok(None);
    };
    let place = Place::InChain(format!("{WHAT} {:?}", shown(name)));
    let format = probe_file(&*file, declared).map_err(|error| place.name(error))?;
    Ok(Some(Backing {
        format,
        file,
        place,
    }))
}

/// The format that QEMU calls `name`.
fn declared(name: &str) -> Result<Format> {
    Ok(match name {
        "raw" => Format::Raw,
        "qcow2" | "qcow" => Format::Qcow,
        "vmdk" => Format::Vmdk,
        "vdi" => Format::Vdi,
        "vpc" => Format::Vhd,
        "vhdx" => Format::Vhdx,
        _ => {
            return Err(Error::unsupported(format!(
                "says that its {WHAT} is in the format {:?}, which is not read here",
                shown(name)
            )));
        }
    })
}
