//! Writes in flight.

use std::collections::VecDeque;
use std::sync::Arc;

use error::{Error, Result};
use sparse::Run;

use super::super::client::{Client, Part};
use super::super::connection::Ticket;
use super::super::status::Status;
use super::super::trouble::Trouble;
use super::super::wire::Command;

/// Writes in flight, of 256 KiB at most each.
const DEPTH: usize = 8;

/// Bytes that one request zeroes at most; whole blocks of any size.
const ZEROED: u64 = 1 << 30;

/// What zeros are written from, where they have to be.
static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// The writing end of a connection: several requests are in flight, and one that fails shows at a
/// later call, at the latest at [`Pipe::flush`].
pub(super) struct Pipe {
    name: String,
    client: Arc<Client>,
    sent: VecDeque<Sent>,
    /// How the server makes zeros.
    zeroes: Zeroes,
    /// What the server said about zeros before anything was written.
    status: Status,
}

/// How a range is made to read as zeros. Each way falls back to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zeroes {
    /// By a request for at most this many bytes.
    Asked(u64),
    /// By writing them where the server does not say that they are there.
    Written,
}

struct Sent {
    ticket: Ticket,
    offset: u64,
    len: u64,
    command: Command,
}

impl Pipe {
    pub(super) fn new(name: String, client: Arc<Client>) -> Self {
        Pipe {
            name,
            sent: VecDeque::new(),
            zeroes: if client.export().writes_zeroes() {
                Zeroes::Asked(ZEROED)
            } else {
                Zeroes::Written
            },
            status: Status::default(),
            client,
        }
    }

    /// Writes `data` at `offset`; the range is inside the export.
    pub(super) fn write(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let mut rest = data;
        for part in self.client.parts(offset, data.len()).into_iter().flatten() {
            let (now, later) = rest.split_at(part.len.min(rest.len()));
            if part.whole {
                self.write_blocks(part.offset, now)?
            } else {
                self.write_within(part, now)?
            }
            rest = later;
        }
        Ok(())
    }

    /// Makes `len` bytes at `offset` read as zeros; the range is inside the export.
    pub(super) fn zero(&mut self, offset: u64, len: u64) -> Result<()> {
        let mut at = offset;
        let end = offset + len;
        while at < end {
            // A range in memory may not be as long as one on a disk.
            let step = (end - at).min(ZEROED);
            for part in self.client.parts(at, step as usize).into_iter().flatten() {
                if part.whole {
                    self.zero_blocks(part.offset, part.len as u64)?
                } else {
                    self.write_within(part, &ZEROS[..part.len])?
                }
            }
            at += step;
        }
        Ok(())
    }

    /// Starts anew after writes, failed ones perhaps, to a range that is about to be zeroed: waits for
    /// those in flight, because a server may do requests in any order, and forgets what the server has
    /// said about zeros.
    pub(super) fn settle(&mut self) {
        for sent in self.sent.drain(..) {
            // What became of it does not matter any more.
            let _ = sent.ticket.wait(&mut []);
        }
        self.status = Status::default();
    }

    /// Waits for everything and has the server make it durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.drain()?;
        self.client
            .flush()
            .map_err(|trouble| Error::io(format!("{} cannot be flushed", self.name), trouble))
    }

    fn write_blocks(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let mut at = offset;
        for piece in data.chunks(self.client.step() as usize) {
            self.send(Command::Write, at, piece.len() as u64, piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Writes a part of a block, which has to be read for that.
    fn write_within(&mut self, part: Part, data: &[u8]) -> Result<()> {
        self.drain()?;
        let read = self.client.block(part.offset);
        let (start, mut block) = read.map_err(|error| error.at(&self.name))?;
        let at = (part.offset - start) as usize;
        if let Some(place) = block.get_mut(at..at + data.len()) {
            place.copy_from_slice(data);
        }
        self.write_blocks(start, &block)?;
        // It may be read again for its other part.
        self.drain()
    }

    fn zero_blocks(&mut self, offset: u64, len: u64) -> Result<()> {
        let mut at = offset;
        let end = offset + len;
        while at < end {
            match self.zeroes {
                Zeroes::Asked(most) => {
                    let step = (end - at).min(most);
                    self.send(Command::WriteZeroes, at, step, &[])?;
                    at += step;
                }
                Zeroes::Written => at += self.write_zeros(at, end - at)?,
            }
        }
        Ok(())
    }

    /// Writes zeros at `offset`, fewer than `len` bytes perhaps, unless they are there already; returns
    /// how many it saw to. Nothing was written there since the server was asked.
    fn write_zeros(&mut self, offset: u64, len: u64) -> Result<u64> {
        let run = self.status.run_at(&self.client, offset);
        let (run, hole) = match run.map_err(|error| error.at(&self.name))? {
            Run::Hole(run) => (run, true),
            Run::Data(run) => (run, false),
            Run::End => (len, false),
        };
        let step = run.min(len);
        if hole {
            return Ok(step);
        }
        let step = step.min(self.client.step().into()).min(ZEROS.len() as u64);
        self.send(Command::Write, offset, step, &ZEROS[..step as usize])?;
        Ok(step)
    }

    fn send(&mut self, command: Command, offset: u64, len: u64, payload: &[u8]) -> Result<()> {
        while self.sent.len() >= DEPTH {
            self.fetch()?;
        }
        let ticket = self.client.send(command, offset, len as u32, payload);
        let ticket = ticket.map_err(|trouble| self.cannot_write(offset, len, trouble))?;
        self.sent.push_back(Sent {
            ticket,
            offset,
            len,
            command,
        });
        Ok(())
    }

    fn drain(&mut self) -> Result<()> {
        while !self.sent.is_empty() {
            self.fetch()?;
        }
        Ok(())
    }

    /// Waits for the oldest request.
    fn fetch(&mut self) -> Result<()> {
        let Some(sent) = self.sent.pop_front() else {
            return Ok(());
        };
        match sent.ticket.wait(&mut []) {
            Ok(_) => Ok(()),
            Err(trouble) if sent.command == Command::WriteZeroes && trouble.is_too_much() => {
                self.zero_otherwise(sent.offset, sent.len)
            }
            Err(trouble) => Err(self.cannot_write(sent.offset, sent.len, trouble)),
        }
    }

    /// Zeroes what the server did not: in smaller requests where they were large, else by writing.
    fn zero_otherwise(&mut self, offset: u64, len: u64) -> Result<()> {
        let most = u64::from(self.client.export().most);
        self.zeroes = match self.zeroes {
            Zeroes::Asked(now) if len > most => Zeroes::Asked(now.min(most)),
            _ => Zeroes::Written,
        };
        self.zero_blocks(offset, len)
    }

    fn cannot_write(&self, offset: u64, len: u64, trouble: Trouble) -> Error {
        let name = &self.name;
        let message = format!("{name} cannot be written: {len} bytes at byte {offset}");
        Error::io(message, trouble)
    }
}
