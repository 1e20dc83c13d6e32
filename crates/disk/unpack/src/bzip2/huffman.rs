//! The prefix codes of a bzip2 block.

use super::bits::Bits;

/// The longest code.
const LONGEST: u32 = 20;
/// Codes of up to this many bits are looked up at once.
const QUICK: u32 = 10;
/// The most symbols of an alphabet: two run symbols, 255 positions, the end of the block.
pub(super) const SYMBOLS: usize = 258;

/// A prefix code, ready to decode.
pub(super) struct Code {
    /// By the next `QUICK` bits: symbol and length in the low 5 bits, or 0.
    quick: Vec<u16>,
    /// By length: the first code that is longer, left-aligned to `LONGEST` bits.
    limit: [u32; LONGEST as usize + 1],
    /// By length: what to add to a code to find its place in `symbols`.
    base: [i32; LONGEST as usize + 1],
    /// By code.
    symbols: Vec<u16>,
}

impl Code {
    /// The canonical code whose symbols have these lengths, each 1 to 20.
    pub(super) fn new(lengths: &[u8]) -> Self {
        let mut code = Code {
            quick: vec![0; 1 << QUICK],
            limit: [0; LONGEST as usize + 1],
            base: [0; LONGEST as usize + 1],
            symbols: Vec::with_capacity(lengths.len()),
        };
        let mut next = 0u32;
        for len in 1..=LONGEST {
            let at = len as usize;
            code.base[at] = code.symbols.len() as i32 - next as i32;
            for (symbol, _) in lengths
                .iter()
                .enumerate()
                .filter(|(_, l)| u32::from(**l) == len)
            {
                code.symbols.push(symbol as u16);
                if len <= QUICK {
                    // An over-full code runs out of the table: its codes never match anything.
                    let first = (next as usize) << (QUICK - len);
                    let entries = code.quick.iter_mut().skip(first).take(1 << (QUICK - len));
                    entries.for_each(|entry| *entry = (symbol as u16) << 5 | len as u16);
                }
                next += 1;
            }
            code.limit[at] = next << (LONGEST - len);
            next <<= 1;
        }
        code
    }

    /// Takes the next symbol; `None` when the bits are no code.
    #[inline]
    pub(super) fn decode(&self, bits: &mut Bits<'_>) -> Option<u16> {
        if bits.count() < LONGEST {
            bits.refill();
        }
        let entry = self
            .quick
            .get(bits.peek(QUICK) as usize)
            .copied()
            .unwrap_or(0);
        if entry != 0 {
            bits.drop(u32::from(entry & 31));
            return Some(entry >> 5);
        }
        self.decode_long(bits)
    }

    #[cold]
    fn decode_long(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let window = bits.peek(LONGEST);
        let len = (1..=LONGEST).find(|len| window < self.limit[*len as usize])?;
        bits.drop(len);
        let code = (window >> (LONGEST - len)) as i32;
        let at = usize::try_from(code + self.base[len as usize]).ok()?;
        self.symbols.get(at).copied()
    }
}
