//! The loop in which nearly all time is spent.

use super::bits::Bits;
use super::fault::{Alphabet, Fault};
use super::symbol::{in_subtable, value};
use super::table::{
    DISTANCE_BITS, END_OF_BLOCK, EXCEPTIONAL, LITERAL, LITLEN_BITS, SUBTABLE, Tables,
};
use super::window::{DEFLATE64, LONG_MATCH, Window, copy_match};

/// Why the fast loop was left; never in the middle of a symbol.
pub(super) enum Exit {
    /// Input or room come to their end.
    Edge,
    EndOfBlock,
    /// The last symbol was a long match and gave zeros.
    Zeros,
}

/// The input one round may load: two words, three in Deflate64.
const MARGIN: usize = 24;

/// Bits of the longest length in Deflate64.
const LENGTH_BITS: u32 = 15 + 16;

/// Bits of the longest distance.
const fn distance_bits(size: usize) -> u32 {
    match size {
        DEFLATE64 => 15 + 14,
        _ => 15 + 13,
    }
}

const LITLEN_MASK: usize = (1 << LITLEN_BITS) - 1;
const DISTANCE_MASK: usize = (1 << DISTANCE_BITS) - 1;

/// Decodes symbols as long as neither input nor room can end within one.
pub(super) fn decode<const SIZE: usize>(
    bits: &mut Bits<'_>,
    window: &mut Window<SIZE>,
    tables: &Tables,
) -> Result<Exit, Fault> {
    let buffer = &mut *window.buffer;
    let floor = window.floor;
    let mut end = window.end;
    let mut b = *bits;
    macro_rules! leave {
        ($result:expr) => {{
            window.end = end;
            *bits = b;
            return $result;
        }};
    }
    b.refill();
    let mut next = tables.litlen[b.buffer as usize & LITLEN_MASK];
    while b.rest.len() >= MARGIN && end < Window::<SIZE>::FULL {
        let mut entry = next;
        b.refill();
        if entry & LITERAL != 0 {
            b.consume_fast(entry);
            buffer[end] = (entry >> 16) as u8;
            end += 1;
            entry = tables.litlen[b.buffer as usize & LITLEN_MASK];
            if entry & LITERAL != 0 {
                b.consume_fast(entry);
                buffer[end] = (entry >> 16) as u8;
                end += 1;
                entry = tables.litlen[b.buffer as usize & LITLEN_MASK];
                if entry & LITERAL != 0 {
                    b.consume_fast(entry);
                    buffer[end] = (entry >> 16) as u8;
                    end += 1;
                    next = tables.litlen[b.buffer as usize & LITLEN_MASK];
                    continue;
                }
            }
        }
        if entry & EXCEPTIONAL != 0 {
            if entry & SUBTABLE != 0 {
                entry = in_subtable(&tables.litlen, LITLEN_BITS, entry, b.buffer);
            }
            if entry & LITERAL != 0 {
                b.consume_fast(entry);
                buffer[end] = (entry >> 16) as u8;
                end += 1;
                next = tables.litlen[b.buffer as usize & LITLEN_MASK];
                continue;
            }
            if entry & EXCEPTIONAL != 0 {
                b.consume_fast(entry);
                leave!(match entry & END_OF_BLOCK {
                    0 => Err(Fault::Undefined(Alphabet::Litlen)),
                    _ => Ok(Exit::EndOfBlock),
                })
            }
        }
        // Up to 31 bits, of which two literals before it have left 26 only.
        if SIZE == DEFLATE64 && b.left < LENGTH_BITS {
            b.refill();
        }
        let length = value(entry, b.buffer) as usize;
        b.consume_fast(entry);
        // Enough for a distance and for looking up what follows it.
        if b.left < distance_bits(SIZE) + LITLEN_BITS {
            b.refill();
        }
        let mut entry = tables.distance[b.buffer as usize & DISTANCE_MASK];
        if entry & EXCEPTIONAL != 0 {
            if entry & SUBTABLE != 0 {
                entry = in_subtable(&tables.distance, DISTANCE_BITS, entry, b.buffer);
            }
            if entry & EXCEPTIONAL != 0 {
                b.consume_fast(entry);
                leave!(Err(Fault::Undefined(Alphabet::Distance)));
            }
        }
        let distance = value(entry, b.buffer) as usize;
        b.consume_fast(entry);
        let have = end - floor;
        if distance > have {
            leave!(Err(Fault::TooFar { distance, have }));
        }
        // Looked up before the copy, which may take its time.
        next = tables.litlen[b.buffer as usize & LITLEN_MASK];
        copy_match(buffer, end, distance, length);
        end += length;
        if length >= LONG_MATCH && buffer[end - 8..end] == [0; 8] {
            leave!(Ok(Exit::Zeros));
        }
    }
    leave!(Ok(Exit::Edge))
}
