//! ISO 9660 (ECMA-119) with the Rock Ridge extension (IEEE P1282, SUSP P1281) or Joliet.
//!
//! There are up to three sets of names: those of Rock Ridge are taken, else Joliet's, else the plain ones, as the kernel's
//! fs/isofs does. A node's number is the byte where its directory record is.

mod descriptor;
mod record;
mod rock;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::blocks::Blocks;
use crate::mapped::Map;
use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};
use record::{Record, SECTOR};
use rock::{Continuations, Rock};

/// Most bytes of a directory. One of 100,000 names has half of that.
const LARGEST_DIRECTORY: u64 = 64 << 20;

/// Most pieces of a file. Each has up to 4 GiB.
const PIECES: usize = 4096;

/// Which names are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// Rock Ridge. The number is how many bytes come before its fields in a record's system use.
    Rock(usize),
    Joliet,
    Plain,
}

/// An ISO 9660 file system.
pub struct Iso9660 {
    about: About,
    blocks: Blocks,
    /// Bytes of a logical block.
    block: u64,
    names: Names,
    root: Node,
}

impl Iso9660 {
    /// Reads the volume descriptors of `volume`; `None` where there are none.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when they contradict themselves, [`error::Kind::Unsupported`] for sizes of blocks that the
    /// kernel does not read either, [`error::Kind::Io`].
    pub fn open(volume: Arc<dyn BlockRead>) -> Result<Option<Self>> {
        let Some(found) = descriptor::read(volume.as_ref())? else {
            return Ok(None);
        };
        let mut iso = Iso9660 {
            about: found.about,
            blocks: Blocks::new(volume),
            block: found.block,
            names: Names::Plain,
            root: node(found.primary),
        };
        let root = iso.record(found.primary)?;
        let first = iso.record(root.start(iso.block))?;
        if let Some(skip) = rock::skip(first.system_use()) {
            iso.names = Names::Rock(skip);
        } else if let Some(joliet) = found.joliet {
            iso.names = Names::Joliet;
            iso.root = node(joliet);
        }
        Ok(Some(iso))
    }

    fn record(&self, at: u64) -> Result<Record> {
        let len = self.blocks.bytes(at, 1)?[0];
        let bytes = self.blocks.bytes(at, len.into())?;
        Record::parse(&bytes).map_err(|error| at_record(error, at))
    }

    /// The Rock Ridge fields of `record`; without any where that is not used.
    fn rock(&self, record: &Record, rest: &mut Continuations) -> Result<Rock> {
        let Names::Rock(skip) = self.names else {
            return Ok(Rock::default());
        };
        let fields = record.system_use();
        // The first record of the root has its first field at once, or behind the fields of a CD-ROM XA.
        let skip = rock::skip_here(fields).unwrap_or(skip);
        Rock::parse(fields.get(skip..).unwrap_or_default(), &mut |place| {
            rest.read(&self.blocks, self.block, place)
        })
    }

    /// The record at `at` with its Rock Ridge fields.
    fn with_rock(&self, at: u64) -> Result<(Record, Rock)> {
        let record = self.record(at)?;
        let rock = self
            .rock(&record, &mut Continuations::default())
            .map_err(|error| at_record(error, at))?;
        Ok((record, rock))
    }

    /// All records of the file whose first one is at `at`: more than one for a file of more than 4 GiB.
    fn pieces(&self, at: u64, first: Record) -> Result<Vec<Record>> {
        let mut pieces = vec![first];
        let mut at = at;
        while let Some(last) = pieces.last().filter(|last| last.continues()) {
            let next = at + last.len();
            at = match self.blocks.bytes(next, 1)?[0] {
                // A record is in one sector; zeros fill what it leaves.
                0 => next.next_multiple_of(SECTOR),
                _ => next,
            };
            let record = self.record(at)?;
            if record.identifier() != last.identifier() {
                let text = "the next piece of the file is missing behind its directory record";
                return Err(at_record(Error::corrupt(text), at));
            }
            if pieces.len() == PIECES {
                return Err(Error::unsupported(format!("more than {PIECES} pieces")));
            }
            pieces.push(record);
        }
        Ok(pieces)
    }

    /// The name of `record` and the node that it names; `None` where it is not to be seen.
    fn entry(
        &self,
        at: u64,
        record: &Record,
        rest: &mut Continuations,
    ) -> Result<Option<DirEntry>> {
        let rock = self.rock(record, rest)?;
        if record.is_self_or_parent() || record.is_associated() || rock.is_moved {
            return Ok(None);
        }
        let name = match rock.name {
            Some(name) => name,
            None if self.names == Names::Joliet => record.joliet_name(),
            None => record.plain_name(),
        };
        let is_usable = !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/');
        // A directory that was moved up: its own first record stands for it.
        let at = match rock.child {
            Some(block) => u64::from(block) * self.block,
            None => at,
        };
        let node = node(at);
        Ok(is_usable.then_some(DirEntry { name, node }))
    }

    /// Calls `visit` with the records of the directory `directory`, those that continue a file left out.
    fn records(
        &self,
        directory: &Record,
        visit: &mut dyn FnMut(u64, &Record) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let size = u64::from(directory.size);
        if size > LARGEST_DIRECTORY {
            return Err(Error::unsupported(format!(
                "a directory of {size} bytes; at most {LARGEST_DIRECTORY} are read"
            )));
        }
        let start = directory.start(self.block);
        let mut continued: Option<Record> = None;
        let mut sector_at = start;
        while sector_at < start + size {
            let len = (start + size - sector_at).min(SECTOR - sector_at % SECTOR);
            let sector = self.blocks.bytes(sector_at, len as usize)?;
            let mut done = 0;
            while let Some(&len) = sector.get(done).filter(|len| **len != 0) {
                let at = sector_at + done as u64;
                let bytes = sector.get(done..done + usize::from(len));
                let record = Record::parse(bytes.unwrap_or_default())
                    .map_err(|error| at_record(error, at))?;
                done += usize::from(len);
                let is_first = continued
                    .as_ref()
                    .is_none_or(|before| before.identifier() != record.identifier());
                if is_first && visit(at, &record)?.is_break() {
                    return Ok(());
                }
                continued = record.continues().then_some(record);
            }
            sector_at += len;
        }
        Ok(())
    }
}

impl FileSystem for Iso9660 {
    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> Node {
        self.root
    }

    fn metadata(&self, node: Node) -> Result<Metadata> {
        let (record, rock) = self.with_rock(node.number)?;
        let kind = match rock.kind {
            Some(kind) => kind,
            None if record.is_directory() => Kind::Directory,
            None => Kind::File,
        };
        let size = match kind {
            Kind::Link => rock.link.len() as u64,
            Kind::File => {
                let pieces = self.pieces(node.number, record)?;
                pieces.iter().map(|piece| u64::from(piece.size)).sum()
            }
            _ => record.size.into(),
        };
        Ok(Metadata { kind, size })
    }

    fn open(&self, node: Node, name: &str) -> Result<Arc<dyn BlockRead>> {
        let (record, rock) = self.with_rock(node.number)?;
        if rock.kind == Some(Kind::Link) {
            return Ok(Arc::new(rock.link));
        }
        if let Some(what) = rock.packed {
            return Err(Error::unsupported(format!("a file {what}")));
        }
        let mut map = Map::default();
        for piece in self.pieces(node.number, record)? {
            piece.check_plain()?;
            map.push(piece.size.into(), Some(piece.start(self.block)))?;
        }
        let size = map.len();
        let source = Arc::clone(self.blocks.source());
        Ok(Arc::new(map.over(source, name, size)?))
    }

    fn entries(
        &self,
        node: Node,
        visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let directory = self.record(node.number)?;
        if !directory.is_directory() {
            return Err(at_record(Error::corrupt("not a directory"), node.number));
        }
        let mut rest = Continuations::default();
        self.records(&directory, &mut |at, record| {
            let entry = self.entry(at, record, &mut rest);
            Ok(match entry.map_err(|error| at_record(error, at))? {
                Some(entry) => visit(entry),
                None => ControlFlow::Continue(()),
            })
        })
    }

    fn ignores_case(&self, _: Node) -> Result<bool> {
        Ok(!matches!(self.names, Names::Rock(_)))
    }
}

fn node(number: u64) -> Node {
    Node { tree: 0, number }
}

fn at_record(error: Error, at: u64) -> Error {
    error.at(format!("directory record at byte {at}"))
}
