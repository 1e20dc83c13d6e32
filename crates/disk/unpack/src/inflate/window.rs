//! The last bytes of output that a match may reach back to, and what has been decoded since.
//!
//! The buffer's size is a parameter, and tells the two formats apart: [`DEFLATE`] and [`DEFLATE64`]. So
//! each has a loop of its own, with every length known to the compiler.

/// Runs of zeros shorter than this are data like any other.
pub(super) const MIN_HOLE: usize = 4 << 10;
/// A match of zeros from this length on is followed by more of them as a rule.
pub(super) const LONG_MATCH: usize = 258;

/// The buffer's size for DEFLATE: a history of 32 KiB, matches of at most 258 bytes (RFC 1951). It
/// should fit the second level cache.
pub(crate) const DEFLATE: usize = size(32 << 10, 258);
/// The same for Deflate64: a history of 64 KiB, matches of at most 65538 bytes.
pub(crate) const DEFLATE64: usize = size(64 << 10, 65_538);

/// Bytes decoded before the history moves to the front.
const ROOM: usize = 128 << 10;

/// All of it, with room for what one round of the fast loop may write beyond the last position, some
/// literals and a match copied in chunks that may overshoot, and for zeros that turned out too few for
/// a hole.
const fn size(history: usize, longest: usize) -> usize {
    history + ROOM + longest + 126 + MIN_HOLE
}

/// A buffer of history and new output.
pub(super) struct Window<const SIZE: usize> {
    pub(super) buffer: Box<[u8; SIZE]>,
    /// The first byte that belongs to the stream.
    pub(super) floor: usize,
    /// The first byte that nobody has been shown.
    pub(super) shown: usize,
    /// Where the next byte goes.
    pub(super) end: usize,
}

impl<const SIZE: usize> Window<SIZE> {
    /// How far back a match may reach.
    pub(super) const HISTORY: usize = match SIZE {
        DEFLATE64 => 64 << 10,
        _ => 32 << 10,
    };
    /// No symbol is decoded at or beyond this position.
    pub(super) const FULL: usize = Self::HISTORY + ROOM;

    pub(super) fn new() -> Self {
        // A vector of zeros costs no pass over the memory and no stack.
        let buffer = vec![0; SIZE].into_boxed_slice();
        Window {
            buffer: buffer.try_into().unwrap_or_else(|_| Box::new([0; SIZE])),
            floor: Self::HISTORY,
            shown: Self::HISTORY,
            end: Self::HISTORY,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.floor = Self::HISTORY;
        self.shown = Self::HISTORY;
        self.end = Self::HISTORY;
    }

    /// The bytes nobody has consumed.
    pub(super) fn unseen(&self) -> &[u8] {
        self.buffer.get(self.shown..self.end).unwrap_or_default()
    }

    /// Makes room once everything has been consumed: the history moves to the front.
    pub(super) fn make_room(&mut self) {
        if self.end >= Self::FULL {
            self.keep(Self::HISTORY);
        }
    }

    /// Records `n` zeros that were given out as a hole: only the history gets to see them.
    pub(super) fn pass_zeros(&mut self, n: u64) {
        let zeros = n.min(Self::HISTORY as u64) as usize;
        if self.end + zeros > Self::FULL || zeros == Self::HISTORY {
            self.keep(Self::HISTORY - zeros);
        }
        self.push_zeros(zeros);
        self.shown = self.end;
    }

    /// Moves the last `n` bytes (at most `Self::HISTORY`) to the front, so that `n` is where new ones go.
    fn keep(&mut self, n: usize) {
        let start = self.end - n;
        self.buffer.copy_within(start..self.end, 0);
        self.floor = self.floor.saturating_sub(start).min(n);
        self.end = n;
        self.shown = n;
    }

    /// Writes `n` zeros; there must be room.
    pub(super) fn push_zeros(&mut self, n: usize) {
        let end = (self.end + n).min(SIZE);
        self.buffer[self.end..end].fill(0);
        self.end = end;
    }

    /// Writes one byte; there must be room.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(slot) = self.buffer.get_mut(self.end) {
            *slot = byte;
            self.end += 1;
        }
    }

    /// Writes `bytes`; there must be room.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if let Some(room) = self.buffer.get_mut(self.end..end) {
            room.copy_from_slice(bytes);
            self.end = end;
        }
    }

    /// How many bytes a match may go back.
    pub(super) fn reach(&self) -> usize {
        self.end - self.floor
    }

    /// Repeats `length` bytes from `distance` (at most `reach`) bytes back.
    pub(super) fn repeat(&mut self, distance: usize, length: usize) {
        copy_match(&mut self.buffer, self.end, distance, length);
        self.end += length;
    }

    /// Takes back the zeros at the end that nobody has been shown; returns their number, and how
    /// many zeros are known to end the stream so far, at most the history.
    pub(super) fn take_zeros(&mut self) -> (usize, usize) {
        let unseen = trailing_zeros(&self.buffer[self.shown..self.end]);
        let known = if self.shown + unseen < self.end {
            unseen
        } else {
            unseen + trailing_zeros(&self.buffer[self.floor.min(self.shown)..self.shown])
        };
        self.end -= unseen;
        (unseen, known.min(Self::HISTORY))
    }
}

/// The number of zeros at the end of `bytes`.
fn trailing_zeros(bytes: &[u8]) -> usize {
    let (head, words) = bytes.as_rchunks::<8>();
    let zeros = words
        .iter()
        .rev()
        .take_while(|word| **word == [0; 8])
        .count();
    let rest = match words
        .len()
        .checked_sub(zeros + 1)
        .and_then(|i| words.get(i))
    {
        Some(word) => u64::from_le_bytes(*word).leading_zeros() as usize / 8,
        None => head.iter().rev().take_while(|&&byte| byte == 0).count(),
    };
    zeros * 8 + rest
}

/// Repeats `length` bytes from `distance` bytes before `end`, and may write up to 32 bytes more than
/// that.
///
/// Copies in chunks whose size is known to the compiler, which makes each a load and a store.
#[inline(always)]
pub(super) fn copy_match<const SIZE: usize>(
    buffer: &mut [u8; SIZE],
    end: usize,
    distance: usize,
    length: usize,
) {
    let from = end - distance;
    if distance >= 16 {
        copy_chunk::<16, SIZE>(buffer, from, end);
        copy_chunk::<16, SIZE>(buffer, from + 16, end + 16);
        if length > 32 {
            copy_long(buffer, from, end, length);
        }
    } else {
        copy_pattern(buffer, from, end, length);
    }
}

#[inline(always)]
fn copy_chunk<const N: usize, const SIZE: usize>(buffer: &mut [u8; SIZE], from: usize, to: usize) {
    if let Some(chunk) = buffer.get(from..from + N) {
        let chunk: [u8; N] = chunk.try_into().unwrap_or([0; N]);
        if let Some(room) = buffer.get_mut(to..to + N) {
            room.copy_from_slice(&chunk);
        }
    }
}

/// The rest of a copy of more than 32 bytes.
#[inline(always)]
fn copy_long<const SIZE: usize>(buffer: &mut [u8; SIZE], from: usize, to: usize, length: usize) {
    let mut done = 32;
    while done < length {
        copy_chunk::<16, SIZE>(buffer, from + done, to + done);
        copy_chunk::<16, SIZE>(buffer, from + done + 16, to + done + 16);
        done += 32;
    }
}

/// Repeats a pattern of fewer than 16 bytes. It is loaded once, because loading what was only just
/// stored in other portions would stall.
#[inline(always)]
fn copy_pattern<const SIZE: usize>(
    buffer: &mut [u8; SIZE],
    from: usize,
    end: usize,
    length: usize,
) {
    let Some(pattern) = buffer.get(from..from + 16) else {
        return;
    };
    let mut pattern: [u8; 16] = pattern.try_into().unwrap_or([0; 16]);
    let mut step = end - from;
    if step < 8 {
        // Doubled until it has 8 bytes or more.
        let mut word = u128::from_le_bytes(pattern) & ((1 << (8 * step)) - 1);
        while step < 8 {
            word |= word << (8 * step);
            step *= 2;
        }
        pattern = word.to_le_bytes();
    }
    let mut done = 0;
    while done < length {
        if let Some(room) = buffer.get_mut(end + done..end + done + 16) {
            room.copy_from_slice(&pattern);
        }
        done += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: usize = Plain::HISTORY;
    const FULL: usize = Plain::FULL;

    type Plain = Window<DEFLATE>;

    #[test]
    fn every_match_repeats_what_is_there() {
        let text: Vec<u8> = (0..300u32).map(|i| (i * 7 % 251) as u8 + 1).collect();
        for distance in (1..40).chain([258, 300]) {
            for length in 3..=LONG_MATCH {
                let mut window = Plain::new();
                window.extend(&text);
                window.repeat(distance, length);
                let mut expected = text.clone();
                (0..length).for_each(|_| expected.push(expected[expected.len() - distance]));
                assert_eq!(window.unseen(), expected, "{distance} {length}");
            }
        }
    }

    #[test]
    fn the_history_survives_making_room_and_holes() {
        let text: Vec<u8> = (0..200_000u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8 | 1)
            .collect();
        let mut window = Plain::new();
        window.extend(&text[..FULL - HISTORY]);
        window.shown = window.end;
        window.make_room();
        assert_eq!(
            (window.shown, window.end, window.reach()),
            (HISTORY, HISTORY, HISTORY)
        );
        assert_eq!(
            window.buffer[..HISTORY],
            text[FULL - 2 * HISTORY..FULL - HISTORY]
        );
        window.pass_zeros(5000);
        assert_eq!(window.take_zeros(), (0, 5000));
        window.pass_zeros(1 << 40);
        assert_eq!(window.reach(), HISTORY);
        assert_eq!(window.take_zeros(), (0, HISTORY));
    }

    #[test]
    fn a_young_stream_reaches_back_to_its_first_byte_only() {
        let mut window = Plain::new();
        window.extend(b"abc");
        window.push_zeros(30);
        assert_eq!(window.reach(), 33);
        assert_eq!(window.take_zeros(), (30, 30));
        window.shown = window.end;
        window.pass_zeros(HISTORY as u64 - 1);
        assert_eq!(window.reach(), HISTORY + 2);
        let mut window = Plain::new();
        window.push_zeros(10);
        window.shown = window.end;
        window.pass_zeros(1 << 20);
        assert_eq!(window.reach(), HISTORY);
    }
}
