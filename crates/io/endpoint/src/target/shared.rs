//! A file or a device that several threads write to at once.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use error::Result;
use sparse::ParallelWrite;

use super::{cannot_write, too_small};

/// A part of a file or of a device.
pub(super) struct Shared {
    name: String,
    file: File,
    start: u64,
    end: u64,
}

impl Shared {
    /// The bytes from `start` to `end` of `file`, called `name`; `None` when the system gives no second
    /// descriptor.
    pub(super) fn of(
        name: &str,
        file: &File,
        start: u64,
        end: u64,
    ) -> Option<Arc<dyn ParallelWrite>> {
        Some(Arc::new(Shared {
            name: name.to_owned(),
            file: file.try_clone().ok()?,
            start,
            end,
        }))
    }
}

impl ParallelWrite for Shared {
    fn start(&self) -> u64 {
        self.start
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> Result<()> {
        let end = offset.saturating_add(data.len() as u64);
        if end > self.end {
            return Err(too_small(&self.name, self.end, end));
        }
        self.file
            .write_all_at(data, offset)
            .map_err(|cause| cannot_write(&self.name, offset, cause))
    }
}
