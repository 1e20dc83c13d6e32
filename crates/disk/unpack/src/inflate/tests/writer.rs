//! Streams bit by bit.

/// Writes streams by hand.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    bits: u64,
    pub(super) count: u32,
}

impl Writer {
    /// A number, lowest bit first.
    pub(super) fn number(&mut self, value: u64, width: u32) -> &mut Self {
        self.bits |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
        self
    }

    /// A codeword, highest bit first.
    pub(super) fn codeword(&mut self, code: u64, width: u32) -> &mut Self {
        (0..width)
            .rev()
            .fold(self, |w, bit| w.number(code >> bit & 1, 1))
    }

    pub(super) fn fixed(&mut self, symbol: u64) -> &mut Self {
        match symbol {
            0..144 => self.codeword(0x30 + symbol, 8),
            144..256 => self.codeword(0x190 + symbol - 144, 9),
            256..280 => self.codeword(symbol - 256, 7),
            _ => self.codeword(0xc0 + symbol - 280, 8),
        }
    }

    /// So many matches of length 258 and distance 1.
    pub(super) fn longest(&mut self, count: usize) -> &mut Self {
        (0..count).fold(self, |w, _| w.fixed(285).codeword(0, 5))
    }

    /// A dynamic block's header up to the code lengths, which are then given as codewords of four
    /// bits: lengths 0 to 15 as they are, no repeats.
    pub(super) fn dynamic(&mut self, litlen: u64, distance: u64) -> &mut Self {
        self.number(0b101, 3)
            .number(litlen - 257, 5)
            .number(distance - 1, 5)
            .number(15, 4);
        for symbol in [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ] {
            self.number(if symbol < 16 { 4 } else { 0 }, 3);
        }
        self
    }

    pub(super) fn length(&mut self, length: u64) -> &mut Self {
        self.codeword(length, 4)
    }

    pub(super) fn lengths(&mut self, count: usize, length: u64) -> &mut Self {
        (0..count).fold(self, |w, _| w.length(length))
    }

    pub(super) fn done(&mut self) -> Vec<u8> {
        if self.count > 0 {
            self.number(0, 8 - self.count);
        }
        std::mem::take(&mut self.bytes)
    }
}
