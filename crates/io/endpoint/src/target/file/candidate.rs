//! Whether a file may be written.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use error::{Error, Result, amount};
use host::Host;
use rustix::fs::{Access, AtFlags, CWD};
use sparse::BlockWrite;

use super::super::{Candidate, TargetOptions, check_asked, device, stream};
use super::partial::{Partial, Permit, parent};
use crate::advice::Advice;

/// Character devices that take whatever comes and keep nothing, by major and minor number:
/// `/dev/null`, and `/dev/full`, which refuses every write.
const BOTTOMLESS: [(u32, u32); 2] = [(1, 3), (1, 7)];

/// Looks at what is at `path`, and hands on what is no file.
pub(crate) fn check(
    path: &Path,
    options: &TargetOptions,
    host: &Host,
) -> Result<Box<dyn Candidate>> {
    let name = path.display().to_string();
    let refuse = |what: &str| Err(Error::target(format!("{name} {what}")));
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return check_new(path, name, options, host);
        }
        Err(cause) => return Err(Error::target(format!("{name} cannot be reached")).cause(cause)),
    };
    let kind = metadata.file_type();
    let numbers = (
        rustix::fs::major(metadata.rdev()),
        rustix::fs::minor(metadata.rdev()),
    );
    if kind.is_block_device() {
        device::check(&name, path, options, host)
            .map(|device| Box::new(device) as Box<dyn Candidate>)
    } else if kind.is_fifo() || kind.is_char_device() && BOTTOMLESS.contains(&numbers) {
        Ok(stream::at_path(&name, path, options))
    } else if kind.is_char_device() {
        refuse("is a character device")
    } else if kind.is_socket() {
        refuse("is a socket")
    } else if kind.is_dir() {
        let error = Error::target(format!("{name} is a directory"));
        Err(error.hint("name a file in it"))
    } else {
        check_existing(path, name, &metadata, options)
    }
}

fn check_existing(
    path: &Path,
    name: String,
    metadata: &Metadata,
    options: &TargetOptions,
) -> Result<Box<dyn Candidate>> {
    if metadata.len() > 0 && !options.force {
        let message = format!("{name} exists and holds {}", amount(metadata.len()));
        return Err(Error::target(message).advise(Advice::Replace));
    }
    // What a link leads to is replaced, not the link.
    let real = fs::canonicalize(path)
        .map_err(|cause| Error::target(format!("{name} cannot be reached")).cause(cause))?;
    let permit = if options.force {
        Permit::Anything
    } else {
        Permit::Same(metadata.dev(), metadata.ino())
    };
    FileCandidate::new(name, real, permit, Some(metadata), options)
}

fn check_new(
    path: &Path,
    name: String,
    options: &TargetOptions,
    host: &Host,
) -> Result<Box<dyn Candidate>> {
    if fs::symlink_metadata(path).is_ok() {
        let message = format!("{name} is a symbolic link that leads nowhere");
        return Err(Error::target(message));
    }
    if path.as_os_str().as_bytes().ends_with(b"/") || path.file_name().is_none() {
        let error = Error::target(format!("{name} is the name of a directory"));
        return Err(error.hint("name a file in it"));
    }
    if is_among_devices(parent(path), &host.dev()) {
        let error = Error::target(format!(
            "{name} does not exist, and a new file there would not be a device"
        ));
        return Err(error.hint("lsblk lists the devices that there are"));
    }
    let permit = if options.force {
        Permit::Anything
    } else {
        Permit::Nothing
    };
    FileCandidate::new(name, path.to_owned(), permit, None, options)
}

/// Whether `directory` belongs to the file system of device nodes at `dev`, which is in memory and
/// holds mistyped names; file systems mounted below it, such as `/dev/shm`, do not.
fn is_among_devices(directory: &Path, dev: &Path) -> bool {
    let system = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let real = |path: &Path| fs::canonicalize(path).ok();
    let below = || Some(real(directory)?.starts_with(real(dev)?));
    below().unwrap_or(false) && system(directory) == system(dev)
}

struct FileCandidate {
    name: String,
    path: PathBuf,
    permit: Permit,
    existing: Option<Metadata>,
    asked: Option<u64>,
}

impl FileCandidate {
    #[allow(clippy::new_ret_no_self)]
    fn new(
        name: String,
        path: PathBuf,
        permit: Permit,
        existing: Option<&Metadata>,
        options: &TargetOptions,
    ) -> Result<Box<dyn Candidate>> {
        check_directory(&name, parent(&path))?;
        Ok(Box::new(FileCandidate {
            name,
            path,
            permit,
            existing: existing.cloned(),
            asked: options.size,
        }))
    }
}

fn check_directory(name: &str, directory: &Path) -> Result<()> {
    let shown = directory.display();
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(Error::target(format!("{name}: {shown} is not a directory"))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let error = Error::target(format!("{name}: directory {shown} does not exist"));
            return Err(error.hint("create it first"));
        }
        Err(cause) => {
            let message = format!("{name}: directory {shown} cannot be reached");
            return Err(Error::target(message).cause(cause));
        }
    }
    let access = Access::WRITE_OK | Access::EXEC_OK;
    rustix::fs::accessat(CWD, directory, access, AtFlags::EACCESS).map_err(|cause| {
        let message = format!("{name}: directory {shown} cannot be written to");
        Error::target(message).cause(std::io::Error::from(cause))
    })
}

impl Candidate for FileCandidate {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        self.asked
    }

    fn plan(&self, size: Option<u64>) -> String {
        let verb = match self.existing {
            Some(_) => "replaces",
            None => "creates",
        };
        match size.max(self.asked) {
            Some(size) => format!("{verb} file {} with {}", self.name, amount(size)),
            None => format!("{verb} file {}", self.name),
        }
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let partial = Partial::create(self.name, self.path, self.permit, self.existing.as_ref())?;
        partial.prepare(size.max(self.asked), self.asked)
    }
}
