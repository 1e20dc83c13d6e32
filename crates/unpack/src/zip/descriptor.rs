//! The data descriptor behind a member whose sizes were not known before it (APPNOTE 4.3.9).
//!
//! It may begin with a signature or not, and its sizes may have 32 or 64 bits; nothing says which.
//! Here the content has been read, so what has to stand there is known in every one of the forms.

use extent::{SparseRead, skip};
use report::Result;

use super::content::{Sums, agree, agree_crc};
use super::record::Fields;
use super::{Input, truncated};

const SIGNATURE: [u8; 4] = *b"PK\x07\x08";
/// The longest form in bytes, with the beginning of the signature that comes after it.
const LONGEST: usize = 24 + NEXT.len();
/// What every record of a zip begins with.
const NEXT: &[u8] = b"PK";

/// Whether the descriptor of an empty member comes next.
pub(super) fn comes_next<R: SparseRead>(input: &mut Input<R>) -> Result<bool> {
    let empty = Sums {
        crc: 0,
        compressed: 0,
        size: 0,
    };
    let head = input.get_mut().head(LONGEST)?;
    Ok(find(head, &empty, false).is_some())
}

/// Moves past the descriptor of member `name`, which has to say `sums`; `wide` makes 64 bits likely.
pub(super) fn check<R: SparseRead>(
    input: &mut Input<R>,
    name: &str,
    sums: &Sums,
    wide: bool,
) -> Result<()> {
    let head = input.get_mut().head(LONGEST)?;
    let Some(len) = find(head, sums, wide) else {
        return Err(match mismatch(head, name, sums, wide) {
            Err(error) => error,
            Ok(()) => truncated(input, "a data descriptor"),
        });
    };
    skip(input, len)?;
    Ok(())
}

/// The length of the form that says `sums`, the likeliest first, and with it those after which the
/// archive goes on.
fn find(head: &[u8], sums: &Sums, wide: bool) -> Option<u64> {
    let forms = [(true, wide), (false, wide), (true, !wide), (false, !wide)];
    let fits = |&(signed, wide): &(bool, bool)| {
        let form = form(sums, signed, wide)?;
        let rest = head.strip_prefix(&form[..])?;
        Some((form.len() as u64, rest.starts_with(NEXT)))
    };
    let found: Vec<_> = forms.iter().filter_map(fits).collect();
    let goes_on = found.iter().find(|(_, goes_on)| *goes_on);
    goes_on.or(found.first()).map(|(len, _)| *len)
}

/// The descriptor of `sums` in one form, if they fit in.
fn form(sums: &Sums, signed: bool, wide: bool) -> Option<Vec<u8>> {
    let mut form = Vec::with_capacity(LONGEST);
    if signed {
        form.extend(SIGNATURE);
    }
    form.extend(sums.crc.to_le_bytes());
    for size in [sums.compressed, sums.size] {
        match wide {
            true => form.extend(size.to_le_bytes()),
            false => form.extend(u32::try_from(size).ok()?.to_le_bytes()),
        }
    }
    Some(form)
}

/// What is wrong with a descriptor that fits in no form.
fn mismatch(head: &[u8], name: &str, sums: &Sums, wide: bool) -> Result<()> {
    let mut fields = Fields(head.strip_prefix(&SIGNATURE).unwrap_or(head));
    let Some(crc) = fields.u32() else {
        return Ok(());
    };
    agree_crc(name, crc, sums.crc)?;
    for (what, size) in [("compressed size", sums.compressed), ("size", sums.size)] {
        let stated = match wide {
            true => fields.u64(),
            false => fields.u32().map(u64::from),
        };
        if stated.is_none() {
            return Ok(());
        }
        agree(name, "its data descriptor", what, stated, size)?;
    }
    Ok(())
}
