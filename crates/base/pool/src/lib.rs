//! Independent pieces of work done by several threads, their results given out in order.
//!
//! ```text
//! caller ── submit(job) ─► queue ──► worker, worker, … ── each job's outputs, through a channel of its own
//!    ◄───── output() ───── outputs of the oldest job first ◄──┘
//! ```
//!
//! Each channel has little room, so that a worker that is far ahead waits and memory stays bounded.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use error::{Error, Result};

/// What comes back for one job; when nothing more can come, it is done.
enum Reply<O> {
    Output(O),
    /// Nobody will finish the job.
    Died,
}

/// Where the outputs of one job go.
///
/// Its end says that the job is done, without a message that would have to wait for room: the worker
/// goes on to the next job although nobody has fetched this one's last output.
struct Replies<O> {
    sender: SyncSender<Reply<O>>,
    done: bool,
}

impl<O> Drop for Replies<O> {
    fn drop(&mut self) {
        if !self.done {
            // Nobody listening is as good.
            let _ = self.sender.send(Reply::Died);
        }
    }
}

/// How often who waits asks whether to go on.
const TICK: Duration = Duration::from_millis(50);

type Job<J, O> = (J, Replies<O>);

/// A pool whose jobs each yield any number of outputs; [`Ordered::output`] gives the outputs of the
/// first job submitted first, whichever thread finishes when.
///
/// Threads end when the pool is dropped: a worker that finds nobody listening stops.
pub struct Ordered<J, O> {
    jobs: Sender<Job<J, O>>,
    pending: VecDeque<Receiver<Reply<O>>>,
    /// Outputs one job may have waiting; bounds memory together with the jobs in flight.
    waiting: usize,
}

/// Hands one output on; `false` means that nobody wants any more.
pub type Emit<'a, O> = dyn FnMut(O) -> bool + 'a;

impl<J: Send + 'static, O: Send + 'static> Ordered<J, O> {
    /// Starts `threads` workers that run `work` on each job. At most `waiting` outputs of a job wait
    /// to be fetched; its worker then blocks.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no thread.
    pub fn start<F>(threads: usize, waiting: usize, work: F) -> Result<Self>
    where
        F: Fn(J, &mut Emit<'_, O>) + Send + Sync + 'static,
    {
        let (jobs, queue) = channel::<Job<J, O>>();
        let queue = Arc::new(Mutex::new(queue));
        let work = Arc::new(work);
        for _ in 0..threads.max(1) {
            let (queue, work) = (Arc::clone(&queue), Arc::clone(&work));
            thread::Builder::new()
                .name("worker".into())
                .spawn(move || run(&queue, &*work))
                .map_err(|cause| Error::io("there is no thread to work on", cause))?;
        }
        Ok(Ordered {
            jobs,
            pending: VecDeque::new(),
            waiting,
        })
    }

    /// Gives a job to the next free worker.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when all workers have died.
    pub fn submit(&mut self, job: J) -> Result<()> {
        let (sender, receiver) = sync_channel(self.waiting);
        let done = false;
        let replies = Replies { sender, done };
        match self.jobs.send((job, replies)) {
            Ok(()) => {
                self.pending.push_back(receiver);
                Ok(())
            }
            Err(lost) => {
                // In this order: who waits for room must not wait for a receiver that only waits here.
                drop(receiver);
                drop(lost);
                Err(worker_died())
            }
        }
    }

    /// The number of jobs whose outputs have not all been fetched.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// The next output in order, waiting for it; `None` when every job submitted so far is done.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when a worker died in the middle of a job.
    pub fn output(&mut self) -> Result<Option<O>> {
        self.output_while(|| Ok(()))
    }

    /// The same, asking `go_on` a few times a second while it waits.
    ///
    /// # Errors
    /// As [`Ordered::output`], and what `go_on` says.
    pub fn output_while(&mut self, go_on: impl Fn() -> Result<()>) -> Result<Option<O>> {
        while let Some(first) = self.pending.front() {
            match first.recv_timeout(TICK) {
                Ok(Reply::Output(output)) => return Ok(Some(output)),
                Ok(Reply::Died) => return Err(worker_died()),
                Err(RecvTimeoutError::Timeout) => go_on()?,
                Err(RecvTimeoutError::Disconnected) => {
                    self.pending.pop_front();
                }
            }
        }
        Ok(None)
    }
}

fn run<J, O>(queue: &Mutex<Receiver<Job<J, O>>>, work: &(impl Fn(J, &mut Emit<'_, O>) + ?Sized)) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((job, mut replies)) = next else { return };
        // Nobody listening is the pool's end, which the next `recv` notices.
        work(job, &mut |output| {
            replies.sender.send(Reply::Output(output)).is_ok()
        });
        replies.done = true;
    }
}

fn worker_died() -> Error {
    Error::io("the work stopped", "a worker thread died")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_come_in_the_order_of_jobs() {
        let mut pool = Ordered::start(3, 1, |job: u32, emit: &mut Emit<'_, u32>| {
            for i in 0..job % 4 {
                emit(job * 10 + i);
            }
        })
        .unwrap();
        for job in 0..100 {
            pool.submit(job).unwrap();
        }
        let mut outputs = Vec::new();
        while let Some(output) = pool.output().unwrap() {
            outputs.push(output);
        }
        let expected: Vec<u32> = (0..100)
            .flat_map(|job| (0..job % 4).map(move |i| job * 10 + i))
            .collect();
        assert_eq!(outputs, expected);
        assert_eq!(pool.in_flight(), 0);
    }

    #[test]
    fn a_worker_goes_on_although_its_output_waits() {
        let mut pool = Ordered::start(2, 1, |job: Receiver<()>, emit: &mut Emit<'_, ()>| {
            let _ = job.recv();
            emit(());
        })
        .unwrap();
        let (mut begin, jobs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
        for job in jobs {
            pool.submit(job).unwrap();
        }
        // The second and the third are done while the first has not begun.
        for job in [2, 1] {
            drop(begin.remove(job));
        }
        let late = pool.pending.pop_back().unwrap();
        assert!(matches!(late.recv(), Ok(Reply::Output(()))));
        drop(begin);
        assert_eq!(pool.output().unwrap(), Some(()));
    }

    #[test]
    fn a_dead_worker_is_an_error_and_not_an_end() {
        // Without room for a word as well.
        for waiting in [0, 1] {
            let work = |_: (), _: &mut Emit<'_, ()>| panic!("on purpose");
            let mut pool = Ordered::start(1, waiting, work).unwrap();
            pool.submit(()).unwrap();
            assert_eq!(
                pool.output().unwrap_err().causes(),
                ["a worker thread died"]
            );
            // Whether they still reach the queue or not, they end.
            while pool.submit(()).is_ok() {
                pool.pending.pop_front();
                assert!(pool.output().is_err());
            }
        }
    }
}
