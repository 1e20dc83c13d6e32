//! FAT with 12, 16 and 32 bits, and the long names of VFAT, as Microsoft's "FAT32 File System Specification" (1.03) describes
//! them and the kernel's fs/fat reads them.
//!
//! ```text
//! boot sector ─► root directory ─► entry (its place is its node) ─► chain of clusters in the table ─► directory, file
//! ```

mod chain;
mod codepage;
mod directory;
mod geometry;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::blocks::Blocks;
use crate::mapped::Map;
use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
use directory::{ENTRY, Entry, Names};
use geometry::{Geometry, Root};

/// Bytes of a directory that are read at once.
const PIECE: u64 = 4096;

/// A FAT file system.
pub struct Fat {
    about: About,
    geometry: Geometry,
    blocks: Blocks,
}

/// What is called with each entry of a directory and its place.
type Visit<'a> = dyn FnMut(u64, &[u8; ENTRY]) -> Result<ControlFlow<()>> + 'a;

/// Consecutive bytes of the volume.
struct Piece {
    place: u64,
    len: u64,
}

impl Fat {
    /// Reads the boot sector of `volume`; `None` where there is none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it contradicts itself, [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let mut sector = [0; geometry::SECTOR];
        let n = volume.read_at(0, &mut sector)?;
        if n < sector.len() || !geometry::is_boot_sector(&sector) {
            return Ok(None);
        }
        let mut fat = Fat {
            about: geometry::about(&sector),
            geometry: Geometry::parse(&sector)?,
            blocks: Blocks::new(volume),
        };
        match fat.label() {
            Ok(label) => fat.about.label = label,
            // A label is no reason not to read the rest.
            Err(error) if error.kind() == error::Kind::Corrupt => {}
            Err(error) => return Err(error),
        }
        Ok(Some(fat))
    }

    /// The label in the root directory. The boot sector has another one, which is older or "NO NAME" and which neither `blkid`
    /// nor GRUB takes.
    fn label(&self) -> Result<String> {
        let mut label = String::new();
        self.each(self.root(), &mut |_, bytes| {
            let entry = Entry::parse(bytes, self.geometry.bits);
            match entry.label() {
                Some(found) => {
                    label = found;
                    Ok(ControlFlow::Break(()))
                }
                None => Ok(ControlFlow::Continue(())),
            }
        })?;
        Ok(label)
    }

    /// The entry that `node` is; `None` for the root directory, which has none.
    fn entry(&self, node: Node) -> Result<Option<Entry>> {
        if node == self.root() {
            return Ok(None);
        }
        let mut bytes = [0; ENTRY];
        self.blocks.fill(node.number, &mut bytes)?;
        Ok(Some(Entry::parse(&bytes, self.geometry.bits)))
    }

    /// Where the entries of the directory `node` are.
    fn pieces(&self, node: Node) -> Result<Vec<Piece>> {
        let first = match (self.entry(node)?, &self.geometry.root) {
            (None, Root::Fixed { place, len }) => {
                let (place, len) = (*place, *len);
                return Ok(vec![Piece { place, len }]);
            }
            (None, Root::Chain(first)) => *first,
            (Some(entry), _) if entry.kind() != Kind::Directory => {
                return Err(Error::corrupt("it is not a directory"));
            }
            // As in the kernel.
            (Some(entry), _) if entry.first == 0 => return Ok(Vec::new()),
            (Some(entry), _) => entry.first,
        };
        let runs = chain::whole(first, &self.blocks, &self.geometry)?;
        let pieces = runs.iter().map(|run| Piece {
            place: self.geometry.place(run.first),
            len: run.count * self.geometry.cluster,
        });
        Ok(pieces.collect())
    }

    /// Calls `visit` with each entry of the directory `node` and its place, up to the first one that was never used.
    fn each(&self, node: Node, visit: &mut Visit) -> Result<()> {
        for piece in self.pieces(node)? {
            let mut at = piece.place;
            let end = piece.place + piece.len;
            while at < end {
                let len = (end - at).min(PIECE - at % PIECE);
                let bytes = self.blocks.bytes(at, len as usize)?;
                for (i, entry) in bytes.as_chunks::<ENTRY>().0.iter().enumerate() {
                    let place = at + (i * ENTRY) as u64;
                    if entry[0] == 0 || visit(place, entry)?.is_break() {
                        return Ok(());
                    }
                }
                at += len;
            }
        }
        Ok(())
    }

    /// Where the bytes of a file are.
    fn map(&self, entry: &Entry) -> Result<Map> {
        let mut map = Map::default();
        for run in chain::of(entry.first, entry.size.into(), &self.blocks, &self.geometry)? {
            let len = run.count * self.geometry.cluster;
            map.push(len, Some(self.geometry.place(run.first)))?;
        }
        Ok(map)
    }
}

impl FileSystem for Fat {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        node(0)
    }

    fn metadata(&self, node: Node) -> Result<Metadata> {
        let entry = self.entry(node)?;
        Ok(Metadata {
            kind: entry.as_ref().map_or(Kind::Directory, Entry::kind),
            size: entry.map_or(0, |entry| entry.size.into()),
        })
    }

    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>> {
        let entry = self.entry(node)?;
        let entry = entry.filter(|entry| entry.kind() == Kind::File);
        let entry = entry.ok_or_else(|| Error::corrupt("it is not a file"))?;
        let source = Arc::clone(self.blocks.source());
        let file = self.map(&entry)?.over(source, name, entry.size.into())?;
        Ok(Arc::new(file))
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut names = Names::default();
        self.each(node, &mut |place, bytes| {
            let Some(name) = names.take(bytes)? else {
                return Ok(ControlFlow::Continue(()));
            };
            let node = self::node(place);
            Ok(visit(DirEntry { name, node }))
        })
        .map_err(|error| error.at(format!("directory at byte {}", node.number)))
    }

    fn ignores_case(&self, _: Node) -> Result<bool> {
        Ok(true)
    }
}

fn node(number: u64) -> Node {
    Node { tree: 0, number }
}
