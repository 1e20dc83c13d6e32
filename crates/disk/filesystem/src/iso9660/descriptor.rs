//! The volume descriptors, from sector 16 on: what the volume calls itself, and where its root directories are.

use error::{Error, Result};
use sparse::BlockRead;
use sparse::fields::{byte, holds, le16, le32};

use super::record::{SECTOR, utf16};
use crate::piece::piece;
use crate::port::About;

/// The first descriptor's sector, and how many are looked at, as libblkid does.
const FIRST: u64 = 16;
const MOST: u64 = 16;

/// Where a descriptor has the record of its root directory.
const ROOT: u64 = 156;

/// What the descriptors say.
pub(super) struct Found {
    pub about: About,
    /// Bytes of a logical block.
    pub block: u64,
    /// The byte of the root's record.
    pub primary: u64,
    /// The same, of the tree with Joliet's names.
    pub joliet: Option<u64>,
}

/// Reads the descriptors of `volume`; `None` where there are none.
pub(super) fn read(volume: &dyn BlockRead) -> Result<Option<Found>> {
    let mut primary: Option<(u64, Vec<u8>)> = None;
    let mut joliet: Option<(u64, Vec<u8>)> = None;
    for sector in FIRST..FIRST + MOST {
        let bytes = piece(volume, sector * SECTOR, SECTOR as usize)?;
        if bytes.len() < SECTOR as usize || !holds(&bytes, 1, b"CD001") {
            break;
        }
        let at = sector * SECTOR + ROOT;
        match byte(&bytes, 0) {
            1 if primary.is_none() => primary = Some((at, bytes)),
            2 if joliet.is_none() && is_joliet(&bytes) => joliet = Some((at, bytes)),
            255 => break,
            _ => {}
        }
    }
    let Some((at, bytes)) = primary else {
        return Ok(None);
    };
    let block = u64::from(le16(&bytes, 128));
    if ![512, 1024, 2048].contains(&block) {
        return Err(Error::unsupported(format!(
            "ISO 9660 with blocks of {block} bytes; Linux reads 512, 1024 and 2048"
        )));
    }
    let mut about = about(&bytes, joliet.as_ref().map(|(_, bytes)| &bytes[..]));
    let end = u64::from(le32(&bytes, 80)) * block;
    if let Some(size) = volume.size().filter(|size| *size < end) {
        let note =
            format!("the volume has {end} bytes by its descriptor, and only {size} are there");
        about.notes.push(note);
    }
    Ok(Some(Found {
        about,
        block,
        primary: at,
        joliet: joliet.map(|(at, _)| at),
    }))
}

/// Whether a supplementary descriptor's names are in UCS-2, by its escape sequences of level 1, 2 or 3.
fn is_joliet(descriptor: &[u8]) -> bool {
    let sequences = [b"%/@", b"%/C", b"%/E"];
    sequences.iter().any(|s| holds(descriptor, 88, *s))
}

fn about(primary: &[u8], joliet: Option<&[u8]>) -> About {
    let label = match joliet {
        None => crate::name::text(&primary[40..72]),
        Some(joliet) => {
            let units = utf16(&joliet[40..72]);
            let units = merged(&units, &primary[40..72]).unwrap_or(units);
            let end = units.iter().position(|unit| *unit == 0);
            let text = String::from_utf16_lossy(&units[..end.unwrap_or(units.len())]);
            text.trim_end().to_owned()
        }
    };
    let (created, modified) = (&primary[813..830], &primary[830..847]);
    let is_set = |date: &[u8]| date[..16] != [b'0'; 16] || date[16] != 0;
    let date = [modified, created].into_iter().find(|date| is_set(date));
    About {
        kind: "iso9660",
        label,
        uuid: date.map(uuid).unwrap_or_default(),
        notes: Vec::new(),
    }
}

/// The date and time as blkid makes a UUID of it.
fn uuid(date: &[u8]) -> String {
    let text = String::from_utf8_lossy(&date[..16]);
    let mut uuid = String::new();
    for (i, letter) in text
        .chars()
        .take_while(|letter| *letter != '\0')
        .enumerate()
    {
        if i >= 4 && i % 2 == 0 {
            uuid.push('-');
        }
        uuid.push(letter);
    }
    uuid
}

/// A Joliet label has 16 characters and a plain one 32, without case and with `_` for what is not in it. As blkid, the
/// whole label is put together of both; `None` where they are not the same one.
fn merged(joliet: &[u16], plain: &[u8]) -> Option<Vec<u16>> {
    let mut label = Vec::new();
    let mut letters = plain.iter();
    let mut units = joliet.iter().peekable();
    while let Some(&unit) = units.next() {
        if (0xd800..0xdc00).contains(&unit)
            && units
                .peek()
                .is_some_and(|low| (0xdc00..0xe000).contains(*low))
        {
            // The second half of the pair is what the plain label has one character for.
            label.push(unit);
            continue;
        }
        let Some(&letter) = letters.next() else {
            break;
        };
        let same = |unit: u8| unit.eq_ignore_ascii_case(&letter);
        label.push(match u8::try_from(unit) {
            _ if letter == b'_' => unit,
            Ok(b'_') => letter.into(),
            Ok(ascii) if same(ascii) && letter.is_ascii_uppercase() => unit,
            Ok(ascii) if same(ascii) => letter.into(),
            _ => return None,
        });
    }
    label.extend(letters.map(|letter| u16::from(*letter)));
    Some(label)
}
