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
use crate::pick::Pick;

/// Layers around one file before somebody is playing games.
const DEPTH: usize = 8;
/// Members that are remembered for the result and for messages.
const LISTED: usize = 1000;

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
    /// All other disks.
    pub(crate) others: Vec<Disk>,
    /// Guest configurations.
    pub(crate) configs: Vec<Config>,
    /// Everything else, as name and size for messages.
    pub(crate) rest: Vec<String>,
}

/// One walk through one source.
pub(crate) struct Walk<'a> {
    pub(crate) limits: Limits,
    pub(crate) engine: Engine,
    pub(crate) pick: &'a Pick,
    pub(crate) sink: &'a mut dyn DiskSink,
    pub(crate) seen: Seen,
    layers: Vec<&'static str>,
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
    ) -> Self {
        Walk {
            limits,
            engine,
            pick,
            sink,
            seen: Seen::default(),
            layers: Vec::new(),
        }
    }

    /// Walks through `source`, of `size` bytes where known, to its end, or until the sink says
    /// `Break`.
    ///
    /// # Errors
    /// Whatever a layer or the sink finds wrong.
    pub(crate) fn run(
        &mut self,
        source: &mut dyn SparseRead,
        size: Option<u64>,
    ) -> Result<ControlFlow<()>> {
        let file = File {
            member: String::new(),
            size,
        };
        self.file(source, &file)
    }

    fn file(&mut self, stream: &mut dyn SparseRead, file: &File) -> Result<ControlFlow<()>> {
        let mut stream = Lookahead::new(stream);
        let head = stream.head(HEAD)?;
        if head.is_empty() && file.member.is_empty() {
            return Err(Error::refused("is empty"));
        }
        let Some(layer) = self.layer(head, file)? else {
            let class = classify(head, file.size, self.pick.format)?;
            return self.leaf(&mut stream, file, class);
        };
        if self.layers.len() == DEPTH {
            return Err(Error::refused(format!(
                "lies in more than {DEPTH} layers of packing"
            )));
        }
        self.layers.push(layer.name());
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

    /// The layer that `head` begins, if any.
    fn layer(&self, head: &[u8], file: &File) -> Result<Option<Layer>> {
        let layer = match sniff(head) {
            Ok(layer) => layer,
            // A member that cannot be opened matters only if it is the one that is wanted.
            Err(_) if !file.member.is_empty() && !self.pick.names(&file.member) => None,
            Err(error) => return Err(error),
        };
        if let (Some(layer), [format, ..]) = (layer, &diskimage::probe(head)[..]) {
            return Err(Error::refused(format!(
                "reads as {} and as {format} at once",
                layer.name()
            )));
        }
        Ok(layer)
    }

    fn compressed(
        &mut self,
        kind: Compression,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        let mut decoder = kind.decoder(stream, &self.limits, self.engine)?;
        let inner = File {
            size: None,
            ..file.clone()
        };
        let flow = self.file(&mut *decoder, &inner)?;
        if flow.is_continue() {
            drain(&mut *decoder)?;
        }
        Ok(flow)
    }

    fn archive(
        &mut self,
        kind: ArchiveKind,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        self.seen.archive = true;
        let mut archive = kind.reader(stream, &self.limits);
        while let Some(member) = archive.next_member()? {
            if member.kind != MemberKind::File {
                continue;
            }
            let inner = File {
                member: match file.member.as_str() {
                    "" => member.name.clone(),
                    outer => format!("{outer}:{}", member.name),
                },
                size: member.size,
            };
            let flow = self.file(archive.content(), &inner);
            if flow.map_err(|error| error.at(&member.name))?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    fn leaf(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        let alone = file.member.is_empty();
        let format = match class {
            Class::Disk(format) => Some(format),
            Class::Blank => Some(Format::Raw),
            // Whoever names a file, or says what it is, knows better than a guess.
            Class::Text | Class::Config(_) | Class::Other
                if self.pick.names(&file.member) || (alone && self.pick.format.is_some()) =>
            {
                Some(Format::Raw)
            }
            Class::Other if alone => Some(Format::Raw),
            _ => None,
        };
        let Some(format) = format else {
            self.list(stream, file, class)?;
            return Ok(Continue(()));
        };
        let disk = Disk {
            member: file.member.clone(),
            size: file.size,
            format,
        };
        if self.pick.wants(&disk.member) && self.seen.taken.is_none() {
            self.seen.layers.clone_from(&self.layers);
            self.seen.taken = Some(disk.clone());
            return self.sink.take(&disk, stream);
        }
        if self.seen.others.len() < LISTED {
            self.seen.others.push(disk);
        }
        Ok(Continue(()))
    }

    /// Remembers a file that is no disk.
    fn list(&mut self, stream: &mut dyn SparseRead, file: &File, class: Class) -> Result<()> {
        if let Class::Config(kind) = class {
            if self.seen.configs.len() < LISTED {
                let member = file.member.clone();
                self.seen.configs.push(Config { member, kind });
            }
        } else if self.seen.rest.len() < LISTED {
            let size = match file.size {
                Some(size) => size,
                None => drain(stream)?,
            };
            let name = match file.member.as_str() {
                "" => "text",
                member => member,
            };
            self.seen.rest.push(format!("{name} ({size} bytes)"));
        }
        Ok(())
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
