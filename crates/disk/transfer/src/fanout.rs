//! From one source of chunks to every target at once, and to the digest.
//!
//! Each target has a thread of its own with a short queue; a target that fails drops out, and the
//! others go on. The chunks are shared, never copied.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use error::{Error, Result};
use sparse::BlockWrite;
use sparse::digest::Digest;

use crate::chunk::{Chunk, Run};
use crate::control::Control;
use crate::direct_write::{DirectWrite, Written};
use crate::hash::Hasher;

/// Chunks and holes that may wait for one target; more than there are chunks, so that only holes are bounded by it.
const QUEUE: usize = 64;
const TICK: Duration = Duration::from_millis(50);

/// What every thread behind the chunker gets.
#[derive(Clone)]
pub(crate) enum Item {
    Chunk(Arc<Chunk>),
    /// A piece that all targets hold already, but for its zeros.
    Written(Arc<Written>),
    Hole {
        offset: u64,
        len: u64,
    },
    /// All bytes before this one have come: only the digest wants to know.
    Settled(u64),
    /// The disk is complete and was right: `size` bytes.
    Finish(u64),
}

/// How one target ended.
pub(crate) struct Ending {
    /// The target: finished, or undone if `result` is an error.
    pub(crate) target: Box<dyn BlockWrite>,
    /// What became of it.
    pub(crate) result: Result<()>,
}

/// What the hashing thread leaves; `None` when it was not told that the disk is complete.
type Hashed = Option<Result<Digest>>;

/// The running threads.
pub(crate) struct Fanout {
    targets: Vec<(Option<SyncSender<Item>>, JoinHandle<Ending>)>,
    hasher: Option<(SyncSender<Item>, JoinHandle<Hashed>)>,
}

impl Fanout {
    /// Starts a thread for each of `targets`, which `direct` may write to as well, and one for the
    /// digest if there is a `hasher`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no thread.
    pub(crate) fn start(
        targets: Vec<Box<dyn BlockWrite>>,
        direct: Option<&DirectWrite>,
        hasher: Option<Hasher>,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let hasher = match hasher {
            Some(hasher) => {
                let (sender, items) = sync_channel(QUEUE);
                Some((sender, spawn("digest", move || hash(&items, hasher))?))
            }
            None => None,
        };
        let targets = targets.into_iter().map(|target| {
            let (sender, items) = sync_channel(QUEUE);
            let control = Arc::clone(control);
            let direct = direct.cloned();
            let writer = spawn("target", move || {
                write(target, items, direct.as_ref(), &control)
            })?;
            Ok((Some(sender), writer))
        });
        Ok(Fanout {
            targets: targets.collect::<Result<_>>()?,
            hasher,
        })
    }

    /// Hands `item` to everybody who is still there; `false` when no target is left.
    pub(crate) fn send(&mut self, item: &Item) -> bool {
        let mut left = false;
        for (sender, _) in &mut self.targets {
            if let Some(queue) = sender {
                match queue.send(item.clone()) {
                    Ok(()) => left = true,
                    Err(_) => *sender = None,
                }
            }
        }
        if let Some((queue, _)) = &self.hasher {
            // A hashing thread that died shows when the digest is asked for.
            let _ = queue.send(item.clone());
        }
        left
    }

    /// Tells the digest that all bytes before `offset` were handed on.
    pub(crate) fn settled(&self, offset: u64) {
        if let Some((queue, _)) = &self.hasher {
            let _ = queue.send(Item::Settled(offset));
        }
    }

    /// The digest of a disk of `size` bytes, all of which has been handed on; `None` without a hasher.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the thread that makes it has died, and those of [`Hasher::finish`].
    pub(crate) fn digest(&mut self, size: u64) -> Result<Option<Digest>> {
        let died = || Error::io("there is no digest of the disk", "the hashing thread died");
        let Some((queue, hasher)) = self.hasher.take() else {
            return Ok(None);
        };
        queue.send(Item::Finish(size)).map_err(|_| died())?;
        let hashed = hasher.join().ok().flatten().ok_or_else(died)?;
        hashed.map(Some)
    }

    /// Waits for the targets, in the order given. Without an [`Item::Finish`] before, they undo what
    /// they did.
    pub(crate) fn join(self) -> Vec<Ending> {
        let (queues, writers): (Vec<_>, Vec<_>) = self.targets.into_iter().unzip();
        drop(queues);
        let endings = writers.into_iter().map(|writer| {
            // A writer that panicked leaves no target to speak for: the panic is passed on.
            writer.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        endings.collect()
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(|cause| Error::io(format!("no thread for the {name}"), cause))
}

fn hash(items: &Receiver<Item>, mut hasher: Hasher) -> Hashed {
    for item in items {
        match item {
            Item::Chunk(chunk) => hasher.take(&chunk.hashes()),
            Item::Written(written) => hasher.take(&written.hashes),
            Item::Hole { .. } => {}
            Item::Settled(offset) => hasher.settle(offset),
            Item::Finish(size) => return Some(hasher.finish(size)),
        }
    }
    None
}

fn write(
    mut target: Box<dyn BlockWrite>,
    items: Receiver<Item>,
    direct: Option<&DirectWrite>,
    control: &Control,
) -> Ending {
    let result = write_all(&mut *target, &items, direct, control);
    // What is undone must be held by nobody else.
    direct.inspect(|direct| direct.close());
    // Undoing may take long; what still waits here must not keep the other targets waiting.
    drop(items);
    let result = result.map_err(|error| match target.abort() {
        Ok(()) => error,
        Err(left) => error.because(left),
    });
    control.job().settled(target.name());
    Ending { target, result }
}

/// Writes everything that `items` holds to `target`, and finishes it.
fn write_all(
    target: &mut dyn BlockWrite,
    items: &Receiver<Item>,
    direct: Option<&DirectWrite>,
    control: &Control,
) -> Result<()> {
    let mut writer = Writer {
        ascends: !target.any_order(),
        target,
        direct,
        control,
        position: 0,
    };
    loop {
        control.check()?;
        match items.recv_timeout(TICK) {
            Ok(Item::Finish(size)) => return writer.finish(size),
            Ok(item) => writer.write(item)?,
            Err(RecvTimeoutError::Timeout) => {}
            // The chunker stopped before the end of the disk.
            Err(RecvTimeoutError::Disconnected) => return Err(job::interrupted()),
        }
    }
}

/// One target while it is written.
struct Writer<'a> {
    target: &'a mut dyn BlockWrite,
    direct: Option<&'a DirectWrite>,
    control: &'a Control,
    /// Whether the target's ranges have to come in order.
    ascends: bool,
    /// Bytes accounted for; where ranges ascend, where the next one begins.
    position: u64,
}

impl Writer<'_> {
    fn write(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Chunk(chunk) => self.chunk(&chunk),
            Item::Written(written) => self.written(&written),
            Item::Hole { offset, len } => self.hole(offset, len),
            Item::Settled(_) | Item::Finish(_) => Ok(()),
        }
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        self.check_order(chunk.offset)?;
        for Run { offset, len, data } in chunk.runs() {
            match data {
                Some(data) => self.target.write_at(offset, data)?,
                None => self.target.zero_at(offset, len)?,
            }
            self.position += len;
        }
        Ok(())
    }

    fn written(&mut self, written: &Written) -> Result<()> {
        self.check_direct()?;
        self.target.wrote(written.offset, written.len);
        for &(offset, len) in &written.zeros {
            self.target.zero_at(offset, len)?;
        }
        self.position += written.len;
        Ok(())
    }

    fn hole(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check_order(offset)?;
        zero(self.target, offset, len, self.control)?;
        self.position += len;
        Ok(())
    }

    fn finish(self, size: u64) -> Result<()> {
        in_order(size, self.position)?;
        self.check_direct()?;
        self.direct.inspect(|direct| direct.close());
        self.target.finish(size)
    }

    fn check_order(&self, offset: u64) -> Result<()> {
        if self.ascends {
            in_order(offset, self.position)
        } else {
            Ok(())
        }
    }

    /// Whether what others write to the target has succeeded so far.
    fn check_direct(&self) -> Result<()> {
        self.direct.map_or(Ok(()), DirectWrite::check)
    }
}

/// Whether the next range begins where the last one ended.
fn in_order(offset: u64, position: u64) -> Result<()> {
    if offset == position {
        Ok(())
    } else {
        Err(Error::io(
            format!("bytes {position} to {offset} were not accounted for"),
            "the transfer lost track of a range",
        ))
    }
}

/// Zeros in steps, so that a terabyte that a device has to write out can be interrupted.
fn zero(target: &mut dyn BlockWrite, offset: u64, len: u64, control: &Control) -> Result<()> {
    const STEP: u64 = 32 << 20;
    let end = offset + len;
    let mut at = offset;
    while at < end {
        control.check()?;
        let step = STEP.min(end - at);
        target.zero_at(at, step)?;
        at += step;
    }
    Ok(())
}
