//! Decoding tables for canonical Huffman codes (RFC 1951, section 3.2.2).
//!
//! A table is indexed by the next bits of the stream. Codewords longer than the index continue in a
//! subtable behind the main table. An entry is a word:
//!
//! | bits | a symbol | a pointer to a subtable |
//! |---|---|---|
//! | 31 | it is a literal; a bit of the base of a distance | 0 |
//! | 16–30 | literal, or base of length or distance | where the subtable starts |
//! | 15 | exceptional: end of block or undefined | 1 |
//! | 14, 13 | subtable, end of block | 1, 0 |
//! | 8–11 | bits of the codeword | bits of the subtable's index |
//! | 0–7 | bits of codeword and extra bits | bits of the main table's index |

use super::fault::{Alphabet, Fault};

pub(super) const LITERAL: u32 = 1 << 31;
pub(super) const EXCEPTIONAL: u32 = 1 << 15;
pub(super) const SUBTABLE: u32 = 1 << 14;
pub(super) const END_OF_BLOCK: u32 = 1 << 13;

/// Index bits of the main tables: literals and lengths, distances.
pub(super) const LITLEN_BITS: u32 = 11;
pub(super) const DISTANCE_BITS: u32 = 9;
/// Index bits of the code length code's table, which never needs subtables.
const CODE_LENGTH_BITS: u32 = 7;

/// The longest codeword.
const MAX_BITS: usize = 15;
/// Symbols of the literal/length and distance alphabets, with those that only the fixed code has.
pub(super) const LITLEN_SYMBOLS: usize = 288;
pub(super) const DISTANCE_SYMBOLS: usize = 32;

// The most entries any code can need: main table and all subtables (zlib's enough.c: 2342 for 288
// symbols and 11 index bits, 594 for 32 symbols and 9), rounded up so that a masked index fits.
const LITLEN_ENTRIES: usize = 2560;
const DISTANCE_ENTRIES: usize = 640;

/// A block's two codes.
pub(super) struct Tables {
    pub(super) litlen: [u32; LITLEN_ENTRIES],
    pub(super) distance: [u32; DISTANCE_ENTRIES],
    /// Whether they are Deflate64's.
    pub(super) wide: bool,
}

impl Tables {
    pub(super) const fn new(wide: bool) -> Self {
        Tables {
            litlen: [EXCEPTIONAL; LITLEN_ENTRIES],
            distance: [EXCEPTIONAL; DISTANCE_ENTRIES],
            wide,
        }
    }

    /// The codes every decoder knows (section 3.2.6).
    pub(super) fn fixed(wide: bool) -> Self {
        let mut tables = Self::new(wide);
        let mut lengths = [8; LITLEN_SYMBOLS];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        // Both codes are complete: nothing can fail.
        let _ = tables.set_litlen(&lengths);
        let _ = tables.set_distance(&[5; DISTANCE_SYMBOLS]);
        tables
    }

    pub(super) fn set_litlen(&mut self, lengths: &[u8]) -> Result<(), Fault> {
        build(
            &mut self.litlen,
            LITLEN_BITS,
            lengths,
            if self.wide { &LITLEN64 } else { &LITLEN },
            Alphabet::Litlen,
        )
    }

    pub(super) fn set_distance(&mut self, lengths: &[u8]) -> Result<(), Fault> {
        build(
            &mut self.distance,
            DISTANCE_BITS,
            lengths,
            if self.wide { &DISTANCE64 } else { &DISTANCE },
            Alphabet::Distance,
        )
    }
}

/// The code in which a dynamic block's code lengths are written (section 3.2.7). An entry's upper
/// half is the symbol.
pub(super) struct CodeLengths([u32; 1 << CODE_LENGTH_BITS]);

impl CodeLengths {
    pub(super) fn new(lengths: &[u8; 19]) -> Result<Self, Fault> {
        let mut table = [0; 1 << CODE_LENGTH_BITS];
        build(
            &mut table,
            CODE_LENGTH_BITS,
            lengths,
            &CODE_LENGTH,
            Alphabet::CodeLength,
        )?;
        Ok(CodeLengths(table))
    }

    /// The entry for the next bits.
    #[inline(always)]
    pub(super) fn entry(&self, bits: u64) -> u32 {
        self.0[bits as usize % self.0.len()]
    }
}

/// What each symbol's entry says, apart from the codeword's length.
static LITLEN: [u32; LITLEN_SYMBOLS] = litlen(258 << 16);
static DISTANCE: [u32; DISTANCE_SYMBOLS] = distances(30);
/// In Deflate64 the longest length is 3 and 16 extra bits, and two distances mean something that do not
/// in DEFLATE.
static LITLEN64: [u32; LITLEN_SYMBOLS] = litlen(3 << 16 | 16);
static DISTANCE64: [u32; DISTANCE_SYMBOLS] = distances(32);
static CODE_LENGTH: [u32; 19] = code_lengths();

const fn litlen(longest: u32) -> [u32; LITLEN_SYMBOLS] {
    let mut symbols = [EXCEPTIONAL; LITLEN_SYMBOLS];
    let mut literal = 0;
    while literal < 256 {
        symbols[literal] = LITERAL | (literal as u32) << 16;
        literal += 1;
    }
    symbols[256] = EXCEPTIONAL | END_OF_BLOCK;
    let (mut symbol, mut base) = (257, 3);
    while symbol < 285 {
        let extra = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        symbols[symbol] = base << 16 | extra as u32;
        base += 1 << extra;
        symbol += 1;
    }
    symbols[285] = longest;
    symbols
}

const fn distances(count: usize) -> [u32; DISTANCE_SYMBOLS] {
    let mut symbols = [EXCEPTIONAL; DISTANCE_SYMBOLS];
    let (mut symbol, mut base) = (0, 1);
    while symbol < count {
        let extra = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        symbols[symbol] = base << 16 | extra as u32;
        base += 1 << extra;
        symbol += 1;
    }
    symbols
}

const fn code_lengths() -> [u32; 19] {
    let mut symbols = [0; 19];
    let mut symbol = 0;
    while symbol < 19 {
        symbols[symbol] = (symbol as u32) << 16;
        symbol += 1;
    }
    symbols
}

/// Fills `table` for the code whose codeword lengths are `lengths`, judging as zlib does: a code may
/// be incomplete only if it has no codeword at all or a single one of one bit. Unused codewords of
/// these are entries that say undefined.
fn build(
    table: &mut [u32],
    index_bits: u32,
    lengths: &[u8],
    symbols: &[u32],
    alphabet: Alphabet,
) -> Result<(), Fault> {
    let mut counts = [0u16; MAX_BITS + 1];
    for &length in lengths {
        counts[usize::from(length & 15)] += 1;
    }
    let unused = usize::from(counts[0]);
    counts[0] = 0;
    let longest = counts.iter().rposition(|&n| n > 0).unwrap_or(0);
    match check(&counts, longest, alphabet)? {
        Completeness::Complete => {}
        Completeness::Lone => {
            let undefined = EXCEPTIONAL | 0x0101;
            table[..1 << index_bits].fill(undefined);
            let lone = lengths.iter().position(|&length| length == 1);
            if let Some(&entry) = lone.and_then(|symbol| symbols.get(symbol)) {
                let even = table[..1 << index_bits].iter_mut().step_by(2);
                even.for_each(|slot| *slot = entry + 0x0101);
            }
            return Ok(());
        }
    }
    let mut sorted = [0u16; LITLEN_SYMBOLS];
    let sorted = sort(lengths, &counts, &mut sorted);
    fill(
        table,
        index_bits as usize,
        &counts,
        longest,
        &sorted[unused.min(sorted.len())..],
        symbols,
    );
    Ok(())
}

enum Completeness {
    Complete,
    /// No codeword, or one of one bit.
    Lone,
}

fn check(
    counts: &[u16; MAX_BITS + 1],
    longest: usize,
    alphabet: Alphabet,
) -> Result<Completeness, Fault> {
    let used = counts[1..]
        .iter()
        .enumerate()
        .map(|(i, &n)| u32::from(n) << (MAX_BITS - 1 - i))
        .sum::<u32>();
    let lone = longest <= 1 && alphabet != Alphabet::CodeLength || longest == 0;
    match used.cmp(&(1 << MAX_BITS)) {
        std::cmp::Ordering::Greater => Err(Fault::Oversubscribed(alphabet)),
        std::cmp::Ordering::Equal => Ok(Completeness::Complete),
        std::cmp::Ordering::Less if lone => Ok(Completeness::Lone),
        std::cmp::Ordering::Less => Err(Fault::Incomplete(alphabet)),
    }
}

/// Sorts the symbols by codeword length, then value; unused ones come first.
fn sort<'a>(
    lengths: &[u8],
    counts: &[u16; MAX_BITS + 1],
    sorted: &'a mut [u16; LITLEN_SYMBOLS],
) -> &'a [u16] {
    let mut next = [0u16; MAX_BITS + 1];
    let unused = lengths.len() as u16 - counts.iter().sum::<u16>();
    let mut at = unused;
    for (next, count) in next[1..].iter_mut().zip(&counts[1..]) {
        *next = at;
        at += count;
    }
    for (symbol, &length) in lengths.iter().enumerate() {
        let place = &mut next[usize::from(length & 15)];
        if let Some(slot) = sorted.get_mut(usize::from(*place)) {
            *slot = symbol as u16;
        }
        *place += 1;
    }
    &sorted[..lengths.len().min(LITLEN_SYMBOLS)]
}

/// Writes the entries of a complete code: `sorted` holds its symbols in the order of their
/// codewords.
fn fill(
    table: &mut [u32],
    index_bits: usize,
    counts: &[u16; MAX_BITS + 1],
    longest: usize,
    sorted: &[u16],
    symbols: &[u32],
) {
    let mut sorted = sorted.iter();
    let mut entry = |length: usize| {
        let symbol = sorted.next().map_or(0, |&symbol| usize::from(symbol));
        symbols
            .get(symbol)
            .map_or(EXCEPTIONAL, |entry| entry + length as u32 * 0x0101)
    };
    // The codeword with its bits in stream order, that is reversed.
    let mut code = 0;
    let direct = longest.min(index_bits);
    for (length, &count) in counts.iter().enumerate().take(direct + 1).skip(1) {
        // A table for `length - 1` bits, twice, is one for `length` bits.
        let half = 1 << (length - 1);
        table.copy_within(..half, half);
        for _ in 0..count {
            table[code] = entry(length);
            code = next_code(code, length);
        }
    }
    for length in direct..index_bits {
        table.copy_within(..1 << length, 1 << length);
    }
    let mask = (1 << index_bits) - 1;
    let (mut prefix, mut start, mut end) = (usize::MAX, 0, 1 << index_bits);
    for length in index_bits + 1..=longest {
        for rest in (1..=counts[length]).rev() {
            if code & mask != prefix {
                prefix = code & mask;
                let bits = subtable_bits(length - index_bits, rest, &counts[length + 1..]);
                start = end;
                end = start + (1 << bits);
                table[prefix] = (start as u32) << 16
                    | EXCEPTIONAL
                    | SUBTABLE
                    | (bits as u32) << 8
                    | index_bits as u32;
            }
            let entry = entry(length);
            if let Some(subtable) = table.get_mut(start..end) {
                let step = 1 << (length - index_bits);
                let slots = subtable.iter_mut().skip(code >> index_bits).step_by(step);
                slots.for_each(|slot| *slot = entry);
            }
            code = next_code(code, length);
        }
    }
}

/// The codeword after `code` among those of `length` bits, both reversed: the highest zero bit
/// becomes one, the ones above it zeros. After the last, which is all ones, comes nothing.
fn next_code(code: usize, length: usize) -> usize {
    let zeros = !code & ((1 << length) - 1);
    match zeros.checked_ilog2() {
        Some(bit) => code & ((1 << bit) - 1) | 1 << bit,
        None => 0,
    }
}

/// Index bits of a subtable whose first codeword goes on for `bits`: just enough that the codewords
/// left, `first` of that length and then `longer` ones, fill it.
fn subtable_bits(bits: usize, first: u16, longer: &[u16]) -> usize {
    let mut bits = bits;
    let mut used = usize::from(first);
    for &count in longer {
        if used >= 1 << bits {
            break;
        }
        bits += 1;
        used = used * 2 + usize::from(count);
    }
    bits
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
