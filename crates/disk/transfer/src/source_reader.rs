//! The thread that reads the source, so that reading, keeping a copy and hashing cost the decoder no
//! time, and so that a source that hangs does not hang the program.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use error::{Error, Result};
use sparse::{BlockWrite, ByteSource, Fill, Piece, SparseRead};

use crate::buffers::Pool;
use crate::chunk::CHUNK;
use crate::control::Control;
use crate::sums::{Summing, Sums};

/// Bytes in one read: a whole chunk, so that a raw disk's buffers become chunks without a copy.
const READ: usize = CHUNK;
/// Reads that may wait for the decoder, and holes.
const AHEAD: usize = 12;
/// How often a waiting decoder looks whether it should stop.
const TICK: Duration = Duration::from_millis(50);

/// The target of the copy that is kept. Shared, so that the engine can finish or undo it even while
/// the reading thread waits for a source that hangs.
#[derive(Clone, Default)]
pub(crate) struct Keep(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// `None` where nothing is kept, and once the copy was finished or undone.
    target: Option<Box<dyn BlockWrite>>,
    /// Why it could not be written.
    failure: Option<Error>,
}

impl Keep {
    /// A copy at `target`.
    pub(crate) fn at(target: Box<dyn BlockWrite>) -> Self {
        Keep(Arc::new(Mutex::new(Kept {
            target: Some(target),
            failure: None,
        })))
    }

    /// Whether a copy is being kept.
    fn is_wanted(&self) -> bool {
        self.lock().target.is_some()
    }

    /// Takes the target out, to finish or undo it, and why it could not be written.
    pub(crate) fn take(&self) -> (Option<Box<dyn BlockWrite>>, Option<Error>) {
        let mut kept = self.lock();
        (kept.target.take(), kept.failure.take())
    }

    /// Writes to the target, if there is one. A failure is kept for [`Keep::take`]: it is the copy's
    /// and not the source's, whose reader only stops.
    fn write(&self, write: impl FnOnce(&mut dyn BlockWrite) -> Result<()>) -> Result<()> {
        let mut kept = self.lock();
        let Some(target) = kept.target.as_deref_mut() else {
            return Ok(());
        };
        write(target).map_err(|error| {
            kept.failure = Some(error);
            job::interrupted()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens to the source's bytes as they pass.
#[derive(Clone)]
pub(crate) struct ReaderOptions {
    /// Where a copy goes, if anywhere.
    pub(crate) keep: Keep,
    /// Which digests of them to compute: those that are known here.
    pub(crate) sums: Sums,
}

impl ReaderOptions {
    /// Bytes of which nothing is kept and nothing is hashed.
    pub(crate) fn idle() -> Self {
        ReaderOptions {
            keep: Keep::default(),
            sums: Sums::default(),
        }
    }

    /// Whether nobody cares how the bytes pass.
    pub(crate) fn is_idle(&self) -> bool {
        self.sums.is_empty() && !self.keep.is_wanted()
    }
}

/// What is known once the source is read to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceSummary {
    /// The digests that were asked for.
    pub(crate) sums: Sums,
    /// Bytes in the source, holes included.
    pub(crate) bytes: u64,
}

enum Message {
    Data(Box<[u8]>, usize),
    Hole(u64),
    End(SourceSummary),
    Failed(Error),
}

/// The end of the reading thread that a decoder reads from.
pub(crate) struct SourceReader {
    messages: Receiver<Message>,
    pool: Pool,
    control: Arc<Control>,
    current: Current,
}

enum Current {
    Nothing,
    Data {
        bytes: Box<[u8]>,
        from: usize,
        to: usize,
    },
    Hole(u64),
    End(SourceSummary),
}

impl SourceReader {
    /// Starts reading `source`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no thread.
    pub(crate) fn start(
        source: Box<dyn ByteSource>,
        reader_options: ReaderOptions,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let (sender, messages) = sync_channel(AHEAD);
        let pool = Pool::new(AHEAD, READ);
        let buffers = pool.clone();
        let reader = Reader {
            source,
            keep: reader_options.keep,
            summing: Summing::new(&reader_options.sums),
            position: 0,
            control: Arc::clone(control),
        };
        thread::Builder::new()
            .name("intake".into())
            .spawn(move || reader.run(&sender, &buffers))
            .map_err(|cause| Error::io("no thread to read the source", cause))?;
        Ok(SourceReader {
            messages,
            pool,
            control: Arc::clone(control),
            current: Current::Nothing,
        })
    }

    /// What is known at the source's end. The caller owes having seen [`Piece::End`].
    pub(crate) fn summary(&self) -> Option<SourceSummary> {
        match self.current {
            Current::End(passed) => Some(passed),
            _ => None,
        }
    }

    /// Has something at hand.
    fn receive(&mut self) -> Result<()> {
        if !matches!(self.current, Current::Nothing) {
            return Ok(());
        }
        let message = loop {
            self.control.check()?;
            match self.messages.recv_timeout(TICK) {
                Ok(message) => break message,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::io("reading stopped", "the reading thread died"));
                }
            }
        };
        self.current = match message {
            Message::Data(bytes, to) => Current::Data { bytes, from: 0, to },
            Message::Hole(len) => Current::Hole(len),
            Message::End(passed) => Current::End(passed),
            Message::Failed(error) => return Err(error),
        };
        Ok(())
    }
}

impl Drop for SourceReader {
    fn drop(&mut self) {
        self.pool.close();
    }
}

impl SparseRead for SourceReader {
    fn peek(&mut self) -> Result<Piece<'_>> {
        self.receive()?;
        Ok(match &self.current {
            Current::Data { bytes, from, to } => Piece::Data(&bytes[*from..*to]),
            Current::Hole(len) => Piece::Zeros(*len),
            Current::End(_) | Current::Nothing => Piece::End,
        })
    }

    fn consume(&mut self, n: u64) {
        let over = match &mut self.current {
            Current::Data { from, to, .. } => {
                *from += n as usize;
                from == to
            }
            Current::Hole(len) => {
                *len -= n;
                *len == 0
            }
            Current::End(_) | Current::Nothing => false,
        };
        if over
            && let Current::Data { bytes, .. } =
                std::mem::replace(&mut self.current, Current::Nothing)
        {
            self.pool.give(bytes);
        }
    }

    fn exchange(&mut self, buffer: &mut Box<[u8]>) -> Result<Option<usize>> {
        self.receive()?;
        match &mut self.current {
            Current::Data { bytes, from: 0, to } if bytes.len() == buffer.len() => {
                std::mem::swap(bytes, buffer);
                let n = *to;
                self.consume(n as u64);
                Ok(Some(n))
            }
            _ => Ok(None),
        }
    }
}

/// The reading thread's end.
struct Reader {
    source: Box<dyn ByteSource>,
    keep: Keep,
    summing: Summing,
    position: u64,
    control: Arc<Control>,
}

impl Reader {
    fn run(mut self, messages: &SyncSender<Message>, pool: &Pool) {
        // A closed pool means that nobody listens any more: the decoder has failed.
        while let Some(mut buffer) = pool.take() {
            let message = match self.step(&mut buffer) {
                Ok(Fill::Data(n)) => Message::Data(buffer, n),
                Ok(Fill::Hole(n)) => {
                    pool.give(buffer);
                    Message::Hole(n)
                }
                Ok(Fill::End) => Message::End(SourceSummary {
                    sums: self.summing.finish(),
                    bytes: self.position,
                }),
                Err(error) => Message::Failed(error),
            };
            let last = matches!(message, Message::End(_) | Message::Failed(_));
            if messages.send(message).is_err() || last {
                return;
            }
        }
    }

    fn step(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        if self.control.job().is_cancelled() {
            return Err(job::interrupted());
        }
        let fill = self.source.fill(buffer)?;
        let len = match fill {
            Fill::Data(n) => {
                self.pass_data(&buffer[..n])?;
                n as u64
            }
            Fill::Hole(len) => {
                self.pass_hole(len)?;
                len
            }
            Fill::End => 0,
        };
        self.position += len;
        self.control.read(len);
        Ok(fill)
    }

    fn pass_data(&mut self, data: &[u8]) -> Result<()> {
        self.summing.add(data);
        let position = self.position;
        self.keep.write(|keep| keep.write_at(position, data))
    }

    fn pass_hole(&mut self, len: u64) -> Result<()> {
        if !self.summing.is_idle() {
            let zeros = [0; 64 * 1024];
            let mut left = len;
            while left > 0 {
                self.control.check()?;
                let n = left.min(zeros.len() as u64);
                self.summing.add(&zeros[..n as usize]);
                left -= n;
            }
        }
        let position = self.position;
        self.keep.write(|keep| keep.zero_at(position, len))
    }
}
