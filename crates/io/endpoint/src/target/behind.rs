//! Starting to write to the medium while the disk is still coming in.

use std::fs::File;
use std::num::NonZeroU64;

use rustix::fs::Advice;

/// Bytes written after which their way to the medium is started.
const STEP: u64 = 64 << 20;

/// Tells the kernel, every [`STEP`] bytes, that what was written is not needed in memory any more.
/// It then starts to write it out, and the flush at the end finds little left to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Behind {
    /// Where the range begins that was not told about.
    start: u64,
    /// Bytes written since.
    written: u64,
}

impl Behind {
    /// `len` bytes were written to `file` at `offset`, behind all earlier ones.
    pub(super) fn wrote(&mut self, file: &File, offset: u64, len: u64) {
        self.written += len;
        if self.written < STEP {
            return;
        }
        let end = offset + len;
        if let Some(range) = NonZeroU64::new(end.saturating_sub(self.start)) {
            // Advice only: the flush at the end is what counts.
            let _ = rustix::fs::fadvise(file, self.start, Some(range), Advice::DontNeed);
        }
        *self = Behind {
            start: end,
            written: 0,
        };
    }
}
