//! The extents of a disk in a row.

use std::sync::Arc;

use error::{Error, Result};
use sparse::{BlockRead, Run};

use super::descriptor::{Descriptor, ExtentLine, Kind};
use super::footer;
use super::header::{Header, LEN, SECTOR};
use super::sparse_extent::{DIRECTORIES, Sparse};
use crate::about::About;
use crate::fields::read_exact;
use crate::file_access::shown;
use crate::layer::Layer;
use crate::map::{Extent, Location, Map};
use crate::options::OpenOptions;

/// The extents of a disk and the files they are in.
#[derive(Default)]
pub(super) struct Row {
    parts: Vec<Part>,
    size: u64,
    files: Vec<Arc<dyn BlockRead>>,
    /// The header of the first sparse extent.
    header: Option<Header>,
}

/// An extent and where in the disk it is, in bytes.
struct Part {
    start: u64,
    len: u64,
    place: Place,
}

enum Place {
    Zeros,
    /// The file is not there, because it is not to be read.
    Absent,
    Flat {
        file: usize,
        offset: u64,
    },
    Sparse(Sparse),
}

/// Opens the extents that `descriptor` names.
///
/// # Errors
/// What [`crate::FileAccess::extent`] says, and whatever is wrong with an extent, which the error names.
pub(super) fn open(descriptor: &Descriptor, how: &OpenOptions) -> Result<Row> {
    let mut row = Row::default();
    let mut memory = DIRECTORIES;
    for extent in &descriptor.extents {
        let len = extent.sectors.checked_mul(SECTOR);
        let end = len.and_then(|len| row.size.checked_add(len));
        let (Some(len), Some(_)) = (len, end.filter(|&end| end <= i64::MAX as u64)) else {
            return Err(too_large());
        };
        let place = row.place(extent, len, how, &mut memory)?;
        row.push(len, place);
    }
    Ok(row)
}

/// Extents that no file system holds.
pub(super) fn too_large() -> Error {
    Error::unsupported("has a descriptor whose extents are more than 2^63 bytes")
}

impl Row {
    /// A disk of `size` bytes that `file` is, a sparse extent with this header or footer.
    ///
    /// # Errors
    /// Those of [`Sparse::open`].
    pub(super) fn of_one(header: Header, file: Arc<dyn BlockRead>, size: u64) -> Result<Self> {
        let sparse = Sparse::open(header, Arc::clone(&file), 0, size, &mut { DIRECTORIES })?;
        let mut row = Row::default();
        row.files.push(file);
        row.push(size, Place::Sparse(sparse));
        Ok(row)
    }

    /// The layer that the row is.
    pub(super) fn into_layer(self, about: About) -> Layer {
        let files = self.files.clone();
        Layer::new(self, files, about)
    }

    /// The header of the first sparse extent, without its descriptor: that is not this disk's.
    pub(super) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    fn push(&mut self, len: u64, place: Place) {
        let start = self.size;
        self.size += len;
        if len > 0 {
            self.parts.push(Part { start, len, place });
        }
    }

    fn place(
        &mut self,
        extent: &ExtentLine,
        len: u64,
        how: &OpenOptions,
        memory: &mut u64,
    ) -> Result<Place> {
        let (Kind::Flat { name, .. } | Kind::Sparse { name }) = &extent.kind else {
            return Ok(Place::Zeros);
        };
        let Some(file) = how.access.extent(name)? else {
            self.files.push(Arc::new(Vec::new()));
            return Ok(Place::Absent);
        };
        let index = self.files.len();
        self.files.push(Arc::clone(&file));
        let place = match extent.kind {
            Kind::Flat { sector, .. } => flat(&*file, index, sector, len),
            _ => self.sparse(file, index, extent.sectors, memory),
        };
        place.map_err(|error| error.at(format!("its extent {:?}", shown(name))))
    }

    fn sparse(
        &mut self,
        file: Arc<dyn BlockRead>,
        index: usize,
        sectors: u64,
        memory: &mut u64,
    ) -> Result<Place> {
        let mut head = [0; LEN];
        read_exact(&*file, 0, &mut head, "header")?;
        let mut header = Header::parse(&head)?;
        header.holds(sectors)?;
        if header.directory.is_none() {
            header = footer::find(&*file, &header)?;
        }
        self.header.get_or_insert(Header {
            descriptor: None,
            ..header.clone()
        });
        let sparse = Sparse::open(header, file, index, sectors * SECTOR, memory)?;
        Ok(Place::Sparse(sparse))
    }
}

/// The flat extent of `len` bytes that begins at `sector` of the file.
fn flat(file: &dyn BlockRead, index: usize, sector: u64, len: u64) -> Result<Place> {
    let offset = sector.saturating_mul(SECTOR);
    match (file.size(), offset.saturating_add(len)) {
        (Some(size), end) if end > size => Err(Error::corrupt(format!(
            "has {size} bytes, and the descriptor needs {end}"
        ))),
        _ => Ok(Place::Flat {
            file: index,
            offset,
        }),
    }
}

/// At most `left` bytes at byte `offset` of a flat extent, whose holes are those of its file.
fn flat_run(run: Option<Run>, left: u64, file: usize, offset: u64) -> Result<Extent> {
    let (len, location) = match run {
        Some(Run::Hole(len)) => (len, Location::Nowhere),
        Some(Run::Data(len)) => (len, Location::Plain { file, offset }),
        Some(Run::End) | None => {
            let message = format!("has an extent that ended at byte {offset}");
            return Err(Error::io(message, "it became shorter while it was read"));
        }
    };
    Ok(Extent {
        len: len.min(left),
        location,
    })
}

impl Map for Row {
    fn size(&self) -> u64 {
        self.size
    }

    fn lookup(&mut self, at: u64) -> Result<Extent> {
        let next = self.parts.partition_point(|part| part.start <= at);
        let Some(part) = next.checked_sub(1).and_then(|i| self.parts.get_mut(i)) else {
            return Err(Error::corrupt(format!("has no extent for byte {at}")));
        };
        let within = at - part.start;
        let left = part.len.saturating_sub(within);
        let location = match &mut part.place {
            Place::Sparse(sparse) => return sparse.lookup(within),
            Place::Zeros => Location::Nowhere,
            Place::Absent => Location::Below,
            Place::Flat { file, offset } => {
                let offset = *offset + within;
                let run = self.files.get(*file).map(|file| file.run_at(offset));
                return flat_run(run.transpose()?, left, *file, offset);
            }
        };
        Ok(Extent {
            len: left,
            location,
        })
    }
}
