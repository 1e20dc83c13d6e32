//! Bits of a byte slice, the least significant first (RFC 1951, section 3.1.1).

/// A position in a slice, with up to 63 bits already loaded.
///
/// Copying it is cheap and marks a place to come back to when the slice ends in the middle of
/// something.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    /// What has not been loaded. Bits of its first bytes may already stand in `buffer` above
    /// `left`; loading them again changes nothing.
    pub(super) rest: &'a [u8],
    /// The next bits, lowest first.
    pub(super) buffer: u64,
    /// How many bits of `buffer` count; at most 63.
    pub(super) left: u32,
    len: usize,
}

impl<'a> Bits<'a> {
    /// The bits of `input` after its first `skip` bits (0 to 7), which must be there if `skip` is
    /// not 0.
    pub(super) fn new(input: &'a [u8], skip: u32) -> Self {
        let mut bits = Bits {
            rest: input,
            buffer: 0,
            left: 0,
            len: input.len(),
        };
        if skip > 0 && !input.is_empty() {
            bits.refill();
            bits.consume(skip);
        }
        bits
    }

    /// Loads at least 56 bits, or all there are.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(word) = self.rest.first_chunk::<8>() {
            self.buffer |= u64::from_le_bytes(*word) << self.left;
            self.rest = &self.rest[((63 - self.left) >> 3) as usize..];
            self.left |= 56;
        } else {
            self.refill_bytes();
        }
    }

    #[cold]
    fn refill_bytes(&mut self) {
        while let Some((&byte, rest)) = self.rest.split_first()
            && self.left < 56
        {
            self.buffer |= u64::from(byte) << self.left;
            self.left += 8;
            self.rest = rest;
        }
    }

    /// Moves past `n` bits; the caller has seen that they are there.
    #[inline(always)]
    pub(super) fn consume(&mut self, n: u32) {
        self.buffer >>= n;
        self.left -= n;
    }

    /// Moves past a table entry's bits: its lowest byte says how many. The caller has seen that they
    /// are there.
    #[inline(always)]
    pub(super) fn consume_fast(&mut self, entry: u32) {
        self.buffer = self.buffer.wrapping_shr(entry);
        self.left = self.left.wrapping_sub(entry & 0xff);
    }

    /// The next `n` bits (at most 16) as a number; `None` when the slice ends first.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Option<u32> {
        if self.left < n {
            self.refill();
            if self.left < n {
                return None;
            }
        }
        let value = self.buffer as u32 & ((1 << n) - 1);
        self.consume(n);
        Some(value)
    }

    /// Moves to the next byte border and gives the bytes from there. Bits loaded so far are given
    /// back.
    pub(super) fn bytes(&mut self, input: &'a [u8]) -> &'a [u8] {
        let at = self.position().div_ceil(8);
        *self = Bits::new(input, 0);
        self.rest = input.get(at..).unwrap_or_default();
        self.rest
    }

    /// The number of bits of the slice that have been consumed.
    pub(super) fn position(&self) -> usize {
        (self.len - self.rest.len()) * 8 - self.left as usize
    }

    /// Counts how often the `width` bits (1 to 56) of `pattern` follow each other from here and
    /// moves past them, looking at as many repetitions at once as fit a word; stops after about
    /// `enough`, and possibly some repetitions early.
    pub(super) fn skip_repeats(&mut self, pattern: u64, width: u32, enough: u64) -> u64 {
        let times = 56 / width;
        let span = times * width;
        let mask = (1u64 << span) - 1;
        let word = (0..times).fold(0, |word, i| word | pattern << (i * width));
        let mut count = 0;
        while count < enough {
            self.refill();
            if self.left < span || (self.buffer ^ word) & mask != 0 {
                break;
            }
            self.consume(span);
            count += u64::from(times);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_lowest_first_and_end_with_the_slice() {
        let input = [0b1010_0101, 0xff, 0x00, 0x12];
        let mut bits = Bits::new(&input, 3);
        assert_eq!(bits.take(5), Some(0b10100));
        assert_eq!(bits.take(9), Some(0xff));
        assert_eq!(bits.position(), 17);
        assert_eq!(bits.bytes(&input), [0x12]);
        assert_eq!(bits.take(9), None);
        assert_eq!(bits.take(8), Some(0x12));
        assert_eq!(bits.position(), 32);
    }

    #[test]
    fn repeats_are_counted_across_words() {
        let mut input = [0b0110_1101, 0b1101_1011, 0b1011_0110].repeat(100);
        input.push(0);
        let mut bits = Bits::new(&input, 0);
        let count = bits.skip_repeats(0b101, 3, u64::MAX);
        assert!((780..=800).contains(&count), "{count}");
        assert_eq!(bits.position() as u64, count * 3);
        let mut bits = Bits::new(&input, 0);
        assert!(bits.skip_repeats(0b101, 3, 20) <= 36);
    }
}
