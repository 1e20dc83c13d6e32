//! Through the layers of a source to the one disk in it, in a single forward pass.
//!
//! Compression and archives may be nested; each layer is recognised by content, opened, read to its
//! very end, and so checked. The first disk that may be the one is handed to a [`DiskSink`] as it
//! passes; whether it was the only one is known at the end, which is why the sink must not make
//! anything look complete before the walk is over.

use std::ops::ControlFlow::{self, Break, Continue};

use diskimage::Format;
use extent::{Lookahead, Piece, SparseRead, drain};
use report::{Error, Result};
use serde::Serialize;
use unpack::Limits;
use unpack::archive::MemberKind;
use unpack::gzip::Engine;
use unpack::layer::{ArchiveKind, Compression, Layer, sniff};

use crate::classify::{Class, ConfigKind, HEAD, classify};
use crate::control::Control;
use crate::names::{Names, shortened};
use crate::pick::Pick;

/// Layers around one file before somebody is playing games.
const DEPTH: usize = 8;
/// Layers in one source, all together: archives in archives multiply.
const OPENED: usize = 10_000;
/// Configurations that are remembered.
const CONFIGS: usize = 100;
/// Characters of a member's name that a message or the result shows.
const NAMED: usize = 300;

/// Takes the disk as it passes.
pub(crate) trait DiskSink {
    /// Takes `disk` to its end, or says `Break` to end the walk here. What it finds wrong with the
    /// disk must wait: only what keeps it from reading on is an error.
    fn take(&mut self, found: &Disk, disk: &mut dyn SparseRead) -> Result<ControlFlow<()>>;
}

/// A disk in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The member's name, outermost archive first; empty when the source itself is the disk.
    pub member: String,
    /// Its size in bytes, where known before it is read.
    pub size: Option<u64>,
    /// Its format's name.
    #[serde(serialize_with = "format_name")]
    pub format: Format,
}

fn format_name<S: serde::Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}

/// A guest configuration that came with the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// The member's name.
    pub member: String,
    /// Its language.
    pub kind: ConfigKind,
}

/// What a walk saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The layers around the disk that was taken.
    pub(crate) layers: Vec<&'static str>,
    /// Whether any layer was an archive.
    pub(crate) archive: bool,
    /// The disk that was taken.
    pub(crate) taken: Option<Disk>,
    /// Further disks that may be the one that is meant.
    pub(crate) rivals: Names,
    /// Whether one of them has the name of the one that was taken.
    pub(crate) twice: bool,
    /// Guest configurations.
    pub(crate) configs: Vec<Config>,
    /// Everything that is not meant.
    pub(crate) rest: Names,
}

/// One walk through one source.
pub(crate) struct Walk<'a> {
    limits: Limits,
    engine: Engine,
    pick: &'a Pick,
    sink: &'a mut dyn DiskSink,
    control: &'a Control,
    pub(crate) seen: Seen,
    layers: Vec<&'static str>,
    /// Compressions among `layers`.
    decoders: usize,
    opened: usize,
}

/// A file on the way: the source itself, what a layer unfolds to, or a member.
#[derive(Clone)]
struct File {
    member: String,
    size: Option<u64>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        limits: Limits,
        engine: Engine,
        pick: &'a Pick,
        sink: &'a mut dyn DiskSink,
        control: &'a Control,
    ) -> Self {
        Walk {
            limits,
            engine,
            pick,
            sink,
            control,
            seen: Seen::default(),
            layers: Vec::new(),
            decoders: 0,
            opened: 0,
        }
    }

    /// Walks through `source`, of `size` bytes where known, to its end, or until the sink says
    /// `Break`.
    ///
    /// # Errors
    /// Whatever a layer or the sink finds wrong, with the member that it is in.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn SparseRead,
        size: Option<u64>,
    ) -> Result<ControlFlow<()>> {
        let member = String::new();
        let file = File { member, size };
        self.file(&mut Located::new(source, ""), &file)
    }

    fn file(&mut self, stream: &mut dyn SparseRead, file: &File) -> Result<ControlFlow<()>> {
        self.control.check()?;
        let mut stream = Lookahead::new(stream);
        let head = stream.head(HEAD)?;
        if head.is_empty() && file.member.is_empty() {
            return Err(Error::refused("is empty"));
        }
        let Some(layer) = self.layer(head, file)? else {
            let class = self.class(head, file)?;
            return self.leaf(&mut stream, file, class);
        };
        self.enter(layer)?;
        let flow = match layer {
            Layer::Compression(kind) => self.compressed(kind, &mut stream, file)?,
            Layer::Archive(kind) => self.archive(kind, &mut stream, file)?,
        };
        self.layers.pop();
        if flow.is_continue() {
            expect_end(&mut stream, layer)?;
        }
        Ok(flow)
    }

    /// The layer that `head` begins, if any. In a member that is not wanted, what cannot be opened or
    /// reads in two ways does not matter.
    fn layer(&self, head: &[u8], file: &File) -> Result<Option<Layer>> {
        let layer = match sniff(head) {
            Ok(layer) => layer,
            Err(_) if !file.member.is_empty() && !self.pick.names(&file.member) => None,
            Err(error) => return Err(error),
        };
        match (layer, &diskimage::probe(head)[..]) {
            (Some(layer), [format, ..]) if self.pick.wants(&file.member) => Err(Error::refused(
                format!("reads as {} and as {format} at once", layer.name()),
            )),
            _ => Ok(layer),
        }
    }

    fn class(&self, head: &[u8], file: &File) -> Result<Class> {
        match self.pick.wants(&file.member) {
            true => classify(head, file.size, self.pick.format),
            false => Ok(classify(head, file.size, None).unwrap_or(Class::Other)),
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

    fn archive(
        &mut self,
        kind: ArchiveKind,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        self.seen.archive = true;
        let place = shortened(&file.member, NAMED);
        let mut archive = kind.reader(stream, &self.limits);
        loop {
            self.control.check()?;
            let next = archive
                .next_member()
                .map_err(|error| error.within(&place))?;
            let Some(member) = next else {
                return Ok(Continue(()));
            };
            if member.kind != MemberKind::File {
                continue;
            }
            let inner = File {
                member: match file.member.as_str() {
                    "" => member.name,
                    outer => format!("{outer}:{}", member.name),
                },
                size: member.size,
            };
            let name = shortened(&inner.member, NAMED);
            let flow = self.file(&mut Located::new(archive.content(), &place), &inner);
            if flow.map_err(|error| error.within(&name))?.is_break() {
                return Ok(Break(()));
            }
        }
    }

    fn leaf(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        let Some(format) = self.format(file, class)? else {
            return self.list(stream, file, class);
        };
        let disk = Disk {
            member: file.member.clone(),
            size: file.size,
            format,
        };
        if !self.pick.wants(&disk.member) {
            self.seen.rest.push(&disk.member, disk.size);
        } else if let Some(taken) = &self.seen.taken {
            self.seen.twice |= taken.member == disk.member;
            self.seen.rivals.push(&disk.member, disk.size);
        } else if stream.peek()?.is_empty() {
            return Err(Error::refused("is empty"));
        } else {
            self.seen.layers.clone_from(&self.layers);
            self.seen.taken = Some(disk.clone());
            return self.sink.take(&disk, stream);
        }
        Ok(Continue(()))
    }

    /// The format of what is to be taken for a disk.
    fn format(&self, file: &File, class: Class) -> Result<Option<Format>> {
        let alone = file.member.is_empty();
        // Whoever names a file, or says what it is, knows better than a guess.
        let asked_for = self.pick.names(&file.member) || (alone && self.pick.format.is_some());
        match class {
            Class::Disk(format) => Ok(Some(format)),
            Class::Blank => Ok(Some(Format::Raw)),
            _ if asked_for => Ok(Some(Format::Raw)),
            Class::Other if alone => Ok(Some(Format::Raw)),
            Class::Program if alone => Err(Error::refused("is a program, not a disk")
                .hint("give --format raw if it is to be written as it is")),
            _ => Ok(None),
        }
    }

    /// Remembers a file that is no disk.
    fn list(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        if class == Class::Config(ConfigKind::Xapi) && file.member.ends_with("ova.xml") {
            // It comes first, so nothing has been written yet.
            return Err(Error::unsupported(
                "is an XVA, whose disks lie in pieces, which are not read here",
            )
            .hint("export the disk alone: xe vdi-export format=raw")
            .within(""));
        }
        if let Class::Config(kind) = class
            && self.seen.configs.len() < CONFIGS
        {
            let member = shortened(&file.member, NAMED);
            self.seen.configs.push(Config { member, kind });
        }
        let size = match file.size {
            Some(size) => size,
            None => drain(stream)?,
        };
        self.seen.rest.push(&file.member, Some(size));
        Ok(Continue(()))
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
