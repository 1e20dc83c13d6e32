//! zip in one forward pass: PKWARE's APPNOTE 6.3 with ZIP64 and data descriptors, stored, deflate, Deflate64,
//! bzip2, LZMA, zstd and xz.
//!
//! Members come by their local headers, in the order of the file. The central directory, which other
//! readers begin with, comes last here: it has to list exactly the members that were read, with the
//! same names, sizes and checksums, or the archive is corrupt. So nobody can show one content to this
//! program and another to the next one.

mod content;
mod data;
mod descriptor;
mod directory;
mod embedded;
mod listing;
mod method;
mod record;
mod source;
mod sums;
#[cfg(test)]
mod tests;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use error::{Error, Kind, Result};
use sparse::{Lookahead, SparseRead, read_exact};

use crate::Limits;
use crate::archive::{Archive, Counted, Member, MemberKind, shown};
use content::Content;
pub use embedded::{Embedded, embedded};
use listing::{Entry, Listing};
use record::Local;

/// The most members an archive may have: bounds the list that is kept for the directory to 18 MiB
/// while it grows.
const MOST: usize = 1 << 18;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const SPLIT: [u8; 4] = *b"PK\x07\x08";
/// What a split archive begins with that turned out to need one file only.
const UNSPLIT: [u8; 4] = *b"PK00";
const ENCRYPTION: [u8; 4] = *b"PK\x06\x08";

/// The archive's bytes: position, and a look at what comes next.
type Input<R> = Counted<Lookahead<R>>;

/// A zip archive over a stream of its bytes.
pub struct Zip<R> {
    content: Content<R>,
    members: Vec<Entry>,
    names: RandomState,
    complete: bool,
}

impl<R: SparseRead> Zip<R> {
    /// Whether `head`, the first bytes of a stream, begins a zip.
    pub fn looks_like(head: &[u8]) -> bool {
        let head = head.strip_prefix(&UNSPLIT).unwrap_or(head);
        [LOCAL, END, END64, SPLIT]
            .iter()
            .any(|signature| head.starts_with(signature))
    }

    /// Reads `input`, which begins with the first local header, to its end.
    pub fn new(input: R, limits: &Limits) -> Self {
        Zip::at_offset(0, input, limits)
    }

    /// The same of an archive whose offsets count from `offset` at the first local header: what is before
    /// it is counted too (see [`embedded`]).
    pub fn at_offset(offset: u64, input: R, limits: &Limits) -> Self {
        let input = Counted::from(offset, Lookahead::new(input));
        Zip {
            content: Content::new(input, limits),
            members: Vec::new(),
            names: RandomState::new(),
            complete: false,
        }
    }

    /// Takes note of the member that `local` begins at `offset`.
    fn begin(&mut self, offset: u64, local: Local) -> Result<Member> {
        if self.members.len() == MOST {
            return Err(Error::unsupported(format!(
                "zip: the archive has more than {MOST} members"
            )));
        }
        let name = String::from_utf8_lossy(&local.name).into_owned();
        let (method, refusal) = match local.reading(&shown(&name)) {
            Ok(method) => (Some(method), None),
            Err(error) if error.kind() == Kind::Unsupported => (None, Some(error)),
            Err(error) => return Err(error),
        };
        self.members.push(Entry {
            offset,
            name: self.names.hash_one(&local.name),
            compressed: 0,
            sums: None,
            method: local.method,
            listed: false,
        });
        let size = self.content.begin(&name, &local, method)?;
        let kind = if name.ends_with('/') {
            MemberKind::Directory
        } else {
            MemberKind::File
        };
        Ok(Member {
            name,
            kind,
            size,
            refusal,
        })
    }

    /// Completes what is known about the member that has been read.
    fn finish(&mut self) -> Result<()> {
        if let (Some(finished), Some(member)) = (self.content.finish()?, self.members.last_mut()) {
            member.compressed = finished.compressed;
            member.sums = finished.content;
        }
        Ok(())
    }
}

impl<R: SparseRead> Archive for Zip<R> {
    fn next_member(&mut self) -> Result<Option<Member>> {
        if self.complete {
            return Ok(None);
        }
        self.finish()?;
        let input = self.content.input()?;
        let mut offset = input.at();
        let mut signature = take(input, "a header")?;
        if offset == 0 && signature == UNSPLIT {
            offset = input.at();
            signature = take(input, "a header")?;
        }
        match signature {
            LOCAL => {
                let local = Local::read(input, offset)?;
                self.begin(offset, local).map(Some)
            }
            CENTRAL | END | END64 => {
                let listing = Listing::new(&mut self.members, &self.names);
                directory::check(input, signature, listing)?;
                self.complete = true;
                Ok(None)
            }
            SPLIT if offset == 0 => Err(Error::unsupported(
                "zip: the archive is split into several files",
            )
            .hint("join it with zip --split-size 0 --out WHOLE.zip")),
            ENCRYPTION => Err(Error::unsupported(
                "zip: the central directory is encrypted",
            )),
            _ => Err(no_header(offset)),
        }
    }

    fn content(&mut self) -> &mut dyn SparseRead {
        &mut self.content
    }

    fn is_costly(&self) -> bool {
        self.content.is_costly()
    }
}

/// The next `N` bytes, a part of `what`.
fn take<const N: usize, R: SparseRead>(input: &mut Input<R>, what: &str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    if read_exact(input, &mut bytes)? {
        Ok(bytes)
    } else {
        Err(truncated(input, what))
    }
}

/// The next `len` bytes, a part of `what`.
fn take_vec<R: SparseRead>(input: &mut Input<R>, len: u16, what: &str) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len.into()];
    if read_exact(input, &mut bytes)? {
        Ok(bytes)
    } else {
        Err(truncated(input, what))
    }
}

fn truncated<R: SparseRead>(input: &Input<R>, what: &str) -> Error {
    Error::corrupt(format!(
        "zip: the archive ends at byte {}, inside {what}",
        input.at()
    ))
}

fn no_header(offset: u64) -> Error {
    Error::corrupt(format!("zip: no header at byte {offset}"))
}
