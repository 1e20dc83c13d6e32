//! An export that is read, and written, at any offset.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use error::{Error, Result};

use super::address::Address;
use super::connection::{Connection, Ticket};
use super::handshake::{Export, negotiate};
use super::reply::Extent;
use super::socket::Socket;
use super::trouble::Trouble;
use super::wire::{Command, Request};

/// Bytes in a request, where the server takes as many.
const STEP: u32 = 256 << 10;

/// Requests in flight for one reader or writer.
pub(super) const DEPTH: usize = 16;

/// How long a server may think about each step of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// A connection to an export, for any number of threads.
#[derive(Debug)]
pub(super) struct Client {
    export: Export,
    connection: Arc<Connection>,
}

/// A part of the export, of which the server takes whole blocks only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) offset: u64,
    pub(super) len: usize,
    /// Whether it is whole blocks.
    pub(super) whole: bool,
}

impl Client {
    /// Connects to the server and asks it for the export.
    ///
    /// # Errors
    /// Those of [`negotiate`], and [`error::Kind::Io`] when there is no answer. They do not name the
    /// address.
    pub(super) fn connect(address: &Address) -> Result<Self> {
        let failed = |cause| Error::io("cannot be connected to", Trouble::from(cause));
        let mut socket = Socket::connect(address.way())
            .map_err(|cause| Error::io("cannot be connected to", cause))?;
        socket.set_timeout(Some(HANDSHAKE)).map_err(failed)?;
        let export = negotiate(&mut socket, address.export())?;
        socket.set_timeout(None).map_err(failed)?;
        Ok(Client {
            connection: Arc::new(Connection::new(socket, &export)),
            export,
        })
    }

    pub(super) fn export(&self) -> &Export {
        &self.export
    }

    /// The export's size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.export.size
    }

    /// Whether the connection can be used still.
    pub(super) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// The bytes that one read or write carries, at most; whole blocks.
    pub(super) fn step(&self) -> u32 {
        STEP.min(self.export.most)
    }

    /// Sends a request for whole blocks.
    pub(super) fn send(
        &self,
        command: Command,
        offset: u64,
        len: u32,
        payload: &[u8],
    ) -> Result<Ticket, Trouble> {
        let request = Request {
            command,
            offset,
            len,
        };
        self.connection.send(request, payload)
    }

    /// What the server knows about a range, from its start on and perhaps not to its end.
    pub(super) fn extents(&self, offset: u64, len: u32) -> Result<Vec<Extent>, Trouble> {
        self.send(Command::BlockStatus, offset, len, &[])?
            .wait(&mut [])
    }

    /// Makes what was written last, if the server knows how to.
    pub(super) fn flush(&self) -> Result<(), Trouble> {
        if !self.export.flushes() {
            return Ok(());
        }
        self.send(Command::Flush, 0, 0, &[])?.wait(&mut [])?;
        Ok(())
    }

    /// Reads `offset..offset + buffer.len()`, which is inside the export.
    ///
    /// # Errors
    /// [`error::Kind::Io`] with the range.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        let mut rest = buffer;
        for part in self.parts(offset, rest.len()).into_iter().flatten() {
            let (now, later) = rest.split_at_mut(part.len.min(rest.len()));
            if part.whole {
                self.read_blocks(part.offset, now)?
            } else {
                let (start, block) = self.block(part.offset)?;
                let at = (part.offset - start) as usize;
                if let Some(from) = block.get(at..at + now.len()) {
                    now.copy_from_slice(from);
                }
            }
            rest = later;
        }
        Ok(())
    }

    /// Cuts a range into what is left of its first block, whole blocks and what its last one needs.
    pub(super) fn parts(&self, offset: u64, len: usize) -> [Option<Part>; 3] {
        let block = u64::from(self.export.block);
        let end = offset.saturating_add(len as u64);
        // The export's own end is as good as a block's.
        let last = if end == self.size() {
            end
        } else {
            end / block * block
        };
        let first = offset.next_multiple_of(block).min(end);
        let part = |from: u64, to: u64, whole| {
            let len = usize::try_from(to.saturating_sub(from)).ok()?;
            (len > 0).then_some(Part {
                offset: from,
                len,
                whole,
            })
        };
        if first < last {
            [
                part(offset, first, false),
                part(first, last, true),
                part(last, end, false),
            ]
        } else {
            [part(offset, first, false), part(first, end, false), None]
        }
    }

    /// The block around `offset`: where it begins, and its bytes.
    pub(super) fn block(&self, offset: u64) -> Result<(u64, Vec<u8>)> {
        let block = u64::from(self.export.block);
        let start = offset / block * block;
        let mut bytes = vec![0; block.min(self.size().saturating_sub(start)) as usize];
        self.read_blocks(start, &mut bytes)?;
        Ok((start, bytes))
    }

    fn read_blocks(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut sent = VecDeque::new();
        let mut at = offset;
        for piece in buffer.chunks_mut(self.step() as usize) {
            if sent.len() == DEPTH {
                fetch(sent.pop_front())?;
            }
            let len = piece.len() as u32;
            let ticket = self.send(Command::Read, at, len, &[]);
            let ticket = ticket.map_err(|trouble| cannot_read(at, len.into(), trouble))?;
            sent.push_back((ticket, at, piece));
            at += u64::from(len);
        }
        while !sent.is_empty() {
            fetch(sent.pop_front())?;
        }
        Ok(())
    }
}

fn fetch(sent: Option<(Ticket, u64, &mut [u8])>) -> Result<()> {
    let Some((ticket, at, piece)) = sent else {
        return Ok(());
    };
    let len = piece.len() as u64;
    let fetched = ticket.wait(piece);
    fetched.map_err(|trouble| cannot_read(at, len, trouble))?;
    Ok(())
}

pub(super) fn cannot_read(offset: u64, len: u64, trouble: Trouble) -> Error {
    let message = format!("{len} bytes at byte {offset} cannot be read");
    Error::io(message, trouble)
}
