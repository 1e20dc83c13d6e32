//! Hashing beside the reading: the bytes are copied and hashed by threads of their own.
//!
//! A cryptographic hash costs as much as decompression; behind a short queue it costs the reader a
//! copy. Streams that end before a queue pays are hashed where they are read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use error::{Error, Result};
use sparse::zero::ZEROS;

/// Bytes that are handed over at a time, and those that are hashed before there is a thread.
const BATCH: usize = 256 << 10;
/// Jobs that may wait for one thread.
const WAITING: usize = 4;

/// A part of what passes, in its order.
pub(crate) enum Job<M> {
    /// Bytes.
    Data(Arc<Vec<u8>>),
    /// This many zero bytes.
    Zeros(u64),
    /// A note about everything since the note before.
    Note(M),
}

impl<M: Clone> Clone for Job<M> {
    fn clone(&self) -> Self {
        match self {
            Job::Data(data) => Job::Data(Arc::clone(data)),
            Job::Zeros(n) => Job::Zeros(*n),
            Job::Note(note) => Job::Note(note.clone()),
        }
    }
}

/// Takes what passes.
pub(crate) trait Worker: Send + 'static {
    /// What can be said to it between the bytes.
    type Note: Clone + Send + 'static;
    /// What it knows at the end.
    type Outcome: Send + 'static;

    /// Takes the next part; an error ends the work.
    fn take(&mut self, job: &Job<Self::Note>) -> Result<()>;

    /// What it has found.
    fn finish(self) -> Self::Outcome;
}

/// Hands what passes to several workers, each of which sees all of it.
pub(crate) struct Feed<W: Worker> {
    crew: Crew<W>,
    batch: Vec<u8>,
    /// Bytes handed over so far.
    handed: u64,
    /// Buffers that were handed over, oldest first.
    lent: VecDeque<Arc<Vec<u8>>>,
}

enum Crew<W: Worker> {
    Here(Vec<W>),
    Aside(Vec<Aside<W>>),
}

/// A worker in its own thread. It ends when nobody sends any more.
struct Aside<W: Worker> {
    jobs: SyncSender<Job<W::Note>>,
    thread: JoinHandle<Result<W::Outcome>>,
}

impl<W: Worker> Feed<W> {
    /// Nothing has passed yet.
    pub(crate) fn new(workers: Vec<W>) -> Self {
        Feed {
            crew: Crew::Here(workers),
            batch: Vec::new(),
            handed: 0,
            lent: VecDeque::new(),
        }
    }

    /// `data` passes.
    ///
    /// # Errors
    /// A worker's, perhaps about what passed before.
    pub(crate) fn data(&mut self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            let (now, later) = data.split_at(data.len().min(BATCH - self.batch.len()));
            self.batch.extend_from_slice(now);
            data = later;
            if self.batch.len() == BATCH {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// `n` zero bytes pass.
    ///
    /// # Errors
    /// As [`Feed::data`].
    pub(crate) fn zeros(&mut self, n: u64) -> Result<()> {
        self.flush()?;
        self.hand(&Job::Zeros(n), n)
    }

    /// Something is to be said about what has passed.
    ///
    /// # Errors
    /// As [`Feed::data`].
    pub(crate) fn note(&mut self, note: W::Note) -> Result<()> {
        self.flush()?;
        self.hand(&Job::Note(note), 0)
    }

    /// Waits until all is done; what each worker found.
    ///
    /// # Errors
    /// The first worker's that has one.
    pub(crate) fn finish(mut self) -> Result<Vec<W::Outcome>> {
        self.flush()?;
        match self.crew {
            Crew::Here(workers) => Ok(workers.into_iter().map(W::finish).collect()),
            Crew::Aside(crew) => crew.into_iter().map(Aside::finish).collect(),
        }
    }

    fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let next = self.spare();
        let batch = Arc::new(std::mem::replace(&mut self.batch, next));
        self.lent.push_back(Arc::clone(&batch));
        let len = batch.len() as u64;
        self.hand(&Job::Data(batch), len)
    }

    /// An empty buffer: the oldest one, when it must have come back, else a new one.
    fn spare(&mut self) -> Vec<u8> {
        // One is in work and one is on its way besides those that wait.
        let back = self.lent.len() > WAITING + 1;
        let oldest = back.then(|| self.lent.pop_front()).flatten();
        match oldest.map(Arc::try_unwrap) {
            Some(Ok(mut buffer)) => {
                buffer.clear();
                buffer
            }
            _ => Vec::new(),
        }
    }

    fn hand(&mut self, job: &Job<W::Note>, len: u64) -> Result<()> {
        self.handed = self.handed.saturating_add(len);
        if let Crew::Here(workers) = &mut self.crew
            && self.handed > BATCH as u64
        {
            let workers = std::mem::take(workers).into_iter();
            self.crew = Crew::Aside(workers.map(Aside::start).collect::<Result<_>>()?);
        }
        match &mut self.crew {
            Crew::Here(workers) => workers.iter_mut().try_for_each(|worker| worker.take(job)),
            Crew::Aside(crew) => {
                let sent = |aside: &Aside<W>| aside.jobs.send(job.clone()).is_ok();
                match crew.iter().position(|aside| !sent(aside)) {
                    None => Ok(()),
                    // It has gone, and says why.
                    Some(gone) => Err(crew.swap_remove(gone).finish().err().unwrap_or_else(died)),
                }
            }
        }
    }
}

impl<W: Worker> Aside<W> {
    fn start(worker: W) -> Result<Self> {
        let (jobs, queue) = sync_channel(WAITING);
        let thread = thread::Builder::new()
            .name("hash".into())
            .spawn(move || work(worker, &queue))
            .map_err(|cause| Error::io("there is no thread to work on", cause))?;
        Ok(Aside { jobs, thread })
    }

    fn finish(self) -> Result<W::Outcome> {
        drop(self.jobs);
        self.thread.join().unwrap_or_else(|_| Err(died()))
    }
}

fn work<W: Worker>(mut worker: W, queue: &Receiver<Job<W::Note>>) -> Result<W::Outcome> {
    while let Ok(job) = queue.recv() {
        worker.take(&job)?;
    }
    Ok(worker.finish())
}

fn died() -> Error {
    Error::io("the work stopped", "a worker thread died")
}

/// Zero bytes that are hashed at once; more would not stay in a core's cache.
const ZEROS_AT_ONCE: usize = 64 << 10;

/// Gives `n` zero bytes to `take`, a block at a time.
pub(crate) fn each_zeros(mut n: u64, mut take: impl FnMut(&[u8])) {
    while n > 0 {
        let len = n.min(ZEROS_AT_ONCE as u64);
        take(&ZEROS[..len as usize]);
        n -= len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it takes; refuses a note of 0.
    struct Scribe(Vec<u8>);

    impl Worker for Scribe {
        type Note = u8;
        type Outcome = Vec<u8>;

        fn take(&mut self, job: &Job<u8>) -> Result<()> {
            match job {
                Job::Data(data) => self.0.extend_from_slice(data),
                Job::Zeros(n) => each_zeros(*n, |zeros| self.0.extend_from_slice(zeros)),
                Job::Note(0) => return Err(Error::corrupt("0 is no note")),
                Job::Note(note) => self.0.push(*note),
            }
            Ok(())
        }

        fn finish(self) -> Vec<u8> {
            self.0
        }
    }

    fn feed() -> Feed<Scribe> {
        Feed::new(vec![Scribe(vec![]), Scribe(vec![])])
    }

    #[test]
    fn every_worker_sees_all_of_it_in_order() {
        for rounds in [0, 1, 3, 100u32] {
            let (mut feed, mut whole) = (feed(), Vec::new());
            for round in 1..=rounds {
                let data: Vec<u8> = (0..round * 777).map(|i| i as u8).collect();
                feed.data(&data).unwrap();
                feed.zeros(u64::from(round) * 100).unwrap();
                feed.note(9).unwrap();
                whole.extend(data);
                whole.resize(whole.len() + round as usize * 100, 0);
                whole.push(9);
            }
            let found = feed.finish().unwrap();
            assert!(found == [whole.clone(), whole], "{rounds} rounds");
        }
    }

    #[test]
    fn buffers_come_back() {
        let mut feed = feed();
        for _ in 0..40 {
            feed.data(&[7; BATCH]).unwrap();
        }
        assert!(feed.lent.len() <= WAITING + 3, "{}", feed.lent.len());
        assert!(
            feed.finish()
                .unwrap()
                .iter()
                .all(|all| all.len() == 40 * BATCH)
        );
    }

    #[test]
    fn a_worker_s_error_comes_through() {
        for before in [0, BATCH, 9 * BATCH] {
            let mut feed = feed();
            feed.data(&vec![7; before]).unwrap();
            let said = feed.note(0).and_then(|()| feed.finish().map(drop));
            assert_eq!(said.unwrap_err().message(), "0 is no note", "{before}");
        }
    }

    #[test]
    fn a_worker_that_has_gone_is_noticed() {
        let mut feed = feed();
        feed.data(&[7; 2 * BATCH]).unwrap();
        let error = (0..).find_map(|_| feed.note(0).err()).unwrap();
        assert_eq!(error.message(), "0 is no note");
    }
}
