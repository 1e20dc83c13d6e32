//! One bzip2 block: prefix codes, move-to-front, the Burrows-Wheeler transform, run lengths.

use super::bits::Bits;
use super::huffman::{Code, SYMBOLS};
use crate::chunk::Chunk;
use crate::crc::MirroredCrc32;

/// The most bytes of a block before its run lengths are undone, at the highest level.
pub(super) const BLOCK_MAX: usize = 900_000;
/// Symbols that share a code.
const GROUP: usize = 50;
/// The most selectors that can have a use; bzip2 ignores more.
const SELECTORS: usize = 2 + BLOCK_MAX / GROUP;
/// Bytes of a chunk of output.
const CHUNK: usize = 256 << 10;
/// Shorter runs of zeros are written out.
const HOLE: u64 = 16 << 10;

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The bits end before the block does.
    Short,
    /// The bits mean nothing; the text says where.
    Bad(&'static str),
    /// Blocks of bzip2 before 0.9.5, which were shuffled.
    Randomised,
}

/// A block whose bits have been read, its bytes still in the order of the transform.
pub(super) struct Block {
    /// The CRC-32 the block announces.
    pub(super) crc: u32,
    /// Bits the block takes, its magic number included.
    pub(super) bits: u64,
    /// Low 8 bits: the bytes in sorted order; above: where the next byte is.
    order: Vec<u32>,
    /// Where the first byte is.
    origin: usize,
}

impl Block {
    /// Reads the block that begins with bit `start`, below 8, of `bytes`.
    ///
    /// # Errors
    /// [`Damage`].
    pub(super) fn read(bytes: &[u8], start: u32) -> Result<Self, Damage> {
        let mut bits = Bits::new(bytes, start);
        let block = Self::parse(&mut bits);
        if bits.overrun() {
            return Err(Damage::Short);
        }
        let mut block = block?;
        block.bits = bits.position() - u64::from(start);
        block.link()?;
        Ok(block)
    }

    /// Bytes of the block before its run lengths are undone.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    fn parse(bits: &mut Bits<'_>) -> Result<Self, Damage> {
        bits.skip(48);
        let crc = bits.take(32);
        if bits.flag() {
            return Err(Damage::Randomised);
        }
        let origin = bits.take(24) as usize;
        let alphabet = alphabet(bits)?;
        let symbols = alphabet.len() + 2;
        let groups = bits.take(3) as usize;
        if !(2..=6).contains(&groups) {
            return Err(Damage::Bad("the number of codes"));
        }
        let selectors = selectors(bits, groups)?;
        let codes = (0..groups)
            .map(|_| code_lengths(bits, symbols).map(|lengths| Code::new(&lengths[..symbols])))
            .collect::<Result<Vec<_>, _>>()?;
        let order = content(bits, &alphabet, &selectors, &codes)?;
        Ok(Block {
            crc,
            bits: 0,
            order,
            origin,
        })
    }

    /// Inverts the transform: gives every byte the place of the one that follows it.
    fn link(&mut self) -> Result<(), Damage> {
        if self.origin >= self.order.len() {
            return Err(Damage::Bad("the place of the first byte"));
        }
        let mut counts = [0u32; 256];
        for entry in &self.order {
            counts[usize::from(*entry as u8)] += 1;
        }
        let mut places = [0u32; 256];
        let mut sum = 0;
        for (place, count) in places.iter_mut().zip(counts) {
            *place = sum;
            sum += count;
        }
        for i in 0..self.order.len() {
            let place = &mut places[usize::from(self.order[i] as u8)];
            self.order[*place as usize] |= (i as u32) << 8;
            *place += 1;
        }
        Ok(())
    }

    /// Puts the block's bytes out, until `emit` says that nobody wants more; returns their CRC-32.
    pub(super) fn unfold(&self, emit: &mut dyn FnMut(Chunk) -> bool) -> u32 {
        let mut output = Output::new(emit);
        let mut at = (self.order[self.origin] >> 8) as usize;
        let (mut last, mut run) = (None, 0);
        for _ in 0..self.order.len() {
            // Every link was made from an index, so it is one.
            let entry = self.order[at];
            at = (entry >> 8) as usize;
            let byte = entry as u8;
            if run == 4 {
                output.repeat(last.unwrap_or_default(), byte);
                (last, run) = (None, 0);
                if output.closed {
                    break;
                }
            } else {
                run = if last == Some(byte) { run + 1 } else { 1 };
                last = Some(byte);
                output.byte(byte);
            }
        }
        output.finish()
    }
}

/// The bytes that occur in the block, in ascending order.
fn alphabet(bits: &mut Bits<'_>) -> Result<Vec<u8>, Damage> {
    let ranges = bits.take(16);
    let mut alphabet = Vec::with_capacity(256);
    for range in 0..16u8 {
        if ranges & (0x8000 >> range) == 0 {
            continue;
        }
        let used = bits.take(16);
        let bytes = (0..16).filter(|i| used & (0x8000 >> i) != 0);
        alphabet.extend(bytes.map(|i| 16 * range + i));
    }
    if alphabet.is_empty() {
        Err(Damage::Bad("the set of bytes in use"))
    } else {
        Ok(alphabet)
    }
}

/// Which code each group of symbols uses.
fn selectors(bits: &mut Bits<'_>, groups: usize) -> Result<Vec<u8>, Damage> {
    let count = bits.take(15) as usize;
    let mut order = [0, 1, 2, 3, 4, 5];
    let mut selectors = Vec::with_capacity(count.min(SELECTORS));
    for i in 0..count {
        let mut place = 0;
        while bits.flag() {
            place += 1;
            if place >= groups {
                return Err(Damage::Bad("a selector"));
            }
        }
        order[..=place].rotate_right(1);
        if i < SELECTORS {
            selectors.push(order[0]);
        }
    }
    Ok(selectors)
}

/// The lengths of one code, as differences.
fn code_lengths(bits: &mut Bits<'_>, symbols: usize) -> Result<[u8; SYMBOLS], Damage> {
    let mut lengths = [0; SYMBOLS];
    let mut len = bits.take(5);
    for slot in &mut lengths[..symbols] {
        loop {
            if !(1..=20).contains(&len) {
                return Err(Damage::Bad("the length of a code"));
            }
            if !bits.flag() {
                break;
            }
            if bits.flag() {
                len -= 1
            } else {
                len += 1
            }
            if bits.overrun() {
                return Err(Damage::Short);
            }
        }
        *slot = len as u8;
    }
    Ok(lengths)
}

/// Decodes symbols and undoes move-to-front and its run lengths.
fn content(
    bits: &mut Bits<'_>,
    alphabet: &[u8],
    selectors: &[u8],
    codes: &[Code],
) -> Result<Vec<u32>, Damage> {
    let end = alphabet.len() as u16 + 1;
    let mut front = [0u8; 256];
    front[..alphabet.len()].copy_from_slice(alphabet);
    let mut order: Vec<u32> = Vec::with_capacity(BLOCK_MAX);
    let (mut run, mut digit) = (0usize, 0u32);
    for selector in selectors {
        let code = &codes[usize::from(*selector)];
        for _ in 0..GROUP {
            let symbol = code.decode(bits).ok_or(Damage::Bad("a code"))?;
            if symbol < 2 {
                // A run's length is written with the digits 1 and 2, the least significant first.
                run += usize::from(symbol + 1) << digit;
                digit += 1;
                if run > BLOCK_MAX {
                    return Err(Damage::Bad("the length of a run"));
                }
                continue;
            }
            if order.len() + run >= BLOCK_MAX + usize::from(symbol == end) {
                return Err(Damage::Bad("the length of the block"));
            }
            if run > 0 {
                order.resize(order.len() + run, front[0].into());
                (run, digit) = (0, 0);
            }
            if symbol == end {
                return Ok(order);
            }
            let place = usize::from(symbol - 1);
            let byte = front[place];
            front.copy_within(..place, 1);
            front[0] = byte;
            order.push(byte.into());
        }
        if bits.overrun() {
            return Err(Damage::Short);
        }
    }
    Err(Damage::Bad("the number of selectors"))
}

/// Collects output into chunks and holes.
struct Output<'a> {
    emit: &'a mut dyn FnMut(Chunk) -> bool,
    crc: MirroredCrc32,
    data: Vec<u8>,
    /// Zero bytes behind `data`.
    zeros: u64,
    /// Nobody wants more.
    closed: bool,
}

impl<'a> Output<'a> {
    fn new(emit: &'a mut dyn FnMut(Chunk) -> bool) -> Self {
        Output {
            emit,
            crc: MirroredCrc32::new(),
            data: Vec::with_capacity(CHUNK),
            zeros: 0,
            closed: false,
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.zeros > 0 {
            if byte == 0 {
                self.zeros += 1;
                return;
            }
            self.write_zeros();
        }
        if self.data.len() >= CHUNK {
            self.flush();
        }
        self.data.push(byte);
    }

    fn repeat(&mut self, byte: u8, count: u8) {
        if byte == 0 {
            self.zeros += u64::from(count);
        } else {
            // Four bytes of the run came before, so no zeros wait.
            self.data.resize(self.data.len() + usize::from(count), byte);
        }
    }

    fn write_zeros(&mut self) {
        let zeros = std::mem::take(&mut self.zeros);
        if zeros < HOLE {
            self.data.resize(self.data.len() + zeros as usize, 0);
        } else {
            self.flush();
            self.crc.update_zeros(zeros);
            self.closed |= !(self.emit)(Chunk::Zeros(zeros));
        }
    }

    fn flush(&mut self) {
        let data = std::mem::replace(&mut self.data, Vec::with_capacity(CHUNK + HOLE as usize));
        self.crc.update(&data);
        if !data.is_empty() {
            self.closed |= !(self.emit)(Chunk::Data(data));
        }
    }

    fn finish(mut self) -> u32 {
        self.write_zeros();
        self.flush();
        self.crc.finish()
    }
}
