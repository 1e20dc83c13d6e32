//! Disks whose pieces lie between each other's in one stream: each is cut and handed on by a thread of its own,
//! and one thread reads the stream and gives each of them what is its.

use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use error::{Error, Result};
use sparse::{DiskRead, Piece, SparseRead};

use crate::control::Control;
use crate::disk::Disk;
use crate::disk_transfer::{BUFFERS, DiskTransfer, TransferOptions};
use crate::open::Content;

/// Disks that are taken side by side: each takes up to 2 MiB and four threads.
pub(crate) const MOST: usize = 16;
/// Pieces that wait for one disk's thread.
const QUEUE: usize = 8;
/// Chunks that one disk needs: while two are shown, looked at or held back, others are written.
const CHUNKS: usize = 6;

/// Pieces of several disks, whichever comes next.
pub(crate) trait Mixed: SparseRead {
    /// Which disk the piece is of that the next `peek` shows, and where it lies there in bytes; `None` at the
    /// end.
    ///
    /// # Errors
    /// As [`SparseRead::peek`].
    fn place(&mut self) -> Result<Option<(usize, u64)>>;
}

impl<R: SparseRead> Mixed for unpack::vma::Pieces<'_, R> {
    fn place(&mut self) -> Result<Option<(usize, u64)>> {
        unpack::vma::Pieces::place(self)
    }
}

/// A piece on its way to the thread of its disk, and where it lies.
enum Part {
    Data(u64, Box<[u8]>),
    Zeros(u64, u64),
    /// The stream was right, and nothing more comes.
    End,
}

/// Gives one disk its pieces.
pub(crate) struct Feed(SyncSender<Part>);

/// One disk of several, as its pieces come.
pub(crate) struct Queue {
    parts: Receiver<Part>,
    size: Option<u64>,
    present: Part,
    /// Bytes of the present piece that were consumed.
    consumed: u64,
}

/// The two ends of the way of a disk of `size` bytes.
pub(crate) fn queue(size: Option<u64>) -> (Feed, Queue) {
    let (sender, parts) = sync_channel(QUEUE);
    let queue = Queue {
        parts,
        size,
        present: Part::Zeros(0, 0),
        consumed: 0,
    };
    (Feed(sender), queue)
}

impl Part {
    fn len(&self) -> u64 {
        match self {
            Part::Data(_, data) => data.len() as u64,
            Part::Zeros(_, len) => *len,
            Part::End => 0,
        }
    }
}

impl Queue {
    /// Sees to it that there is something to show, unless all has been shown.
    fn settle(&mut self) -> Result<()> {
        while self.consumed == self.present.len() && !matches!(self.present, Part::End) {
            // Who reads the stream gave up, and knows why.
            self.present = self.parts.recv().map_err(|_| job::interrupted())?;
            self.consumed = 0;
        }
        Ok(())
    }
}

impl SparseRead for Queue {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.settle()?;
        Ok(match &self.present {
            Part::Data(_, data) => Piece::Data(data.get(self.consumed as usize..).unwrap_or(data)),
            Part::Zeros(_, len) => Piece::Zeros(len - self.consumed),
            Part::End => Piece::End,
        })
    }

    fn consume(&mut self, n: u64) {
        self.consumed += n;
    }
}

impl DiskRead for Queue {
    fn size(&self) -> Option<u64> {
        self.size
    }

    fn offset(&mut self) -> Result<u64> {
        self.settle()?;
        Ok(match self.present {
            Part::Data(at, _) | Part::Zeros(at, _) => at + self.consumed,
            Part::End => self.size.unwrap_or(0),
        })
    }

    fn is_in_order(&self) -> bool {
        false
    }

    fn is_whole(&self) -> bool {
        true
    }
}

/// What bounds one of `count` disks that are taken side by side.
pub(crate) fn share(options: TransferOptions, count: usize) -> TransferOptions {
    let count = count.max(1);
    TransferOptions {
        buffers: (BUFFERS / count).max(CHUNKS),
        early: options.early / count,
        alone: false,
        ..options
    }
}

/// Pours the disks `found` side by side, each with its way from `mixed` to its targets.
///
/// # Errors
/// Whatever is wrong with `mixed` or with one of the disks.
pub(crate) fn run(
    found: &[Disk],
    ways: Vec<(Feed, Queue, &mut DiskTransfer)>,
    mixed: &mut dyn Mixed,
    options: TransferOptions,
    control: &Arc<Control>,
) -> Result<ControlFlow<()>> {
    thread::scope(|scope| {
        let (mut feeds, mut threads) = (Vec::new(), Vec::new());
        for ((feed, mut queue, transfer), disk) in ways.into_iter().zip(found) {
            feeds.push(feed);
            let work = move || transfer.run(disk, Content::Stream(&mut queue), options, control);
            let thread = thread::Builder::new().name("disk".into());
            let spawned = thread.spawn_scoped(scope, work);
            threads.push(spawned.map_err(|cause| Error::io("no thread for a disk", cause))?);
        }
        let fed = feed(&feeds, mixed, control);
        // Without a word of success before, their threads give up.
        drop(feeds);
        let ends = threads.into_iter().map(|thread| {
            // What panicked leaves nobody to speak for the disk: the panic is passed on.
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        let ends: Vec<_> = ends.collect();
        fed?;
        let stopped = ends.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(if stopped.iter().all(ControlFlow::is_continue) {
            Continue(())
        } else {
            Break(())
        })
    })
}

/// Gives each disk its pieces until `mixed` ends, or until the thread of one has ended.
fn feed(feeds: &[Feed], mixed: &mut dyn Mixed, control: &Control) -> Result<()> {
    let (mut passed, mut data) = (0, 0);
    while let Some((disk, at)) = mixed.place()? {
        control.check()?;
        let piece = mixed.peek()?;
        let len = piece.len();
        let part = match piece {
            Piece::Data(bytes) => {
                data += len;
                Part::Data(at, bytes.into())
            }
            _ => Part::Zeros(at, len),
        };
        passed += len;
        control.reached(passed, data);
        let sent = feeds.get(disk).map(|feed| feed.0.send(part));
        if !matches!(sent, Some(Ok(()))) {
            return Ok(());
        }
        mixed.consume(len);
    }
    for feed in feeds {
        // One whose thread has ended shows by that.
        let _ = feed.0.send(Part::End);
    }
    Ok(())
}
