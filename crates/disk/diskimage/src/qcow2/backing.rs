//! The image below: a backing file.

use error::{Error, Result};
use sparse::BlockRead;

use crate::layer::{Backing, Place};
use crate::options::How;
use crate::{END, Format, HEAD, decide, probe_end};

/// What the backing file is called in messages and among references.
pub(super) const WHAT: &str = "backing file";

/// Gets the backing file called `name`; `format` is what the image says about it. `None` when nobody
/// wants to read it.
pub(super) fn open(name: &str, format: Option<&str>, how: &How) -> Result<Option<Backing>> {
    let declared = format.map(declared).transpose()?;
    let Some(file) = how.gate.below(WHAT, name)? else {
        return Ok(None);
    };
    let place = Place::InChain(format!("{WHAT} {name:?}"));
    let format = decided(&*file, declared).map_err(|error| place.name(error))?;
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
                "says that its {WHAT} is in the format {name:?}, which is not read here"
            )));
        }
    })
}

/// The format that the content of `file` shows, which must be the one `declared`.
fn decided(file: &dyn BlockRead, declared: Option<Format>) -> Result<Format> {
    let mut head = [0; HEAD];
    let read = file.read_at(0, &mut head)?;
    let head = head.get(..read).unwrap_or_default();
    // A fixed VHD shows only at its end.
    if decide(head, None)? == Format::Raw
        && declared != Some(Format::Raw)
        && let Some(size) = file.size()
    {
        let mut end = [0; END];
        let read = file.read_at(size.saturating_sub(END as u64), &mut end)?;
        let found = probe_end(end.get(..read).unwrap_or_default());
        if found.is_some() && (found == declared || declared.is_none()) {
            return Ok(found.unwrap_or(Format::Raw));
        }
    }
    decide(head, declared)
}
