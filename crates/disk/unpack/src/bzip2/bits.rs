//! Reading bits, the most significant first.

/// Bits of a byte slice. Beyond its end come zeros; [`Bits::overrun`] tells.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte to load, perhaps beyond the end.
    next: usize,
    /// Loaded bits, the next one on top.
    word: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    /// The bits of `bytes` from bit number `start`, below 8, on.
    pub(super) fn new(bytes: &'a [u8], start: u32) -> Self {
        let mut bits = Bits {
            bytes,
            next: 0,
            word: 0,
            count: 0,
        };
        bits.refill();
        bits.drop(start);
        bits
    }

    /// Loads bits, at least 56 of them.
    pub(super) fn refill(&mut self) {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => {
                let mut bytes = [0; 8];
                bytes
                    .iter_mut()
                    .zip(rest)
                    .for_each(|(to, from)| *to = *from);
                u64::from_be_bytes(bytes)
            }
        };
        self.word |= word.checked_shr(self.count).unwrap_or(0);
        let loaded = (64 - self.count) / 8;
        self.next += loaded as usize;
        self.count += 8 * loaded;
        // The rest of a byte that was loaded in part comes again with the next load.
        self.word &= !u64::MAX.checked_shr(self.count).unwrap_or(0);
    }

    /// The next `n` bits, 1 to 32, left where they are. The caller owes that they are loaded.
    pub(super) fn peek(&self, n: u32) -> u32 {
        (self.word >> (64 - n)) as u32
    }

    /// Moves past `n` loaded bits, below 64.
    pub(super) fn drop(&mut self, n: u32) {
        self.word <<= n;
        self.count -= n;
    }

    /// Loaded bits.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The next `n` bits, 1 to 32.
    pub(super) fn take(&mut self, n: u32) -> u32 {
        if self.count < n {
            self.refill();
        }
        let value = self.peek(n);
        self.drop(n);
        value
    }

    /// Moves past `n` bits, below 57.
    pub(super) fn skip(&mut self, n: u32) {
        self.refill();
        self.drop(n);
    }

    /// The next bit.
    pub(super) fn flag(&mut self) -> bool {
        self.take(1) != 0
    }

    /// Bits passed since the start of the slice.
    pub(super) fn position(&self) -> u64 {
        8 * self.next as u64 - u64::from(self.count)
    }

    /// Whether more bits were taken than there are.
    pub(super) fn overrun(&self) -> bool {
        self.position() > 8 * self.bytes.len() as u64
    }
}
