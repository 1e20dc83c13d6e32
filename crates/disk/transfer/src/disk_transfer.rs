//! One disk on its way to its targets.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::Format;
use error::{Error, Result, amount};
use sparse::BlockWrite;
use sparse::digest::Digest;

use crate::advice::Advice;
use crate::chunk::Chunk;
use crate::chunker::{Ascending, ChunkSource, Extent, StreamChunker};
use crate::control::Control;
use crate::digest::ContentSize;
use crate::direct_write::{DirectWrite, Written};
use crate::disk::Disk;
use crate::fanout::{Ending, Fanout, Item};
use crate::format_target::Padding;
use crate::hash::Hasher;
use crate::open::{Content, Footer, not_read};
use crate::parallel_reader::{ParallelReader, ReadOptions};
use crate::range_set::RangeSet;
use crate::reorder::Reorder;

/// Chunks of 256 KiB between reading and the targets.
pub(crate) const BUFFERS: usize = 32;
/// Bytes that the first gap moves on before the digest is told.
const SETTLED: u64 = 16 << 20;

/// The targets of one disk, and how far it has come.
pub(crate) struct DiskTransfer {
    fanout: Fanout,
    /// The targets, where the reading threads may write to them.
    direct: Option<DirectWrite>,
    any_order: bool,
    /// What was written, where the disk does not come in order.
    covered: Option<RangeSet>,
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

/// How a disk is transferred, and what that may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransferOptions {
    /// The largest disk in bytes.
    pub(crate) max_size: u64,
    /// Threads that read and unpack.
    pub(crate) threads: usize,
    /// Whether the footer of a fixed VHD is looked for behind a raw disk.
    pub(crate) footer: Footer,
    /// Whether the targets hold a format, and are told the disk's size before its first byte.
    pub(crate) encoded: bool,
    /// What the disk's size becomes in a format.
    pub(crate) padded: Padding,
    /// Whether the disk's digest is wanted.
    pub(crate) want_digest: bool,
    /// Chunks between reading and the targets.
    pub(crate) buffers: usize,
    /// Bytes of data that may wait for a target that takes them in order.
    pub(crate) early: usize,
    /// Whether this disk is all that is under way, so that its progress is the transfer's.
    pub(crate) alone: bool,
}

impl DiskTransfer {
    /// Starts writing to `targets`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no threads.
    pub(crate) fn start(
        mut targets: Vec<Box<dyn BlockWrite>>,
        content: &Content<'_>,
        options: TransferOptions,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let any_order = targets.iter().all(|target| target.any_order());
        let (direct, hasher) = match content {
            Content::Image(_) => (DirectWrite::of(&mut targets), Hasher::in_order()),
            Content::Stream(disk) if any_order && !disk.is_in_order() => (None, Hasher::default()),
            Content::Stream(_) => (None, Hasher::in_order()),
        };
        let hasher = options.want_digest.then_some(hasher);
        Ok(DiskTransfer {
            fanout: Fanout::start(targets, direct.as_ref(), hasher, control)?,
            direct,
            any_order,
            covered: None,
            settled: 0,
            held: None,
            size: 0,
            data: 0,
            is_fixed_vhd: false,
            complete: false,
            digest: None,
        })
    }

    /// Reads the disk and hands its chunks on; `Break` when no target is left.
    ///
    /// # Errors
    /// Whatever is wrong with the disk.
    pub(crate) fn run(
        &mut self,
        found: &Disk,
        content: Content<'_>,
        options: TransferOptions,
        control: &Arc<Control>,
    ) -> Result<ControlFlow<()>> {
        let flow = match content {
            Content::Image(image) => {
                let read = ReadOptions {
                    threads: options.threads,
                    buffers: options.buffers,
                    want_digest: options.want_digest,
                };
                let direct = self.direct.take();
                let mut reader = ParallelReader::start(image, read, direct, control)?;
                self.hand_on(&mut reader, options, control)?
            }
            Content::Stream(disk) if self.any_order && !disk.is_in_order() => {
                self.covered = Some(RangeSet::default());
                self.hand_on(
                    &mut StreamChunker::new(disk, options.buffers),
                    options,
                    control,
                )?
            }
            Content::Stream(disk) if disk.is_shuffled() => return Err(shuffled()),
            Content::Stream(disk) if disk.is_whole() => {
                let mut disk = Reorder::new(disk, options.early);
                self.hand_on(
                    &mut StreamChunker::new(&mut disk, options.buffers),
                    options,
                    control,
                )?
            }
            // One piece behind the other: what is missing at the end is missing.
            Content::Stream(disk) if found.format == Format::Raw => self.hand_on(
                &mut StreamChunker::new(disk, options.buffers),
                options,
                control,
            )?,
            Content::Stream(disk) => {
                let mut disk = Ascending::new(disk);
                self.hand_on(
                    &mut StreamChunker::new(&mut disk, options.buffers),
                    options,
                    control,
                )?
            }
        };
        if flow.is_break() {
            return Ok(Break(()));
        }
        let flow = self.end(found, options)?;
        self.tell(options, control);
        if flow.is_continue() {
            // The thread that hashes can go: there may be many more disks.
            self.digest = self.fanout.digest(self.size)?;
            self.complete = true;
        }
        Ok(flow)
    }

    fn hand_on(
        &mut self,
        chunks: &mut dyn ChunkSource,
        options: TransferOptions,
        control: &Control,
    ) -> Result<ControlFlow<()>> {
        while let Some(extent) = chunks.next()? {
            control.check()?;
            if extent.end() > options.max_size {
                return Err(too_large(extent.end(), options.max_size));
            }
            let mut listened = self.let_go()?;
            match extent {
                Extent::Chunk(chunk) => self.held = Some(chunk),
                Extent::Written(written) => listened &= self.written(written)?,
                Extent::Hole { offset, len } => listened &= self.hole(offset, len)?,
            }
            self.tell(options, control);
            if !listened {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    fn tell(&self, options: TransferOptions, control: &Control) {
        if options.alone {
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
        let listened = self.fanout.send(&Item::Chunk(Arc::new(chunk)));
        self.settle();
        Ok(listened)
    }

    /// Tells the digest what it need not remember any more.
    fn settle(&mut self) {
        let settled = self.covered.as_ref().map_or(0, RangeSet::settled);
        if settled >= self.settled + SETTLED {
            self.settled = settled;
            self.fanout.settled(settled);
        }
    }

    fn written(&mut self, written: Written) -> Result<bool> {
        self.account(written.offset, written.len)?;
        self.data += written.data;
        Ok(self.fanout.send(&Item::Written(Arc::new(written))))
    }

    fn hole(&mut self, offset: u64, len: u64) -> Result<bool> {
        self.account(offset, len)?;
        Ok(self.fanout.send(&Item::Hole { offset, len }))
    }

    fn account(&mut self, offset: u64, len: u64) -> Result<()> {
        match &mut self.covered {
            Some(covered) => {
                covered.add(offset, len)?;
                self.size += len;
            }
            None => self.size = offset + len,
        }
        Ok(())
    }

    /// Sees to it that every byte of the disk is accounted for, and no other.
    fn end(&mut self, found: &Disk, options: TransferOptions) -> Result<ControlFlow<()>> {
        let looks = options.footer != Footer::Ignored
            && found.format == Format::Raw
            && found.variant.is_empty();
        let footer = match self.held.as_mut() {
            Some(chunk) if looks => take_footer(chunk)?,
            _ => 0,
        };
        if footer == 0 && looks {
            options.footer.missing()?;
        }
        if !self.let_go()? {
            return Ok(Break(()));
        }
        if let Some(covered) = &self.covered {
            let size = found.size.unwrap_or(covered.end());
            for (offset, len) in covered.gaps(size) {
                if !self.hole(offset, len)? {
                    return Ok(Break(()));
                }
            }
        }
        self.is_fixed_vhd = footer > 0;
        // Where a footer is due, the announced size is without it.
        let late = match options.footer {
            Footer::Due => 0,
            _ => footer,
        };
        let announced = found.size.unwrap_or(0);
        if late > 0 && options.encoded && announced > options.padded.least {
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
    pub(crate) fn content(&self) -> Option<ContentSize> {
        self.complete.then_some(ContentSize {
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
        if self.is_fixed_vhd {
            Disk {
                size: Some(self.size),
                format: Format::Vhd,
                variant: "fixed".into(),
                member: disk.member.clone(),
            }
        } else {
            disk.clone()
        }
    }

    /// Tells the targets that the disk is complete, and waits for them.
    pub(crate) fn finish(mut self) -> Vec<Ending> {
        self.fanout.send(&Item::Finish(self.size));
        self.fanout.join()
    }

    /// Waits for the targets, which undo what they did.
    pub(crate) fn give_up(self) -> Vec<Ending> {
        self.fanout.join()
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
    Error::unsupported(
        "does not store its disk in ascending order, and a target needs it in that order",
    )
    .hint("write to a file, a device or a volume, or unpack the image first")
}

/// A footer that is not the disk's, behind a disk whose size a target was told with it.
fn shown_late() -> Error {
    Error::unsupported(
        "is a fixed vhd disk, which shows only at its end, and the target has to know its size before",
    )
    .advise(Advice::DeclareVhd)
}

/// A disk that is, or decompresses to, more than `most` bytes.
pub(crate) fn too_large(size: u64, most: u64) -> Error {
    Error::refused(format!(
        "holds a disk of {} or more, the limit is {}",
        amount(size),
        amount(most)
    ))
    .advise(Advice::RaiseMaxSize)
}
