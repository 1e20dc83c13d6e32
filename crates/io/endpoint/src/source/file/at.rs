//! A file or a device that is read at any offset.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use error::{Error, Result};
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use sparse::{BlockRead, Run};

use super::{cannot_open, changed};

/// A part of a regular file or of a block device, from `start` on.
#[derive(Debug)]
pub(crate) struct FileAt {
    name: String,
    file: File,
    start: u64,
    len: u64,
    /// A regular file: it can have holes.
    regular: bool,
}

impl FileAt {
    /// The `len` bytes of `file` from `start` on, to be called `name`.
    pub(super) fn new(name: String, file: File, start: u64, len: u64, regular: bool) -> Self {
        FileAt {
            name,
            file,
            start,
            len,
            regular,
        }
    }

    fn seek(&self, to: SeekFrom) -> std::result::Result<u64, Errno> {
        rustix::fs::seek(&self.file, to)
    }
}

impl BlockRead for FileAt {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        Some(self.len)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let mut filled = 0;
        while filled < wanted {
            let at = self.start + offset + filled as u64;
            match self.file.read_at(&mut buffer[filled..wanted], at) {
                Ok(0) => return Err(changed(self.start + self.len, at)),
                Ok(n) => filled += n,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    let message = format!("cannot be read at byte {}", at - self.start);
                    return Err(Error::io(message, cause));
                }
            }
        }
        Ok(filled)
    }

    fn check_unchanged(&self) -> Result<()> {
        if !self.regular {
            return Ok(());
        }
        let end = self.file.metadata().map_err(cannot_open)?.len();
        if end == self.start + self.len {
            Ok(())
        } else {
            Err(changed(self.start + self.len, end))
        }
    }

    fn run_at(&self, offset: u64) -> Result<Run> {
        let left = self.len.saturating_sub(offset);
        if left == 0 {
            return Ok(Run::End);
        }
        if !self.regular {
            return Ok(Run::Data(left));
        }
        let at = self.start + offset;
        let hole = match self.seek(SeekFrom::Data(at)) {
            Ok(data) => (data - at).min(left),
            // No data behind it, or the file is shorter than it was.
            Err(Errno::NXIO) => {
                self.check_unchanged()?;
                left
            }
            // A file system that does not tell.
            Err(_) => 0,
        };
        if hole > 0 {
            return Ok(Run::Hole(hole));
        }
        Ok(Run::Data(match self.seek(SeekFrom::Hole(at)) {
            Ok(end) if end > at => (end - at).min(left),
            _ => left,
        }))
    }
}
