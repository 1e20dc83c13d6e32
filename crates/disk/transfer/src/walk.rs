//! Through the layers of a source to the disks in it, in a single forward pass.
//!
//! Compression and archives may be nested; each layer is recognised by content, opened, read to its
//! very end, and so checked. The first disk that may be the one, or every one that is meant, is handed
//! to a [`DiskSink`] as it passes; whether it was the only one is known at the end, which is why the
//! sink must not make anything look complete before the walk is over.

mod archive;
mod chosen;
mod describe;
mod ending;
mod evidence;
mod folder;
mod leaf;
mod nesting;
mod parts;
mod vma;

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use error::{Error, Result};
use sparse::{Lookahead, Piece, SparseRead, drain};
use unpack::Limits;
use unpack::layer::{Compression, Layer, sniff};
use unpack::manifest::Found;

use crate::classify::{HEAD, two_at_once};
use crate::control::Control;
use crate::guest::Guest;
use crate::names::shortened;
use crate::open::{Opening, Sieves};
use crate::selection::Selection;
use crate::sink::DiskSink;
use crate::summary::Summary;
use crate::witness::{Witness, is_about_content};
use nesting::Nesting;
use parts::Parts;

/// Characters of a member's name that a message or the result shows.
const NAMED: usize = 300;

/// What a walk goes by.
#[derive(Clone, Copy)]
pub(crate) struct WalkOptions<'a> {
    /// What decoders may spend.
    pub(crate) limits: Limits,
    /// Which disk is meant.
    pub(crate) selection: &'a Selection,
    /// How disks are opened.
    pub(crate) opening: &'a Opening,
    /// Progress, and whether to go on.
    pub(crate) control: &'a Arc<Control>,
}

/// One walk through one source, in as many passes as it takes.
pub(crate) struct Walk<'a> {
    options: WalkOptions<'a>,
    sink: &'a mut dyn DiskSink,
    /// What this pass has met.
    pub(crate) summary: Summary,
    /// What earlier passes have kept for this one.
    earlier: Earlier,
    /// Disks in several members that this pass and earlier ones have met.
    parts: Parts,
    /// Where the walk is.
    nesting: Nesting,
    /// The guest by so many of the descriptions met.
    guest: Option<(usize, Guest)>,
    /// Bytes in a sector of the disk that is about to be handed on, as its format declares it.
    sector: Option<u32>,
}

/// What passes through the same source leave for later ones.
#[derive(Default)]
struct Earlier {
    /// The tables of images.
    sieves: Sieves,
    /// Members that an earlier pass took, and that this one has not met yet.
    taken_before: Vec<String>,
    /// Manifests that came behind files which they name, by the archive's member name: the next pass
    /// compares them.
    manifests: HashMap<String, Found>,
}

/// A file on the way: the source itself, what a layer decompresses to, or a member.
#[derive(Clone, Default)]
struct File {
    /// Its name, outermost archive first; empty for the source itself.
    member: String,
    size: Option<u64>,
    /// Where in `member` the name begins that it has in the innermost archive.
    within: Option<usize>,
    /// Whether a description says that it is a raw disk.
    raw: bool,
    /// What offsets in it say of its first byte, which is not 0 where they count what was before it.
    offset: u64,
}

impl<'a> Walk<'a> {
    /// A walk that tells `sink` what it meets.
    pub(crate) fn new(options: WalkOptions<'a>, sink: &'a mut dyn DiskSink) -> Self {
        Walk {
            options,
            sink,
            summary: Summary::default(),
            earlier: Earlier::default(),
            parts: Parts::default(),
            nesting: Nesting::default(),
            guest: None,
            sector: None,
        }
    }

    /// Forgets what the last pass through the source saw, but for the tables and the descriptors that it kept.
    pub(crate) fn begin(&mut self) {
        // Disks that a pass has taken to their end stay taken, and later passes go by them.
        let mut taken = std::mem::take(&mut self.summary.taken);
        if !self.sink.wants_content() {
            taken.clear();
        }
        self.earlier.taken_before = taken
            .iter()
            .map(|taken| taken.disk.member.clone())
            .collect();
        self.summary = Summary {
            taken,
            ..Summary::default()
        };
        self.guest = None;
        self.parts.begin();
        self.nesting = Nesting::default();
        self.sink.begin_pass();
    }

    /// Walks through `source`, of `size` bytes where known and with `offset` as its own offsets say of its
    /// first byte, to its end, or until the sink says `Break`.
    ///
    /// # Errors
    /// Whatever a layer or the sink finds wrong, with the member that it is in.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn SparseRead,
        size: Option<u64>,
        offset: u64,
    ) -> Result<ControlFlow<()>> {
        let file = File {
            size,
            offset,
            ..File::default()
        };
        self.file(&mut Located::new(source, ""), &file)
    }

    /// Says that something about `file` was not used or not checked.
    fn warn(&mut self, file: &File, warning: Error) {
        let name = shortened(&file.member, NAMED);
        self.summary.warn(warning.within(&name));
    }

    fn file(&mut self, stream: &mut dyn SparseRead, file: &File) -> Result<ControlFlow<()>> {
        self.options.control.check()?;
        let mut stream = Lookahead::new(stream);
        let head = stream.head(HEAD)?;
        if head.is_empty() && file.member.is_empty() {
            return Err(Error::refused("is empty"));
        }
        let layer = self.layer(head, file)?;
        self.end_is_proven(layer, file)?;
        if self.is_numbered(head, layer, file)? {
            return Ok(Continue(()));
        }
        let Some(layer) = layer else {
            return self.leaf(stream, file);
        };
        let nesting = self.nesting.clone();
        let taken = self.summary.taken.len();
        let mut witness = Witness::new(&mut stream);
        match self.unpack(layer, &mut witness, file) {
            Err(error) if !witness.failed && self.may_pass_by(&error, file, taken) => {
                self.nesting.go_back(nesting);
                self.pass_by(error, file);
                Ok(Continue(()))
            }
            flow => flow,
        }
    }

    /// Sees to it that a source whose end may be a cut is one whose content shows where it ends. Archives
    /// and backups do. Compressed streams do not: several may follow each other.
    ///
    /// # Errors
    /// The source's reason why its end proves nothing.
    fn end_is_proven(&self, layer: Option<Layer>, file: &File) -> Result<()> {
        let unproven = self.options.opening.unproven.as_ref();
        match (layer, unproven.filter(|_| file.member.is_empty())) {
            (None, Some(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Goes through what `layer` holds, to its end.
    fn unpack(
        &mut self,
        layer: Layer,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        self.nesting.enter(layer.name())?;
        let flow = match layer {
            Layer::Compression(kind) => self.compressed(kind, stream, file)?,
            Layer::Archive(kind) => self.archive(kind, stream, file)?,
            Layer::Vma => self.vma(stream, file)?,
        };
        self.nesting.leave();
        if flow.is_continue() {
            expect_end(stream, layer)?;
        }
        Ok(flow)
    }

    /// Whether `error` in the packed member `file` does not matter: it is about content that nobody asked
    /// for, and no disk has been taken from it since `taken` were.
    fn may_pass_by(&self, error: &Error, file: &File, taken: usize) -> bool {
        !file.member.is_empty()
            && !self.options.selection.names(&file.member)
            && self.summary.taken.len() == taken
            && is_about_content(error)
    }

    /// Remembers that `file` was not read because of `error`. Where a member was asked for by its name,
    /// the others do not matter.
    fn pass_by(&mut self, error: Error, file: &File) {
        let error = error.within(&shortened(&file.member, NAMED));
        if self.options.selection.member.is_none() {
            let warning = Error::new(error.kind(), format!("{error}; passed by"));
            self.summary.warn(warning.because_of(error.clone()));
        }
        self.summary.trouble.get_or_insert(error);
        self.summary.rest.push(&file.member, file.size);
    }

    /// The layer that `head` begins, if any. In a member that is not wanted, what reads in two ways does not
    /// matter.
    fn layer(&self, head: &[u8], file: &File) -> Result<Option<Layer>> {
        let layer = sniff(head);
        match (layer, &diskimage::probe(head)[..]) {
            (Some(layer), [format, ..]) if self.options.selection.wants(&file.member) => {
                two_at_once(layer.name(), format.name())
            }
            _ => Ok(layer),
        }
    }

    fn compressed(
        &mut self,
        kind: Compression,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        let decoder = kind.decoder(stream, &self.nesting.share(self.options.limits))?;
        let place = shortened(&file.member, NAMED);
        let mut decoder = Located::new(decoder, &place);
        let inner = File {
            size: None,
            offset: 0,
            ..file.clone()
        };
        self.nesting.decoders += 1;
        let flow = self.file(&mut decoder, &inner)?;
        self.nesting.decoders -= 1;
        if flow.is_continue() {
            drain(&mut decoder)?;
        }
        Ok(flow)
    }
}

/// A stream whose errors are about `place` unless they come from farther below.
struct Located<'a, R> {
    stream: R,
    place: &'a str,
}

impl<'a, R: SparseRead> Located<'a, R> {
    fn new(stream: R, place: &'a str) -> Self {
        Located { stream, place }
    }
}

impl<R: SparseRead> SparseRead for Located<'_, R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        let place = self.place;
        self.stream.peek().map_err(|error| error.within(place))
    }

    fn consume(&mut self, n: u64) {
        self.stream.consume(n);
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        let place = self.place;
        let exchanged = self.stream.exchange(buffer);
        exchanged.map_err(|error| error.within(place))
    }
}

/// A layer that is over must be followed by nothing.
fn expect_end(stream: &mut dyn SparseRead, layer: Layer) -> Result<()> {
    match stream.peek()? {
        Piece::End => Ok(()),
        _ => Err(Error::corrupt(format!(
            "trailing garbage after the {} data",
            layer.name()
        ))),
    }
}
