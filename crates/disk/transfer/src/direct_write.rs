//! A target that the reading threads write to themselves, while what they read is hot in their cache.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use error::{Error, Result};
use sparse::{BlockWrite, ParallelWrite};

use crate::chunk::Chunk;

/// What a reading thread has written.
pub(crate) struct Written {
    /// Where it lies in the disk, in bytes.
    pub(crate) offset: u64,
    /// Its length in bytes.
    pub(crate) len: u64,
    /// Bytes of data in it.
    pub(crate) data: u64,
    /// Ranges in it that are zeros, which nobody has written: where they begin, and their length.
    pub(crate) zeros: Vec<(u64, u64)>,
    /// The digest blocks in it that hold data, and their hashes; none where nobody asked for them.
    pub(crate) hashes: Vec<(u64, [u8; 32])>,
}

impl Written {
    /// `len` bytes of zeros at `offset`.
    pub(crate) fn zeros(offset: u64, len: u64) -> Self {
        Written {
            offset,
            len,
            data: 0,
            zeros: vec![(offset, len)],
            hashes: Vec::new(),
        }
    }

    /// Adds what follows.
    pub(crate) fn append(&mut self, mut next: Written) {
        self.len += next.len;
        self.data += next.data;
        self.zeros.append(&mut next.zeros);
        self.hashes.append(&mut next.hashes);
    }
}

/// The one target of a disk, shared by the reading threads and the one that owns it.
#[derive(Clone)]
pub(crate) struct DirectWrite(Arc<Shared>);

struct Shared {
    /// `None` once nobody may write any more.
    target: RwLock<Option<Arc<dyn ParallelWrite>>>,
    /// From here on it is written to in this way.
    start: u64,
    /// Threads that are writing.
    writing: AtomicUsize,
    /// What went wrong first.
    failure: Mutex<Option<Error>>,
}

impl DirectWrite {
    /// The target, if it is the only one and lets several threads write.
    pub(crate) fn of(targets: &mut [Box<dyn BlockWrite>]) -> Option<Self> {
        let [target] = targets else { return None };
        let target = target.parallel()?;
        Some(DirectWrite(Arc::new(Shared {
            start: target.start(),
            target: RwLock::new(Some(target)),
            writing: AtomicUsize::new(0),
            failure: Mutex::new(None),
        })))
    }

    /// Lets nobody write any more, and closes what was open for it: a target that is finished or undone
    /// must not be held by a thread that waits for its source.
    pub(crate) fn close(&self) {
        let target = self.0.target.write();
        *target.unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// # Errors
    /// What has gone wrong in a reading thread.
    pub(crate) fn check(&self) -> Result<()> {
        match &*self.failure() {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    /// Whether somebody is writing: a file takes one writer at a time, and others would only wait.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.writing.load(Ordering::Relaxed) > 0
    }

    /// Writes `chunk`, which is hashed if the disk is to be named; `None` when it has to go through the thread that owns the
    /// target.
    pub(crate) fn take(&self, chunk: &Chunk) -> Option<Written> {
        let target = self.open();
        let target = target.as_ref().filter(|_| chunk.offset >= self.0.start)?;
        let mut runs = chunk.runs();
        self.0.writing.fetch_add(1, Ordering::Relaxed);
        let written = runs.try_for_each(|run| match run.data {
            Some(data) => target.write_at(run.offset, data),
            None => Ok(()),
        });
        self.0.writing.fetch_sub(1, Ordering::Relaxed);
        if let Err(error) = written {
            self.failure().get_or_insert(error);
        }
        let zeros = chunk.runs().filter(|run| run.data.is_none());
        Some(Written {
            offset: chunk.offset,
            len: chunk.len() as u64,
            data: chunk.data_len(),
            zeros: zeros.map(|run| (run.offset, run.len)).collect(),
            hashes: chunk.known_hashes().to_vec(),
        })
    }

    fn open(&self) -> RwLockReadGuard<'_, Option<Arc<dyn ParallelWrite>>> {
        let target = self.0.target.read();
        target.unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> MutexGuard<'_, Option<Error>> {
        let failure = self.0.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner)
    }
}
