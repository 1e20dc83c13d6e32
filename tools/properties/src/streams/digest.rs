//! A fingerprint of what a stream or an archive decompresses to, and the ports' rules on the way.

use error::Result;
use sparse::{Lookahead, Piece, SparseRead};
use unpack::Limits;
use unpack::archive::Archive;
use unpack::layer::{HEAD, Layer, sniff};
use unpack::vma::Vma;

use crate::told::presentable;

/// Members after which nobody reads on.
const MANY: u64 = 1000;

/// Layers inside each other after which nobody reads on.
const DEEP: usize = 4;

/// A fingerprint of streams and members, the same whether zeros came as data or as holes.
#[derive(Debug)]
pub(super) struct Digest {
    limits: Limits,
    /// Bytes of data, holes not counted, after which nobody reads on.
    enough: u64,
    hash: u64,
    /// Bytes seen, holes included.
    length: u64,
    /// Bytes seen as data, and a little for each hole.
    spent: u64,
    members: u64,
    /// There was more than enough.
    pub(super) stopped: bool,
}

impl Digest {
    /// The fingerprint of nothing; what is inside a layer is read within `limits`, and no more than `enough`
    /// bytes of data.
    pub(super) fn new(limits: Limits, enough: u64) -> Self {
        Digest {
            limits,
            enough,
            hash: 0,
            length: 0,
            spent: 0,
            members: 0,
            stopped: false,
        }
    }

    fn add(&mut self, number: u64) {
        self.hash = (self.hash ^ number)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(23);
    }

    /// Takes bytes.
    pub(super) fn data(&mut self, data: &[u8]) {
        for (at, &byte) in (self.length..).zip(data).filter(|(_, byte)| **byte != 0) {
            self.add(at << 8 | u64::from(byte));
        }
        self.length = self.length.saturating_add(data.len() as u64);
        self.spend(data.len() as u64);
    }

    fn zeros(&mut self, n: u64) {
        self.length = self.length.saturating_add(n);
        // A hole costs a step; many are as good as much data.
        self.spend(16);
    }

    fn spend(&mut self, bytes: u64) {
        self.spent += bytes;
        self.stopped |= self.spent > self.enough;
    }

    /// What two readings of the same must have in common.
    pub(super) fn content(&self) -> (u64, u64, u64) {
        (self.hash, self.length, self.members)
    }

    /// Takes a stream to its end.
    pub(super) fn stream(&mut self, stream: &mut dyn SparseRead) -> Result<()> {
        while !self.stopped {
            let n = match stream.peek()? {
                Piece::Data(data) => {
                    assert!(!data.is_empty(), "an empty piece of data");
                    self.data(data);
                    data.len() as u64
                }
                Piece::Zeros(n) => {
                    assert_ne!(n, 0, "an empty hole");
                    self.zeros(n);
                    n
                }
                Piece::End => break,
            };
            stream.consume(n);
        }
        if !self.stopped {
            assert_eq!(stream.peek()?, Piece::End, "the end has to stay");
        }
        Ok(())
    }

    /// Takes an archive to its end.
    pub(super) fn archive(&mut self, archive: &mut dyn Archive) -> Result<()> {
        self.members(archive, &mut |digest, content| digest.stream(content))
    }

    fn members(
        &mut self,
        archive: &mut dyn Archive,
        take: &mut dyn FnMut(&mut Digest, &mut dyn SparseRead) -> Result<()>,
    ) -> Result<()> {
        while let Some(member) = archive.next_member()? {
            self.members += 1;
            self.stopped |= self.members > MANY;
            if self.stopped {
                return Ok(());
            }
            member.name.bytes().for_each(|byte| self.add(byte.into()));
            self.add(archive.is_costly().into());
            member.refusal.iter().for_each(presentable);
            let mut content = Measured {
                stream: archive.content(),
                length: 0,
            };
            take(self, &mut content)?;
            let length = content.length;
            if let Some(size) = member.size.filter(|_| !self.stopped) {
                assert_eq!(length, size, "{member:?} is longer or shorter than said");
            }
        }
        if !self.stopped {
            assert!(archive.next_member()?.is_none(), "the end has to stay");
            archive
                .doubt()
                .iter()
                .for_each(|doubt| presentable(&doubt.error));
        }
        Ok(())
    }

    /// Takes what a stream turns out to be to its end, and what is inside that, and so on.
    pub(super) fn layers(&mut self, stream: &mut dyn SparseRead) -> Result<()> {
        self.layers_within(stream, DEEP)
    }

    fn layers_within(&mut self, stream: &mut dyn SparseRead, deep: usize) -> Result<()> {
        let mut input = Lookahead::new(stream);
        let layer = sniff(input.head(HEAD)?);
        self.add(deep as u64);
        let name = layer.map_or("", Layer::name);
        name.bytes().for_each(|byte| self.add(byte.into()));
        match layer.filter(|_| deep > 0) {
            None => self.stream(&mut input),
            Some(Layer::Compression(kind)) => {
                let mut inner = kind.decoder(input, &self.limits)?;
                self.layers_within(&mut inner, deep - 1)
            }
            Some(Layer::Vma) => Vma::new(input)?.finish(),
            Some(Layer::Archive(kind)) => {
                let mut archive = kind.reader(0, input, &self.limits);
                self.members(&mut *archive, &mut |digest, content| {
                    digest.layers_within(content, deep - 1)
                })
            }
        }
    }
}

/// A stream that counts what is taken from it.
struct Measured<'a> {
    stream: &'a mut dyn SparseRead,
    length: u64,
}

impl SparseRead for Measured<'_> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.stream.peek()
    }

    fn consume(&mut self, n: u64) {
        self.stream.consume(n);
        self.length = self.length.saturating_add(n);
    }
}
