//! An export as a source.

use std::collections::VecDeque;
use std::sync::Arc;

use error::{Error, Result};
use sparse::{Again, BlockRead, ByteSource, Device, Fill, Opener, Run};

use super::address::{Address, Way};
use super::client::{Client, DEPTH, cannot_read};
use super::connection::Ticket;
use super::status::Status;
use super::wire::Command;

/// An export that is read at any offset.
#[derive(Debug)]
pub(super) struct Disk {
    name: String,
    far: bool,
    client: Arc<Client>,
    status: Status,
}

impl Disk {
    /// What `client` is connected to; nothing is known about its holes yet.
    pub(super) fn new(address: &Address, client: Arc<Client>) -> Self {
        Disk {
            name: address.to_string(),
            far: matches!(address.way(), Way::Tcp(..)),
            client,
            status: Status::default(),
        }
    }
}

impl BlockRead for Disk {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.client.size())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = self.client.size().saturating_sub(offset);
        let n = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if let Some(wanted) = buffer.get_mut(..n) {
            self.client.read(offset, wanted)?;
        }
        Ok(n)
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        self.status.run_at(&self.client, offset)
    }

    fn is_far(&self) -> bool {
        self.far
    }
}

/// An export, read from its start to its end, once.
#[derive(Debug)]
pub struct NbdSource {
    address: Address,
    disk: Arc<Disk>,
    /// What was asked for already, in order.
    ahead: VecDeque<Ahead>,
    /// The byte up to which it reaches.
    asked: u64,
    /// What came and did not fit, from a byte on.
    rest: Vec<u8>,
    rest_at: usize,
}

#[derive(Debug)]
enum Ahead {
    Hole(u64),
    Data {
        ticket: Ticket,
        offset: u64,
        len: usize,
    },
}

impl NbdSource {
    /// Connects to the export at `address`.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when there is no server or no such export,
    /// [`error::Kind::Unsupported`] when the server insists on what is not spoken here. They do not
    /// name the address.
    pub fn open(address: &Address) -> Result<Self> {
        let client = Arc::new(Client::connect(address)?);
        Ok(Self::new(address, client))
    }

    fn new(address: &Address, client: Arc<Client>) -> Self {
        NbdSource {
            address: address.clone(),
            disk: Arc::new(Disk::new(address, client)),
            ahead: VecDeque::new(),
            asked: 0,
            rest: Vec::new(),
            rest_at: 0,
        }
    }

    /// Asks for what comes next until enough requests are in flight. Requests end at multiples of
    /// `step` bytes, so that what is read has the alignment that a buffer of that length suggests.
    fn ask(&mut self, step: u64) -> Result<()> {
        while self.ahead.len() < DEPTH {
            match self.disk.run_at(self.asked)? {
                Run::End => return Ok(()),
                Run::Hole(len) => {
                    self.ahead.push_back(Ahead::Hole(len));
                    self.asked += len;
                }
                Run::Data(run) => {
                    let len = run.min(step - self.asked % step);
                    self.ask_data(len as u32)?;
                }
            }
        }
        Ok(())
    }

    fn ask_data(&mut self, len: u32) -> Result<()> {
        let offset = self.asked;
        let ticket = self.disk.client.send(Command::Read, offset, len, &[]);
        let ticket = ticket.map_err(|trouble| cannot_read(offset, len.into(), trouble))?;
        self.ahead.push_back(Ahead::Data {
            ticket,
            offset,
            len: len as usize,
        });
        self.asked += u64::from(len);
        Ok(())
    }

    fn step(&self, buffer: &[u8]) -> u64 {
        let block = self.disk.client.export().block;
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let step = room.min(self.disk.client.step()) / block * block;
        u64::from(step.max(block))
    }

    fn give_rest(&mut self, buffer: &mut [u8]) -> usize {
        let rest = self.rest.get(self.rest_at..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.rest_at += n;
        if n == rest.len() {
            (self.rest, self.rest_at) = (Vec::new(), 0);
        }
        n
    }
}

impl ByteSource for NbdSource {
    fn name(&self) -> &str {
        &self.disk.name
    }

    fn size(&self) -> Option<u64> {
        self.disk.size()
    }

    fn device(&self) -> Option<Device> {
        Some(Device { sector: None })
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        if !self.rest.is_empty() {
            return Ok(Fill::Data(self.give_rest(buffer)));
        }
        self.ask(self.step(buffer))?;
        match self.ahead.pop_front() {
            None => Ok(Fill::End),
            Some(Ahead::Hole(len)) => Ok(Fill::Hole(len)),
            Some(Ahead::Data {
                ticket,
                offset,
                len,
            }) => {
                let failed = |trouble| cannot_read(offset, len as u64, trouble);
                if let Some(room) = buffer.get_mut(..len) {
                    ticket.wait(room).map_err(failed)?;
                    return Ok(Fill::Data(len));
                }
                self.rest = vec![0; len];
                ticket.wait(&mut self.rest).map_err(failed)?;
                Ok(Fill::Data(self.give_rest(buffer)))
            }
        }
    }

    fn at_any_offset(&self) -> Option<Opener> {
        let disk = Arc::clone(&self.disk);
        Some(Box::new(move || {
            Ok(Some(Arc::clone(&disk) as Arc<dyn BlockRead>))
        }))
    }

    /// Over the same connection while there is one: many a server takes no second one.
    fn again(&self) -> Option<Again> {
        let (client, address) = (Arc::clone(&self.disk.client), self.address.clone());
        Some(Box::new(move || {
            if client.is_alive() {
                return Ok(Box::new(NbdSource::new(&address, Arc::clone(&client))));
            }
            let again = NbdSource::open(&address)?;
            let (size, before) = (again.disk.client.size(), client.size());
            if size != before {
                let message = format!("changed: it had {before} bytes, now it has {size}");
                return Err(Error::io(message, "another disk is served there now"));
            }
            Ok(Box::new(again))
        }))
    }
}
