//! Writing to an export, as to a block device: what makes a disk of it is written last.
//!
//! The first [`HEAD`] bytes are zeroed before anything else and written when all the rest is durable;
//! what lies beyond the disk stays, but for the export's last [`TAIL`] bytes, where signatures of an
//! earlier life would be found.

mod pipe;

use std::path::Path;
use std::sync::Arc;

use error::{Error, Kind, Result};
use sparse::{BlockRead, BlockWrite};

use super::address::Address;
use super::client::Client;
use super::source::Disk;
use crate::target::{HEAD, TAIL, check_asked, too_small};
use pipe::Pipe;

/// Bytes that hold the partition table or the superblock: a sector of the largest kind.
const FIRST: usize = 4096;

/// An export being overwritten.
pub(super) struct Writer {
    name: String,
    address: Address,
    client: Arc<Client>,
    pipe: Pipe,
    /// The export reads as zeros already.
    zero: bool,
    asked: Option<u64>,
    /// The disk's first bytes, held back.
    head: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it was found, reading as zeros.
    Untouched,
    /// Partly overwritten, its head zeros.
    Incomplete,
    /// Its head is being written or is there.
    Headed,
}

impl Writer {
    /// Clears the head of the export, unless it is `zero` anyway. `size` is the disk's, if it is
    /// known, `asked` the one it is to be padded to.
    pub(super) fn open(
        address: &Address,
        client: Arc<Client>,
        zero: bool,
        size: Option<u64>,
        asked: Option<u64>,
    ) -> Result<Self> {
        let name = address.to_string();
        let mut writer = Writer {
            pipe: Pipe::new(name.clone(), Arc::clone(&client)),
            name,
            address: address.clone(),
            head: vec![0; HEAD.min(client.size()) as usize],
            client,
            zero,
            asked,
            state: State::Untouched,
        };
        writer.check_range(0, size.max(asked).unwrap_or(0))?;
        if !zero {
            writer.clear_head()?;
        }
        Ok(writer)
    }

    fn clear_head(&mut self) -> Result<()> {
        self.state = State::Incomplete;
        self.pipe.settle();
        self.pipe.zero(0, self.head.len() as u64)?;
        self.pipe.flush()
    }

    /// The part of `offset..offset + len` in the head: its length.
    fn in_head(&self, offset: u64, len: u64) -> u64 {
        (self.head.len() as u64).saturating_sub(offset).min(len)
    }

    fn check_range(&self, offset: u64, len: u64) -> Result<()> {
        let capacity = self.client.size();
        match offset.checked_add(len) {
            Some(end) if end <= capacity => Ok(()),
            end => Err(too_small(&self.name, capacity, end.unwrap_or(u64::MAX))),
        }
    }

    fn complete(&mut self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        let end = size.max(self.asked.unwrap_or(0));
        self.check_range(0, end)?;
        self.zero_at(size, end - size)?;
        let capacity = self.client.size();
        let tail = capacity.saturating_sub(TAIL).max(end);
        self.zero_at(tail, capacity - tail)?;
        self.pipe.flush()?;
        self.state = State::Headed;
        let written = usize::try_from(end).unwrap_or(usize::MAX);
        let head = &self.head[..written.min(self.head.len())];
        // Its first sectors last of all.
        let (first, rest) = head.split_at(head.len().min(FIRST));
        self.pipe.write(first.len() as u64, rest)?;
        self.pipe.flush()?;
        self.pipe.write(0, first)?;
        self.pipe.flush()
    }
}

impl BlockWrite for Writer {
    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn any_order(&self) -> bool {
        true
    }

    fn is_lasting(&self) -> bool {
        true
    }

    /// Over the same connection: the server is asked in any case, and many a one takes no second.
    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        let disk = Disk::new(&self.address, Arc::clone(&self.client));
        Ok(Some(Arc::new(disk)))
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.check_range(offset, data.len() as u64)?;
        let (held, rest) = data.split_at(self.in_head(offset, data.len() as u64) as usize);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(head) = self.head.get_mut(start..)
            && !held.is_empty()
        {
            head[..held.len()].copy_from_slice(held);
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.state = State::Incomplete;
        self.pipe.write(offset + held.len() as u64, rest)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check_range(offset, len)?;
        // The head is held back as zeros from the beginning.
        let held = self.in_head(offset, len);
        if self.zero || held == len {
            return Ok(());
        }
        self.pipe.zero(offset + held, len - held)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.complete(size).map_err(|error| match self.state {
            State::Headed => match self.clear_head() {
                Ok(()) => error,
                Err(left) => error.cause(left),
            },
            _ => error,
        })
    }

    /// Sees to it that the head is zeros, also after the finish, and says that the export is not what
    /// it was.
    fn abort(&mut self) -> Result<()> {
        match self.state {
            State::Untouched => return Ok(()),
            State::Incomplete => {}
            State::Headed => self.clear_head()?,
        }
        let message = format!(
            "{} is partly overwritten and its first MiB is zeros",
            self.name
        );
        Err(Error::new(Kind::Io, message).hint("import to it again with --force"))
    }
}
