//! Rock Ridge: names, modes and links in the part of a record that is for the system (SUSP P1281, RRIP P1282).

use error::{Error, Result};
use sparse::fields::{byte, holds, le32};

use super::record::SECTOR;
use crate::blocks::Blocks;
use crate::port::Kind;

/// Most places where the fields of one record go on, as in Linux.
const CONTINUED: usize = 32;

/// Most such places of all records of one directory.
const CONTINUED_IN_ALL: usize = 1 << 17;

/// Most bytes of a name, and of a link's target. The rest is cut off by Linux as well.
const LONGEST_NAME: usize = 255;
const LONGEST_LINK: usize = 4096;

/// Bytes of CD-ROM XA's own fields.
const XA: usize = 14;

/// What the fields of a record say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rock {
    pub name: Option<Vec<u8>>,
    pub kind: Option<Kind>,
    /// The target of a link.
    pub link: Vec<u8>,
    /// The block of the directory that this record stands for.
    pub child: Option<u32>,
    /// Whether it is a directory that is shown elsewhere.
    pub is_moved: bool,
    /// Why the content is not the file.
    pub packed: Option<&'static str>,
}

/// Where fields go on.
#[derive(Clone, Copy)]
pub(super) struct Place {
    block: u32,
    offset: u32,
    len: u32,
}

/// How many bytes come before the fields of each record, by the first record of the root directory; `None` where that
/// has no such fields.
pub(super) fn skip(system_use: &[u8]) -> Option<usize> {
    let at = skip_here(system_use)?;
    Some(byte(system_use, at + 6).into())
}

/// Where the field is that says so, and so all others of that record.
pub(super) fn skip_here(system_use: &[u8]) -> Option<usize> {
    [0, XA]
        .into_iter()
        .find(|at| holds(system_use, *at, b"SP\x07\x01\xbe\xef"))
}

/// Reads the places where fields go on, and counts them.
#[derive(Default)]
pub(super) struct Continuations(usize);

impl Continuations {
    pub(super) fn read(&mut self, blocks: &Blocks, block: u64, place: Place) -> Result<Vec<u8>> {
        if u64::from(place.len) > SECTOR {
            let text = format!("Rock Ridge goes on in an area of {} bytes", place.len);
            return Err(Error::corrupt(text));
        }
        if self.0 == CONTINUED_IN_ALL {
            let text = format!("Rock Ridge goes on in more than {CONTINUED_IN_ALL} places");
            return Err(Error::unsupported(text));
        }
        self.0 += 1;
        let at = u64::from(place.block) * block + u64::from(place.offset);
        blocks.bytes(at, place.len as usize)
    }
}

impl Rock {
    /// The fields in `bytes` and in the places that they name, which `read` reads.
    pub(super) fn parse(
        bytes: &[u8],
        read: &mut dyn FnMut(Place) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let mut rock = Rock::default();
        let mut link = Link::default();
        let mut next = rock.area(bytes, &mut link);
        let mut places = 0;
        while let Some(place) = next {
            places += 1;
            if places > CONTINUED {
                let text = format!("Rock Ridge goes on in more than {CONTINUED} places");
                return Err(Error::corrupt(text));
            }
            next = rock.area(&read(place)?, &mut link);
        }
        rock.link = link.target;
        Ok(rock)
    }

    /// Takes the fields of one area; returns where they go on.
    fn area(&mut self, mut bytes: &[u8], link: &mut Link) -> Option<Place> {
        let mut next = None;
        // What is too short for a field is padding.
        while bytes.len() >= 4 {
            let len = usize::from(bytes[2]);
            let Some((field, rest)) = bytes.split_at_checked(len).filter(|_| len >= 4) else {
                break;
            };
            match &field[..2] {
                b"ST" => break,
                b"CE" => {
                    next = Some(Place {
                        block: le32(field, 4),
                        offset: le32(field, 12),
                        len: le32(field, 20),
                    });
                }
                b"SL" => link.add(field.get(5..).unwrap_or_default()),
                _ => self.field(field),
            }
            bytes = rest;
        }
        next
    }

    fn field(&mut self, field: &[u8]) {
        match &field[..2] {
            b"NM" => self.name_part(byte(field, 4), field.get(5..).unwrap_or_default()),
            b"PX" => self.kind = Some(kind(le32(field, 4))),
            b"CL" => self.child = Some(le32(field, 4)),
            b"RE" => self.is_moved = true,
            b"ZF" => self.packed = Some("packed by zisofs"),
            b"SF" => self.packed = Some("with holes in Rock Ridge's own way"),
            _ => {}
        }
    }

    /// A part of the name. Those with flags stand for `.` and `..`, which have no name.
    fn name_part(&mut self, flags: u8, part: &[u8]) {
        if flags & 0x06 == 0 {
            let name = self.name.get_or_insert_default();
            let left = LONGEST_NAME.saturating_sub(name.len());
            name.extend_from_slice(&part[..part.len().min(left)]);
        }
    }
}

/// A link's target, of components.
#[derive(Default)]
struct Link {
    target: Vec<u8>,
    /// Whether the last component goes on in the next one.
    goes_on: bool,
}

impl Link {
    /// Adds the components of one field.
    fn add(&mut self, mut components: &[u8]) {
        while let [flags, len, rest @ ..] = components {
            let Some((text, rest)) = rest.split_at_checked(usize::from(*len)) else {
                return;
            };
            self.component(*flags, text);
            components = rest;
        }
    }

    fn component(&mut self, flags: u8, text: &[u8]) {
        let needs_slash = !self.goes_on && !self.target.is_empty() && self.target != b"/";
        let text: &[u8] = match flags & 0x0e {
            0x02 => b".",
            0x04 => b"..",
            // Behind others it stands for two slashes.
            0x08 if self.target.is_empty() => b"/",
            0x08 => b"",
            _ => text,
        };
        if self.target.len() + 1 + text.len() > LONGEST_LINK {
            return;
        }
        if needs_slash {
            self.target.push(b'/');
        }
        self.target.extend_from_slice(text);
        self.goes_on = flags & 0x01 != 0;
    }
}

/// The kind of file that the upper bits of a Unix mode say.
fn kind(mode: u32) -> Kind {
    match mode >> 12 & 0xf {
        0x4 => Kind::Directory,
        0x8 => Kind::File,
        0xa => Kind::Link,
        _ => Kind::Special,
    }
}
