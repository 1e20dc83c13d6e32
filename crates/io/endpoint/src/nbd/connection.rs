//! A connection in its transmission phase, shared by threads.

use std::collections::{HashMap, HashSet};
use std::io::BufReader;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::handshake::Export;
use super::reply::{Extent, Head, Reply};
use super::socket::Socket;
use super::trouble::Trouble;
use super::wire::{Command, Request};

/// Bytes read ahead of a reply's payload, which goes to its place directly.
const READ_AHEAD: usize = 512;

/// How long a server may take to answer what is in flight when its client leaves.
const LEAVE: Duration = Duration::from_millis(500);

/// A cookie that no request has whose reply is waited for.
const NOBODY: u64 = 0;

/// A connection that any number of threads send requests on.
#[derive(Debug)]
pub(super) struct Connection {
    structured: bool,
    context: Option<u32>,
    output: Mutex<Socket>,
    state: Mutex<State>,
    /// A reply came, or the socket is free to be read.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    next_cookie: u64,
    /// The requests whose replies were not fetched.
    waiting: HashMap<u64, Slot>,
    /// Requests whose replies are not needed any more.
    abandoned: HashSet<u64>,
    /// The reading side, unless a reader has taken it.
    input: Option<BufReader<Socket>>,
    /// Why the connection is of no use any more.
    dead: Option<Trouble>,
}

/// A reply on its way.
#[derive(Debug)]
struct Slot {
    reply: Reply,
    /// Its bytes, when others than the one who waits for it have read a part of it; else empty.
    bytes: Vec<u8>,
    complete: bool,
}

/// A request that was sent. Dropped, its reply is thrown away when it comes.
#[derive(Debug)]
pub(super) struct Ticket {
    connection: Arc<Connection>,
    cookie: u64,
    fetched: bool,
}

impl Connection {
    /// Takes over `socket` behind the handshake that told about `export`.
    pub(super) fn new(socket: Socket, export: &Export) -> Self {
        Connection {
            structured: export.structured,
            context: export.context,
            output: Mutex::new(socket.clone()),
            state: Mutex::new(State {
                next_cookie: NOBODY + 1,
                waiting: HashMap::new(),
                abandoned: HashSet::new(),
                input: Some(BufReader::with_capacity(READ_AHEAD, socket)),
                dead: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Sends a request; `payload` is empty but for writes.
    pub(super) fn send(
        self: &Arc<Self>,
        request: Request,
        payload: &[u8],
    ) -> Result<Ticket, Trouble> {
        let cookie = self.enter(request)?;
        let ticket = Ticket {
            connection: Arc::clone(self),
            cookie,
            fetched: false,
        };
        let sent = lock(&self.output).send(&request.encode(cookie), payload);
        sent.map_err(|error| self.die(error.into()))?;
        Ok(ticket)
    }

    /// Whether it can be used still.
    pub(super) fn is_alive(&self) -> bool {
        self.state().dead.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn enter(&self, request: Request) -> Result<u64, Trouble> {
        let mut state = self.state();
        if let Some(trouble) = &state.dead {
            return Err(trouble.clone());
        }
        let cookie = state.next_cookie;
        state.next_cookie = cookie.wrapping_add(1);
        let slot = Slot {
            reply: Reply::new(request, self.structured, self.context),
            bytes: Vec::new(),
            complete: false,
        };
        state.waiting.insert(cookie, slot);
        Ok(cookie)
    }

    /// Nothing can be done with the connection any more; returns why, which may be an earlier cause.
    fn die(&self, trouble: Trouble) -> Trouble {
        let mut state = self.state();
        let cause = state.dead.get_or_insert(trouble).clone();
        self.changed.notify_all();
        cause
    }

    /// Waits for the reply to `cookie`, whose bytes go to `buffer`, and reads the socket for everybody
    /// while no other reader does.
    fn fetch(&self, cookie: u64, buffer: &mut [u8]) -> Result<Vec<Extent>, Trouble> {
        let mut state = self.state();
        loop {
            if state.waiting.get(&cookie).is_some_and(|slot| slot.complete) {
                break;
            }
            if let Some(trouble) = &state.dead {
                return Err(trouble.clone());
            }
            if let Some(mut input) = state.input.take() {
                drop(state);
                let result = self.read_until(cookie, &mut input, buffer);
                state = self.state();
                state.input = Some(input);
                self.changed.notify_all();
                if let Err(trouble) = result {
                    state.dead.get_or_insert(trouble);
                }
                continue;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let Some(slot) = state.waiting.remove(&cookie) else {
            return Err(Trouble::nonsense("a reply was lost"));
        };
        drop(state);
        if !slot.bytes.is_empty() {
            copy(&slot.bytes, buffer)?;
        }
        slot.reply.result()
    }

    /// Reads replies, everybody's, until the one to `cookie` is complete.
    fn read_until(
        &self,
        cookie: u64,
        input: &mut BufReader<Socket>,
        buffer: &mut [u8],
    ) -> Result<(), Trouble> {
        while !self.read_next(cookie, input, buffer)? {}
        Ok(())
    }

    /// Reads the next reply or part of one, whose bytes go to `buffer` if it is to `cookie`; returns
    /// whether the reply to `cookie` is complete now.
    fn read_next(
        &self,
        cookie: u64,
        input: &mut BufReader<Socket>,
        buffer: &mut [u8],
    ) -> Result<bool, Trouble> {
        let head = Head::read(input)?;
        let Some(mut slot) = self.state().waiting.remove(&head.cookie) else {
            let text = format!("a reply to request {}, which is not open", head.cookie);
            return Err(Trouble::nonsense(text));
        };
        let own = head.cookie == cookie;
        slot.take(&head, input, own.then_some(buffer))?;
        let complete = slot.complete;
        let mut state = self.state();
        let forgotten = complete && state.abandoned.remove(&head.cookie);
        if !forgotten {
            state.waiting.insert(head.cookie, slot);
        }
        if complete && !own {
            self.changed.notify_all();
        }
        Ok(own && complete)
    }

    /// Reads the replies that are not waited for any more; returns whether none is due, which a server that
    /// takes longer than [`LEAVE`] does not get to.
    fn drain(&self) -> Result<bool, Trouble> {
        let Some(mut input) = self.state().input.take() else {
            return Ok(false);
        };
        let deadline = Instant::now() + LEAVE;
        while !self.state().waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            input.get_ref().set_timeout(Some(left))?;
            self.read_next(NOBODY, &mut input, &mut [])?;
        }
        Ok(true)
    }

    fn forget(&self, cookie: u64) {
        let mut state = self.state();
        if state.dead.is_some() || state.waiting.get(&cookie).is_some_and(|slot| slot.complete) {
            state.waiting.remove(&cookie);
        } else {
            state.abandoned.insert(cookie);
        }
    }
}

impl Slot {
    /// Takes what follows `head`; its bytes go to `direct` where the one who waits for them reads.
    fn take(
        &mut self,
        head: &Head,
        input: &mut BufReader<Socket>,
        direct: Option<&mut [u8]>,
    ) -> Result<(), Trouble> {
        if self.complete {
            let text = format!("a second reply to request {}", head.cookie);
            return Err(Trouble::nonsense(text));
        }
        self.complete = match direct {
            Some(buffer) => {
                // What others have read of it first.
                if !self.bytes.is_empty() {
                    copy(&std::mem::take(&mut self.bytes), buffer)?;
                }
                self.reply.take(head, input, buffer)?
            }
            None => {
                if self.bytes.is_empty() {
                    self.bytes = vec![0; self.reply.room()];
                }
                self.reply.take(head, input, &mut self.bytes)?
            }
        };
        if self.complete {
            self.reply.check()
        } else {
            Ok(())
        }
    }
}

fn copy(bytes: &[u8], buffer: &mut [u8]) -> Result<(), Trouble> {
    match buffer.get_mut(..bytes.len()) {
        Some(part) => {
            part.copy_from_slice(bytes);
            Ok(())
        }
        None => Err(Trouble::nonsense("a reply is larger than its request")),
    }
}

impl Ticket {
    /// Waits for the reply. What was read goes to `buffer`, which is as long as the request's range for
    /// a read and empty otherwise; what is known about the range is returned.
    pub(super) fn wait(mut self, buffer: &mut [u8]) -> Result<Vec<Extent>, Trouble> {
        let result = self.connection.fetch(self.cookie, buffer);
        self.fetched = true;
        result
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.fetched {
            self.connection.forget(self.cookie);
        }
    }
}

impl Drop for Connection {
    /// Takes leave, so that the server need not find out; and not before it has answered everything
    /// (doc/proto.md, "Terminating the transmission phase"): nbdkit 1.32 aborts, and with it everybody's
    /// connections, when two of its threads find that the one they have replies for is gone.
    fn drop(&mut self) {
        let leave = Request {
            command: Command::Disconnect,
            offset: 0,
            len: 0,
        };
        if self.is_alive() && self.drain() == Ok(true) {
            // A failure cannot be reported any more.
            let _ = lock(&self.output).send(&leave.encode(NOBODY), &[]);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
