//! XVA, the export of XenServer and XCP-ng: disks in pieces inside a tar.
//!
//! Behind `ova.xml`, which tells each disk's size, a disk is a row of members `Ref:12/00000000`,
//! `Ref:12/00000001` and so on, chunks of 1 MiB. Each is followed by the checksum of its bytes in
//! hexadecimal digits, a member of the same name with `.checksum` (SHA-1) or `.xxhash` (XXH64)
//! behind it; exports of the first version have none. A number that is left out is a chunk of zeros,
//! but number 0 is always there. A chunk without bytes only keeps a connection alive: its number
//! stands for nothing in the disk. The last chunk is cut to the disk's size, or padded with zeros.
//!
//! After what the toolstack itself writes and reads (xapi, `stream_vdi.ml`).

mod checksum;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use error::{Error, Result};
use sparse::{DiskRead, Piece, SparseRead, read_full};

use crate::archive::{Archive, Member, MemberKind, clip, shown};
use crate::hashing::Feed;
use checksum::{Checker, Claim, Scheme};

/// The largest chunk that is taken, in bytes; all known writers use 1 MiB.
const LARGEST: u64 = 64 << 20;

/// What a member's name says about a piece of a disk: `Ref:12/00000003` is number 3 of `Ref:12`.
pub fn reference(name: &str) -> Option<(&str, u64)> {
    let (disk, number) = name.rsplit_once('/')?;
    let id = disk.strip_prefix("Ref:")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
    if id.is_empty() || disk.len() > 80 || !id.bytes().all(plain) {
        return None;
    }
    let digits = number.len() <= 20 && number.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (disk, number))
}

/// One disk of an XVA, its pieces put together.
///
/// A wrong checksum shows up to a few megabytes late, but always before the end.
pub struct Disk<'a> {
    archive: &'a mut dyn Archive,
    /// What the members' names begin with: `Ref:12`.
    reference: String,
    size: u64,
    /// What all chunks have, but the last and those without any: the bytes of number 0.
    unit: u64,
    /// The chunk that was begun last.
    chunk: Chunk,
    /// Where in the disk the next piece lies.
    position: u64,
    /// Zeros before the chunk, or up to the end.
    hole: u64,
    /// Bytes that were shown and given to the checker, but not consumed.
    ahead: u64,
    /// The kind of checksum that chunks have, once the first chunk has shown it; `Some(None)` when
    /// they have none.
    scheme: Option<Option<Scheme>>,
    checker: Option<Feed<Checker>>,
    complete: bool,
    next: Option<Member>,
}

/// A member that holds bytes of the disk.
#[derive(Debug, Default)]
struct Chunk {
    name: String,
    number: u64,
    /// Bytes of the disk that are still in it.
    left: u64,
    /// Bytes behind the disk's end.
    excess: u64,
}

impl<'a> Disk<'a> {
    /// The disk of `size` bytes that `first` begins, the member that `archive` gave last. The size
    /// is what ova.xml says.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when `first` does not begin a disk of that size.
    pub fn start(archive: &'a mut dyn Archive, first: Member, size: u64) -> Result<Self> {
        let Some((disk, number)) = reference(&first.name) else {
            let message = format!("{} is not a piece of a disk", shown(&first.name));
            return Err(Error::corrupt(message));
        };
        if number != 0 {
            let message = format!("{} comes first, chunk 0 is missing", first.name);
            return Err(Error::corrupt(message).hint(IN_ORDER));
        }
        let mut disk = Disk {
            archive,
            reference: disk.to_owned(),
            size,
            unit: 0,
            chunk: Chunk::default(),
            position: 0,
            hole: 0,
            ahead: 0,
            scheme: None,
            checker: Some(Feed::new(vec![Checker::default()])),
            complete: false,
            next: None,
        };
        disk.unit = disk.bytes_of(&first)?;
        if disk.unit == 0 && size > 0 {
            let message = format!("{} has no bytes, the disk has {size}", first.name);
            return Err(Error::corrupt(message));
        }
        disk.begin(first.name, disk.unit, 0, 0)?;
        Ok(disk)
    }

    /// What the disk's members are called before the slash: `Ref:12`.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The checksum that the chunks have, in words; `None` when they have none, or when the first
    /// has not been read yet.
    pub fn checksum(&self) -> Option<&'static str> {
        self.scheme.flatten().map(Scheme::name)
    }

    /// Reads what is left of the disk, and gives the member that follows it, whose content is still
    /// unread in the archive; `None` when the archive is complete.
    ///
    /// # Errors
    /// Those of reading the disk.
    pub fn next(mut self) -> Result<Option<Member>> {
        sparse::drain(&mut self)?;
        Ok(self.next)
    }

    /// Makes sure that there is something to show, unless all has been shown.
    fn settle(&mut self) -> Result<()> {
        while self.hole == 0 && self.chunk.left == 0 && !self.complete {
            self.end_chunk()?;
        }
        Ok(())
    }

    /// Takes the chunk's checksum and goes on to the next one.
    fn end_chunk(&mut self) -> Result<()> {
        self.pass_excess()?;
        let mut next = self.archive.next_member()?;
        match next.as_ref().map(|member| self.claim_in(member)) {
            Some(Some(scheme)) => {
                self.check(scheme)?;
                next = self.archive.next_member()?;
            }
            _ => self.no_checksum()?,
        }
        match next {
            Some(member) => self.go_on(member),
            None => self.end(None),
        }
    }

    /// Takes `member` if it is the next chunk.
    fn go_on(&mut self, member: Member) -> Result<()> {
        let own = member.name.strip_prefix(&self.reference);
        if !own.is_some_and(|rest| rest.starts_with('/')) || member.kind == MemberKind::Directory {
            return self.end(Some(member));
        }
        let Some((_, number)) = reference(&member.name) else {
            let (name, last) = (shown(&member.name), &self.chunk.name);
            let message = format!("{name} follows {last}, it is neither a chunk nor its checksum");
            return Err(Error::corrupt(message).hint(IN_ORDER));
        };
        let (name, last) = (&member.name, &self.chunk.name);
        match number.cmp(&self.chunk.number) {
            Ordering::Greater => {}
            Ordering::Equal => return Err(Error::corrupt(format!("{name} comes twice"))),
            Ordering::Less => {
                let message = format!("{name} comes after {last}");
                return Err(Error::corrupt(message).hint(IN_ORDER));
            }
        }
        let len = self.bytes_of(&member)?;
        let gap = u128::from(number - self.chunk.number - 1) * u128::from(self.unit);
        self.begin(member.name, len, number, gap)
    }

    /// The number of bytes in a chunk.
    fn bytes_of(&self, member: &Member) -> Result<u64> {
        let name = &member.name;
        match (&member.kind, member.size) {
            (MemberKind::File, Some(len)) if len > LARGEST => Err(Error::unsupported(format!(
                "{name} has {len} bytes, chunks of more than {LARGEST} are not read here"
            ))),
            (MemberKind::File, Some(len)) => Ok(len),
            (MemberKind::File, None) => Err(Error::corrupt(format!("{name} has no known size"))),
            _ => Err(Error::corrupt(format!("{name} is not a file"))),
        }
    }

    /// Begins chunk `number` of `len` bytes, with `gap` zeros before it.
    fn begin(&mut self, name: String, len: u64, number: u64, gap: u128) -> Result<()> {
        let (size, unit) = (self.size, self.unit);
        let at = u128::from(self.position) + gap;
        let end = at + u128::from(len);
        if at > u128::from(size) || (len > 0 && at == u128::from(size)) {
            return Err(Error::corrupt(format!(
                "{name} is at byte {at} of the disk, which has {size} bytes"
            )));
        }
        if len > unit || (len > 0 && len < unit && end != u128::from(size)) {
            return Err(Error::corrupt(format!(
                "{name} has {len} bytes, the first chunk has {unit}"
            )));
        }
        // Both fit: the disk's size does.
        let (gap, excess) = (gap as u64, end.saturating_sub(size.into()) as u64);
        self.hole = gap;
        self.chunk = Chunk {
            name,
            number,
            left: len - excess,
            excess,
        };
        Ok(())
    }

    /// Passes what pads the last chunk, which must be zeros.
    fn pass_excess(&mut self) -> Result<()> {
        let mut block = [0; 4096];
        while self.chunk.excess > 0 {
            let want = self.chunk.excess.min(block.len() as u64) as usize;
            let part = &mut block[..want];
            if read_full(self.archive.content(), part)? < want {
                return Err(self.cut_short(self.chunk.excess));
            }
            if !sparse::zero::is_zero(part) {
                return Err(Error::corrupt(format!(
                    "{} has data behind the end of the disk, which has {} bytes",
                    self.chunk.name, self.size
                )));
            }
            if let Some(checker) = &mut self.checker {
                checker.data(part)?;
            }
            self.chunk.excess -= want as u64;
        }
        Ok(())
    }

    fn cut_short(&self, missing: u64) -> Error {
        let name = &self.chunk.name;
        Error::corrupt(format!("{name} ends {missing} bytes early"))
    }

    /// The kind of checksum of the current chunk that `member` holds, if it does.
    fn claim_in(&self, member: &Member) -> Option<Scheme> {
        let extension = member.name.strip_prefix(&self.chunk.name)?;
        Scheme::of(extension).filter(|_| member.kind == MemberKind::File)
    }

    /// Reads the checksum, the current member, and has it compared.
    fn check(&mut self, scheme: Scheme) -> Result<()> {
        let chunk = &self.chunk.name;
        match self.scheme.replace(Some(scheme)) {
            None => {}
            Some(Some(before)) if before == scheme => {}
            Some(Some(before)) => {
                let (now, before) = (scheme.name(), before.name());
                let message = format!("{chunk} has an {now} checksum, those before have {before}");
                return Err(Error::corrupt(message));
            }
            Some(None) => {
                let message = format!("{chunk} has a checksum, those before have none");
                return Err(Error::corrupt(message));
            }
        }
        let claim = Claim::read(self.archive.content(), scheme, chunk)?;
        match &mut self.checker {
            Some(checker) => checker.note(claim),
            None => Ok(()),
        }
    }

    fn no_checksum(&mut self) -> Result<()> {
        match self.scheme.replace(None) {
            Some(Some(_)) => {
                let message = format!("{} has no checksum, those before have", self.chunk.name);
                Err(Error::corrupt(message))
            }
            _ => {
                self.checker = None;
                Ok(())
            }
        }
    }

    /// The disk has no more chunks.
    fn end(&mut self, next: Option<Member>) -> Result<()> {
        if let Some(checker) = self.checker.take() {
            checker.finish()?;
        }
        self.hole = self.size - self.position;
        self.complete = true;
        self.next = next;
        Ok(())
    }
}

impl SparseRead for Disk<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.settle()?;
        if self.hole > 0 {
            return Ok(Piece::Zeros(self.hole));
        }
        let left = self.chunk.left;
        if left == 0 {
            return Ok(Piece::End);
        }
        let piece = clip(self.archive.content().peek()?, left);
        match (&mut self.checker, piece) {
            (_, Piece::End) => {
                let name = &self.chunk.name;
                return Err(Error::corrupt(format!("{name} ends {left} bytes early")));
            }
            (Some(checker), Piece::Data(data)) => {
                checker.data(data.get(self.ahead as usize..).unwrap_or_default())?;
            }
            (Some(checker), Piece::Zeros(n)) => checker.zeros(n.saturating_sub(self.ahead))?,
            (None, _) => {}
        }
        self.ahead = piece.len();
        Ok(piece)
    }

    fn consume(&mut self, n: u64) {
        self.position += n;
        if self.hole > 0 {
            self.hole -= n;
        } else {
            self.archive.content().consume(n);
            self.chunk.left -= n;
            self.ahead = self.ahead.saturating_sub(n);
        }
    }
}

impl DiskRead for Disk<'_> {
    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn offset(&mut self) -> Result<u64> {
        Ok(self.position)
    }

    fn is_in_order(&self) -> bool {
        true
    }
}

/// What to do about pieces that were packed by hand.
const IN_ORDER: &str = "the pieces of an XVA come in order: pack them with tar --sort=name";
