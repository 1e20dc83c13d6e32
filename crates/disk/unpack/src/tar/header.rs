//! The 512-byte header: POSIX.1-2017 "ustar Header Block", and the fields GNU tar put in its place.

use std::ops::Range;

use error::Result;
use sparse::{SparseRead, read_exact};

use super::BLOCK;
use super::span::Place;
use super::sparse_map::Map;

const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..263;
const PREFIX: Range<usize> = 345..500;
// Old GNU sparse files: four entries of the map in the header, whether more follow, and the size.
const SPARSE: Range<usize> = 386..482;
const SPARSE_MORE: usize = 482;
const SPARSE_SIZE: Range<usize> = 483..495;
// The blocks that follow then: 21 entries each, and whether another block follows.
const EXTENSION: Range<usize> = 0..504;
const EXTENSION_MORE: usize = 504;

/// A header block.
pub(super) struct Header(pub(super) [u8; BLOCK]);

impl Header {
    /// Makes sure that the block is a header at all.
    pub(super) fn check(&self, place: Place) -> Result<()> {
        let stored = self.number(CHECKSUM, "checksum", place)?;
        let (unsigned, signed) = self.sums();
        if stored != unsigned && i64::try_from(stored) != Ok(signed) {
            return Err(place.corrupt(format!(
                "the checksum is {stored}, the block sums up to {unsigned}"
            )));
        }
        Ok(())
    }

    pub(super) fn checksum_is_right(&self) -> bool {
        self.check(Place(0)).is_ok()
    }

    /// The sums of all bytes, the checksum itself taken as blanks: as the standard has it, and as
    /// programs summed up that took bytes for signed.
    fn sums(&self) -> (u64, i64) {
        let mut sums = (0, 0);
        for (i, &byte) in self.0.iter().enumerate() {
            let byte = if CHECKSUM.contains(&i) { b' ' } else { byte };
            sums.0 += u64::from(byte);
            sums.1 += i64::from(byte as i8);
        }
        sums
    }

    pub(super) fn type_flag(&self) -> u8 {
        self.0[TYPE]
    }

    /// The stored size in bytes.
    pub(super) fn size(&self, place: Place) -> Result<u64> {
        self.number(SIZE, "size", place)
    }

    /// The name; ustar may keep its front part elsewhere.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[NAME]);
        let prefix = match &self.0[MAGIC] {
            b"ustar\0" => until_nul(&self.0[PREFIX]),
            _ => &[],
        };
        match prefix {
            [] => name.to_vec(),
            prefix => [prefix, b"/", name].concat(),
        }
    }

    pub(super) fn link(&self) -> Vec<u8> {
        until_nul(&self.0[LINK]).to_vec()
    }

    fn number(&self, field: Range<usize>, what: &str, place: Place) -> Result<u64> {
        number(&self.0[field]).map_err(|reason| place.corrupt(format!("the {what} {reason}")))
    }
}

/// The map of an old GNU sparse file, part of which may follow its header, whose data takes
/// `stored` bytes.
pub(super) fn sparse_map(
    header: &Header,
    input: &mut dyn SparseRead,
    place: Place,
    stored: u64,
) -> Result<Map> {
    let size = header.number(SPARSE_SIZE, "real size", place)?;
    let mut map = Map::new(place);
    let mut open = entries(&header.0[SPARSE], &mut map, place)?;
    let mut more = header.0[SPARSE_MORE] != 0;
    while more {
        if !open {
            return Err(place.corrupt("the sparse map goes on after its end"));
        }
        let mut block = [0; BLOCK];
        if !read_exact(input, &mut block)? {
            return Err(place.corrupt("the archive ends inside the sparse map"));
        }
        open = entries(&block[EXTENSION], &mut map, place)?;
        more = block[EXTENSION_MORE] != 0;
    }
    map.close(size, stored)
}

/// Takes entries, of 12 bytes offset and 12 bytes length each, up to the first empty one; `false`
/// when there was one.
fn entries(fields: &[u8], map: &mut Map, place: Place) -> Result<bool> {
    for entry in fields.as_chunks::<24>().0 {
        let (offset, len) = entry.split_at(12);
        if len.first() == Some(&0) {
            return Ok(false);
        }
        let number = |field| {
            number(field).map_err(|reason| place.corrupt(format!("a sparse map entry {reason}")))
        };
        map.push(number(offset)?, number(len)?)?;
    }
    Ok(true)
}

/// A numeric field of at most 63 bits: octal digits, or base 256 where they do not suffice.
fn number(field: &[u8]) -> Result<u64, &'static str> {
    match field {
        [0x80, digits @ ..] => {
            let value = digits.iter().try_fold(0u64, |value, &digit| {
                Some(value.checked_mul(256)? + u64::from(digit))
            });
            value
                .filter(|&value| i64::try_from(value).is_ok())
                .ok_or("overflows")
        }
        [0xff, ..] => Err("is negative"),
        _ => octal(field.trim_ascii_start()),
    }
}

/// Octal digits up to a NUL, a blank or the field's end; an empty field is 0. Digits fit: no field
/// has more than twelve.
fn octal(field: &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for &byte in field {
        match byte {
            b'0'..=b'7' => value = value * 8 + u64::from(byte - b'0'),
            b'\0' | b' ' => break,
            _ => return Err("is not a number"),
        }
    }
    Ok(value)
}

/// The part of a text field before its first NUL.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or(field)
}
