//! The range decoder of LZMA: bits whose probabilities adapt.

/// Bits of a probability.
const TOTAL_BITS: u32 = 11;
/// How quickly probabilities adapt.
const MOVE_BITS: u32 = 5;
/// A probability of one half.
pub(super) const HALF: u16 = 1 << (TOTAL_BITS - 1);

/// Decodes bits from a byte slice. Beyond its end come zeros; [`RangeDecoder::finished`] tells.
pub(super) struct RangeDecoder<'a> {
    range: u32,
    code: u32,
    input: &'a [u8],
    next: usize,
}

impl<'a> RangeDecoder<'a> {
    /// A decoder of `input`; `None` when it does not begin as it must.
    pub(super) fn new(input: &'a [u8]) -> Option<Self> {
        let (&[zero, a, b, c, d], rest) = input.split_first_chunk()?;
        (zero == 0).then_some(RangeDecoder {
            range: u32::MAX,
            code: u32::from_be_bytes([a, b, c, d]),
            input: rest,
            next: 0,
        })
    }

    /// Whether exactly the input was used, and it ends as it must.
    pub(super) fn finished(mut self) -> bool {
        self.normalise();
        self.next == self.input.len() && self.code == 0
    }

    #[inline(always)]
    fn normalise(&mut self) {
        if self.range < 1 << 24 {
            let byte = self.input.get(self.next).copied().unwrap_or(0);
            self.next += 1;
            self.range <<= 8;
            self.code = self.code << 8 | u32::from(byte);
        }
    }

    /// A bit that steers the decoder: usually foreseeable, so it branches.
    #[inline(always)]
    pub(super) fn flag(&mut self, probability: &mut u16) -> bool {
        self.normalise();
        let p = u32::from(*probability);
        let bound = (self.range >> TOTAL_BITS) * p;
        if self.code < bound {
            self.range = bound;
            *probability = (p + (((1 << TOTAL_BITS) - p) >> MOVE_BITS)) as u16;
            false
        } else {
            self.range -= bound;
            self.code -= bound;
            *probability = (p - (p >> MOVE_BITS)) as u16;
            true
        }
    }

    /// A bit of a number: hard to foresee, so it does not branch. 0 or 1.
    #[inline(always)]
    pub(super) fn bit(&mut self, probability: &mut u16) -> usize {
        self.normalise();
        let p = u32::from(*probability);
        let bound = (self.range >> TOTAL_BITS) * p;
        let one = self.code >= bound;
        let (range, code) = (self.range - bound, self.code.wrapping_sub(bound));
        self.range = if one { range } else { bound };
        self.code = if one { code } else { self.code };
        // Both ways of adapting are a subtraction of (p + c) / 32, rounded down.
        let c = if one {
            0
        } else {
            (1 << MOVE_BITS) - 1 - (1 << TOTAL_BITS)
        };
        *probability = (p as i32 - ((p as i32 + c) >> MOVE_BITS)) as u16;
        usize::from(one)
    }

    /// A number below `N`, a power of two, its highest bit first.
    #[inline(always)]
    pub(super) fn tree<const N: usize>(&mut self, probabilities: &mut [u16; N]) -> usize {
        let mut node = 1;
        for _ in 0..N.ilog2() {
            node = node << 1 | self.bit(&mut probabilities[node & (N - 1)]);
        }
        node - N
    }

    /// A number of `bits` bits, its lowest bit first.
    #[inline(always)]
    pub(super) fn reverse_tree(&mut self, probabilities: &mut [u16], bits: u32) -> usize {
        let (mut node, mut number) = (1, 0);
        for i in 0..bits {
            let Some(probability) = probabilities.get_mut(node) else {
                break;
            };
            let bit = self.bit(probability);
            node = node << 1 | bit;
            number |= bit << i;
        }
        number
    }

    /// A number of `bits` bits that are as likely 0 as 1.
    #[inline(always)]
    pub(super) fn direct(&mut self, bits: u32) -> usize {
        let mut number = 0usize;
        for _ in 0..bits {
            self.normalise();
            self.range >>= 1;
            let one = self.code >= self.range;
            self.code = if one {
                self.code - self.range
            } else {
                self.code
            };
            number = number << 1 | usize::from(one);
        }
        number
    }
}
