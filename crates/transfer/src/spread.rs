//! Targets that the reading threads write to themselves, while what they read is hot in their cache.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use extent::{BlockWrite, ParallelWrite};
use report::{Error, Result};

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
    /// The digest blocks in it that hold data, and their hashes.
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

/// A target's failure, as the thread that owns the target hears of it.
#[derive(Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<Error>>>);

impl Failure {
    /// Keeps the first one.
    fn set(&self, error: Error) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }

    fn is_set(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// # Errors
    /// What has gone wrong with the target in another thread.
    pub(crate) fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }
}

/// All targets of one disk.
#[derive(Clone)]
pub(crate) struct Spread {
    /// None once nobody may write any more.
    targets: Arc<RwLock<Vec<Target>>>,
    /// From here on all of them are written to in this way.
    start: u64,
}

type Target = (Arc<dyn ParallelWrite>, Failure);

impl Spread {
    /// The targets, if all of them let several threads write.
    pub(crate) fn of(targets: &mut [Box<dyn BlockWrite>]) -> Option<Self> {
        let parallel = |target: &mut Box<dyn BlockWrite>| {
            let target = target.parallel()?;
            Some((target, Failure::default()))
        };
        let targets: Vec<Target> = targets.iter_mut().map(parallel).collect::<Option<_>>()?;
        let start = targets.iter().map(|(target, _)| target.start()).max();
        Some(Spread {
            start: start.unwrap_or(0),
            targets: Arc::new(RwLock::new(targets)),
        })
    }

    /// Lets nobody write any more, and closes what was open for it: a target that is to be undone must
    /// not be held by a thread that waits for its source.
    pub(crate) fn close(&self) {
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        targets.clear();
    }

    fn open(&self) -> RwLockReadGuard<'_, Vec<Target>> {
        self.targets.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where each target's trouble is told, in the order of the targets.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        let targets = self.open();
        targets.iter().map(|(_, failure)| failure.clone()).collect()
    }

    /// Writes `chunk`, which is hashed, to every target that has not failed; `None` when it has to go
    /// through the threads that own the targets.
    pub(crate) fn take(&self, chunk: &Chunk) -> Option<Written> {
        let targets = self.open();
        if chunk.offset < self.start || targets.is_empty() {
            return None;
        }
        for (target, failure) in targets.iter().filter(|(_, failure)| !failure.is_set()) {
            let mut runs = chunk.runs();
            let written = runs.try_for_each(|run| match run.data {
                Some(data) => target.write_at(run.offset, data),
                None => Ok(()),
            });
            if let Err(error) = written {
                failure.set(error);
            }
        }
        let zeros = chunk.runs().filter(|run| run.data.is_none());
        Some(Written {
            offset: chunk.offset,
            len: chunk.len() as u64,
            data: chunk.data_len(),
            zeros: zeros.map(|run| (run.offset, run.len)).collect(),
            hashes: chunk.hashes().into_owned(),
        })
    }
}
