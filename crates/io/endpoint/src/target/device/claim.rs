//! A block device opened for this program alone.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};
use exec::Tool;
use host::{Host, Number};
use rustix::fs::OFlags;

use crate::block;

/// A device that no other program can claim while this value lives.
#[derive(Debug)]
pub(crate) struct Claim {
    /// What the user calls it.
    pub(super) name: String,
    pub(super) path: PathBuf,
    host: Host,
    pub(super) file: File,
    /// Its size in bytes.
    pub(super) capacity: u64,
    /// The smallest piece it takes, in bytes.
    pub(super) logical_block: u64,
}

impl Claim {
    /// Claims the device at `path`, called `name`. What only tools of `host` can do with it they are asked for.
    pub(crate) fn new(name: &str, path: &Path, host: &Host) -> Result<Self> {
        let file = open(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::ResourceBusy => {
                Error::target(format!("{name} is in use: the kernel refuses to share it"))
                    .hint("find its user with lsblk, fuser or dmsetup ls --tree")
            }
            _ => cannot_open(name, cause),
        })?;
        let failed = |cause| cannot_open(name, cause);
        Ok(Claim {
            capacity: block::size(&file).map_err(failed)?,
            logical_block: block::logical_block(&file).map_err(failed)?.max(1),
            name: name.to_owned(),
            path: path.to_owned(),
            host: host.clone(),
            file,
        })
    }

    /// Gives all the device's space back; returns whether the device took that. The claim is given
    /// up meanwhile, for no other descriptor may discard what is claimed.
    pub(super) fn give_back(&mut self) -> Result<bool> {
        let (name, path) = (self.name.clone(), self.path.clone());
        let number = number(&name, &self.file)?;
        // Reading claims nothing, and keeps the descriptor valid.
        let read = File::open(&path).map_err(|cause| cannot_open(&name, cause))?;
        self.same(number, &read)?;
        self.file = read;
        // The device that is open, whatever becomes of its path.
        let open = format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd());
        let discard = Tool::new("blkdiscard").args([open]).without_time_limit();
        let done = discard.succeed(&self.host, &exec::never).is_ok();
        let again = Claim::new(&name, &path, &self.host).and_then(|claim| {
            self.same(number, &claim.file)?;
            Ok(claim)
        });
        *self = again.map_err(|error| {
            if done {
                error.cause("its space is given back already: what it held is gone")
            } else {
                error
            }
        })?;
        Ok(done)
    }

    /// Whether `file` is the device that was claimed.
    fn same(&self, claimed: Number, file: &File) -> Result<()> {
        match number(&self.name, file)? {
            found if found == claimed => Ok(()),
            found => Err(Error::target(format!(
                "{} was device {claimed} and is {found} now",
                self.name
            ))),
        }
    }
}

fn number(name: &str, file: &File) -> Result<Number> {
    let metadata = file.metadata().map_err(|cause| cannot_open(name, cause))?;
    Number::of(&metadata)
        .ok_or_else(|| Error::target(format!("{name} is not a block device any more")))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::EXCL.bits() as i32)
        .open(path)
}

pub(super) fn cannot_open(name: &str, cause: io::Error) -> Error {
    Error::target(format!("{name} cannot be opened")).cause(cause)
}
