//! What overwriting in place has in common: block devices and exports have no second name to be renamed from.
//!
//! The first [`HEAD`] bytes, where a partition table or a superblock is, decide whether a disk looks complete. They
//! are zeros before anything else is written, held back in memory, and written when all the rest is durable:
//!
//! ```text
//!              clear_head, write                 complete
//! Untouched ──────────────────────▶ Incomplete ───────────▶ Headed
//!                                       ▲                      │
//!                                       └──── clear_head ◀─────┘  the completion failed, or an abort
//! ```

use error::{Error, Kind, Result};
use sparse::BlockWrite;

use crate::advice::Advice;
use crate::candidate::too_small;

/// Bytes at the start that are written last.
pub(crate) const HEAD: u64 = 1 << 20;

/// Bytes at the end that are cleared if the disk does not reach them: room for a backup GPT and for
/// the superblocks of md 0.90 and 1.0, DDF and ZFS.
pub(crate) const TAIL: u64 = 1 << 20;

/// Bytes that hold the partition table or the superblock: a sector of the largest kind. Of the head they are
/// written last.
pub(crate) const FIRST: usize = 4096;

/// The head of a disk, held back, and how far the medium is.
pub(crate) struct Head {
    bytes: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it was found, reading as zeros.
    Untouched,
    /// Partly overwritten, its head zeros.
    Incomplete,
    /// Its head is being written or is there.
    Headed,
}

impl Head {
    /// The head of a medium with room for `capacity` bytes, which is untouched.
    pub(crate) fn of(capacity: u64) -> Self {
        Head {
            bytes: vec![0; HEAD.min(capacity) as usize],
            state: State::Untouched,
        }
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Holds back what of `data`, which belongs at `offset`, is in the head; returns the rest and its offset.
    pub(crate) fn hold<'a>(&mut self, offset: u64, data: &'a [u8]) -> (u64, &'a [u8]) {
        let (behind, len) = self.behind(offset, data.len() as u64);
        let (held, rest) = data.split_at(data.len() - len as usize);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(head) = self.bytes.get_mut(start..)
            && let Some(head) = head.get_mut(..held.len())
        {
            head.copy_from_slice(held);
        }
        (behind, rest)
    }

    /// Offset and length of what of `offset..offset + len` is behind the head.
    pub(crate) fn behind(&self, offset: u64, len: u64) -> (u64, u64) {
        let held = self.len().saturating_sub(offset).min(len);
        (offset + held, len - held)
    }

    /// The part of it that a disk of `size` bytes has.
    pub(crate) fn within(&self, size: u64) -> &[u8] {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.bytes.get(..size).unwrap_or(&self.bytes)
    }

    /// Something is about to be written, and the medium's head reads as zeros.
    pub(crate) fn incomplete(&mut self) {
        self.state = State::Incomplete;
    }

    /// It is about to be written.
    pub(crate) fn headed(&mut self) {
        self.state = State::Headed;
    }
}

/// A medium that is overwritten in place.
pub(crate) trait Overwrite: BlockWrite {
    /// The disk's head.
    fn head(&mut self) -> &mut Head;

    /// Makes the medium's head zeros, durably, and marks it incomplete.
    ///
    /// # Errors
    /// [`Kind::Io`] naming the medium.
    fn clear_head(&mut self) -> Result<()>;

    /// Makes the disk of `size` bytes durable, marks it headed and writes its head.
    ///
    /// # Errors
    /// [`Kind::Target`] when it does not fit, [`Kind::Io`].
    fn complete(&mut self, size: u64) -> Result<()>;
}

/// Completes the disk; where that fails, its head is not there.
///
/// # Errors
/// Those of [`Overwrite::complete`].
pub(crate) fn finish(medium: &mut impl Overwrite, size: u64) -> Result<()> {
    let Err(error) = medium.complete(size) else {
        return Ok(());
    };
    if medium.head().state != State::Headed {
        return Err(error);
    }
    match medium.clear_head() {
        Ok(()) => Err(error),
        Err(left) => Err(error.cause(left)),
    }
}

/// Sees to it that the head is zeros, also after the finish.
///
/// # Errors
/// [`Kind::Io`] unless the medium is untouched: it is not what it was.
pub(crate) fn abort(medium: &mut impl Overwrite) -> Result<()> {
    match medium.head().state {
        State::Untouched => return Ok(()),
        State::Incomplete => {}
        State::Headed => medium.clear_head()?,
    }
    let message = format!(
        "{} is partly overwritten and its first MiB is zeros",
        medium.name()
    );
    Err(Error::new(Kind::Io, message).advise(Advice::OverwriteAgain))
}

/// Whether `offset..offset + len` is in the `capacity` bytes of the medium `name`.
///
/// # Errors
/// [`Kind::Target`] with both numbers.
pub(crate) fn check_range(name: &str, capacity: u64, offset: u64, len: u64) -> Result<()> {
    match offset.checked_add(len) {
        Some(end) if end <= capacity => Ok(()),
        end => Err(too_small(name, capacity, end.unwrap_or(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_head_is_held_and_the_rest_is_handed_on() {
        let mut head = Head::of(HEAD + 5);
        assert_eq!(head.hold(HEAD - 2, &[1, 2, 3, 4]), (HEAD, &[3, 4][..]));
        assert_eq!(head.hold(HEAD + 1, &[5]), (HEAD + 1, &[5][..]));
        assert_eq!(head.hold(0, &[6]), (1, &[][..]));
        assert_eq!(head.behind(HEAD - 10, 30), (HEAD, 20));
        assert_eq!(head.within(1), [6]);
        assert_eq!(head.within(u64::MAX)[HEAD as usize - 3..], [0, 1, 2]);
    }

    #[test]
    fn a_small_medium_is_all_head() {
        let mut head = Head::of(3);
        assert_eq!(head.len(), 3);
        assert_eq!(head.hold(1, &[7, 8]), (3, &[][..]));
        assert_eq!(head.within(9), [0, 7, 8]);
    }

    #[test]
    fn a_range_ends_with_the_medium() {
        check_range("x", 10, 4, 6).unwrap();
        let error = check_range("x", 10, 4, 7).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x holds 10 bytes, the disk needs 11 bytes"
        );
        assert_eq!(
            check_range("x", 10, u64::MAX, 2).unwrap_err().kind(),
            Kind::Target
        );
    }
}
