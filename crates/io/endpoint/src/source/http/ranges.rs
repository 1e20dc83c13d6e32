//! A file on a server, read at any offset: parts of it, asked for with `Range`.
//!
//! What was fetched is kept for a while, within [`cache::DATA`] and [`cache::TABLES`] bytes. Reading
//! that goes forward makes the parts grow, and the next ones are fetched by other threads meanwhile;
//! so are the tables that a reader has announced, once it begins with them. A thread that reads
//! ahead tries once and says nothing: the reader that needs the part retries it.
//!
//! Every part has to belong to the same state of the file as the first answer.

mod cache;
mod fetch;

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use error::{Error, Result};
use sparse::BlockRead;

use cache::{Cache, Look};
pub(super) use fetch::Fetcher;

/// A file on a server.
pub(super) struct Ranges {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    size: u64,
    fetcher: Fetcher,
    state: Mutex<State>,
    /// Something has arrived, or never will.
    news: Condvar,
}

struct State {
    cache: Cache,
    /// Why nothing can be read any more.
    dead: Option<Error>,
}

impl Ranges {
    /// Asks for the first bytes of the file, to be called `name`; `None` when the server does not
    /// give parts. It is tried more than once if it has `advertised` to.
    ///
    /// # Errors
    /// What [`super::HttpOptions::pause`] says.
    pub(super) fn open(name: String, fetcher: Fetcher, advertised: bool) -> Result<Option<Self>> {
        let Some((head, size)) = fetcher.probe(cache::SMALLEST, advertised)? else {
            return Ok(None);
        };
        let mut cache = Cache::new(size);
        cache.put(0, head);
        let state = State { cache, dead: None };
        let shared = Shared {
            name,
            size,
            fetcher,
            state: Mutex::new(state),
            news: Condvar::new(),
        };
        Ok(Some(Ranges {
            shared: Arc::new(shared),
        }))
    }
}

impl Drop for Ranges {
    /// Reading ahead can stop.
    fn drop(&mut self) {
        self.shared.fetcher.close();
    }
}

impl BlockRead for Ranges {
    fn name(&self) -> &str {
        &self.shared.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.shared.size)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = self.shared.size.saturating_sub(offset);
        let len = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut filled = 0;
        while filled < len {
            let (at, want) = (offset + filled as u64, (len - filled) as u64);
            let (start, data) = self.shared.part(at, want)?;
            let found = data.get((at - start) as usize..).unwrap_or_default();
            let n = found.len().min(len - filled);
            buffer[filled..filled + n].copy_from_slice(&found[..n]);
            filled += n;
        }
        Ok(len)
    }

    fn will_need(&self, ranges: &[Range<u64>]) {
        let mut state = self.shared.lock();
        ranges.iter().for_each(|range| state.cache.announce(range));
    }

    fn is_far(&self) -> bool {
        true
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The part that byte `at` is in, and where it begins; `want` bytes will be read from `at` on.
    fn part(self: &Arc<Self>, at: u64, want: u64) -> Result<(u64, Arc<Vec<u8>>)> {
        let mut state = self.lock();
        loop {
            if let Some(error) = &state.dead {
                return Err(error.clone());
            }
            match state.cache.look(at) {
                Look::Here(start, data) => {
                    let ahead = state.cache.ahead(at);
                    drop(state);
                    self.read_ahead(ahead);
                    return Ok((start, data));
                }
                Look::Coming => {
                    state = self
                        .news
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                Look::Missing => {
                    let part = state.cache.expect(at, want);
                    let ahead = state.cache.ahead(at);
                    drop(state);
                    let coming = Coming::new(self, part.start);
                    self.read_ahead(ahead);
                    return match self.fetcher.fetch(&part) {
                        Ok(data) => Ok((part.start, coming.arrives(data))),
                        Err(error) => {
                            self.lock().dead = Some(error.clone());
                            Err(error)
                        }
                    };
                }
            }
        }
    }

    /// Has `parts`, which are expected already, fetched by others.
    fn read_ahead(self: &Arc<Self>, parts: Vec<Range<u64>>) {
        for part in parts {
            let (shared, start) = (Arc::clone(self), part.start);
            let fetch = move || {
                let coming = Coming::new(&shared, part.start);
                if let Ok(data) = shared.fetcher.fetch_once(&part) {
                    coming.arrives(data);
                }
            };
            if thread::Builder::new()
                .name("ahead".into())
                .spawn(fetch)
                .is_err()
            {
                // The reader that needs it fetches it.
                drop(Coming::new(self, start));
            }
        }
    }
}

/// A part under way. Its waiting readers are woken, whether it comes or fails.
struct Coming<'a> {
    shared: &'a Shared,
    start: u64,
}

impl<'a> Coming<'a> {
    fn new(shared: &'a Shared, start: u64) -> Self {
        Coming { shared, start }
    }

    fn arrives(self, data: Vec<u8>) -> Arc<Vec<u8>> {
        self.shared.lock().cache.put(self.start, data)
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.shared.lock().cache.give_up(self.start);
        self.shared.news.notify_all();
    }
}
