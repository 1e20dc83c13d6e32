//! Members that are read by somebody who goes on to the next one himself.

use error::{Error, Result};
use sparse::{Piece, SparseRead, drain};
use unpack::archive::{Archive, Member};
use unpack::manifest::{Checking, Digests, Hashed};

/// The members of an archive, one after another; as a stream, the content of the present one.
pub(super) struct Members<'a> {
    archive: &'a mut dyn Archive,
    /// What messages call the archive.
    place: &'a str,
    pub(super) checking: &'a mut Checking,
}

impl<'a> Members<'a> {
    /// The members from the present one on.
    pub(super) fn new(
        archive: &'a mut dyn Archive,
        place: &'a str,
        checking: &'a mut Checking,
    ) -> Self {
        Members {
            archive,
            place,
            checking,
        }
    }

    /// The next member.
    pub(super) fn next(&mut self) -> Result<Option<Member>> {
        let next = self.archive.next_member();
        next.map_err(|error: Error| error.within(self.place))
    }
}

impl SparseRead for Members<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let place = self.place;
        let piece = self.archive.content().peek();
        piece.map_err(|error| error.within(place))
    }

    fn consume(&mut self, n: u64) {
        self.archive.content().consume(n);
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let exchanged = self.archive.content().exchange(buffer);
        exchanged.map_err(|error| error.within(self.place))
    }
}

/// The content of a member, hashed where a manifest may name it.
pub(super) enum Content<'a> {
    /// With its name, unless it is the manifest itself or its certificate.
    Plain(Members<'a>, Option<String>),
    Hashed(Box<Hashed<Members<'a>>>, String),
}

impl<'a> Content<'a> {
    /// The content of the present one of `members`, which is called `name`.
    pub(super) fn of(members: Members<'a>, name: &str) -> Self {
        let algorithms = members.checking.algorithms(name);
        if algorithms.is_empty() {
            return Content::Plain(members, Some(name.to_owned()));
        }
        let hashed = Hashed::new(members, &algorithms);
        Content::Hashed(Box::new(hashed), name.to_owned())
    }

    /// Reads what is left, and gives the members back.
    pub(super) fn end(self) -> Result<Members<'a>> {
        match self {
            Content::Plain(mut members, name) => {
                drain(&mut members)?;
                if let Some(name) = name {
                    members.checking.member(&name, Digests::default());
                }
                Ok(members)
            }
            Content::Hashed(hashed, name) => {
                let (digests, members) = hashed.end()?;
                members.checking.member(&name, digests);
                Ok(members)
            }
        }
    }
}

impl SparseRead for Content<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self {
            Content::Plain(members, _) => members.peek(),
            Content::Hashed(hashed, _) => hashed.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        match self {
            Content::Plain(members, _) => members.consume(n),
            Content::Hashed(hashed, _) => hashed.consume(n),
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        match self {
            Content::Plain(members, _) => members.exchange(buffer),
            Content::Hashed(hashed, _) => hashed.exchange(buffer),
        }
    }
}
