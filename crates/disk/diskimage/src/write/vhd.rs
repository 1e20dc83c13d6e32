//! Writing VHD. A dynamic one is a copy of the footer, a header, the table, the blocks, the footer;
//! a fixed one (`fixed`) is the disk and the footer.
//!
//! Layout: Microsoft's "Virtual Hard Disk Image Format Specification" of 2006. Blocks have 2 MiB, and a
//! bitmap in front that says that all their sectors are there. Each bitmap ends at a multiple of 4 KiB,
//! so that the data is aligned and its holes are holes in the file as well.
//!
//! A dynamic disk has its exact size, rounded up to whole sectors of 512 bytes. Two sizes are in the footer,
//! one in bytes and one in cylinders, heads and sectors, which is smaller more often than not.
//! Virtual PC goes by the geometry, and qemu does so as well, unless the creator is known to mean the
//! bytes: `win `, which is Hyper-V and `Disk Management`, is one that every reader knows. The creator of
//! XenServer's tools, `tap`, would make those look for another map behind the table.
//!
//! The unique id is made from the disk's content and the time is none, so that the same disk gives the
//! same file.

mod fixed;
mod header;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use sparse::BlockWrite;

use super::dynamic::{Contents, Dynamic, Form, Shape};
use super::encoder::Encoded;
use super::{WriteOptions, unknown};
use crate::Format;
use crate::advice::Advice;
use fixed::{Fixed, WHOLE};
use header::{DYNAMIC, FOOTER, Footer, Subformat, dynamic_header};

/// Bytes in a block.
const BLOCK: u64 = 2 << 20;

/// What data is aligned to.
const ALIGNMENT: u64 = 4096;

/// The bitmap of a block, a bit a sector.
static BITMAP: [u8; 512] = [0xff; 512];

/// Where the table begins.
const TABLE: u64 = (FOOTER + DYNAMIC) as u64;

/// The largest disk that qemu and Windows take.
const LARGEST: u64 = 2040 << 30;

/// The table's entry for a block that does not exist.
const ABSENT: u32 = u32::MAX;

/// As [`super::writer`].
pub(super) fn writer(
    options: &WriteOptions,
    size: u64,
    inner: Box<dyn BlockWrite>,
) -> Result<Box<dyn BlockWrite>> {
    let subformat = subformat(options)?;
    super::check_size("vhd", size, 0..=LARGEST)
        .map_err(|error| error.advise(Advice::ChooseQcow2OrVmdk))?;
    if subformat == Subformat::Fixed {
        return Ok(Encoded::boxed(Fixed::new(size, inner)));
    }
    let form = Vhd {
        size: size.next_multiple_of(512),
    };
    Ok(Encoded::boxed(Dynamic::new(form, "vhd", size, inner)?))
}

/// As [`super::check`].
pub(super) fn check(options: &WriteOptions) -> Result<()> {
    subformat(options).map(drop)
}

/// As [`super::granularity`].
pub(super) fn granularity(options: &WriteOptions) -> Result<u64> {
    Ok(match subformat(options)? {
        Subformat::Fixed => WHOLE,
        Subformat::Dynamic => 512,
    })
}

/// Whether the options say that the disk is to be a fixed one.
pub(super) fn is_fixed(options: &WriteOptions) -> Result<bool> {
    Ok(subformat(options)? == Subformat::Fixed)
}

fn subformat(options: &WriteOptions) -> Result<Subformat> {
    let mut subformat = Subformat::Dynamic;
    for (key, value) in &options.given {
        subformat = match (key.as_str(), value.as_str()) {
            ("subformat", "dynamic") => Subformat::Dynamic,
            ("subformat", "fixed") => Subformat::Fixed,
            ("subformat", _) => {
                let message = format!("vhd has no subformat '{value}'");
                return Err(Error::usage(message).hint("one of: dynamic, fixed"));
            }
            _ => return Err(unknown(Format::Vhd, key, &["subformat"])),
        };
    }
    Ok(subformat)
}

/// A VHD for a disk of so many bytes.
struct Vhd {
    size: u64,
}

impl Vhd {
    /// Blocks in the disk.
    fn blocks(&self) -> u64 {
        self.size.div_ceil(BLOCK)
    }

    /// Entries that the table has room for: it ends with a sector.
    fn entries(&self) -> u64 {
        self.blocks().next_multiple_of(512 / 4)
    }
}

impl Form for Vhd {
    fn shape(&self) -> Shape {
        Shape {
            first: (TABLE + self.entries() * 4).next_multiple_of(ALIGNMENT),
            gap: ALIGNMENT - BITMAP.len() as u64,
            lead: &BITMAP,
            block: BLOCK,
        }
    }

    fn finish(&self, disk: &Contents, inner: &mut dyn BlockWrite) -> Result<u64> {
        let shape = self.shape();
        disk.write_table(inner, TABLE, self.entries(), |table, _, rank| {
            let sector = rank.and_then(|rank| u32::try_from(shape.place(rank) / 512).ok());
            table.extend(sector.unwrap_or(ABSENT).to_be_bytes());
        })?;
        let table_end = TABLE + self.entries() * 4;
        if table_end < shape.first {
            inner.zero_at(table_end, shape.first - table_end)?;
        }
        let footer = Footer {
            size: self.size,
            id: disk.uuid(self.size),
            subformat: Subformat::Dynamic,
        };
        let end = shape.end(disk.count());
        inner.write_at(end, &footer.bytes())?;
        // Readers that do with one of the two footers still need the header.
        let header = dynamic_header(TABLE, self.blocks(), BLOCK);
        inner.write_at(0, &[&footer.bytes()[..], &header].concat())?;
        Ok(end + FOOTER as u64)
    }
}
