//! LZMA, of literals only: the one kind of stream that no other tool here makes is one whose end shows
//! by its size alone.

/// Bits of a probability, and the probability of one half.
const TOTAL_BITS: u32 = 11;
const HALF: u16 = 1 << (TOTAL_BITS - 1);

/// A .lzma file that states its size and has no end marker.
pub fn sized(content: &[u8]) -> Vec<u8> {
    let mut file = vec![0];
    file.extend(4096u32.to_le_bytes());
    file.extend((content.len() as u64).to_le_bytes());
    file.extend(literals(content));
    file
}

/// `content` as literals, for the properties byte 0 (`lc`, `lp` and `pb` are 0).
pub fn literals(content: &[u8]) -> Vec<u8> {
    let mut coder = Coder {
        low: 0,
        range: u32::MAX,
        cache: 0,
        pending: 0,
        bytes: Vec::new(),
    };
    let (mut is_match, mut literal) = (HALF, [HALF; 0x100]);
    for &byte in content {
        coder.bit(&mut is_match, 0);
        let mut symbol = 1;
        for shift in (0..8).rev() {
            let bit = byte >> shift & 1;
            coder.bit(&mut literal[symbol], bit);
            symbol = symbol << 1 | usize::from(bit);
        }
    }
    (0..5).for_each(|_| coder.shift());
    coder.bytes
}

/// The LZIP member that `body`, an LZMA stream with an end marker, becomes; `content` is what it holds and
/// `dictionary` the header's byte about its size.
pub fn lzip(body: &[u8], content: &[u8], dictionary: u8) -> Vec<u8> {
    let mut member = b"LZIP\x01".to_vec();
    member.push(dictionary);
    member.extend(body);
    member.extend(crc32fast::hash(content).to_le_bytes());
    member.extend((content.len() as u64).to_le_bytes());
    member.extend((member.len() as u64 + 8).to_le_bytes());
    member
}

/// A range encoder, as the LZMA SDK's.
struct Coder {
    low: u64,
    range: u32,
    /// The last byte, and how many bytes of ones follow it: a carry may still change them.
    cache: u8,
    pending: u64,
    bytes: Vec<u8>,
}

impl Coder {
    fn bit(&mut self, probability: &mut u16, bit: u8) {
        let p = u32::from(*probability);
        let bound = (self.range >> TOTAL_BITS) * p;
        if bit == 0 {
            self.range = bound;
            *probability += ((1 << TOTAL_BITS) - *probability) >> 5;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
            *probability -= *probability >> 5;
        }
        while self.range < 1 << 24 {
            self.range <<= 8;
            self.shift();
        }
    }

    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if self.low < 0xff00_0000 || carry == 1 {
            // The first byte of a stream is the cache's first, a zero.
            self.bytes.push(self.cache.wrapping_add(carry));
            for _ in 0..self.pending {
                self.bytes.push(0xffu8.wrapping_add(carry));
            }
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }
}
