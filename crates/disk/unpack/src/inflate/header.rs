//! What a block begins with (RFC 1951, sections 3.2.3 and 3.2.7).

use super::bits::Bits;
use super::fault::Fault;
use super::table::{CodeLengths, DISTANCE_SYMBOLS, LITLEN_SYMBOLS, Tables};

/// What follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes as they are.
    Stored(u16),
    /// Symbols in the fixed code.
    Fixed,
    /// Symbols in the code that the header described.
    Dynamic,
}

/// Where the lengths of the code length code stand.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Reads a block's header: whether it is the last block, and what follows. `None` when the slice
/// ends first; `bits` and `tables` are then anywhere.
pub(super) fn read(
    bits: &mut Bits<'_>,
    tables: &mut Tables,
) -> Result<Option<(bool, Body)>, Fault> {
    let Some(head) = bits.take(3) else {
        return Ok(None);
    };
    let body = match head >> 1 {
        0 => stored(bits)?,
        1 => Some(Body::Fixed),
        2 => dynamic(bits, tables)?,
        _ => return Err(Fault::BlockType),
    };
    Ok(body.map(|body| (head & 1 != 0, body)))
}

fn stored(bits: &mut Bits<'_>) -> Result<Option<Body>, Fault> {
    bits.consume(bits.left % 8);
    let (Some(length), Some(check)) = (bits.take(16), bits.take(16)) else {
        return Ok(None);
    };
    let (length, check) = (length as u16, check as u16);
    if length != !check {
        return Err(Fault::StoredLength { length, check });
    }
    Ok(Some(Body::Stored(length)))
}

fn dynamic(bits: &mut Bits<'_>, tables: &mut Tables) -> Result<Option<Body>, Fault> {
    let (Some(litlen), Some(distance), Some(code)) = (bits.take(5), bits.take(5), bits.take(4))
    else {
        return Ok(None);
    };
    let (litlen, distance) = (litlen as usize + 257, distance as usize + 1);
    let most = if tables.wide { 32 } else { 30 };
    if litlen > 286 || distance > most {
        return Err(Fault::TooManyCodes {
            litlen,
            distance,
            most,
        });
    }
    let mut code_lengths = [0; 19];
    for &symbol in ORDER.iter().take(code as usize + 4) {
        let Some(length) = bits.take(3) else {
            return Ok(None);
        };
        code_lengths[symbol] = length as u8;
    }
    let code = CodeLengths::new(&code_lengths)?;
    let mut lengths = [0; LITLEN_SYMBOLS + DISTANCE_SYMBOLS];
    let lengths = &mut lengths[..litlen + distance];
    if !read_lengths(bits, &code, lengths)? {
        return Ok(None);
    }
    let (litlen, distance) = lengths.split_at(litlen);
    if litlen[256] == 0 {
        return Err(Fault::NoEndOfBlock);
    }
    tables.set_litlen(litlen)?;
    tables.set_distance(distance)?;
    Ok(Some(Body::Dynamic))
}

/// Reads run-length coded code lengths; `false` when the slice ends first.
fn read_lengths(
    bits: &mut Bits<'_>,
    code: &CodeLengths,
    lengths: &mut [u8],
) -> Result<bool, Fault> {
    let mut at = 0;
    while at < lengths.len() {
        if bits.left < 7 + 7 {
            bits.refill();
        }
        let entry = code.entry(bits.buffer);
        let codeword = entry & 0xff;
        if codeword > bits.left {
            return Ok(false);
        }
        bits.consume(codeword);
        let symbol = entry >> 16;
        if symbol < 16 {
            lengths[at] = symbol as u8;
            at += 1;
            continue;
        }
        let (extra, least, value) = match symbol {
            16 => {
                let previous = at.checked_sub(1).ok_or(Fault::Repeat)?;
                (2, 3, lengths[previous])
            }
            17 => (3, 3, 0),
            _ => (7, 11, 0),
        };
        let Some(more) = bits.take(extra) else {
            return Ok(false);
        };
        let end = at + least + more as usize;
        lengths.get_mut(at..end).ok_or(Fault::Repeat)?.fill(value);
        at = end;
    }
    Ok(true)
}
