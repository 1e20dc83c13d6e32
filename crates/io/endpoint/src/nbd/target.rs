//! Whether an export may be written.

use std::io;
use std::sync::Arc;

use error::{Error, Result};
use recognise::holding::EDGE;
use sparse::BlockWrite;

use super::address::Address;
use super::client::Client;
use super::writer::Writer;
use crate::candidate::{Candidate, TargetOptions, check_empty, check_fits, check_has, overwrites};

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
    check_has(&name, client.size(), options.size)?;
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
            let (edge, start) = if end <= head.len() as u64 {
                (&head, 0)
            } else {
                (&tail, tail_at)
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
        check_empty(name, size, edges)
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
        overwrites(&self.name, self.client.size(), size.max(self.asked))
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_fits(&self.name, self.client.size(), self.asked, size)
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let client = Arc::new(self.client);
        let writer = Writer::open(&self.address, client, self.zero, size, self.asked)?;
        Ok(Box::new(writer))
    }
}
