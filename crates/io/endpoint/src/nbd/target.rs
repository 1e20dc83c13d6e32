//! Whether an export may be written.

use std::io;
use std::sync::Arc;

use error::{Error, Result, amount, amounts};
use recognise::holding::{self, EDGE};
use sparse::BlockWrite;

use super::address::Address;
use super::client::Client;
use super::writer::Writer;
use crate::target::{Candidate, TargetOptions, check_asked};

/// An export that may be written, connected to.
struct NbdCandidate {
    name: String,
    address: Address,
    client: Client,
    zero: bool,
    asked: Option<u64>,
}

/// Looks at the export at `address`.
pub(crate) fn check(address: &Address, options: &TargetOptions) -> Result<Box<dyn Candidate>> {
    let name = address.to_string();
    let client = Client::connect(address).map_err(|error| error.at(&name))?;
    if client.export().is_read_only() {
        let error = Error::target(format!("{name} is read-only: its server takes no writes"));
        return Err(error.hint("serve it writable or give another target"));
    }
    if let Some(asked) = options.size
        && client.size() < asked
    {
        let (capacity, asked) = amounts(client.size(), asked);
        let message = format!("{name} holds {capacity}, --size asks for {asked}");
        return Err(Error::target(message).hint("give a smaller --size or a larger target"));
    }
    let candidate = NbdCandidate {
        name,
        address: address.clone(),
        client,
        zero: options.target_is_zero,
        asked: options.size,
    };
    if !options.force {
        candidate.check_empty()?;
    }
    Ok(Box::new(candidate))
}

impl NbdCandidate {
    fn check_empty(&self) -> Result<()> {
        let name = &self.name;
        let size = self.client.size();
        let read = |offset: u64| -> Result<Vec<u8>> {
            let mut edge = vec![0; EDGE.min(size) as usize];
            match self.client.read(offset, &mut edge) {
                Ok(()) => Ok(edge),
                Err(cause) => {
                    let error = Error::target(format!("{name} cannot be read"));
                    Err(error.because(cause))
                }
            }
        };
        let tail_at = size.saturating_sub(EDGE);
        let (head, tail) = (read(0)?, read(tail_at)?);
        let edges = |offset: u64, buffer: &mut [u8]| {
            let end = offset.saturating_add(buffer.len() as u64);
            let (edge, start) = match end <= head.len() as u64 {
                true => (&head, 0),
                false => (&tail, tail_at),
            };
            let from = offset.checked_sub(start).unwrap_or(u64::MAX) as usize;
            let bytes = edge.get(from..).and_then(|bytes| bytes.get(..buffer.len()));
            bytes.map_or_else(
                || Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                |bytes| {
                    buffer.copy_from_slice(bytes);
                    Ok(())
                },
            )
        };
        let found = holding::find_in(size, edges)
            .map_err(|cause| Error::target(format!("{name} cannot be read")).cause(cause))?;
        match found {
            Some(found) => {
                let (what, offset) = (found.what, found.offset);
                let message = format!("{name} holds {what} (found at byte {offset})");
                Err(Error::target(message).hint("give --force to overwrite it"))
            }
            None => Ok(()),
        }
    }
}

impl Candidate for NbdCandidate {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        Some(self.client.size())
    }

    fn plan(&self, size: Option<u64>) -> String {
        let what = size.max(self.asked).map_or("the disk".to_owned(), amount);
        let room = amount(self.client.size());
        format!("overwrites {} ({room}) with {what}", self.name)
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        match self.client.size() < size {
            true => Err(crate::target::too_small(
                &self.name,
                self.client.size(),
                size,
            )),
            false => Ok(()),
        }
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let client = Arc::new(self.client);
        let writer = Writer::open(&self.address, client, self.zero, size, self.asked)?;
        Ok(Box::new(writer))
    }
}
