//! One disk on its way to its targets.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::Format;
use error::{Error, Result, amount};
use sparse::BlockWrite;
use sparse::digest::Digest;

use crate::chunk::Chunk;
use crate::control::Control;
use crate::cover::Cover;
use crate::cut::{Ascending, Cut, Cuts, Cutter};
use crate::digest::Content as Held;
use crate::encoded::Padded;
use crate::fan::{Ending, Fan, Item};
use crate::gather::Gather;
use crate::hash::Hasher;
use crate::open::{Content, Footer, not_read};
use crate::reorder::Reorder;
use crate::seen::Disk;
use crate::spread::{Spread, Written};

/// Chunks of 256 KiB between reading and the targets.
pub(crate) const BUFFERS: usize = 32;
/// Bytes that the first gap moves on before the digest is told.
const SETTLED: u64 = 16 << 20;

/// The targets of one disk, and how far it has come.
pub(crate) struct Pour {
    fan: Fan,
    /// The targets, where the reading threads may write to them.
    spread: Option<Spread>,
    any_order: bool,
    /// What was written, where the disk does not come in order.
    cover: Option<Cover>,
    /// Where the first gap in that was when the digest was told.
    settled: u64,
    /// A chunk that may be the last one, and hold what belongs to the container.
    held: Option<Chunk>,
    size: u64,
    data: u64,
    /// Whether what came as a raw disk had the footer of a fixed VHD.
    is_fixed_vhd: bool,
    /// Whether all of the disk has been handed on.
    complete: bool,
    /// The disk's digest then, if it was asked for.
    digest: Option<Digest>,
}

/// What bounds a pour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The largest disk in bytes.
    pub(crate) max_size: u64,
    /// Threads that read and unpack.
    pub(crate) threads: usize,
    /// Whether the footer of a fixed VHD is looked for behind a raw disk.
    pub(crate) footer: Footer,
    /// Whether the targets hold a format, and are told the disk's size before its first byte.
    pub(crate) encoded: bool,
    /// What the disk's size becomes in a format.
    pub(crate) padded: Padded,
    /// Whether the disk's digest is wanted.
    pub(crate) named: bool,
    /// Chunks between reading and the targets.
    pub(crate) buffers: usize,
    /// Bytes of data that may wait for a target that takes them in order.
    pub(crate) early: usize,
    /// Whether this disk is all that is under way, so that its progress is the transfer's.
    pub(crate) alone: bool,
}

impl Pour {
    /// Starts writing to `targets`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no threads.
    pub(crate) fn start(
        mut targets: Vec<Box<dyn BlockWrite>>,
        content: &Content<'_>,
        bounds: Bounds,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let any_order = targets.iter().all(|target| target.any_order());
        let (spread, hasher) = match content {
            Content::Image(_) => (Spread::of(&mut targets), Hasher::in_order()),
            Content::Stream(disk) if any_order && !disk.is_in_order() => (None, Hasher::default()),
            Content::Stream(_) => (None, Hasher::in_order()),
        };
        let hasher = bounds.named.then_some(hasher);
        Ok(Pour {
            fan: Fan::start(targets, spread.as_ref(), hasher, control)?,
            spread,
            any_order,
            cover: None,
            settled: 0,
            held: None,
            size: 0,
            data: 0,
            is_fixed_vhd: false,
            complete: false,
            digest: None,
        })
    }

    /// Cuts the disk and hands it on; `Break` when no target is left.
    ///
    /// # Errors
    /// Whatever is wrong with the disk.
    pub(crate) fn pour(
        &mut self,
        found: &Disk,
        content: Content<'_>,
        bounds: Bounds,
        control: &Arc<Control>,
    ) -> Result<ControlFlow<()>> {
        let flow = match content {
            Content::Image(image) => {
                let (threads, spread) = (bounds.threads, self.spread.take());
                let mut gather = Gather::start(
                    image,
                    threads,
                    bounds.buffers,
                    control,
                    spread,
                    bounds.named,
                )?;
                self.cuts(&mut gather, bounds, control)?
            }
            Content::Stream(disk) if self.any_order && !disk.is_in_order() => {
                self.cover = Some(Cover::default());
                self.cuts(&mut Cutter::new(disk, bounds.buffers), bounds, control)?
            }
            Content::Stream(disk) if disk.is_shuffled() => return Err(shuffled()),
            Content::Stream(disk) if disk.is_whole() => {
                let mut disk = Reorder::new(disk, bounds.early);
                self.cuts(&mut Cutter::new(&mut disk, bounds.buffers), bounds, control)?
            }
            // One piece behind the other: what is missing at the end is missing.
            Content::Stream(disk) if found.format == Format::Raw => {
                self.cuts(&mut Cutter::new(disk, bounds.buffers), bounds, control)?
            }
            Content::Stream(disk) => {
                let mut disk = Ascending::new(disk);
                self.cuts(&mut Cutter::new(&mut disk, bounds.buffers), bounds, control)?
            }
        };
        if flow.is_break() {
            return Ok(Break(()));
        }
        let flow = self.end(found, bounds)?;
        self.tell(bounds, control);
        if flow.is_continue() {
            // The thread that hashes can go: there may be many more disks.
            self.digest = self.fan.digest(self.size)?;
            self.complete = true;
        }
        Ok(flow)
    }

    fn cuts(
        &mut self,
        cuts: &mut dyn Cuts,
        bounds: Bounds,
        control: &Control,
    ) -> Result<ControlFlow<()>> {
        while let Some(cut) = cuts.next()? {
            control.check()?;
            if cut.end() > bounds.max_size {
                return Err(too_large(cut.end(), bounds.max_size));
            }
            let mut listened = self.let_go()?;
            match cut {
                Cut::Chunk(chunk) => self.held = Some(chunk),
                Cut::Written(written) => listened &= self.written(written)?,
                Cut::Hole { offset, len } => listened &= self.hole(offset, len)?,
            }
            self.tell(bounds, control);
            if !listened {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    fn tell(&self, bounds: Bounds, control: &Control) {
        if bounds.alone {
            control.reached(self.size, self.data);
        }
    }

    /// Hands the chunk on that was held back; `false` when no target is left.
    fn let_go(&mut self) -> Result<bool> {
        let Some(chunk) = self.held.take() else {
            return Ok(true);
        };
        let (offset, len) = (chunk.offset, chunk.len() as u64);
        self.account(offset, len)?;
        self.data += chunk.data_len();
        let listened = self.fan.send(&Item::Chunk(Arc::new(chunk)));
        self.settle();
        Ok(listened)
    }

    /// Tells the digest what it need not remember any more.
    fn settle(&mut self) {
        let settled = self.cover.as_ref().map_or(0, Cover::settled);
        if settled >= self.settled + SETTLED {
            self.settled = settled;
            self.fan.settled(settled);
        }
    }

    fn written(&mut self, written: Written) -> Result<bool> {
        self.account(written.offset, written.len)?;
        self.data += written.data;
        Ok(self.fan.send(&Item::Written(Arc::new(written))))
    }

    fn hole(&mut self, offset: u64, len: u64) -> Result<bool> {
        self.account(offset, len)?;
        Ok(self.fan.send(&Item::Hole { offset, len }))
    }

    fn account(&mut self, offset: u64, len: u64) -> Result<()> {
        match &mut self.cover {
            Some(cover) => {
                cover.add(offset, len)?;
                self.size += len;
            }
            None => self.size = offset + len,
        }
        Ok(())
    }

    /// Sees to it that every byte of the disk is accounted for, and no other.
    fn end(&mut self, found: &Disk, bounds: Bounds) -> Result<ControlFlow<()>> {
        let looks = bounds.footer != Footer::Ignored
            && found.format == Format::Raw
            && found.variant.is_empty();
        let footer = match self.held.as_mut() {
            Some(chunk) if looks => take_footer(chunk)?,
            _ => 0,
        };
        if footer == 0 && looks {
            bounds.footer.missing()?;
        }
        if !self.let_go()? {
            return Ok(Break(()));
        }
        if let Some(cover) = &self.cover {
            let size = found.size.unwrap_or(cover.end());
            for (offset, len) in cover.gaps(size) {
                if !self.hole(offset, len)? {
                    return Ok(Break(()));
                }
            }
        }
        self.is_fixed_vhd = footer > 0;
        // Where a footer is due, the announced size is without it.
        let late = match bounds.footer {
            Footer::Due => 0,
            _ => footer,
        };
        let announced = found.size.unwrap_or(0);
        if late > 0 && bounds.encoded && announced > bounds.padded.least {
            return Err(shown_late());
        }
        match found.size {
            Some(size) if size != self.size + late => Err(Error::corrupt(format!(
                "is announced with {size} bytes and has {}",
                self.size
            ))),
            _ => Ok(Continue(())),
        }
    }

    /// The disk's content, once all of it has been handed on.
    pub(crate) fn content(&self) -> Option<Held> {
        self.complete.then_some(Held {
            size: self.size,
            data: self.data,
        })
    }

    /// The disk's digest, once all of it has been handed on and if it was wanted.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// `disk`, with what has shown only at its end.
    pub(crate) fn told(&self, disk: &Disk) -> Disk {
        match self.is_fixed_vhd {
            true => Disk {
                size: Some(self.size),
                format: Format::Vhd,
                variant: "fixed".into(),
                member: disk.member.clone(),
            },
            false => disk.clone(),
        }
    }

    /// Tells the targets that the disk is complete, and waits for them.
    pub(crate) fn finish(mut self) -> Vec<Ending> {
        self.fan.send(&Item::Finish(self.size));
        self.fan.join()
    }

    /// Waits for the targets, which undo what they did.
    pub(crate) fn give_up(self) -> Vec<Ending> {
        self.fan.join()
    }
}

/// Takes the footer of a fixed VHD, which is a raw disk otherwise, off its last chunk; returns the
/// footer's length in bytes.
fn take_footer(chunk: &mut Chunk) -> Result<u64> {
    let end = chunk.end(diskimage::END);
    let format = end.and_then(diskimage::probe_end);
    match format {
        None => Ok(0),
        Some(Format::Vhd) => {
            let footer = end.and_then(|end| end.try_into().ok());
            let room = (chunk.offset + chunk.len() as u64).saturating_sub(diskimage::END as u64);
            let size = footer.map_or(Ok(room), |footer| diskimage::vhd_fixed_size(footer, room))?;
            if size != room {
                return Err(Error::unsupported(format!(
                    "has a disk of {size} bytes, and {room} have passed before the footer says so"
                ))
                .hint("give it as a file"));
            }
            chunk.shorten(diskimage::END);
            Ok(diskimage::END as u64)
        }
        Some(other) => Err(not_read(other)),
    }
}

/// A disk whose file stores it in another order than the one that a target takes it in.
fn shuffled() -> Error {
    Error::unsupported("does not store its disk in ascending order, and a target wants it so")
        .hint("write to a file, a device or a volume, or unpack the image first")
}

/// A footer that is not the disk's, behind a disk whose size a target was told with it.
fn shown_late() -> Error {
    Error::unsupported(
        "is a fixed vhd disk, which shows only at its end, and the target has to know its size before",
    )
    .hint("unpack it and give it as a file, or say that it is vhd")
}

/// A disk that is, or unfolds to, more than `most` bytes.
pub(crate) fn too_large(size: u64, most: u64) -> Error {
    Error::refused(format!(
        "unfolds to a disk of {} or more, the limit is {}",
        amount(size),
        amount(most)
    ))
    .hint("give --max-size if the disk really is that large")
}
