//! A fixed number of buffers: what bounds the memory between two threads, and what makes the faster
//! one wait for the slower.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A pool of buffers of one length; clones are handles on the same pool.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    came_home: Condvar,
    len: usize,
    /// Once all are under way, how many have to come home before the next is given out: who waits
    /// is woken once for many buffers, not once for each.
    enough: usize,
}

#[derive(Debug)]
struct State {
    free: Vec<Box<[u8]>>,
    unmade: usize,
    closed: bool,
}

impl Pool {
    /// A pool of `count` buffers of `len` bytes, made when first needed.
    pub(crate) fn new(count: usize, len: usize) -> Self {
        let state = State {
            free: Vec::new(),
            unmade: count.max(1),
            closed: false,
        };
        Pool(Arc::new(Shared {
            state: Mutex::new(state),
            came_home: Condvar::new(),
            len,
            enough: (count / 2).max(1),
        }))
    }

    /// A buffer with anything in it, waiting if all are under way; `None` when the pool is closed.
    /// The caller owes it back by [`Pool::give`].
    pub(crate) fn take(&self) -> Option<Box<[u8]>> {
        let mut state = self.lock();
        if state.free.is_empty() && state.unmade == 0 {
            let waiting = |state: &mut State| state.free.len() < self.0.enough && !state.closed;
            let woken = self.0.came_home.wait_while(state, waiting);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return None;
        }
        if let Some(buffer) = state.free.pop() {
            return Some(buffer);
        }
        state.unmade -= 1;
        drop(state);
        Some(vec![0; self.0.len].into_boxed_slice())
    }

    /// Gives a buffer back.
    pub(crate) fn give(&self, buffer: Box<[u8]>) {
        let mut state = self.lock();
        state.free.push(buffer);
        if state.free.len() >= self.0.enough {
            self.0.came_home.notify_all();
        }
    }

    /// Lets nobody wait any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.0.came_home.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_gets_a_buffer_when_enough_have_come_home() {
        let pool = Pool::new(4, 10);
        let out: Vec<_> = (0..4).map(|_| pool.take().unwrap()).collect();
        let waiting = pool.clone();
        let waiter = std::thread::spawn(move || waiting.take().map(|buffer| buffer.len()));
        for buffer in out {
            pool.give(buffer);
        }
        assert_eq!(waiter.join().unwrap(), Some(10));
    }

    #[test]
    fn a_closed_pool_lets_nobody_wait() {
        let pool = Pool::new(1, 10);
        let _out = pool.take();
        let waiting = pool.clone();
        let waiter = std::thread::spawn(move || waiting.take());
        pool.close();
        assert_eq!(waiter.join().unwrap(), None);
    }
}
