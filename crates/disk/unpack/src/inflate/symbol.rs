//! One symbol at a time, for the places where input or output may end.

use super::bits::Bits;
use super::fault::{Alphabet, Fault};
use super::table::{
    DISTANCE_BITS, END_OF_BLOCK, EXCEPTIONAL, LITERAL, LITLEN_BITS, SUBTABLE, Tables,
};
use super::window::DEFLATE64;

/// What a block consists of.
pub(super) enum Symbol {
    Literal(u8),
    Match { length: usize, distance: usize },
    EndOfBlock,
}

/// Decodes the next symbol with its extra bits; `None` when the slice ends first, `bits` is then
/// anywhere.
pub(super) fn next<const SIZE: usize>(
    bits: &mut Bits<'_>,
    tables: &Tables,
) -> Result<Option<Symbol>, Fault> {
    bits.refill();
    let entry = lookup(&tables.litlen, LITLEN_BITS, bits.buffer);
    let Some(base) = take(bits, entry) else {
        return Ok(None);
    };
    if entry & LITERAL != 0 {
        return Ok(Some(Symbol::Literal(base as u8)));
    }
    if entry & EXCEPTIONAL != 0 {
        return match entry & END_OF_BLOCK {
            0 => Err(Fault::Undefined(Alphabet::Litlen)),
            _ => Ok(Some(Symbol::EndOfBlock)),
        };
    }
    // 56 bits are enough for both halves of a match (at most 20 and 28), but not for those of
    // Deflate64 (31 and 29).
    if SIZE == DEFLATE64 {
        bits.refill();
    }
    let entry = lookup(&tables.distance, DISTANCE_BITS, bits.buffer);
    let Some(distance) = take(bits, entry) else {
        return Ok(None);
    };
    if entry & EXCEPTIONAL != 0 {
        return Err(Fault::Undefined(Alphabet::Distance));
    }
    Ok(Some(Symbol::Match {
        length: base as usize,
        distance: distance as usize,
    }))
}

/// The entry for the codeword that `bits` begin with.
#[inline(always)]
pub(super) fn lookup(table: &[u32], index_bits: u32, bits: u64) -> u32 {
    let entry = entry_at(table, bits as usize & ((1 << index_bits) - 1));
    if entry & SUBTABLE == 0 {
        return entry;
    }
    in_subtable(table, index_bits, entry, bits)
}

/// The entry in the subtable that `pointer` leads to.
#[inline(always)]
pub(super) fn in_subtable(table: &[u32], index_bits: u32, pointer: u32, bits: u64) -> u32 {
    let index = (bits >> index_bits) as usize & ((1 << (pointer >> 8 & 15)) - 1);
    entry_at(table, (pointer >> 16) as usize + index)
}

#[inline(always)]
fn entry_at(table: &[u32], index: usize) -> u32 {
    table.get(index).copied().unwrap_or(EXCEPTIONAL)
}

/// Consumes the entry's codeword and extra bits and gives its value, if so many bits are left.
fn take(bits: &mut Bits<'_>, entry: u32) -> Option<u32> {
    let total = entry & 0xff;
    if total > bits.left {
        return None;
    }
    let value = value(entry, bits.buffer);
    bits.consume(total);
    Some(value)
}

/// The base of an entry that is no literal plus its extra bits, which stand in `bits` behind the codeword.
#[inline(always)]
pub(super) fn value(entry: u32, bits: u64) -> u32 {
    let extra = (bits & (1u64.wrapping_shl(entry & 0xff)).wrapping_sub(1)) >> (entry >> 8 & 15);
    (entry >> 16) + extra as u32
}
