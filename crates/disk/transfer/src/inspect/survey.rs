//! What an image stores, by its tables alone; what a stream stores, by reading it.

use diskimage::{Coding, Format, Image, Location};
use error::{Error, Result};
use sparse::{BlockRead, DiskRead, Piece};

use crate::chunker::{ChunkSource, Extent, StreamChunker};
use crate::control::Control;
use crate::disk_transfer::too_large;
use crate::open::Footer;

/// What a disk stores; data and holes are all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Bytes of the disk that are stored.
    pub data: u64,
    /// Bytes that are not, and read as zeros or as what an image below holds.
    pub holes: u64,
    /// What is stored compressed, where anything is.
    pub packed: Option<Packing>,
}

/// Data that is stored compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Bytes of the disk that it decompresses to.
    pub unfolded: u64,
    /// Bytes that it takes in the file, where the tables tell; some count in whole sectors.
    pub stored: Option<u64>,
}

/// Walks through the whole map of `image`; its data is not read, only whether the files are long enough
/// to hold it.
///
/// # Errors
/// Those of [`Image::lookup`], and [`error::Kind::Corrupt`] when data would lie behind a file's end.
pub(crate) fn of_image(image: &mut Image, control: &Control) -> Result<Survey> {
    let size = image.size();
    let mut survey = Survey::default();
    let (mut at, mut last) = (0, None);
    while at < size {
        control.check()?;
        let stretch = image.lookup(at)?;
        match stretch.location {
            Location::Nowhere | Location::Below => survey.holes += stretch.len,
            Location::Plain { file, offset } => {
                is_there(image, file, offset, stretch.len)?;
                survey.data += stretch.len;
            }
            Location::Packed(packed) => {
                survey.data += stretch.len;
                if !matches!(packed.coding, Coding::Sectors { .. }) {
                    let unit = Some((packed.file, packed.offset));
                    let stored = match packed.coding {
                        // The tables do not say how long a grain is, only the grain does.
                        Coding::Grain { .. } => None,
                        _ if unit == last => Some(0),
                        _ => Some(packed.stored),
                    };
                    last = unit;
                    survey.pack(stretch.len, stored);
                }
            }
        }
        at += stretch.len;
        control.reached(at, survey.data);
    }
    Ok(survey)
}

impl Survey {
    fn pack(&mut self, unfolded: u64, stored: Option<u64>) {
        let packed = self.packed.get_or_insert(Packing {
            unfolded: 0,
            stored: Some(0),
        });
        packed.unfolded += unfolded;
        let sum = packed.stored.zip(stored);
        packed.stored = sum.map(|(sum, more)| sum.saturating_add(more));
    }
}

fn is_there(image: &Image, file: usize, offset: u64, len: u64) -> Result<()> {
    let size = image.files().get(file).and_then(|file| file.size());
    match (size, offset.saturating_add(len)) {
        (Some(size), end) if end > size => Err(Error::corrupt(format!(
            "ends at byte {size}, and its tables say that data goes on to byte {end}"
        ))),
        _ => Ok(()),
    }
}

/// What reading a stream has shown.
pub(crate) struct Counted {
    /// The disk's size in bytes.
    pub(crate) size: u64,
    /// What it stores.
    pub(crate) survey: Survey,
    /// What its last bytes say it is, if they belong to the container.
    pub(crate) footer: Option<Format>,
}

/// Reads a raw disk to its end and counts its blocks of 4 KiB that hold anything. `footer` says whether the
/// footer of a fixed VHD may follow the disk.
///
/// # Errors
/// Those of reading, and [`error::Kind::Refused`] beyond `most` bytes.
pub(crate) fn of_raw(
    disk: &mut dyn DiskRead,
    footer: Footer,
    most: u64,
    control: &Control,
) -> Result<Counted> {
    let mut chunker = StreamChunker::new(disk, 2);
    let (mut size, mut data, mut held) = (0, 0, None);
    while let Some(extent) = chunker.next()? {
        control.check()?;
        size = extent.end();
        if size > most {
            return Err(too_large(size, most));
        }
        held = None;
        if let Extent::Chunk(chunk) = extent {
            data += chunk.data_len();
            held = Some(chunk);
        }
        control.reached(size, data);
    }
    let mut found = None;
    if let Some(mut chunk) = held.filter(|_| footer != Footer::Ignored) {
        found = chunk.end(diskimage::END).and_then(diskimage::probe_end);
        if found.is_some() {
            data -= chunk.data_len();
            chunk.shorten(diskimage::END);
            data += chunk.data_len();
            size -= diskimage::END as u64;
        }
    }
    let holes = size.saturating_sub(data);
    let packed = None;
    Ok(Counted {
        size,
        survey: Survey {
            data,
            holes,
            packed,
        },
        footer: found,
    })
}

/// Reads the pieces of an image of `size` bytes, whose data is compressed throughout, to their end.
///
/// # Errors
/// Those of reading.
pub(crate) fn of_packed(disk: &mut dyn DiskRead, size: u64, control: &Control) -> Result<Survey> {
    let mut data = 0u64;
    loop {
        control.check()?;
        let (len, stored) = match disk.peek()? {
            Piece::End => break,
            Piece::Data(bytes) => (bytes.len() as u64, true),
            Piece::Zeros(len) => (len, false),
        };
        disk.consume(len);
        data += if stored { len } else { 0 };
        control.reached(data, data);
    }
    let packed = Packing {
        unfolded: data,
        stored: None,
    };
    Ok(Survey {
        data,
        holes: size.saturating_sub(data),
        packed: (data > 0).then_some(packed),
    })
}
