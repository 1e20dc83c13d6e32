//! Cuts a file into groups of whole members, as far as can be told without decoding.

use std::sync::Arc;

use error::Result;
use sparse::{SliceSource, SparseRead, read_full};

use super::feed::{Feed, Shared};
use super::header;
use crate::archive::Counted;

/// The least that is worth a thread's while.
pub(super) const GROUP: usize = 256 << 10;

/// Input read at a time.
const READ: usize = 128 << 10;

/// What follows a header at least: an empty final block and the trailer.
const BEHIND_HEADER: usize = 2 + 8;

/// The shortest member.
const SHORTEST: usize = 10 + BEHIND_HEADER;

/// Reads ahead and looks for the borders of members.
///
/// bgzip announces the length of each member. Elsewhere anything that looks like a header is taken for
/// one; whoever decodes finds out.
pub(super) struct Cutter {
    /// What has been read and not cut; begins at a border.
    ahead: Vec<u8>,
    /// How much of it holds no border worth cutting at.
    searched: usize,
    /// Longest group.
    most: usize,
    /// Whether there is nothing more to cut: the input is over, or no border was found.
    pub(super) done: bool,
    /// Whether the input is over.
    pub(super) over: bool,
}

impl Cutter {
    /// Nothing read yet. Groups have at most about `most` bytes.
    pub(super) fn new(most: usize) -> Self {
        Cutter {
            ahead: Vec::new(),
            searched: 0,
            most,
            done: false,
            over: false,
        }
    }

    /// The next group; `None` when there are no more. A group that reached the most is cut anywhere
    /// and is the last.
    pub(super) fn next<R: SparseRead>(&mut self, input: &mut Feed<R>) -> Result<Option<Shared>> {
        while !self.done {
            if let Some(border) = self.border() {
                return Ok(Some(self.cut(border)));
            }
            self.over = !self.read(input)?;
            self.done = self.over || self.ahead.len() >= self.most;
        }
        let rest = self.ahead.len();
        Ok((rest > 0).then(|| self.cut(rest)))
    }

    fn cut(&mut self, border: usize) -> Shared {
        let rest = self.ahead.split_off(border.min(self.ahead.len()));
        self.searched = 0;
        Arc::new(std::mem::replace(&mut self.ahead, rest))
    }

    /// `false` when the input is over.
    fn read<R: SparseRead>(&mut self, input: &mut Feed<R>) -> Result<bool> {
        let have = self.ahead.len();
        self.ahead
            .reserve_exact(READ.max(GROUP + 2 * READ - have.min(GROUP)));
        self.ahead.resize(have + READ, 0);
        let got = read_full(input, &mut self.ahead[have..])?;
        self.ahead.truncate(have + got);
        Ok(got == READ)
    }

    /// The first border that makes the group large enough.
    fn border(&mut self) -> Option<usize> {
        let mut border = 0;
        while border < GROUP {
            match announced(self.ahead.get(border..)?) {
                Some(len) => border += len,
                None => return self.search(border),
            }
        }
        (border <= self.ahead.len()).then_some(border)
    }

    /// Looks for a header behind the member that begins at `border`.
    fn search(&mut self, border: usize) -> Option<usize> {
        let start = self.searched.max(GROUP).max(border + SHORTEST);
        let bytes = self.ahead.get(start..)?;
        let found = bytes
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| *pair == [0x1f, 0x8b])
            .map(|(at, _)| at)
            .find(|&at| header::plausible(&bytes[at..]));
        // The last bytes may begin a header whose rest has not been read.
        self.searched = self.ahead.len().saturating_sub(SHORTEST);
        found.map(|at| start + at)
    }

    /// Gives everything back that was not cut.
    pub(super) fn give_back<R: SparseRead>(self, input: &mut Feed<R>) {
        input.give_back(Arc::new(self.ahead), 0);
    }
}

/// The length of the member that `bytes` begin with, if its header says so and has room in it: so
/// no header is looked at twice.
fn announced(bytes: &[u8]) -> Option<usize> {
    let mut source = Counted::new(SliceSource::new(bytes));
    let len = header::read(&mut source).ok()??;
    let least = source.at() + BEHIND_HEADER as u64;
    usize::try_from(len).ok().filter(|_| len >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_leaves_no_room_behind_the_header_is_not_believed() {
        let announcing = |len: u16| {
            let header = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, b'B', b'C', 2, 0];
            [&header[..], &(len - 1).to_le_bytes(), &[0; 100]].concat()
        };
        assert_eq!(announced(&announcing(28)), Some(28));
        assert_eq!(announced(&announcing(27)), None);
        assert_eq!(announced(&announcing(1)), None);
    }
}
