//! Writing to an export, as to a block device: what makes a disk of it is written last.
//!
//! What is beyond the disk stays, but for the export's last [`TAIL`] bytes, where signatures of an
//! earlier life would be found.

mod pipe;

use std::path::Path;
use std::sync::Arc;

use error::Result;
use sparse::{BlockRead, BlockWrite};

use super::address::Address;
use super::client::Client;
use super::source::Disk;
use crate::candidate::check_asked;
use crate::overwrite::{self, FIRST, Head, Overwrite, TAIL};
use pipe::Pipe;

/// An export being overwritten.
pub(super) struct Writer {
    name: String,
    address: Address,
    client: Arc<Client>,
    pipe: Pipe,
    /// The export reads as zeros already.
    zero: bool,
    asked: Option<u64>,
    head: Head,
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
            head: Head::of(client.size()),
            client,
            zero,
            asked,
        };
        writer.check_range(0, size.max(asked).unwrap_or(0))?;
        if !zero {
            writer.clear_head()?;
        }
        Ok(writer)
    }

    fn check_range(&self, offset: u64, len: u64) -> Result<()> {
        overwrite::check_range(&self.name, self.client.size(), offset, len)
    }
}

impl Overwrite for Writer {
    fn head(&mut self) -> &mut Head {
        &mut self.head
    }

    fn clear_head(&mut self) -> Result<()> {
        self.head.incomplete();
        self.pipe.settle();
        self.pipe.zero(0, self.head.len())?;
        self.pipe.flush()
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
        self.head.headed();
        let head = self.head.within(end);
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
        let (offset, rest) = self.head.hold(offset, data);
        if rest.is_empty() {
            return Ok(());
        }
        self.head.incomplete();
        self.pipe.write(offset, rest)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check_range(offset, len)?;
        // The head is held back as zeros from the beginning.
        let (offset, len) = self.head.behind(offset, len);
        if self.zero || len == 0 {
            return Ok(());
        }
        self.pipe.zero(offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        overwrite::finish(self, size)
    }

    fn abort(&mut self) -> Result<()> {
        overwrite::abort(self)
    }
}
