//! Bitmaps: a bit a sector.

/// Which bit of a byte comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The one with the highest value: VHD.
    Highest,
    /// The one with the lowest value: VHDX.
    Lowest,
}

/// A bitmap and the order of its bits.
#[derive(Clone, Copy)]
pub(crate) struct Bits<'a>(pub(crate) &'a [u8], pub(crate) First);

impl Bits<'_> {
    /// The bit at `index`; those behind the end are not set.
    fn get(self, index: u64) -> bool {
        let shift = match self.1 {
            First::Highest => 7 - index % 8,
            First::Lowest => index % 8,
        };
        self.byte(index) >> shift & 1 == 1
    }

    /// The byte that holds the bit at `index`.
    fn byte(self, index: u64) -> u8 {
        let byte = usize::try_from(index / 8).ok().and_then(|n| self.0.get(n));
        byte.copied().unwrap_or(0)
    }

    /// The bit at `from` and where the run of its like ends, at `end` at the latest.
    pub(crate) fn run(self, from: u64, end: u64) -> (bool, u64) {
        let bit = self.get(from);
        let whole = if bit { 0xff } else { 0 };
        let mut at = from;
        while at < end {
            match at.is_multiple_of(8) && self.byte(at) == whole {
                true => at += 8,
                false if self.get(at) == bit => at += 1,
                false => break,
            }
        }
        (bit, at.min(end))
    }

    /// The runs of the first `end` bits: whether they are set, where they begin, where they end.
    pub(crate) fn runs(self, end: u64) -> impl Iterator<Item = (bool, u64, u64)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let start = at;
                let (bit, end) = self.run(start, end);
                at = end;
                (bit, start, end)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn runs_are_the_bits(bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(255), any::<u8>()], 0..40)) {
            for first in [First::Highest, First::Lowest] {
                let end = bytes.len() as u64 * 8 + 3;
                let mut bits = Vec::new();
                for (bit, from, to) in Bits(&bytes, first).runs(end) {
                    prop_assert_eq!(from, bits.len() as u64);
                    prop_assert!(bits.last() != Some(&bit));
                    bits.resize(to as usize, bit);
                }
                let plain = (0..end).map(|i| {
                    let byte = bytes.get(i as usize / 8).copied().unwrap_or(0);
                    let bit = if first == First::Lowest { i % 8 } else { 7 - i % 8 };
                    byte & 1 << bit != 0
                });
                prop_assert_eq!(bits, plain.collect::<Vec<_>>());
            }
        }
    }
}
