//! The data descriptor behind a member whose sizes were not known before it (APPNOTE 4.3.9).
//!
//! It may begin with a signature or not, and its sizes may have 32 or 64 bits; nothing says which.
//! Behind data whose end shows by itself, what has to stand there is known in every one of the forms.
//! Elsewhere the descriptor itself is looked for: the first place where one of the forms states exactly
//! the bytes that came before it, and another header follows it. For stored data its CRC-32 has to be right
//! there, too. The content may hold such a place on purpose; then the central directory, which has to
//! list exactly the members that were read, says otherwise in the end. (An archive inside the content has
//! none by nature: its descriptors count from its own members, not from the content's first byte.)
//!
//! Sizes of 32 bits are taken modulo 2^32: macOS writes no others, however large a member is.

use error::{Error, Result};
use memchr::memmem;
use sparse::{SparseRead, skip};

use super::record::Fields;
use super::sums::{Sums, agree, agree_crc};
use super::{CENTRAL, Input, LOCAL, truncated};
use crate::archive::shown;

const SIGNATURE: [u8; 4] = *b"PK\x07\x08";
/// Whether there is a signature, and whether sizes have 64 bits: the likeliest first.
const FORMS: [(bool, bool); 4] = [(true, false), (true, true), (false, false), (false, true)];
/// The longest form in bytes.
const LONGEST: usize = 24;
/// Bytes from the beginning of a descriptor to the end of the signature that follows it, at most.
pub(super) const SPAN: usize = LONGEST + 4;
/// What every record of a zip begins with.
const NEXT: &[u8] = b"PK";

/// Moves past the descriptor of member `name`, which has to say `sums`; `wide` makes 64 bits likely.
/// `stated` is what the local header says: where that was right all along, some writers leave the
/// descriptor out.
pub(super) fn check<R: SparseRead>(
    input: &mut Input<R>,
    name: &str,
    sums: &Sums,
    wide: bool,
    stated: &Sums,
) -> Result<()> {
    let head = input.get_mut().head(SPAN)?;
    let Some(len) = find(head, sums, wide) else {
        if sums == stated && begins_header(head) {
            return Ok(());
        }
        return Err(match mismatch(head, name, sums, wide) {
            Err(error) => error,
            Ok(()) => truncated(input, "a data descriptor"),
        });
    };
    skip(input, len)?;
    Ok(())
}

/// Moves past the descriptor of member `name`, of whose content nothing is known but that it takes
/// `compressed` bytes.
pub(super) fn pass<R: SparseRead>(input: &mut Input<R>, compressed: u64, name: &str) -> Result<()> {
    let head = input.get_mut().head(SPAN)?;
    let Some(len) = fit(head, compressed, None) else {
        return Err(Error::corrupt(format!(
            "zip member {}: no data descriptor that fits comes behind its {compressed} bytes",
            shown(name)
        )));
    };
    skip(input, len as u64)?;
    Ok(())
}

/// The length of the form that says `sums`, the likeliest first, and with it those after which the
/// archive goes on.
fn find(head: &[u8], sums: &Sums, wide: bool) -> Option<u64> {
    let forms = [(true, wide), (false, wide), (true, !wide), (false, !wide)];
    let fits = |&(signed, wide): &(bool, bool)| {
        let form = form(sums, signed, wide);
        let rest = head.strip_prefix(&form[..])?;
        Some((form.len() as u64, rest.starts_with(NEXT)))
    };
    let found: Vec<_> = forms.iter().filter_map(fits).collect();
    let goes_on = found.iter().find(|(_, goes_on)| *goes_on);
    goes_on.or(found.first()).map(|(len, _)| *len)
}

/// The descriptor of `sums` in one form.
fn form(sums: &Sums, signed: bool, wide: bool) -> Vec<u8> {
    let mut form = Vec::with_capacity(LONGEST);
    if signed {
        form.extend(SIGNATURE);
    }
    form.extend(sums.crc.to_le_bytes());
    for size in [sums.compressed, sums.size] {
        if wide {
            form.extend(size.to_le_bytes())
        } else {
            form.extend((size as u32).to_le_bytes())
        }
    }
    form
}

/// What is wrong with a descriptor that fits in no form.
fn mismatch(head: &[u8], name: &str, sums: &Sums, wide: bool) -> Result<()> {
    let mut fields = Fields(head.strip_prefix(&SIGNATURE).unwrap_or(head));
    let Some(crc) = fields.u32() else {
        return Ok(());
    };
    agree_crc(name, crc, sums.crc)?;
    for (what, size) in [("compressed size", sums.compressed), ("size", sums.size)] {
        let stated = if wide {
            fields.u64()
        } else {
            fields.u32().map(u64::from)
        };
        if stated.is_none() {
            return Ok(());
        }
        agree(name, "its data descriptor", what, stated, size)?;
    }
    Ok(())
}

/// Where data of unknown length ends that `head` goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Here.
    Here,
    /// Not before this many bytes, at least 1.
    NotBefore(usize),
    /// Not at all: `head` is too short.
    Nowhere,
}

/// Looks for the end of data of which `at` bytes came before `head`, all there is or much of it. What is
/// stored has the CRC-32 `crc` so far; of what is packed, nobody knows it yet.
pub(super) fn look(head: &[u8], at: u64, crc: Option<u32>) -> End {
    if fit(head, at, crc.map(Some)).is_some() {
        return End::Here;
    }
    let stored = crc.map(|_| None);
    let mut first = None;
    for next in memmem::find_iter(head, NEXT) {
        if first.is_some_and(|first| next >= first + LONGEST) {
            break;
        }
        let starts = [12, 16, 20, LONGEST].map(|len| next.checked_sub(len).filter(|&at| at > 0));
        let fitting = starts.into_iter().flatten().filter(|&start| {
            let rest = head.get(start..).unwrap_or_default();
            fit(rest, at.saturating_add(start as u64), stored).is_some()
        });
        first = fitting.chain(first).min();
    }
    if let Some(first) = first {
        return End::NotBefore(first);
    }
    match head.len().saturating_sub(SPAN) {
        0 => End::Nowhere,
        passed => End::NotBefore(passed),
    }
}

/// The length of the descriptor that `bytes` begin with, if it fits behind `at` bytes of data and a header
/// follows it. `crc` is given for what is stored, and in it the CRC-32, if it is known yet.
fn fit(bytes: &[u8], at: u64, crc: Option<Option<u32>>) -> Option<usize> {
    let fits = |&(signed, wide): &(bool, bool)| {
        let signature = if signed { &SIGNATURE[..] } else { &[] };
        let mut fields = Fields(bytes.strip_prefix(signature)?);
        let stated = fields.u32()?;
        let (compressed, size, here) = if wide {
            (fields.u64()?, fields.u64()?, at)
        } else {
            (
                fields.u32()?.into(),
                fields.u32()?.into(),
                u64::from(at as u32),
            )
        };
        let stored = match crc {
            Some(crc) => size == here && crc.is_none_or(|crc| crc == stated),
            None => true,
        };
        let fits = compressed == here && stored && begins_header(fields.0);
        fits.then(|| bytes.len() - fields.0.len())
    };
    FORMS.iter().find_map(fits)
}

/// Whether a member's header comes next: there is one behind every member, in the central directory at
/// the latest.
fn begins_header(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL) || bytes.starts_with(&CENTRAL)
}
