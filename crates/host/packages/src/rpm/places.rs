//! Where the headers are, within bounds while they are collected.

use error::Result;

use crate::package::{MOST, Place, too_many};
use crate::store::Store;

/// The places of a file's headers.
pub(super) struct Places<'a> {
    store: &'a Store,
    all: Vec<Place>,
    /// Bytes of all headers.
    total: u64,
}

impl<'a> Places<'a> {
    /// None yet, of those in `store`.
    pub(super) fn new(store: &'a Store) -> Self {
        Places {
            store,
            all: Vec::new(),
            total: 0,
        }
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for more than a host may have packages.
    pub(super) fn add(&mut self, place: Place) -> Result<()> {
        if self.all.len() == MOST {
            return Err(self.store.named(too_many()));
        }
        self.total = self.total.saturating_add(place.length);
        self.all.push(place);
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for more bytes than the file has: some are there twice, and would be read as often.
    pub(super) fn finish(self) -> Result<Vec<Place>> {
        let (total, size) = (self.total, self.store.size());
        if total > size {
            let text = format!("headers of {total} bytes in a file of {size}");
            return Err(self.store.corrupt(text));
        }
        Ok(self.all)
    }
}
