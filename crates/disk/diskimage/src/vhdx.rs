//! Hyper-V's VHDX.
//!
//! Layout: Microsoft's [MS-VHDX], version 1 of the format. Two headers, of which the newer counts; two
//! equal tables of regions; metadata with the disk's sizes; a table with the
//! place of each block and, in differencing disks, of a bitmap for each 4 GiB (32 GiB with sectors of
//! 4096 bytes), which says which sectors are here and which in the parent.
//!
//! A file that was not closed has changes of its tables in a log. Its changes are laid over the file in
//! memory; the file itself stays as it is.

mod header;
mod log;
mod map;
mod metadata;
mod overlay;
mod parent;
mod region;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, crc32c};

use crate::about::{About, Reference};
use crate::blocks::Layout;
use crate::fields::{field, le16, put, read_exact};
use crate::layer::Layer;
use crate::options::OpenOptions;
use header::Header;
use map::Blocks;
use metadata::Metadata;
use region::Regions;

/// What everything is aligned to.
const MIB: u64 = 1 << 20;

/// Opens `file`.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &OpenOptions) -> Result<Layer> {
    file.will_need(&[0..512, header::RANGE, region::RANGE]);
    let creator = creator(&*file)?;
    let header = Header::current(&*file)?;
    let mut notes = vec![("creator", creator)];
    notes.retain(|(_, creator)| !creator.is_empty());
    let replayed = log::replay(&file, &header)?.map(Arc::new);
    let file = match &replayed {
        None => file,
        Some(overlay) => {
            let pages = overlay.pages();
            notes.push(("log", format!("replayed in memory: {pages} pages")));
            Arc::clone(overlay) as _
        }
    };
    let mut layout = Layout::of(&*file);
    layout.take("headers", 0, MIB)?;
    layout.take("log", header.log.start, header.log.end - header.log.start)?;
    let regions = Regions::read(&*file, &mut layout)?;
    // Of a stream both have to be kept, whichever comes first.
    file.will_need(&[clipped(&regions.metadata), clipped(&regions.table)]);
    let metadata = Metadata::read(&*file, &regions.metadata)?;
    notes.push(("sector size", metadata.sector.to_string()));
    let about = About {
        variant: metadata.variant().into(),
        unit: Some(metadata.block),
        refers: refers(&metadata),
        sector: u32::try_from(metadata.sector).ok(),
        notes,
        ..About::default()
    };
    let backing = match &metadata.parent {
        Some(locator) => parent::open(locator, how)?,
        None => None,
    };
    let map = Blocks::load(Arc::clone(&file), &layout, &regions.table, metadata)?;
    if let Some(overlay) = replayed.filter(|_| how.in_file_order) {
        map.spared_by(&overlay)?;
    }
    Ok(Layer::new(map, vec![file], about).on(backing))
}

/// No more of a region than is ever used: 8 bytes a block of the largest usual disks.
fn clipped(region: &Range<u64>) -> Range<u64> {
    region.start..region.end.min(region.start.saturating_add(32 * MIB))
}

/// The program that made the file, as the file tells it.
fn creator(file: &dyn BlockRead) -> Result<String> {
    let mut bytes = [0; 512];
    read_exact(file, 0, &mut bytes, "file identifier")?;
    if !bytes.starts_with(b"vhdxfile") {
        return Err(Error::corrupt("does not begin with vhdxfile"));
    }
    Ok(utf16(bytes.get(8..).unwrap_or_default()))
}

fn refers(metadata: &Metadata) -> Vec<Reference> {
    let name = metadata.parent.iter().map(|locator| Reference {
        what: "parent",
        name: locator.names.first().cloned().unwrap_or_default(),
    });
    name.collect()
}

/// Little-endian UTF-16, up to a NUL if there is one.
fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|u| le16(u, 0))
        .collect();
    let text = String::from_utf16_lossy(&units);
    text.split('\0').next().unwrap_or_default().to_owned()
}

/// Whether the first four bytes are `signature` and the CRC-32C of all, taken with zeros in its place,
/// is the one that follows them.
fn is_whole(bytes: &[u8], signature: &[u8; 4]) -> bool {
    let (start, rest) = bytes.split_at_checked(8).unwrap_or_default();
    let Some(stored) = start.strip_prefix(signature) else {
        return false;
    };
    let crc = crc32c::update(crc32c::START, signature);
    let crc = crc32c::update(crc32c::update(crc, &[0; 4]), rest);
    crc32c::finish(crc) == u32::from_le_bytes(field(stored, 0))
}

/// `bytes` with `signature` in the first four and the CRC-32C of all in the next four.
pub(crate) fn signed(mut bytes: Vec<u8>, signature: &[u8; 4]) -> Vec<u8> {
    put(&mut bytes, 0, signature);
    put(&mut bytes, 4, &[0; 4]);
    let crc = crc32c::finish(crc32c::update(crc32c::START, &bytes));
    put(&mut bytes, 4, &crc.to_le_bytes());
    bytes
}
