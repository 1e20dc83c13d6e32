//! What the archive readers have in common: members one after another, their content a stream.
//!
//! ```
//! # use sparse::{SliceSource, drain};
//! # use unpack::{Limits, archive::Archive, tar::Tar};
//! # fn main() -> error::Result<()> {
//! # let bytes = [0u8; 1024];
//! let mut archive = Tar::new(SliceSource::new(&bytes), &Limits::default());
//! while let Some(member) = archive.next_member()? {
//!     let bytes = drain(archive.content())?;
//!     println!("{}: {bytes}", member.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Names are reported as they are, `..`, absolute and repeated ones too: nothing here writes under a
//! member's name, and what to make of it is the caller's policy.

use error::{Error, Result};
use sparse::{Piece, SparseRead};

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name as stored; bytes that are not UTF-8 become replacement characters.
    pub name: String,
    /// What it is.
    pub kind: MemberKind,
    /// The size of the content in bytes, holes included, where the archive says so beforehand.
    pub size: Option<u64>,
    /// Why its content cannot be read, where that is so: it then seems to have none. The rest of the
    /// archive can be read all the same.
    pub refusal: Option<Error>,
}

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A file. (A zip tells symbolic links only in its directory, behind all content: there they
    /// come as files that hold their target's name.)
    File,
    /// A directory.
    Directory,
    /// A hard or symbolic link; it has no content.
    Link {
        /// Where it points, as stored.
        target: String,
    },
    /// A device, a pipe, a volume label or a type nobody knows.
    Other,
}

/// Why what has come to its end without an error need not be complete.
///
/// Writers forget end marks, and tapes, old files and careless tools leave bytes behind them. Nothing in the
/// data itself tells such a file from one that was cut or damaged there; what surrounds it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What is wrong with the end: an error, should nothing else show that it is one.
    pub error: Error,
    /// Whether what follows the end looks like more of the same: then nothing around it shows that it is
    /// whole.
    pub more: bool,
}

/// An archive read in one forward pass.
pub trait Archive {
    /// Moves past what is left of the current member, which is checked like content that is read,
    /// and on to the next one. `None` says that the archive is complete, as far as [`Archive::doubt`]
    /// has nothing to say, and was right up to the end of its input; it stays there.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when the archive contradicts its format or ends early,
    /// [`error::Kind::Unsupported`] when it is beyond what the reader does, and the input's own
    /// errors. After an error the archive must not be used any more.
    fn next_member(&mut self) -> Result<Option<Member>>;

    /// The content of the member that [`Archive::next_member`] gave last, from where the last
    /// reader left it; an empty stream before the first member and after the last.
    fn content(&mut self) -> &mut dyn SparseRead;

    /// What there is to say against the end, once [`Archive::next_member`] has given `None`.
    fn doubt(&self) -> Option<&Doubt> {
        None
    }

    /// Whether that content comes by way of a decoder that takes much of [`Limits::memory`], so that
    /// there is less for those inside it.
    ///
    /// [`Limits::memory`]: crate::Limits::memory
    fn is_costly(&self) -> bool {
        false
    }
}

/// A stream that knows how far it has come.
#[derive(Debug)]
pub(crate) struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R> Counted<R> {
    /// Counts from 0.
    pub(crate) fn new(inner: R) -> Self {
        Counted::from(0, inner)
    }

    /// Counts from `at`.
    pub(crate) fn from(at: u64, inner: R) -> Self {
        Counted { inner, at }
    }

    /// The number of bytes consumed, and where it counted from.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The stream below; whoever consumes from it directly makes the count wrong.
    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }
}

impl<R: SparseRead> SparseRead for Counted<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.inner.peek()
    }

    fn consume(&mut self, n: u64) {
        self.inner.consume(n);
        self.at = self.at.saturating_add(n);
    }
}

/// The first `n` bytes of a piece, `n` at least 1.
pub fn clip(piece: Piece<'_>, n: u64) -> Piece<'_> {
    match piece {
        Piece::Data(data) => {
            let len = usize::try_from(n).unwrap_or(usize::MAX).min(data.len());
            Piece::Data(&data[..len])
        }
        Piece::Zeros(len) => Piece::Zeros(len.min(n)),
        Piece::End => Piece::End,
    }
}

/// A member's name as messages show it: quoted, on one line, of bounded length.
pub fn shown(name: &str) -> String {
    const LONGEST: usize = 80;
    match name.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{:?}…", &name[..cut]),
        None => format!("{name:?}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// All members and their whole content.
    pub(crate) fn contents(archive: &mut dyn Archive) -> Result<Vec<(Member, Vec<u8>)>> {
        let mut members = Vec::new();
        while let Some(mut member) = archive.next_member()? {
            if let Some(refusal) = member.refusal.take() {
                return Err(refusal);
            }
            let mut content = Vec::new();
            loop {
                let stream = archive.content();
                let len = match stream.peek()? {
                    Piece::Data(data) => {
                        content.extend_from_slice(data);
                        data.len() as u64
                    }
                    Piece::Zeros(len) => {
                        content.resize(content.len() + len as usize, 0);
                        len
                    }
                    Piece::End => break,
                };
                stream.consume(len);
            }
            if let Some(size) = member.size {
                assert_eq!(size, content.len() as u64, "{member:?}");
            }
            members.push((member, content));
        }
        match archive.doubt() {
            Some(doubt) => Err(doubt.error.clone()),
            None => Ok(members),
        }
    }

    #[test]
    fn names_are_shown_on_one_short_line() {
        assert_eq!(shown("a\nb\u{1b}"), "\"a\\nb\\u{1b}\"");
        assert_eq!(shown(&"ä".repeat(100)).chars().count(), 83);
    }

    #[test]
    fn pieces_are_clipped() {
        assert_eq!(clip(Piece::Data(b"abc"), 2), Piece::Data(b"ab"));
        assert_eq!(clip(Piece::Data(b"abc"), 9), Piece::Data(b"abc"));
        assert_eq!(clip(Piece::Zeros(5), 2), Piece::Zeros(2));
        assert_eq!(clip(Piece::End, 2), Piece::End);
    }
}
