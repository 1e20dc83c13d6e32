//! An image that is open: its map, the files it is in, and what it says about itself.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::about::About;
use crate::fields::read_exact;
use crate::layer::Layer;
use crate::map::{Extent, Location, Map};
use crate::unpacker::Unpacker;

/// An open image: layers, of which one shows what those on top of it say nothing about.
pub struct Image {
    /// The topmost first.
    levels: Vec<Level>,
    /// Bytes of the disk that count.
    size: u64,
    files: Vec<Arc<dyn BlockRead>>,
    about: About,
}

/// A layer of an image.
struct Level {
    map: Box<dyn Map>,
    /// The disk's size in this layer, in bytes.
    size: u64,
    /// The index of the layer's first file among all.
    first_file: usize,
}

impl Image {
    /// The image that `layers` make, the topmost first. It has the size of the topmost, and says about itself
    /// what that says.
    pub(crate) fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        let mut image = Image {
            levels: Vec::new(),
            size: 0,
            files: Vec::new(),
            about: About::default(),
        };
        for layer in layers {
            let size = layer.map.size();
            if image.levels.is_empty() {
                (image.size, image.about) = (size, layer.about);
            }
            image.levels.push(Level {
                map: layer.map,
                size,
                first_file: image.files.len(),
            });
            image.files.extend(layer.files);
        }
        image
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

    /// The files that the disk is in, those of the images below included.
    pub fn files(&self) -> &[Arc<dyn BlockRead>] {
        &self.files
    }

    /// What the image says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The extent that begins at byte `at` of the disk, at least a byte long; never
    /// [`Location::Below`]. The caller must see to it that `at` is less than the size.
    ///
    /// # Errors
    /// As [`Map::lookup`].
    pub fn lookup(&mut self, at: u64) -> Result<Extent> {
        let mut len = self.size.saturating_sub(at);
        for level in &mut self.levels {
            // An image may be larger than the one below it.
            let left = level.size.saturating_sub(at);
            if left == 0 {
                break;
            }
            let found = level.map.lookup(at)?;
            len = len.min(found.len).min(left);
            if found.location != Location::Below {
                let location = found.location.shifted(level.first_file);
                return Ok(Extent { len, location });
            }
        }
        Ok(Extent {
            len,
            location: Location::Nowhere,
        })
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
            let extent = self.lookup(at as u64)?;
            let len = usize::try_from(extent.len).map_or(room.len(), |len| len.min(room.len()));
            if let Some(room) = room.get_mut(..len) {
                self.fill(&extent.location, room, &mut unpacker)?;
            }
            at += len.max(1);
        }
        Ok(head)
    }

    /// Fills `room` with the beginning of what is there.
    fn fill(
        &self,
        location: &Location,
        room: &mut [u8],
        unpacker: &mut Option<Unpacker>,
    ) -> Result<()> {
        let file = |file: usize| {
            let missing = || Error::io("cannot be read", "the map names a file that is not there");
            self.files.get(file).ok_or_else(missing)
        };
        match location {
            Location::Nowhere | Location::Below => Ok(()),
            Location::Plain {
                file: index,
                offset,
            } => read_exact(&**file(*index)?, *offset, room, "data"),
            Location::Packed(packed) => {
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
