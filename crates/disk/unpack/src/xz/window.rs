//! What LZMA has put out and may refer to, and which parts of it are zeros.

use sparse::zero::is_zero;

/// The most bytes one LZMA2 chunk decompresses to.
pub(super) const CHUNK_MAX: usize = 2 << 20;
/// Shorter runs of zeros are not worth a hole.
const HOLE: usize = 16 << 10;
/// Matches from this length on are looked at for zeros.
const LOOK: usize = 64;
/// Bytes that copying may touch behind its end.
const MARGIN: usize = 32;
/// The first place: the byte before it stands for what comes before the beginning, and is 0.
const FIRST: usize = 1;

/// The dictionary, followed by room to write on. When the room is used up, the last bytes move back
/// to the front.
pub(super) struct Window {
    bytes: Vec<u8>,
    /// The end of what has been written.
    pub(super) end: usize,
    /// How far back a match may reach.
    reach: usize,
    /// Bytes written since the last reset.
    written: u64,
    /// Runs of zeros since `taken`, long ones only, in order.
    holes: Vec<(usize, usize)>,
    /// The last run of zeros.
    zeros: (usize, usize),
    /// The start of what nobody has taken yet.
    taken: usize,
}

/// What [`Window::take`] yields.
pub(super) enum Run<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// Zero bytes.
    Zeros(u64),
}

impl Window {
    /// The bytes a window takes whose matches reach back `reach` bytes, for `content` bytes if known.
    pub(super) fn size(reach: u64, content: Option<u64>) -> u64 {
        let reach = content.map_or(reach, |content| content.min(reach));
        let room = (reach / 2).max(2 * CHUNK_MAX as u64);
        reach + room + (FIRST + MARGIN) as u64
    }

    /// A window whose matches reach back `reach` bytes, for `content` bytes if known. The caller has
    /// checked [`Window::size`].
    pub(super) fn new(reach: u64, content: Option<u64>) -> Self {
        Window {
            bytes: vec![0; Self::size(reach, content) as usize],
            end: FIRST,
            reach: reach as usize,
            written: 0,
            holes: Vec::new(),
            zeros: (FIRST, FIRST),
            taken: FIRST,
        }
    }

    /// Forgets everything. The caller has taken it.
    pub(super) fn reset(&mut self) {
        (self.end, self.taken, self.zeros) = (FIRST, FIRST, (FIRST, FIRST));
        self.written = 0;
    }

    /// Makes room for [`CHUNK_MAX`] bytes. The caller has taken everything.
    pub(super) fn make_room(&mut self) {
        if self.end + CHUNK_MAX + MARGIN <= self.bytes.len() {
            return;
        }
        let from = self.end - self.reach.min(self.end - FIRST);
        self.bytes.copy_within(from..self.end, FIRST);
        let moved = |place: usize| (place + FIRST).saturating_sub(from).max(FIRST);
        self.zeros = (moved(self.zeros.0), moved(self.zeros.1));
        self.end = moved(self.end);
        self.taken = self.end;
    }

    /// Bytes written since the last reset.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Whether a match may reach `distance` bytes back.
    #[inline(always)]
    pub(super) fn reaches(&self, distance: usize, here: u64) -> bool {
        distance as u64 <= here && distance <= self.reach
    }

    /// The byte `distance` bytes back; the one before the beginning is 0.
    #[inline(always)]
    pub(super) fn back(&self, distance: usize) -> u8 {
        self.bytes[self.end - distance]
    }

    /// Writes a byte.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.end] = byte;
        self.end += 1;
    }

    /// Writes bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.end..][..bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
        self.written += bytes.len() as u64;
    }

    /// Counts `n` bytes that were pushed and copied.
    pub(super) fn count(&mut self, n: u64) {
        self.written += n;
    }

    /// Repeats the `len` bytes, up to 273, that begin `distance` bytes back, its own output included.
    #[inline(always)]
    pub(super) fn copy(&mut self, distance: usize, len: usize) {
        if len >= LOOK && self.copy_zeros(distance, len) {
            return;
        }
        let (mut to, mut from) = (self.end, self.end - distance);
        self.end += len;
        if distance < 16 {
            let (from, to) = (from, self.end);
            let bytes = &mut self.bytes[from..to];
            for i in distance..bytes.len() {
                bytes[i] = bytes[i - distance];
            }
            return;
        }
        while to < self.end {
            let (before, after) = self.bytes.split_at_mut(to);
            let (Some(source), Some(target)) = (
                before.get(from..).and_then(<[u8]>::first_chunk::<16>),
                after.first_chunk_mut::<16>(),
            ) else {
                return;
            };
            *target = *source;
            (to, from) = (to + 16, from + 16);
        }
    }

    /// Does [`Window::copy`] if it is zeros that are copied.
    fn copy_zeros(&mut self, distance: usize, len: usize) -> bool {
        let (start, end) = self.zeros;
        if end == self.end {
            if distance > end - start
                && !is_zero(&self.bytes[self.end - distance..][..len.min(distance)])
            {
                return false;
            }
        } else {
            if !is_zero(&self.bytes[self.end - distance..][..len.min(distance)]) {
                return false;
            }
            self.note_hole();
            self.zeros = (self.end, self.end);
        }
        self.bytes[self.end..][..len].fill(0);
        self.end += len;
        self.zeros.1 = self.end;
        true
    }

    fn note_hole(&mut self) {
        let (start, end) = (self.zeros.0.max(self.taken), self.zeros.1);
        if end.saturating_sub(start) >= HOLE {
            self.holes.push((start, end));
        }
    }

    /// Hands over everything written since the last time.
    pub(super) fn take<E>(
        &mut self,
        mut each: impl FnMut(Run<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.note_hole();
        let mut at = self.taken;
        for (start, end) in self.holes.drain(..) {
            if start > at {
                each(Run::Data(&self.bytes[at..start]))?;
            }
            each(Run::Zeros((end - start) as u64))?;
            at = end;
        }
        if self.end > at {
            each(Run::Data(&self.bytes[at..self.end]))?;
        }
        self.taken = self.end;
        Ok(())
    }
}
