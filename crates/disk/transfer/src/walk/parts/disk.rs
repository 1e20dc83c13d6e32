//! The disk that several members make.

use std::sync::Arc;

use diskimage::streaming::{Passing, PassingDisk, StreamLimits, TableCache, pass_vmdk_part};
use diskimage::{VmdkPart, VmdkPartKind};
use error::{Error, Result};
use sparse::{DiskRead, Piece, SparseRead, read_full, skip};
use unpack::archive::{Member, MemberKind, clip};

use super::content::{Content, Members};
use super::known::Set;
use crate::classify::HEAD;
use crate::names::shortened;
use crate::walk::archive::{MANIFEST, is_named};
use crate::walk::{File, NAMED};

/// The largest member between two parts that is kept as a whole, in bytes.
const WHOLE: usize = 1 << 20;
/// Bytes that the members between two parts may take, all together.
const BETWEEN: usize = 4 << 20;
/// What each of them takes besides its content.
const EACH: usize = 256;

/// A disk in several members, put together as they pass.
pub(super) struct Disk<'a> {
    set: Arc<Set>,
    /// The archive.
    file: &'a File,
    means: StreamLimits,
    done: Vec<bool>,
    missing: usize,
    /// The part that the present member is.
    part: VmdkPart,
    /// Its name, for messages.
    name: String,
    now: Now<'a>,
    pub(super) between: Vec<Between>,
    kept: usize,
}

/// A member between two parts: its first bytes, or all of it.
pub(super) struct Between {
    pub(super) file: File,
    pub(super) bytes: Vec<u8>,
    pub(super) whole: bool,
}

enum Now<'a> {
    /// In a flat part, so far behind its beginning.
    Flat(Content<'a>, u64),
    Sparse(Box<PassingDisk<Content<'a>>>),
    End(Members<'a>),
    /// An error has been told.
    Dead,
}

impl<'a> Disk<'a> {
    /// The disk that `first`, the present one of `members`, begins in the archive `file`.
    ///
    /// # Errors
    /// Whatever is wrong with the first part.
    pub(super) fn start(
        set: Arc<Set>,
        file: &'a File,
        members: Members<'a>,
        first: &Member,
        means: StreamLimits,
    ) -> Result<Self> {
        let count = set.disk.files.len();
        let mut disk = Disk {
            set,
            file,
            // An extent whose tables come late is refused with a reason of its own.
            means: StreamLimits {
                again: true,
                ..means
            },
            done: vec![false; count],
            missing: count,
            part: VmdkPart {
                name: String::new(),
                start: 0,
                len: 0,
                kind: VmdkPartKind::Sparse,
            },
            name: String::new(),
            now: Now::Dead,
            between: Vec::new(),
            kept: 0,
        };
        let first = disk.file.inside(first);
        disk.now = disk.begin(members, &first)?;
        Ok(disk)
    }

    /// Reads what is left of the disk, and gives the member that follows it, whose content is still unread,
    /// and those that lay between its parts.
    ///
    /// # Errors
    /// Those of reading the disk.
    pub(super) fn end(mut self) -> Result<(Option<Member>, Vec<Between>)> {
        sparse::drain(&mut self)?;
        match self.now {
            Now::End(mut members) => Ok((members.next()?, self.between)),
            _ => Err(dead()),
        }
    }

    /// Begins with the member `file`.
    fn begin(&mut self, members: Members<'a>, file: &File) -> Result<Now<'a>> {
        self.name = shortened(&file.member, NAMED);
        let begun = self.begun(members, file);
        begun.map_err(|error| error.within(&self.name))
    }

    fn begun(&mut self, members: Members<'a>, file: &File) -> Result<Now<'a>> {
        let index = self.set.part(&file.key()).unwrap_or(usize::MAX);
        let (Some(part), Some(done)) = (self.set.disk.files.get(index), self.done.get_mut(index))
        else {
            return Err(dead());
        };
        if std::mem::replace(done, true) {
            return Err(Error::corrupt("is there twice"));
        }
        self.missing -= 1;
        self.part = part.clone();
        let mut content = Content::of(members, file.inner());
        let VmdkPartKind::Flat { offset } = part.kind else {
            let sieve = Arc::new(TableCache::new(file.size));
            return match pass_vmdk_part(content, &sieve, part.len, self.means)? {
                Passing::Disk(disk) => Ok(Now::Sparse(disk)),
                Passing::Again => Err(Error::unsupported(
                    "has its tables behind its data, which is not read in a disk of several files",
                )
                .hint("unpack the archive and give the descriptor's path")),
            };
        };
        match file.size {
            Some(size) if size.checked_sub(offset) != Some(part.len) => {
                return Err(wrong_size(size, offset, part.len));
            }
            _ => {}
        }
        let skipped = skip(&mut content, offset)?;
        if skipped == offset {
            Ok(Now::Flat(content, 0))
        } else {
            Err(wrong_size(skipped, offset, part.len))
        }
    }

    /// Has something at hand, or is at the end.
    fn advance(&mut self) -> Result<()> {
        loop {
            let over = match &mut self.now {
                Now::Flat(content, at) => match content.peek()? {
                    Piece::End => true,
                    _ if *at < self.part.len => false,
                    _ => return Err(self.too_long(1)),
                },
                Now::Sparse(disk) => {
                    let over = disk.peek().map(|piece| piece.is_empty());
                    over.map_err(|error| error.within(&self.name))?
                }
                Now::End(_) => false,
                Now::Dead => return Err(dead()),
            };
            if !over {
                return Ok(());
            }
            let content = match std::mem::replace(&mut self.now, Now::Dead) {
                Now::Flat(content, at) if at == self.part.len => content,
                Now::Flat(_, at) => {
                    let offset = self.offset_in_file();
                    let error = wrong_size(offset.saturating_add(at), offset, self.part.len);
                    return Err(error.within(&self.name));
                }
                Now::Sparse(disk) => disk.into_file().into_inner(),
                Now::End(_) | Now::Dead => return Err(dead()),
            };
            self.now = self.next_part(content.end()?)?;
        }
    }

    fn offset_in_file(&self) -> u64 {
        match self.part.kind {
            VmdkPartKind::Flat { offset } => offset,
            VmdkPartKind::Sparse => 0,
        }
    }

    /// The present part has `more` bytes than it should, or some more of them.
    fn too_long(&self, more: u64) -> Error {
        let offset = self.offset_in_file();
        let len = offset.saturating_add(self.part.len);
        let size = len.saturating_add(more);
        Error::corrupt(format!(
            "has {size} bytes or more, and its descriptor says {len}"
        ))
        .within(&self.name)
    }

    /// Goes on to the next part.
    fn next_part(&mut self, mut members: Members<'a>) -> Result<Now<'a>> {
        while self.missing > 0 {
            let Some(member) = members.next()? else {
                return Err(self.incomplete());
            };
            if member.kind != MemberKind::File {
                continue;
            }
            let file = self.file.inside(&member);
            if self.set.part(&file.key()).is_some() {
                return self.begin(members, &file);
            }
            members = self.between(members, file)?;
        }
        Ok(Now::End(members))
    }

    fn incomplete(&self) -> Error {
        let mut parts = self.set.disk.files.iter().zip(&self.done);
        let missing = parts.find(|(_, done)| !**done).map(|(part, _)| part);
        let (name, len) = missing.map_or(("", 0), |part| (&part.name, part.len));
        Error::corrupt(format!(
            "has {} of its {} parts in the archive: {name:?}, which holds {len} bytes of the disk, is missing",
            self.done.len() - self.missing,
            self.done.len()
        ))
    }

    /// Keeps what has to be known of the member `file`, which is no part.
    fn between(&mut self, members: Members<'a>, file: File) -> Result<Members<'a>> {
        let mut content = if is_named(file.inner(), &MANIFEST) {
            Content::Plain(members, None)
        } else {
            Content::of(members, file.inner())
        };
        let most = file.size.map_or(WHOLE, |size| {
            usize::try_from(size).unwrap_or(usize::MAX).min(WHOLE)
        });
        // One byte more shows that there is more.
        let mut bytes = vec![0; most + 1];
        let read = read_full(&mut content, &mut bytes)?;
        let whole = read <= WHOLE;
        bytes.truncate(if whole { read } else { HEAD });
        bytes.shrink_to_fit();
        self.kept += bytes.len() + file.member.len() + EACH;
        if self.kept > BETWEEN {
            return Err(Error::unsupported(format!(
                "has more than {BETWEEN} bytes of other files between its parts"
            ))
            .hint("pack its parts one after the other"));
        }
        self.between.push(Between { file, bytes, whole });
        content.end()
    }
}

/// A flat part in a member of `size` bytes that should have `len`, from `offset` on.
fn wrong_size(size: u64, offset: u64, len: u64) -> Error {
    Error::corrupt(format!(
        "has {size} bytes, and its descriptor says {}",
        offset.saturating_add(len)
    ))
}

fn dead() -> Error {
    Error::io("cannot be read on", "an earlier read failed")
}

impl SparseRead for Disk<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.advance()?;
        let name = &self.name;
        let piece = match &mut self.now {
            Now::Flat(content, at) => clip(content.peek()?, self.part.len - *at),
            Now::Sparse(disk) => disk.peek().map_err(|error| error.within(name))?,
            Now::End(_) | Now::Dead => Piece::End,
        };
        Ok(piece)
    }

    fn consume(&mut self, n: u64) {
        match &mut self.now {
            Now::Flat(content, at) => {
                content.consume(n);
                *at += n;
            }
            Now::Sparse(disk) => disk.consume(n),
            Now::End(_) | Now::Dead => {}
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        self.advance()?;
        let exchanged = match &mut self.now {
            Now::Flat(content, at) => {
                let exchanged = content.exchange(buffer)?;
                *at += exchanged.unwrap_or(0) as u64;
                exchanged.map(|n| (n, at.saturating_sub(self.part.len)))
            }
            _ => None,
        };
        match exchanged {
            Some((_, more @ 1..)) => Err(self.too_long(more)),
            exchanged => Ok(exchanged.map(|(n, _)| n)),
        }
    }
}

impl DiskRead for Disk<'_> {
    fn size(&self) -> Option<u64> {
        Some(self.set.disk.size)
    }

    fn offset(&mut self) -> Result<u64> {
        self.advance()?;
        Ok(match &mut self.now {
            Now::Flat(_, at) => self.part.start + *at,
            Now::Sparse(disk) => self.part.start + disk.offset()?,
            Now::End(_) | Now::Dead => self.set.disk.size,
        })
    }

    fn is_in_order(&self) -> bool {
        let alone = self.done.len() == 1;
        alone
            && match &self.now {
                Now::Sparse(disk) => disk.is_in_order(),
                _ => true,
            }
    }
}
