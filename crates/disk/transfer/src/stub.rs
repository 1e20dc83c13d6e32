//! Programs and scripts with an archive behind them, which they would unpack if they were run.

use error::Result;
use recognise::foreign::Kind;
use recognise::{Verdict, judge};
use sparse::{BlockRead, Lookahead, Opener, SparseRead, skip};
use unpack::zip::{Embedded, embedded};

use crate::classify::HEAD;

/// The zip behind the program in `bytes`, which begin with `head`. What is a disk, by what it begins with, is
/// not searched.
///
/// # Errors
/// [`error::Kind::Io`] when `bytes` cannot be read.
pub(crate) fn archive_in(head: &[u8], bytes: &dyn BlockRead) -> Result<Option<Embedded>> {
    if is_program(head, bytes.size()) {
        embedded(bytes)
    } else {
        Ok(None)
    }
}

/// Moves past a program, of which `stream` has `size` bytes where known, to the zip behind it; a source that
/// `open` cannot open is left where it is, as is everything else. Returns the bytes passed, and what the
/// archive's offsets say of where it begins.
///
/// # Errors
/// The stream's, and [`error::Kind::Io`] when the source cannot be read at any offset.
pub(crate) fn pass_by<R: SparseRead>(
    stream: &mut Lookahead<R>,
    size: Option<u64>,
    open: Option<&Opener>,
) -> Result<(u64, u64)> {
    let head = stream.head(HEAD)?;
    if let Some(open) = open.filter(|_| is_program(head, size))
        && let Some(bytes) = open()?
        && let Some(found) = archive_in(head, &*bytes)?
    {
        skip(stream, found.start)?;
        return Ok((found.start, found.offset));
    }
    Ok((0, 0))
}

fn is_program(head: &[u8], size: Option<u64>) -> bool {
    matches!(judge(head, size), Verdict::Foreign(known) if known.kind == Kind::Program)
}
