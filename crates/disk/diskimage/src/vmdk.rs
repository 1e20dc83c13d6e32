//! VMware's VMDK, after "Virtual Disk Format 5.0".
//!
//! A disk is a row of extents, and a descriptor says which: a text in a file of its own, or inside a
//! sparse extent that makes a disk all by itself. A flat extent is the bytes themselves. A sparse one
//! has grains, found through a grain directory and grain tables, in front of the grains or, in a
//! streamOptimized one, behind them, where a footer knows the way; its grains are compressed, and
//! markers let a stream be read in one pass ([`Stream`]).
//!
//! What VMware's, VirtualBox's and QEMU's programs write is taken; a descriptor that says something
//! else, or names a file that is not beside it, is not.

mod descriptor;
mod footer;
mod header;
mod parts;
mod row;
mod sparse_extent;
mod stream;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::about::{About, Reference};
use crate::fields::read_exact;
use crate::file_access::{FileAccess, shown};
use crate::format::Format;
use crate::layer::{Backing, Layer, Place};
use crate::options::OpenOptions;
use descriptor::{Descriptor, Kind, NO_PARENT};
use header::{Header, LEN, SECTOR};
pub(crate) use parts::open_part;
pub use parts::{Part, PartKind, Parts, is_part};
use row::Row;
pub use stream::{Stream, is_stream};
pub use text::is_descriptor;

/// The greatest length of a descriptor in a file of its own, in bytes.
const DESCRIPTOR: usize = 1 << 20;

/// What an extent of ESXi begins with that is read by its maker only.
pub(crate) const SESPARSE: &[u8] = &0xcafe_babe_u64.to_le_bytes();

/// Sectors in a full extent of a disk in several files, as VMware and as QEMU makes them.
const SPLIT: [u64; 2] = [2047 << 11, 2048 << 11];

/// Opens `file`.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &OpenOptions) -> Result<Layer> {
    file.will_need(std::slice::from_ref(&(0..64 << 10)));
    let (descriptor, header) = described(&*file)?;
    let layer = match header {
        None => {
            let row = row::open(&descriptor, how)?;
            let about = about(&descriptor, row.header());
            row.into_layer(about)
        }
        Some(header) => monolithic(file, &descriptor, header)?,
    };
    let backing = backing(&descriptor, how)?;
    Ok(layer.on(backing))
}

/// The descriptor in `file`, and the header around it if it is not a file of its own.
fn described(file: &dyn BlockRead) -> Result<(Descriptor, Option<Header>)> {
    let mut head = vec![0; LEN];
    let got = file.read_at(0, &mut head)?;
    head.truncate(got);
    if !is_binary(&head) {
        return Ok((Descriptor::parse(&whole(file)?)?, None));
    }
    let header = Header::parse(&head)?;
    let (first, sectors) = header.descriptor.unwrap_or_default();
    let mut text = vec![0; (sectors * SECTOR) as usize];
    read_exact(file, first * SECTOR, &mut text, "descriptor")?;
    Ok((inside(&header, &text)?, Some(header)))
}

/// Opens `file`, which has this header and this descriptor and is the whole disk.
fn monolithic(
    file: Arc<dyn BlockRead>,
    descriptor: &Descriptor,
    mut header: Header,
) -> Result<Layer> {
    let size = embedded(descriptor, &header)?;
    if header.directory.is_none() {
        header = footer::find(&*file, &header)?;
    }
    let mut about = about(descriptor, Some(&header));
    if header.unclean {
        about.notes.push(("unclean shutdown", "yes".into()));
    }
    let row = Row::of_one(header, file, size)?;
    Ok(row.into_layer(about))
}

/// Whether a file that begins with `head` is no text: a sparse extent of one kind or another.
fn is_binary(head: &[u8]) -> bool {
    let magics: [&[u8]; 3] = [b"KDMV", b"COWD", SESPARSE];
    magics.iter().any(|magic| head.starts_with(magic)) || !is_descriptor(head)
}

/// The descriptor inside an extent, where `text` is what is in its place. Converters leave it out; QEMU takes
/// such an extent for a whole disk too.
///
/// # Errors
/// [`error::Kind::Corrupt`] when the extent is one of several, by its size.
fn inside(header: &Header, text: &[u8]) -> Result<Descriptor> {
    let none = text.first().is_none_or(|&first| first == 0);
    match none {
        false => Descriptor::parse(text),
        true if !header.compressed && SPLIT.contains(&header.capacity) => Err(no_descriptor()),
        true => Ok(Descriptor::of(header)),
    }
}

/// The disk's size in bytes, which an embedded descriptor and the header around it must agree about.
fn embedded(descriptor: &Descriptor, header: &Header) -> Result<u64> {
    match &descriptor.extents[..] {
        [one] if matches!(one.kind, Kind::Sparse { .. }) => {
            header.holds(one.sectors)?;
            Ok(one.sectors * SECTOR)
        }
        extents => Err(Error::refused(format!(
            "has a descriptor inside that lists {} extents, and not just the one that it is in",
            extents.len()
        ))),
    }
}

/// Gets the image below, if the descriptor knows of one and it is to be read.
fn backing(descriptor: &Descriptor, how: &OpenOptions) -> Result<Option<Backing>> {
    let Some(name) = parent(descriptor)? else {
        return Ok(None);
    };
    let Some(file) = how.access.below("parent", name)? else {
        return Ok(None);
    };
    let place = Place::InChain(format!("its parent {:?}", shown(name)));
    let (below, _) = described(&*file).map_err(|error| place.name(error))?;
    let wanted = descriptor.parent_cid;
    match below.cid {
        Some(found) if found != wanted => Err(Error::corrupt(format!(
            "needs a parent with the CID {wanted:08x}, and {:?} has {found:08x}: one of them was changed",
            shown(name)
        ))),
        _ => Ok(Some(Backing {
            format: Format::Vmdk,
            file,
            place,
        })),
    }
}

/// The name of the image below.
fn parent(descriptor: &Descriptor) -> Result<Option<&str>> {
    match (&descriptor.parent, descriptor.parent_cid) {
        (_, NO_PARENT) => Ok(None),
        (Some(name), _) => Ok(Some(name)),
        (None, cid) => Err(Error::corrupt(format!(
            "has a parent with the CID {cid:08x} and does not name it"
        ))),
    }
}

/// All of a descriptor file.
fn whole(file: &dyn BlockRead) -> Result<Vec<u8>> {
    let size = file.size().unwrap_or(u64::MAX).min(DESCRIPTOR as u64 + 1);
    let mut text = vec![0; size as usize];
    let got = file.read_at(0, &mut text)?;
    if got > DESCRIPTOR {
        return Err(too_long());
    }
    text.truncate(got);
    Ok(text)
}

fn too_long() -> Error {
    Error::unsupported(format!("is a descriptor of more than {DESCRIPTOR} bytes"))
}

/// The refusal of an extent that is only a part of a disk and has no descriptor.
pub fn no_descriptor() -> Error {
    Error::corrupt("has no descriptor: it is one of several extents of a disk")
        .hint("give the file that has the descriptor, which names this one")
}

/// What the descriptor says for people.
fn about(descriptor: &Descriptor, header: Option<&Header>) -> About {
    let mut refers = Vec::new();
    let mut refer = |what, name: &str| {
        refers.push(Reference {
            what,
            name: name.to_owned(),
        });
    };
    for extent in &descriptor.extents {
        match &extent.kind {
            Kind::Flat { name, .. } => refer("extent", name),
            Kind::Sparse { name } if header.is_none_or(|header| header.descriptor.is_none()) => {
                refer("extent", name);
            }
            _ => {}
        }
    }
    if let (Some(name), true) = (&descriptor.parent, descriptor.parent_cid != NO_PARENT) {
        refer("parent", name);
    }
    if let Some(name) = &descriptor.change_track {
        refer("change tracking file", name);
    }
    let cid = descriptor.cid.map(|cid| ("CID", format!("{cid:08x}")));
    let unknown = descriptor.unknown.join(", ");
    let unknown = Some(unknown).filter(|unknown| !unknown.is_empty());
    let unknown = unknown.map(|unknown| ("unknown descriptor keys", unknown));
    About {
        variant: descriptor.create_type.clone(),
        unit: header.map(Header::grain_bytes),
        compression: header.filter(|header| header.compressed).map(|_| "zlib"),
        refers,
        notes: cid.into_iter().chain(unknown).collect(),
        ..About::default()
    }
}

/// The refusal of a stream that is on top of another image.
fn alone(descriptor: &Descriptor) -> Result<()> {
    match parent(descriptor)? {
        None => Ok(()),
        Some(name) => FileAccess::none().below("parent", name).map(|_| ()),
    }
}
