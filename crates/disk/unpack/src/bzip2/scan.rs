//! Finding where blocks may begin, at any bit.

/// Begins a block: the first digits of pi.
pub(super) const BLOCK: u64 = 0x3141_5926_5359;
/// Begins the end of a stream: the first digits of its square root.
pub(super) const END: u64 = 0x1772_4538_5090;
const MASK: u64 = (1 << 48) - 1;

/// A place where the magic number of a block or of a stream's end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The bit it begins with, counted from the start of the input.
    pub(super) start: u64,
    /// Whether it begins a block.
    pub(super) block: bool,
}

/// Looks at every bit of the input, in order.
pub(super) struct Scanner {
    /// The last 8 bytes.
    window: u64,
    /// Bytes seen.
    seen: u64,
    /// By byte: the shifts at which it can be third from the end, and fourth.
    third: [u8; 256],
    fourth: [u8; 256],
    /// Marks to report although nothing is there, in order.
    #[cfg(test)]
    pub(super) planted: Vec<Mark>,
}

impl Scanner {
    pub(super) fn new() -> Self {
        let (mut third, mut fourth) = ([0; 256], [0; 256]);
        for shift in 0..8 {
            for magic in [BLOCK, END] {
                third[usize::from((magic << shift >> 16) as u8)] |= 1 << shift;
                fourth[usize::from((magic << shift >> 24) as u8)] |= 1 << shift;
            }
        }
        Scanner {
            window: 0,
            seen: 0,
            third,
            fourth,
            #[cfg(test)]
            planted: Vec::new(),
        }
    }

    /// Looks at the bytes that come next and adds what it finds to `marks`.
    pub(super) fn scan(&mut self, bytes: &[u8], marks: &mut impl FnMut(Mark)) {
        for byte in bytes {
            self.window = self.window << 8 | u64::from(*byte);
            self.seen += 1;
            #[cfg(test)]
            if let Some(mark) = self.planted.first().copied()
                && 8 * self.seen >= mark.start + 48
            {
                marks(mark);
                self.planted.remove(0);
            }
            let third = self.third[usize::from((self.window >> 16) as u8)];
            let fourth = self.fourth[usize::from((self.window >> 24) as u8)];
            if third & fourth != 0 {
                self.look_closely(third & fourth, marks);
            }
        }
    }

    fn look_closely(&self, shifts: u8, marks: &mut impl FnMut(Mark)) {
        // The larger the shift, the earlier the number.
        for shift in (0..8).rev().filter(|shift| shifts & (1 << shift) != 0) {
            let found = self.window >> shift & MASK;
            if (found == BLOCK || found == END) && 8 * self.seen >= 48 + shift {
                let start = 8 * self.seen - shift - 48;
                marks(Mark {
                    start,
                    block: found == BLOCK,
                });
            }
        }
    }
}
