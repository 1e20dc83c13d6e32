//! Long runs of zeros, which are counted and not written.
//!
//! While the last bytes of the output are zeros, a literal zero or a match that reaches no further
//! back than these zeros gives more of them. Compressors put out the same match again and again
//! there, two bits each as a rule; so once such a match is decoded its bits are compared with what
//! follows, many repetitions at a time.

use super::bits::Bits;
use super::fault::Fault;
use super::symbol::{self, Symbol};
use super::table::Tables;
use super::window::{DEFLATE64, Window};

/// A run counted this far is given out though it may go on, so that whoever reads it sees progress.
pub(super) const LONG: u64 = 256 << 20;

/// Zeros at the end of the output.
pub(super) struct Run<const SIZE: usize> {
    /// How many of them are not in the window.
    pub(super) len: u64,
    /// How many are known in all, at most the history.
    pub(super) known: usize,
}

/// Why a run was not followed further.
pub(super) enum Halt {
    /// The slice ends within a symbol.
    Input,
    /// The run is long enough to be given out.
    Long,
    /// The block is over; the run may go on in the next.
    EndOfBlock,
    /// What comes next is not zeros.
    Over,
}

impl<const SIZE: usize> Run<SIZE> {
    /// Adds `n` zeros.
    pub(super) fn grow(&mut self, n: u64) {
        self.len += n;
        self.known = (self.known as u64 + n).min(Window::<SIZE>::HISTORY as u64) as usize;
    }

    /// Counts zeros to the end of block, input or run; `bits` is then behind the last symbol counted.
    pub(super) fn follow(&mut self, bits: &mut Bits<'_>, tables: &Tables) -> Result<Halt, Fault> {
        while self.len < LONG {
            bits.refill();
            let mark = *bits;
            let zeros = match symbol::next::<SIZE>(bits, tables)? {
                Some(Symbol::Literal(0)) => 1,
                Some(Symbol::Match { length, distance }) if distance <= self.known => length as u64,
                Some(Symbol::EndOfBlock) => return Ok(Halt::EndOfBlock),
                other => {
                    *bits = mark;
                    return Ok(if other.is_some() {
                        Halt::Over
                    } else {
                        Halt::Input
                    });
                }
            };
            let width = match SIZE {
                DEFLATE64 => (bits.position() - mark.position()) as u32,
                _ => mark.left - bits.left,
            };
            let more = match width {
                1..=56 => {
                    let pattern = mark.buffer & ((1 << width) - 1);
                    bits.skip_repeats(pattern, width, (LONG - self.len) / zeros)
                }
                // Only in Deflate64, and so long that it does not matter.
                _ => 0,
            };
            self.grow(zeros * (1 + more));
        }
        Ok(Halt::Long)
    }
}
