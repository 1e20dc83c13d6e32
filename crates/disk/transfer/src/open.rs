//! From a file's bytes to the disk in it.

use std::collections::HashMap;
use std::sync::Arc;

use diskimage::streaming::{Passing, StreamLimits, TableCache, pass};
use diskimage::{Format, Image, OpenOptions};
use error::{Error, Result};
use sparse::{BlockRead, Device, DiskRead, InOrder, Opener, SparseRead};

use crate::input::Beside;

/// What becomes of formats on the way.
pub(crate) struct Opening {
    /// What the user calls the source.
    pub(crate) name: String,
    /// How images are opened.
    pub(crate) how: OpenOptions,
    /// What a pass may spend.
    pub(crate) means: StreamLimits,
    /// The device that the source is, if it is one.
    pub(crate) device: Option<Device>,
    /// Why the source's end may be a cut, where nothing but the content can show that it is none.
    pub(crate) unproven: Option<Error>,
    /// How the source is read at any offset, where that costs effort and is worth it only for a format
    /// that does not pass well.
    pub(crate) far: Option<Opener>,
    /// Where the source lies, for a description of a guest that names its disks there.
    pub(crate) beside: Option<Beside>,
}

/// The tables of images that only pass by, by the member's name, from one pass to the next.
pub(crate) type Sieves = HashMap<String, Arc<TableCache>>;

/// A disk's content, in one of the two ways it can be had.
pub enum Content<'a> {
    /// As a stream, in the order in which it comes.
    Stream(&'a mut dyn DiskRead),
    /// As an image that can be read at any offset.
    Image(Image),
}

/// A disk that comes as a stream.
pub(crate) enum Streamed<'a> {
    Disk {
        disk: Box<dyn DiskRead + 'a>,
        variant: String,
        /// Bytes in a sector, where the format says so.
        sector: Option<u32>,
    },
    /// Its tables lie behind its data: the stream has to come again.
    Again,
}

impl Opening {
    /// The disk in `format` that `stream`, the member called `member`, of `size` bytes where known,
    /// holds.
    ///
    /// # Errors
    /// Those of the format's reader.
    pub(crate) fn stream<'a>(
        &self,
        format: Format,
        mut stream: sparse::Lookahead<&'a mut dyn SparseRead>,
        member: &str,
        size: Option<u64>,
        sieves: &mut Sieves,
    ) -> Result<Streamed<'a>> {
        self.how.suits(format)?;
        if format == Format::Raw {
            return Ok(disk(InOrder::new(stream, size), String::new()));
        }
        if format == Format::Vmdk && diskimage::vmdk_is_stream(stream.head(diskimage::HEAD)?) {
            let stream = diskimage::VmdkStream::new(stream, self.means.threads)?;
            let variant = stream.about().variant.clone();
            return Ok(disk(stream, variant));
        }
        let sieve = sieves
            .entry(member.to_owned())
            .or_insert_with(|| Arc::new(TableCache::new(size)));
        match pass(format, stream, sieve, &self.how, self.means)? {
            Passing::Disk(stream) => {
                let about = stream.about();
                let (variant, sector) = (about.variant.clone(), about.sector);
                Ok(Streamed::Disk {
                    disk: stream,
                    variant,
                    sector,
                })
            }
            Passing::Again => Ok(Streamed::Again),
        }
    }
}

fn disk<'a>(disk: impl DiskRead + 'a, variant: String) -> Streamed<'a> {
    Streamed::Disk {
        disk: Box::new(disk),
        variant,
        sector: None,
    }
}

/// Whether the footer of a fixed VHD, which begins as its raw disk does, is looked for behind the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footer {
    /// The person says that the bytes are something else.
    Ignored,
    /// Nobody said anything.
    Possible,
    /// The person says that it is a VHD.
    Due,
}

impl Footer {
    /// What `declared`, the format that the person gave, means for a disk that begins as a raw one.
    pub(crate) fn of(declared: Option<Format>) -> Self {
        match declared {
            None => Footer::Possible,
            Some(Format::Vhd) => Footer::Due,
            Some(_) => Footer::Ignored,
        }
    }

    /// A stream has ended without a footer.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when there had to be one.
    pub(crate) fn missing(self) -> Result<()> {
        match self {
            Footer::Due => Err(Error::corrupt(
                "is declared vhd, and no vhd footer follows its data",
            )),
            _ => Ok(()),
        }
    }
}

/// The format of what begins as a raw disk: a fixed VHD has its header at its end.
///
/// # Errors
/// Those of reading, and [`error::Kind::Refused`] when there has to be a footer and is none.
pub(crate) fn format_by_end(bytes: &dyn BlockRead, footer: Footer) -> Result<Format> {
    let found = match footer {
        Footer::Ignored => Format::Raw,
        _ => diskimage::probe_tail(bytes)?.unwrap_or(Format::Raw),
    };
    match footer {
        Footer::Due if found != Format::Vhd => Err(Error::refused(format!(
            "is declared vhd, its content is {found}"
        ))),
        _ => Ok(found),
    }
}

/// What to say about a disk in a format that is not read.
pub(crate) fn not_read(format: Format) -> Error {
    Error::unsupported(format!("is a {format} disk, which is not read here"))
        .hint("convert it first: qemu-img convert -O qcow2")
}
