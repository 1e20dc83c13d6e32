//! A file that comes in chunks, which are members of their own (DSP0243, section 7.1).

use std::ops::ControlFlow::{Break, Continue};

use error::{Error, Result};
use sparse::{Piece, SparseRead, drain};
use unpack::archive::{Archive, Member, MemberKind};

use super::content::{Content, Members};
use super::known::{Chunked, Fate, Stage};
use crate::names::shortened;
use crate::walk::archive::{Inside, Next};
use crate::walk::{File, NAMED, Walk};

impl Walk<'_> {
    /// Takes the file in chunks with the number `index` of which `member` is the chunk `number`, or moves past the
    /// member.
    pub(super) fn chunk(
        &mut self,
        archive: &mut dyn Archive,
        member: &Member,
        index: usize,
        number: u64,
        inside: &mut Inside<'_>,
    ) -> Result<Next> {
        let Some(file) = self.parts.chunked.get_mut(index) else {
            return inside.next(archive).map(Next::Member);
        };
        let whole = whole(inside.file, member);
        if self.parts.stage == Stage::Ahead {
            return inside.next(archive).map(Next::Member);
        }
        let wanted = self.options.selection.wants(&whole.member);
        match (number, file.fate) {
            _ if !wanted && number > 0 => {}
            _ if !wanted => self.summary.rest.push(&whole.member, None),
            (0, Fate::Open) => {
                file.fate = Fate::Taken;
                let file = file.clone();
                return self.chunks(archive, member, file, &whole, inside);
            }
            (_, Fate::Open) => return Err(apart("comes before the chunk 000000000 of its file")),
            _ => return Err(apart("is apart from the other chunks of its file")),
        }
        let members = Members::new(archive, inside.place, &mut inside.checking);
        Content::of(members, &member.name).end()?;
        inside.next(archive).map(Next::Member)
    }

    fn chunks(
        &mut self,
        archive: &mut dyn Archive,
        first: &Member,
        file: Chunked,
        whole: &File,
        inside: &mut Inside<'_>,
    ) -> Result<Next> {
        let name = shortened(&whole.member, NAMED);
        let members = Members::new(archive, inside.place, &mut inside.checking);
        let mut chunks = Chunks::start(file, inside.file, members, first);
        let flow = self.file(&mut chunks, whole);
        match flow.map_err(|error| error.within(&name))? {
            Break(()) => Ok(Next::Break),
            Continue(()) => {
                let next = chunks.end();
                next.map(Next::Member).map_err(|error| error.within(&name))
            }
        }
    }
}

/// The file that the chunk `member` of the archive `archive` belongs to.
fn whole(archive: &File, member: &Member) -> File {
    let stem = member.name.rsplit_once('.').map(|(stem, _)| stem);
    archive.inside(&Member {
        name: stem.unwrap_or(&member.name).to_owned(),
        size: None,
        ..member.clone()
    })
}

/// A chunk that does not follow the one before it.
fn apart(what: &str) -> Error {
    Error::unsupported(format!(
        "{what}, and chunks are read only one after the other"
    ))
    .hint("pack the chunks in the order of their numbers, or unpack them and join them with cat")
}

/// The chunks of a file, one after another.
struct Chunks<'a> {
    file: Chunked,
    /// The archive.
    archive: &'a File,
    /// The name of the present chunk, for messages.
    name: String,
    /// Its number.
    number: u64,
    /// Bytes of it that have passed.
    passed: u64,
    /// Bytes of those before.
    before: u64,
    now: Now<'a>,
}

enum Now<'a> {
    In(Content<'a>),
    /// Behind the last chunk, with the member that follows it.
    End(Option<Member>),
    /// An error has been told.
    Dead,
}

impl<'a> Chunks<'a> {
    /// The file that `first`, the present one of `members`, begins in `archive`.
    fn start(file: Chunked, archive: &'a File, members: Members<'a>, first: &Member) -> Self {
        Chunks {
            file,
            archive,
            name: shortened(&archive.inside(first).member, NAMED),
            number: 0,
            passed: 0,
            before: 0,
            now: Now::In(Content::of(members, &first.name)),
        }
    }

    /// Reads what is left, and gives the member that follows, whose content is still unread.
    ///
    /// # Errors
    /// Those of reading, and [`error::Kind::Corrupt`] when the chunks are not all of the file.
    fn end(mut self) -> Result<Option<Member>> {
        drain(&mut self)?;
        match self.now {
            Now::End(next) => Ok(next),
            Now::In(_) | Now::Dead => Err(dead()),
        }
    }

    /// Has something at hand, or is at the end.
    fn advance(&mut self) -> Result<()> {
        loop {
            let over = match &mut self.now {
                Now::In(content) => content.peek().map(|piece| piece.is_empty()),
                Now::End(_) => Ok(false),
                Now::Dead => Err(dead()),
            };
            if !over.map_err(|error| error.within(&self.name))? {
                return Ok(());
            }
            if let Now::In(content) = std::mem::replace(&mut self.now, Now::Dead) {
                self.now = self.next(content)?;
            }
        }
    }

    /// Goes on from the present chunk, which is over.
    fn next(&mut self, content: Content<'a>) -> Result<Now<'a>> {
        let mut members = content.end()?;
        let next = loop {
            match members.next()? {
                Some(member) if member.kind != MemberKind::File => {}
                next => break next,
            }
        };
        let file = next.as_ref().map(|member| self.archive.inside(member));
        let number = file.as_ref().and_then(|file| self.file.number(&file.key()));
        let (Some(member), Some(number)) = (&next, number) else {
            self.is_whole()?;
            return Ok(Now::End(next));
        };
        self.is_full(number)?;
        self.before += self.passed;
        (self.number, self.passed) = (number, 0);
        self.name = shortened(&self.archive.inside(member).member, NAMED);
        Ok(Now::In(Content::of(members, &member.name)))
    }

    /// The present chunk is followed by the one with the number `next`.
    fn is_full(&self, next: u64) -> Result<()> {
        let Chunked { chunk, .. } = self.file;
        let (number, passed) = (self.number, self.passed);
        let wrong = if next != number + 1 {
            let missing = number + 1;
            format!(
                "is followed by the chunk {next:09}: the chunk {missing:09} is missing or in another place"
            )
        } else if passed != chunk {
            format!("has {passed} bytes, and each chunk but the last has {chunk}")
        } else {
            return Ok(());
        };
        Err(Error::corrupt(wrong).within(&self.name))
    }

    /// The present chunk is the last that is there.
    fn is_whole(&self) -> Result<()> {
        let Chunked { chunk, size, .. } = self.file;
        let (passed, count) = (self.passed, self.number + 1);
        if passed > chunk {
            let message = format!("has {passed} bytes, and no chunk has more than {chunk}");
            return Err(Error::corrupt(message).within(&self.name));
        }
        let all = self.before + passed;
        match size {
            // A chunk that is shorter is the last, whatever size was written down.
            Some(size) if passed == chunk && all < size => Err(Error::corrupt(format!(
                "has {all} of its {size} bytes in its {count} chunks: the chunk {count:09} is missing"
            ))),
            _ => Ok(()),
        }
    }
}

fn dead() -> Error {
    Error::io("cannot be read on", "an earlier read failed")
}

impl SparseRead for Chunks<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.advance()?;
        match &mut self.now {
            Now::In(content) => content.peek(),
            Now::End(_) | Now::Dead => Ok(Piece::End),
        }
    }

    fn consume(&mut self, n: u64) {
        if let Now::In(content) = &mut self.now {
            content.consume(n);
            self.passed += n;
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        self.advance()?;
        let Now::In(content) = &mut self.now else {
            return Ok(None);
        };
        let exchanged = content.exchange(buffer)?;
        self.passed += exchanged.unwrap_or(0) as u64;
        Ok(exchanged)
    }
}
