//! An image that is open: its map, the files it lies in, and what it says about itself.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::fields::read_exact;
use crate::map::{Lies, Map, Stretch};
use crate::unpacker::Unpacker;
use crate::{Format, Gate, qcow2, raw, vdi, vhd, vhdx, vmdk};

/// Images on top of each other before somebody is playing games.
const DEPTH: usize = 16;

/// How an image is to be opened.
#[derive(Clone, Debug)]
pub struct How {
    /// What may be opened beside the image itself.
    pub gate: Gate,
    /// The internal snapshot that is wanted instead of the present state, by its name or its id.
    pub snapshot: Option<String>,
    /// Whether the image is read in the order of its file, once: then no lookup may read what lies
    /// among the data.
    pub in_file_order: bool,
}

impl Default for How {
    fn default() -> Self {
        How {
            gate: Gate::shut(),
            snapshot: None,
            in_file_order: false,
        }
    }
}

impl How {
    /// Sees to it that a disk in `format` can be opened so.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when a snapshot is wanted and the format has none.
    pub fn suits(&self, format: Format) -> Result<()> {
        if self.snapshot.is_some() && format != Format::Qcow {
            let message = format!("is a {format} disk, which has no internal snapshots");
            return Err(Error::refused(message).hint("leave --snapshot out"));
        }
        Ok(())
    }
}

/// What an image says about itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The format's variant as its users know it: `version 3`, `streamOptimized`, `dynamic`.
    pub variant: String,
    /// Bytes in a cluster, a block or a grain, where there is such a unit.
    pub unit: Option<u64>,
    /// How units are compressed, where they may be: `zlib`, `zstd`, `deflate`.
    pub compression: Option<&'static str>,
    /// Internal snapshots.
    pub snapshots: Vec<Snapshot>,
    /// Other files that it names.
    pub refers: Vec<Reference>,
    /// Bytes in a sector of the disk, where the format says so.
    pub sector: Option<u32>,
    /// Whatever else a person may want to know: `log` `replayed`, `creator` `qemu`.
    pub notes: Vec<(&'static str, String)>,
}

/// An internal snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The disk's size in it, in bytes.
    pub size: u64,
}

/// A file that an image names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it is to the image: `backing file`, `parent`, `extent`, `data file`.
    pub what: &'static str,
    /// Its name as stored.
    pub name: String,
}

/// An open image.
pub struct Image {
    map: Box<dyn Map>,
    /// The bytes of the map that count.
    size: u64,
    files: Vec<Arc<dyn BlockRead>>,
    about: About,
    /// The image below this one, where there is one, and how many of `files` are not its.
    below: Option<(Box<Image>, usize)>,
}

impl Image {
    /// An image in `files` without one below it.
    pub(crate) fn new(map: Box<dyn Map>, files: Vec<Arc<dyn BlockRead>>, about: About) -> Self {
        Image {
            size: map.size(),
            map,
            files,
            about,
            below: None,
        }
    }

    /// Opens `file`, which is in `format`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`], [`error::Kind::Unsupported`] and [`error::Kind::Refused`] about
    /// what its header and its tables say, and those of reading it.
    pub fn open(format: Format, file: Arc<dyn BlockRead>, how: &How) -> Result<Self> {
        Self::open_at(format, file, how, 0)
    }

    pub(crate) fn open_at(
        format: Format,
        file: Arc<dyn BlockRead>,
        how: &How,
        depth: usize,
    ) -> Result<Self> {
        if depth > DEPTH {
            let message = format!("lies on top of more than {DEPTH} other images");
            return Err(Error::refused(message));
        }
        how.suits(format)?;
        match format {
            Format::Raw => raw::open(file),
            Format::Qcow => qcow2::open(file, how, depth),
            Format::Vdi => vdi::open(file, how, depth),
            Format::Vhd => vhd::open(file, how, depth),
            Format::Vhdx => vhdx::open(file, how, depth),
            Format::Vmdk => vmdk::open(file, how, depth),
            other => Err(
                Error::unsupported(format!("is a {other} disk, which is not read here"))
                    .hint("convert it first: qemu-img convert -O qcow2"),
            ),
        }
    }

    /// The disk's size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The first `size` bytes of the disk, or all of it if it is no longer than that.
    pub fn first(mut self, size: u64) -> Self {
        self.size = self.size.min(size);
        self
    }

    /// The files that the disk lies in, those of the images below included.
    pub fn files(&self) -> &[Arc<dyn BlockRead>] {
        &self.files
    }

    /// What the image says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Puts `below` under this image: what this one says nothing about is read there.
    pub(crate) fn on_top_of(mut self, mut below: Image) -> Self {
        let own = self.files.len();
        self.files.append(&mut below.files);
        self.below = Some((Box::new(below), own));
        self
    }

    /// The stretch that begins at byte `at` of the disk, at least a byte long; never
    /// [`Lies::Below`]. The caller owes: `at` is less than the size.
    ///
    /// # Errors
    /// As [`Map::lookup`].
    pub fn lookup(&mut self, at: u64) -> Result<Stretch> {
        let mut stretch = self.map.lookup(at)?;
        stretch.len = stretch.len.min(self.size().saturating_sub(at));
        if stretch.lies != Lies::Below {
            return Ok(stretch);
        }
        stretch.lies = Lies::Nowhere;
        match &mut self.below {
            // An image may be larger than the one below it.
            Some((below, own)) if at < below.size() => {
                let found = below.lookup(at)?;
                Ok(Stretch {
                    len: found.len.min(stretch.len),
                    lies: found.lies.shifted(*own),
                })
            }
            _ => Ok(stretch),
        }
    }
}

impl Image {
    /// The first bytes of the disk, up to `most` of them.
    ///
    /// # Errors
    /// Those of [`Image::lookup`], of reading and of unpacking.
    pub fn head(&mut self, most: usize) -> Result<Vec<u8>> {
        let most = usize::try_from(self.size()).map_or(most, |size| most.min(size));
        let mut head = vec![0; most];
        let mut unpacker = None;
        let mut at = 0;
        while let Some(room) = head.get_mut(at..).filter(|room| !room.is_empty()) {
            let stretch = self.lookup(at as u64)?;
            let len = usize::try_from(stretch.len).map_or(room.len(), |len| len.min(room.len()));
            if let Some(room) = room.get_mut(..len) {
                self.fill(&stretch.lies, room, &mut unpacker)?;
            }
            at += len.max(1);
        }
        Ok(head)
    }

    /// Fills `room` with the beginning of what lies there.
    fn fill(&self, lies: &Lies, room: &mut [u8], unpacker: &mut Option<Unpacker>) -> Result<()> {
        let file = |file: usize| {
            let missing = || Error::io("cannot be read", "the map names a file that is not there");
            self.files.get(file).ok_or_else(missing)
        };
        match lies {
            Lies::Nowhere | Lies::Below => Ok(()),
            Lies::Plain {
                file: index,
                offset,
            } => read_exact(&**file(*index)?, *offset, room, "data"),
            Lies::Packed(packed) => {
                let unpacker = match unpacker {
                    Some(unpacker) => unpacker,
                    none => none.insert(Unpacker::new()?),
                };
                let mut unit = vec![0; usize::try_from(packed.unit).unwrap_or(0)];
                unpacker.read(&**file(packed.file)?, packed, &mut unit)?;
                let skip = usize::try_from(packed.skip).unwrap_or(usize::MAX);
                let there = unit.get(skip..).unwrap_or_default();
                let len = there.len().min(room.len());
                room[..len].copy_from_slice(&there[..len]);
                Ok(())
            }
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("size", &self.size())
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}
