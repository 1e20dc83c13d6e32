//! LZMA: literals and matches, told by a range decoder.
//!
//! After the "LZMA specification" draft of Igor Pavlov. A chunk is decoded whole, into a [`Window`]
//! that notices zeros.

use super::range::{HALF, RangeDecoder};
use super::window::Window;

/// The shortest match.
const MATCH_MIN: usize = 2;
/// Distances up to 2^7 have tables of their own.
const FULL_DISTANCES: usize = 1 << 7;

/// Probabilities and the memory of the last symbols.
pub(super) struct Lzma {
    lc: u32,
    lp_mask: usize,
    pb_mask: usize,
    state: usize,
    reps: [usize; 4],
    is_match: [[u16; 16]; 16],
    is_rep: [u16; 16],
    is_rep_0: [u16; 16],
    is_rep_1: [u16; 16],
    is_rep_2: [u16; 16],
    is_rep_0_long: [[u16; 16]; 16],
    slots: [[u16; 64]; 4],
    special: [u16; 1 + FULL_DISTANCES],
    align: [u16; 16],
    match_len: Lengths,
    rep_len: Lengths,
    /// By context; the last quarter of each is unused, so that an index can be masked.
    literals: Box<[[u16; 0x400]; 16]>,
}

/// The code of match lengths.
struct Lengths {
    choice: [u16; 2],
    low: [[u16; 8]; 16],
    middle: [[u16; 8]; 16],
    high: [u16; 256],
}

impl Lengths {
    const NEW: Lengths = Lengths {
        choice: [HALF; 2],
        low: [[HALF; 8]; 16],
        middle: [[HALF; 8]; 16],
        high: [HALF; 256],
    };

    #[inline(always)]
    fn decode(&mut self, rc: &mut RangeDecoder<'_>, pos_state: usize) -> usize {
        if !rc.flag(&mut self.choice[0]) {
            MATCH_MIN + rc.tree(&mut self.low[pos_state])
        } else if !rc.flag(&mut self.choice[1]) {
            MATCH_MIN + 8 + rc.tree(&mut self.middle[pos_state])
        } else {
            MATCH_MIN + 16 + rc.tree(&mut self.high)
        }
    }
}

impl Lzma {
    /// The state before the first symbol. Properties come with [`Lzma::set_properties`].
    pub(super) fn new() -> Self {
        Lzma {
            lc: 0,
            lp_mask: 0,
            pb_mask: 0,
            state: 0,
            reps: [0; 4],
            is_match: [[HALF; 16]; 16],
            is_rep: [HALF; 16],
            is_rep_0: [HALF; 16],
            is_rep_1: [HALF; 16],
            is_rep_2: [HALF; 16],
            is_rep_0_long: [[HALF; 16]; 16],
            slots: [[HALF; 64]; 4],
            special: [HALF; 1 + FULL_DISTANCES],
            align: [HALF; 16],
            match_len: Lengths::NEW,
            rep_len: Lengths::NEW,
            literals: Box::new([[HALF; 0x400]; 16]),
        }
    }

    /// Takes the properties byte; `None` when it is none that LZMA2 allows.
    pub(super) fn set_properties(&mut self, byte: u8) -> Option<()> {
        let (lc, lp, pb) = (byte % 9, byte / 9 % 5, byte / 45);
        if pb > 4 || lc + lp > 4 {
            return None;
        }
        self.lc = lc.into();
        (self.lp_mask, self.pb_mask) = ((1 << lp) - 1, (1 << pb) - 1);
        Some(())
    }

    /// Goes back to the state before the first symbol, with the same properties.
    pub(super) fn reset(&mut self) {
        let (lc, lp_mask, pb_mask) = (self.lc, self.lp_mask, self.pb_mask);
        *self = Lzma {
            lc,
            lp_mask,
            pb_mask,
            ..Self::new()
        };
    }

    /// Decodes `input`, which decompresses to `len` bytes, into `window`, which has the room; `None` when
    /// it does not.
    pub(super) fn decode(&mut self, input: &[u8], len: usize, window: &mut Window) -> Option<()> {
        let mut rc = RangeDecoder::new(input)?;
        let (start, limit) = (window.end, window.end + len);
        let before = window.written();
        let mut state = self.state;
        let mut reps = self.reps;
        while window.end < limit {
            let here = before + (window.end - start) as u64;
            let pos_state = here as usize & self.pb_mask & 15;
            if !rc.flag(&mut self.is_match[state & 15][pos_state]) {
                let context = (here as usize & self.lp_mask) << self.lc
                    | usize::from(window.back(1)) >> (8 - self.lc);
                let probabilities = &mut self.literals[context & 15];
                let byte = if state < 7 {
                    literal(&mut rc, probabilities)
                } else {
                    matched_literal(&mut rc, probabilities, window.back(reps[0] + 1))
                };
                window.push(byte);
                state = match state {
                    0..4 => 0,
                    4..10 => state - 3,
                    _ => state - 6,
                };
                continue;
            }
            let len = if !rc.flag(&mut self.is_rep[state & 15]) {
                let len = self.match_len.decode(&mut rc, pos_state);
                let distance = self.distance(&mut rc, len);
                reps = [distance, reps[0], reps[1], reps[2]];
                state = if state < 7 { 7 } else { 10 };
                len
            } else if !rc.flag(&mut self.is_rep_0[state & 15]) {
                if rc.flag(&mut self.is_rep_0_long[state & 15][pos_state]) {
                    let len = self.rep_len.decode(&mut rc, pos_state);
                    state = if state < 7 { 8 } else { 11 };
                    len
                } else {
                    state = if state < 7 { 9 } else { 11 };
                    1
                }
            } else {
                if !rc.flag(&mut self.is_rep_1[state & 15]) {
                    reps.swap(0, 1);
                } else if !rc.flag(&mut self.is_rep_2[state & 15]) {
                    reps = [reps[2], reps[0], reps[1], reps[3]];
                } else {
                    reps = [reps[3], reps[0], reps[1], reps[2]];
                }
                let len = self.rep_len.decode(&mut rc, pos_state);
                state = if state < 7 { 8 } else { 11 };
                len
            };
            if !window.reaches(reps[0] + 1, here) || len > limit - window.end {
                return None;
            }
            window.copy(reps[0] + 1, len);
        }
        self.state = state;
        self.reps = reps;
        window.count(len as u64);
        rc.finished().then_some(())
    }

    #[inline(always)]
    fn distance(&mut self, rc: &mut RangeDecoder<'_>, len: usize) -> usize {
        let slot = rc.tree(&mut self.slots[(len - MATCH_MIN).min(3)]);
        if slot < 4 {
            return slot;
        }
        let bits = (slot as u32 >> 1) - 1;
        let base = (2 | (slot & 1)) << bits;
        if slot < 14 {
            let table = self.special.get_mut(base - slot..).unwrap_or_default();
            return base + rc.reverse_tree(table, bits);
        }
        let high = rc.direct(bits - 4) << 4;
        base + high + rc.reverse_tree(&mut self.align, 4)
    }
}

#[inline(always)]
fn literal(rc: &mut RangeDecoder<'_>, probabilities: &mut [u16; 0x400]) -> u8 {
    let mut symbol = 1;
    for _ in 0..8 {
        symbol = symbol << 1 | rc.bit(&mut probabilities[symbol & 0xff]);
    }
    symbol as u8
}

/// A literal behind a match: it differs from the byte the match would have gone on with, which helps
/// to foresee its bits until the first that differs.
#[inline(always)]
fn matched_literal(
    rc: &mut RangeDecoder<'_>,
    probabilities: &mut [u16; 0x400],
    foreseen: u8,
) -> u8 {
    let (mut symbol, mut offset) = (1, 0x100);
    let mut foreseen = usize::from(foreseen);
    for _ in 0..8 {
        foreseen <<= 1;
        let foreseen_bit = foreseen & offset;
        let bit = rc.bit(&mut probabilities[(offset + foreseen_bit + symbol) & 0x3ff]);
        symbol = symbol << 1 | bit;
        offset &= if bit == 1 {
            foreseen_bit
        } else {
            !foreseen_bit
        };
    }
    symbol as u8
}
