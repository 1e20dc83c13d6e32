//! Standard output, named pipes and `/dev/null`: written from front to back, zeros included.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use error::{Error, Kind, Result, amount};
use rustix::fs::OFlags;
use rustix::io::Errno;
use sparse::BlockWrite;

use super::{Candidate, TargetOptions, cannot_flush, cannot_write, check_asked};

/// What zeros are written from.
static ZEROS: [u8; 256 << 10] = [0; 256 << 10];

/// What a pipe is asked to hold, in bytes.
const PIPE: usize = 1 << 20;

/// Looks at standard output.
pub(super) fn check_stdout(options: &TargetOptions) -> Result<Box<dyn Candidate>> {
    let own = io::stdout().as_fd().try_clone_to_owned();
    check_open(
        own.map_err(|cause| cannot_write("-", 0, cause))?.into(),
        options,
    )
}

/// Looks at what standard output is.
pub(super) fn check_open(file: File, options: &TargetOptions) -> Result<Box<dyn Candidate>> {
    if file.is_terminal() {
        let error = Error::target("- is a terminal, a disk does not belong there");
        return Err(error.hint("redirect standard output or give another target"));
    }
    let kind = file
        .metadata()
        .map_err(|cause| cannot_write("-", 0, cause))?
        .file_type();
    if kind.is_block_device() {
        let error = Error::target("- is a block device, which cannot be checked this way");
        return Err(error.hint("name the device instead of redirecting to it"));
    }
    if is_stand_in(&file) {
        let error = Error::target("- is closed, so there is nowhere to write to");
        return Err(error.hint("redirect standard output or give another target"));
    }
    Ok(candidate("-", Way::Open(file), options))
}

/// Whether `file` is what the standard library opens in place of a standard output that was closed
/// when the program started: the null device, for reading too, which no redirection does.
fn is_stand_in(file: &File) -> bool {
    let null = fs::metadata("/dev/null").map(|metadata| metadata.rdev());
    let same = file.metadata().is_ok_and(|metadata| {
        metadata.file_type().is_char_device() && null.is_ok_and(|null| null == metadata.rdev())
    });
    same && rustix::fs::fcntl_getfl(file).is_ok_and(|flags| flags.contains(OFlags::RDWR))
}

/// The named pipe or bottomless device at `path`.
pub(super) fn at_path(name: &str, path: &Path, options: &TargetOptions) -> Box<dyn Candidate> {
    candidate(name, Way::Path(path.to_owned()), options)
}

fn candidate(name: &str, way: Way, options: &TargetOptions) -> Box<dyn Candidate> {
    Box::new(StreamCandidate {
        name: name.to_owned(),
        way,
        asked: options.size,
    })
}

struct StreamCandidate {
    name: String,
    way: Way,
    asked: Option<u64>,
}

enum Way {
    Open(File),
    Path(PathBuf),
}

impl Candidate for StreamCandidate {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        self.asked
    }

    fn any_order(&self) -> bool {
        false
    }

    fn plan(&self, size: Option<u64>) -> String {
        let what = size.max(self.asked).map_or("the disk".to_owned(), amount);
        format!("writes {what} to {}", self.name)
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)
    }

    fn open(self: Box<Self>, _: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let file = match self.way {
            Way::Open(file) => file,
            Way::Path(path) => OpenOptions::new()
                .write(true)
                .open(path)
                .map_err(|cause| cannot_write(&self.name, 0, cause))?,
        };
        // Over the user's limit or not a pipe: it keeps the size it has.
        let _ = rustix::pipe::fcntl_setpipe_size(&file, PIPE);
        Ok(Box::new(Stream {
            name: self.name,
            file,
            position: 0,
            asked: self.asked,
        }))
    }
}

struct Stream {
    name: String,
    file: File,
    position: u64,
    asked: Option<u64>,
}

impl Stream {
    fn write(&mut self, data: &[u8]) -> Result<()> {
        self.file
            .write_all(data)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::BrokenPipe => {
                    let message = format!("{} was closed by its reader", self.name);
                    Error::new(Kind::Closed, message)
                }
                _ => cannot_write(&self.name, self.position, cause),
            })?;
        self.position += data.len() as u64;
        Ok(())
    }

    /// What comes next has to be what follows, for nothing can be gone back to.
    fn expect(&self, offset: u64) -> Result<()> {
        if offset == self.position {
            return Ok(());
        }
        let message = format!("is at byte {}, byte {offset} was to come", self.position);
        Err(Error::new(Kind::Io, format!("{} {message}", self.name)))
    }
}

impl BlockWrite for Stream {
    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.expect(offset)?;
        self.write(data)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.expect(offset)?;
        let mut rest = len;
        while rest > 0 {
            let step = rest.min(ZEROS.len() as u64);
            self.write(&ZEROS[..step as usize])?;
            rest -= step;
        }
        Ok(())
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        self.expect(size)?;
        check_asked(self.asked, size)?;
        self.zero_at(size, self.asked.unwrap_or(0).saturating_sub(size))?;
        match rustix::fs::fdatasync(&self.file) {
            // A pipe or a character device has nothing to flush.
            Ok(()) | Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) => Ok(()),
            Err(cause) => Err(cannot_flush(&self.name, cause)),
        }
    }

    /// Nothing can be taken back from a reader; the exit status has to tell.
    fn abort(&mut self) -> Result<()> {
        Ok(())
    }
}
