//! Deflate64, written as plainly as it can be: greedy matches, and codes that do not look at the data.

/// The longest match, and the farthest.
const LONGEST: usize = 3 + 0xffff;
const FARTHEST: usize = 64 << 10;
/// Bytes that one block describes.
const BLOCK: usize = 96 << 10;

/// How the blocks of a stream are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// As they are.
    Stored,
    /// In the code that every decoder knows.
    Fixed,
    /// In a code of their own, all 286 and 32 symbols of it about as long.
    Even,
    /// In a code of their own, the symbols of a run of zeros the shortest.
    Zeros,
}

/// `data` as a Deflate64 stream, its blocks written in these ways in turn (at least one).
pub fn compress(data: &[u8], ways: &[Blocks]) -> Vec<u8> {
    let mut bits = Bits::default();
    let mut last = vec![usize::MAX; 1 << 16];
    let mut at = 0;
    for way in ways.iter().cycle() {
        // A stored block has 16 bits for its length.
        let most = if *way == Blocks::Stored {
            60_000
        } else {
            BLOCK
        };
        let end = data.len().min(at + most);
        bits.number(u64::from(end == data.len()), 1);
        match way {
            Blocks::Stored => bits.stored(&data[at..end]),
            _ => bits.packed(data, at..end, *way, &mut last),
        }
        at = end;
        if at == data.len() {
            break;
        }
    }
    bits.done()
}

/// Writes bits, the lowest first.
#[derive(Default)]
pub struct Bits {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Bits {
    /// Writes the lowest `width` bits of a number.
    pub fn number(&mut self, value: u64, width: u32) -> &mut Self {
        self.bits |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
        self
    }

    /// Writes a codeword, its highest bit first.
    pub fn codeword(&mut self, code: u32, width: u8) -> &mut Self {
        let reversed = code.reverse_bits() >> (32 - u32::from(width));
        self.number(reversed.into(), width.into())
    }

    /// All of it, up to a whole byte.
    pub fn done(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.number(0, 8 - self.count);
        }
        self.bytes
    }

    fn stored(&mut self, data: &[u8]) {
        self.number(0, 2);
        if self.count > 0 {
            self.number(0, 8 - self.count);
        }
        let len = data.len() as u16;
        self.number(len.into(), 16).number((!len).into(), 16);
        self.bytes.extend_from_slice(data);
    }

    /// Writes a block for `range` of `data`; `last` says where three bytes were seen last.
    fn packed(
        &mut self,
        data: &[u8],
        range: std::ops::Range<usize>,
        way: Blocks,
        last: &mut [usize],
    ) {
        let (litlen, distance) = codes(way);
        if way == Blocks::Fixed {
            self.number(1, 2);
        } else {
            self.header(&litlen, &distance);
        }
        let (litlen, distance) = (Code::new(&litlen), Code::new(&distance));
        let mut at = range.start;
        while at < range.end {
            let found = longest(data, at, range.end, last);
            let step = match found {
                Some((back, len)) => {
                    let (symbol, extra, width) = length_symbol(len);
                    litlen.write(self, symbol).number(extra, width);
                    let (symbol, extra, width) = distance_symbol(back);
                    distance.write(self, symbol).number(extra, width);
                    len
                }
                None => {
                    litlen.write(self, data[at].into());
                    1
                }
            };
            // Of a long match a few places are enough to find it again.
            for place in (at..at + step).take(300) {
                if let Some(slot) = hash(data, place).and_then(|hash| last.get_mut(hash)) {
                    *slot = place;
                }
            }
            at += step;
        }
        litlen.write(self, 256);
    }

    /// Writes a dynamic block's header: each code length as a codeword of four bits.
    fn header(&mut self, litlen: &[u8], distance: &[u8]) {
        const ORDER: [u8; 19] = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        self.number(2, 2)
            .number(litlen.len() as u64 - 257, 5)
            .number(distance.len() as u64 - 1, 5)
            .number(15, 4);
        for symbol in ORDER {
            self.number(if symbol < 16 { 4 } else { 0 }, 3);
        }
        for &length in litlen.iter().chain(distance) {
            self.codeword(length.into(), 4);
        }
    }
}

/// The longest match that begins at `at` and ends before `end`.
fn longest(data: &[u8], at: usize, end: usize, last: &[usize]) -> Option<(usize, usize)> {
    let seen = *last.get(hash(data, at)?)?;
    let back = at.checked_sub(seen)?;
    if back == 0 || back > FARTHEST {
        return None;
    }
    let len = (at..end.min(at + LONGEST))
        .take_while(|&place| data[place] == data[place - back])
        .count();
    (len >= 3).then_some((back, len))
}

fn hash(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at + 3)?;
    let word = bytes
        .iter()
        .fold(0u32, |word, &byte| word << 8 | u32::from(byte));
    Some((word.wrapping_mul(0x9e37_79b1) >> 16) as usize)
}

/// The lengths of the codewords for literals and lengths, and for distances.
fn codes(way: Blocks) -> (Vec<u8>, Vec<u8>) {
    match way {
        Blocks::Stored | Blocks::Fixed => {
            let litlen = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
            (litlen, vec![5; 32])
        }
        Blocks::Even => ([vec![8; 226], vec![9; 60]].concat(), vec![5; 32]),
        Blocks::Zeros => {
            // 285 takes one half of the code, the others share the rest; so does distance 1.
            let litlen = [vec![9; 227], vec![10; 58], vec![1]].concat();
            let distance = [vec![1, 5], vec![6; 30]].concat();
            (litlen, distance)
        }
    }
}

/// A canonical code: codewords by symbol, with their lengths.
struct Code(Vec<(u32, u8)>);

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut words = vec![(0, 0); lengths.len()];
        let mut next = 0;
        for length in 1..=15 {
            next <<= 1;
            for (word, _) in words
                .iter_mut()
                .zip(lengths)
                .filter(|(_, of)| **of == length)
            {
                *word = (next, length);
                next += 1;
            }
        }
        assert_eq!(next, 1 << 15, "the code is complete");
        Code(words)
    }

    fn write<'a>(&self, bits: &'a mut Bits, symbol: usize) -> &'a mut Bits {
        let (word, length) = self.0[symbol];
        bits.codeword(word, length)
    }
}

/// A length's symbol, and the extra bits behind it with their number.
fn length_symbol(len: usize) -> (usize, u64, u32) {
    if len > 258 {
        return (285, len as u64 - 3, 16);
    }
    let (mut base, mut symbol) = (3, 257);
    loop {
        let extra = if symbol < 265 {
            0
        } else {
            (symbol as u32 - 261) / 4
        };
        if len < base + (1 << extra) {
            return (symbol, (len - base) as u64, extra);
        }
        base += 1 << extra;
        symbol += 1;
    }
}

fn distance_symbol(back: usize) -> (usize, u64, u32) {
    let (mut base, mut symbol) = (1, 0);
    loop {
        let extra = if symbol < 4 { 0 } else { symbol as u32 / 2 - 1 };
        if back < base + (1 << extra) {
            return (symbol, (back - base) as u64, extra);
        }
        base += 1 << extra;
        symbol += 1;
    }
}
