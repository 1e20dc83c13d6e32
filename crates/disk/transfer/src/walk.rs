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
mod parts;
mod vma;

use std::collections::HashMap;
use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use error::{Error, Result};
use sparse::{Lookahead, Piece, SparseRead, drain};
use unpack::Limits;
use unpack::gzip::Engine;
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
use parts::Parts;

/// Layers around one file before somebody is playing games.
const DEPTH: usize = 8;
/// Layers in one source, all together: archives in archives multiply.
const OPENED: usize = 10_000;
/// Characters of a member's name that a message or the result shows.
const NAMED: usize = 300;

/// One walk through one source.
pub(crate) struct Walk<'a> {
    limits: Limits,
    engine: Engine,
    selection: &'a Selection,
    opening: &'a Opening,
    sink: &'a mut dyn DiskSink,
    control: &'a Arc<Control>,
    /// The source's name.
    pub(crate) source: String,
    pub(crate) summary: Summary,
    /// The guest by so many of the descriptions seen.
    guest: Option<(usize, Guest)>,
    /// Tables that earlier passes through the same source have kept.
    pub(crate) sieves: Sieves,
    /// Members that an earlier pass took, and that this one has not met yet.
    taken_before: Vec<String>,
    /// Disks in several members that earlier passes through the same source have met.
    parts: Parts,
    /// The disks of the XVA that the walk is in: their reference and their size in bytes.
    xva: Vec<(String, u64)>,
    /// Manifests that came behind files which they name, by the archive's member name: the next pass
    /// through the same source compares them.
    manifests: HashMap<String, Found>,
    /// Bytes in a sector of the disk that is about to be handed on, as its format declares it.
    sector: Option<u32>,
    layers: Vec<&'static str>,
    /// Compressions among `layers`.
    decoders: usize,
    opened: usize,
}

/// A file on the way: the source itself, what a layer unfolds to, or a member.
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
    pub(crate) fn new(
        limits: Limits,
        engine: Engine,
        selection: &'a Selection,
        opening: &'a Opening,
        sink: &'a mut dyn DiskSink,
        control: &'a Arc<Control>,
    ) -> Self {
        Walk {
            limits,
            engine,
            selection,
            opening,
            sink,
            control,
            source: String::new(),
            summary: Summary::default(),
            guest: None,
            sieves: Sieves::default(),
            taken_before: Vec::new(),
            parts: Parts::default(),
            xva: Vec::new(),
            manifests: HashMap::new(),
            sector: None,
            layers: Vec::new(),
            decoders: 0,
            opened: 0,
        }
    }

    /// Forgets what the last pass through the source saw, but for the tables and the descriptors that it kept.
    pub(crate) fn begin(&mut self) {
        // Disks that a pass has taken to their end stay taken, and later passes go by them.
        let mut taken = std::mem::take(&mut self.summary.taken);
        if !self.sink.wants_content() {
            taken.clear();
        }
        self.taken_before = taken
            .iter()
            .map(|taken| taken.disk.member.clone())
            .collect();
        self.summary = Summary {
            taken,
            ..Summary::default()
        };
        self.guest = None;
        self.parts.begin();
        self.layers.clear();
        (self.decoders, self.opened) = (0, 0);
        self.xva.clear();
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
        self.control.check()?;
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
        let (layers, decoders, xva) = (self.layers.len(), self.decoders, self.xva.clone());
        let taken = self.summary.taken.len();
        let mut witness = Witness::new(&mut stream);
        match self.unpack(layer, &mut witness, file) {
            Err(error) if !witness.failed && self.may_pass_by(&error, file, taken) => {
                self.layers.truncate(layers);
                (self.decoders, self.xva) = (decoders, xva);
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
        let unproven = self.opening.unproven.as_ref();
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
        self.enter(layer)?;
        let flow = match layer {
            Layer::Compression(kind) => self.compressed(kind, stream, file)?,
            Layer::Archive(kind) => self.archive(kind, stream, file)?,
            Layer::Vma => self.vma(stream, file)?,
        };
        self.layers.pop();
        if flow.is_continue() {
            expect_end(stream, layer)?;
        }
        Ok(flow)
    }

    /// Whether `error` in the packed member `file` does not matter: it is about content that nobody asked
    /// for, and no disk has been taken from it since `taken` were.
    fn may_pass_by(&self, error: &Error, file: &File, taken: usize) -> bool {
        !file.member.is_empty()
            && !self.selection.names(&file.member)
            && self.summary.taken.len() == taken
            && is_about_content(error)
    }

    /// Remembers that `file` was not read because of `error`. Where a member was asked for by its name,
    /// the others do not matter.
    fn pass_by(&mut self, error: Error, file: &File) {
        let error = error.within(&shortened(&file.member, NAMED));
        if self.selection.member.is_none() {
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
            (Some(layer), [format, ..]) if self.selection.wants(&file.member) => {
                two_at_once(layer.name(), format.name())
            }
            _ => Ok(layer),
        }
    }

    fn enter(&mut self, layer: Layer) -> Result<()> {
        self.layers.push(layer.name());
        self.opened += 1;
        if self.layers.len() > DEPTH {
            let message = format!("lies in more than {DEPTH} layers of packing");
            return Err(Error::refused(message));
        }
        if self.opened > OPENED {
            let message = format!("holds more than {OPENED} packed files");
            return Err(Error::refused(message));
        }
        Ok(())
    }

    fn compressed(
        &mut self,
        kind: Compression,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        let decoder = kind.decoder(stream, &self.share(), self.engine)?;
        let place = shortened(&file.member, NAMED);
        let mut decoder = Located::new(decoder, &place);
        let inner = File {
            size: None,
            offset: 0,
            ..file.clone()
        };
        self.decoders += 1;
        let flow = self.file(&mut decoder, &inner)?;
        self.decoders -= 1;
        if flow.is_continue() {
            drain(&mut decoder)?;
        }
        Ok(flow)
    }

    /// What a decoder inside other decoders may spend: they all hold theirs at the same time.
    fn share(&self) -> Limits {
        let share = 1 + self.decoders as u64;
        Limits {
            threads: match self.decoders {
                0 => self.limits.threads,
                _ => 1,
            },
            memory: self.limits.memory / share,
            xz_memory: self.limits.xz_memory / share,
            ..self.limits
        }
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
