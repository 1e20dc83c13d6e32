//! Files, block devices, pipes and standard input.

mod at;

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;
use std::sync::Arc;

use error::{Error, Result};
use rustix::fs::{Advice, SeekFrom};
use rustix::io::Errno;
use sparse::{Again, ByteSource, Device, Fill, Opener};

use crate::block;
use at::FileAt;

/// What a pipe is asked to hold, in bytes: fewer switches between the two programs.
const PIPE: usize = 1 << 20;

/// A file, a block device, a pipe or standard input, read once from where it stands.
#[derive(Debug)]
pub struct FileSource {
    name: String,
    file: File,
    reach: Reach,
}

#[derive(Debug)]
enum Reach {
    /// A pipe or a character device: nothing is known before it comes.
    Stream,
    /// What can be read at any offset.
    Range(Range),
}

#[derive(Debug)]
struct Range {
    start: u64,
    position: u64,
    end: u64,
    /// The end of the run of data that `position` is in.
    data_end: u64,
    /// A regular file: it can have holes, and it can change its size.
    regular: bool,
}

impl FileSource {
    /// Opens what is at `path`, to be called `name`. Opening a named pipe waits for its writer.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for a directory or a socket, [`error::Kind::Io`] when it cannot be
    /// opened.
    pub fn open(name: impl Into<String>, path: &Path) -> Result<Self> {
        // A socket cannot be opened, and opening a directory succeeds: ask first.
        let kind = fs::metadata(path).map_err(cannot_open)?.file_type();
        if kind.is_dir() {
            return Err(Error::refused("is a directory, not a file"));
        }
        if kind.is_socket() {
            return Err(Error::refused("is a socket, not a file"));
        }
        Self::new(name.into(), File::open(path).map_err(cannot_open)?)
    }

    /// Standard input, from where it stands: `- < disk.img` knows its size and its holes.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when it is a terminal, [`error::Kind::Refused`] and
    /// [`error::Kind::Io`] as [`FileSource::open`].
    pub fn stdin() -> Result<Self> {
        let own = io::stdin().as_fd().try_clone_to_owned();
        Self::new("-".into(), own.map_err(cannot_open)?.into())
    }

    /// `file`, which has to be a regular one, to be called `name`.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for anything else, [`error::Kind::Io`].
    pub(super) fn regular(name: String, file: File) -> Result<Self> {
        if file.metadata().map_err(cannot_open)?.is_file() {
            Self::new(name, file)
        } else {
            Err(not_regular())
        }
    }

    fn new(name: String, file: File) -> Result<Self> {
        if file.is_terminal() {
            let error = Error::usage("is a terminal, not a file or a pipe");
            return Err(error.hint("redirect or pipe the image into it"));
        }
        let metadata = file.metadata().map_err(cannot_open)?;
        if metadata.is_dir() {
            return Err(Error::refused("is a directory, not a file"));
        }
        let regular = metadata.is_file();
        let reach = if regular || metadata.file_type().is_block_device() {
            let start = rustix::fs::tell(&file).map_err(cannot_open)?;
            let end = if regular {
                metadata.len()
            } else {
                block::size(&file).map_err(cannot_open)?
            };
            // Advice only: where it is not taken, reading works all the same.
            let _ = rustix::fs::fadvise(&file, 0, None, Advice::Sequential);
            let position = start.min(end);
            Reach::Range(Range {
                start: position,
                position,
                end,
                data_end: if regular { position } else { end },
                regular,
            })
        } else {
            // Over the user's limit or not a pipe: it keeps the size it has.
            let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE);
            Reach::Stream
        };
        Ok(FileSource { name, file, reach })
    }

    /// Opens `path` so that what is read comes from the medium and not from memory, as far as the
    /// system allows: what is not written yet is written, and the cache is dropped.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when it cannot be opened or flushed.
    pub fn from_medium(name: impl Into<String>, path: &Path) -> Result<Self> {
        let source = Self::open(name, path)?;
        rustix::fs::fdatasync(&source.file)
            .map_err(|cause| Error::io("cannot be flushed", io::Error::from(cause)))?;
        // Pages that others have mapped stay; that is no error.
        let _ = rustix::fs::fadvise(&source.file, 0, None, Advice::DontNeed);
        Ok(source)
    }
}

impl ByteSource for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> Option<u64> {
        match &self.reach {
            Reach::Stream => None,
            Reach::Range(range) => Some(range.end - range.start),
        }
    }

    fn device(&self) -> Option<Device> {
        let Reach::Range(Range { regular: false, .. }) = &self.reach else {
            return None;
        };
        let sector = block::logical_block(&self.file).ok();
        Some(Device {
            sector: sector.and_then(|sector| u32::try_from(sector).ok()),
        })
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        match &mut self.reach {
            Reach::Stream => read(&mut self.file, buffer),
            Reach::Range(range) => range.fill(&self.file, buffer),
        }
    }

    fn at_any_offset(&self) -> Option<Opener> {
        let Reach::Range(range) = &self.reach else {
            return None;
        };
        let (start, len, regular) = (range.start, range.end - range.start, range.regular);
        let name = self.name.clone();
        let file = self.file.try_clone();
        Some(Box::new(move || {
            let file = file.as_ref().map_err(again_failed)?;
            let file = file.try_clone().map_err(cannot_open)?;
            let at = FileAt::new(name.clone(), file, start, len, regular);
            Ok(Some(Arc::new(at)))
        }))
    }

    fn again(&self) -> Option<Again> {
        let Reach::Range(range) = &self.reach else {
            return None;
        };
        let range = range.unread();
        let name = self.name.clone();
        let file = self.file.try_clone();
        Some(Box::new(move || {
            let file = file.as_ref().map_err(again_failed)?;
            Ok(Box::new(FileSource {
                name: name.clone(),
                file: file.try_clone().map_err(cannot_open)?,
                reach: Reach::Range(range.unread()),
            }))
        }))
    }
}

fn read(stream: &mut File, buffer: &mut [u8]) -> Result<Fill> {
    loop {
        return match stream.read(buffer) {
            Ok(0) => Ok(Fill::End),
            Ok(n) => Ok(Fill::Data(n)),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => Err(Error::io("cannot be read", cause)),
        };
    }
}

impl Range {
    /// The same range, nothing of it read yet.
    fn unread(&self) -> Self {
        Range {
            position: self.start,
            data_end: if self.regular { self.start } else { self.end },
            ..*self
        }
    }

    fn fill(&mut self, file: &File, buffer: &mut [u8]) -> Result<Fill> {
        if self.position == self.end {
            self.check_unchanged(file)?;
            return Ok(Fill::End);
        }
        if self.position == self.data_end {
            let hole = self.next_data(file)?;
            if hole > 0 {
                self.position += hole;
                return Ok(Fill::Hole(hole));
            }
        }
        let run = usize::try_from(self.data_end - self.position).unwrap_or(usize::MAX);
        // Reads end at multiples of the buffer's length, so that behind a hole of odd length whole
        // buffers are aligned again; a caller that works in aligned pieces does not copy them together.
        let ahead = (self.position % buffer.len() as u64) as usize;
        let wanted = (buffer.len() - ahead).min(run);
        let n = self.read(file, &mut buffer[..wanted])?;
        self.position += n as u64;
        Ok(Fill::Data(n))
    }

    fn read(&self, file: &File, buffer: &mut [u8]) -> Result<usize> {
        loop {
            return match file.read_at(buffer, self.position) {
                Ok(0) => Err(changed(self.end, self.position)),
                Ok(n) => Ok(n),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    let message = format!("cannot be read at byte {}", self.position);
                    Err(Error::io(message, cause))
                }
            };
        }
    }

    /// Finds the next run of data; returns the length of the hole before it.
    fn next_data(&mut self, file: &File) -> Result<u64> {
        let data = match rustix::fs::seek(file, SeekFrom::Data(self.position)) {
            Ok(data) => data.min(self.end),
            // No data behind: a hole to the end, or the file is shorter than it was.
            Err(Errno::NXIO) => {
                self.check_unchanged(file)?;
                self.end
            }
            // A file system that does not tell.
            Err(_) => self.position,
        };
        self.data_end = match rustix::fs::seek(file, SeekFrom::Hole(data)) {
            Ok(hole) if data < self.end && hole > data => hole.min(self.end),
            _ => self.end,
        };
        Ok(data.saturating_sub(self.position))
    }

    /// A file that grows or shrinks is still being written.
    fn check_unchanged(&self, file: &File) -> Result<()> {
        if !self.regular {
            return Ok(());
        }
        match file.metadata().map_err(cannot_open)?.len() {
            size if size == self.end => Ok(()),
            size => Err(changed(self.end, size)),
        }
    }
}

/// A file of `before` bytes ends at byte `now`.
fn changed(before: u64, now: u64) -> Error {
    let message =
        format!("changed while it was read: it had {before} bytes, now it ends at byte {now}");
    Error::io(message, "another program writes to it")
}

/// The system gave no second descriptor of the file.
fn again_failed(cause: &io::Error) -> Error {
    Error::io("cannot be opened again", cause)
}

/// The refusal of anything but a regular file.
pub(super) fn not_regular() -> Error {
    Error::refused("is not a regular file")
}

fn cannot_open(cause: impl Into<io::Error>) -> Error {
    Error::io("cannot be opened", cause.into())
}

#[cfg(test)]
mod tests;
