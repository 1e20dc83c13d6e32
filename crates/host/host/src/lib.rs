//! A host as it can be read: the running one, or a directory that holds another one's files.
//!
//! A program makes one [`Host`] at its start and hands it down. Everything is read through [`Files`], which keeps
//! to the host's root directory, follows no link out of it, opens regular files only and reads no more than it was
//! asked to. On top of that each fact is a method, which reads when it is called and depends on no other fact:
//!
//! ```text
//!   distribution()  init_system()  hypervisor()  mounts()  usage(device)  storage(device)  tool(name)
//!        └───────────────┴──────────────┴───────────┴───────────┴──────────────┘              │
//!                                     Files                                             search path
//!                        /  (the running system)  or  DIR (--root)
//! ```
//!
//! An absent fact is `None` where absence is an answer. A fact that cannot be told is an [`Err`] with the reason: never a
//! default that looks like an answer.

mod device;
mod distribution;
mod files;
mod hypervisor;
mod init;
mod mounts;
mod storage;
mod tools;
mod usage;

use std::path::{Path, PathBuf};

use error::{Error, Result};

pub use device::Number;
pub use distribution::{Distribution, Family};
pub use files::{Files, Kind, LARGEST, Status};
pub use hypervisor::Hypervisor;
pub use init::Init;
pub use mounts::Mount;
pub use storage::{Storage, overlap};
pub use usage::{Usage, UsedBy};

/// A host: its files, where its device nodes are, and where its tools are looked for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Host {
    files: Files,
    dev: Option<PathBuf>,
    path: Option<Vec<PathBuf>>,
}

impl Host {
    /// The running system. Tools are looked for in this process's `PATH`, and behind it in the directories of
    /// administration's tools, which a user's `PATH` may lack.
    pub fn live() -> Self {
        Host {
            files: Files::live(),
            dev: None,
            path: Some(tools::search_path(std::env::var_os("PATH"))),
        }
    }

    /// The host whose files are below the directory `root`; `/` is the running system. The tools of any other are
    /// not run.
    ///
    /// # Errors
    /// [`error::Kind::Io`] naming `root` when it cannot be opened as a directory.
    pub fn at(root: &Path) -> Result<Self> {
        let real = std::fs::canonicalize(root)
            .map_err(|cause| Error::io("cannot be opened", cause).at(root.display()))?;
        if real == Path::new("/") {
            return Ok(Self::live());
        }
        Ok(Host {
            files: Files::below(root)?,
            dev: None,
            path: None,
        })
    }

    /// The same host with its device nodes in the directory `dev` of the running system, whatever links are there.
    #[must_use]
    pub fn with_dev(self, dev: PathBuf) -> Self {
        let dev = Some(dev);
        Host { dev, ..self }
    }

    /// The same host with its tools in these directories of the running system, in this order, which
    /// are also the `PATH` that tools get. They may be run even if the rest of the host is a directory.
    #[must_use]
    pub fn with_path(self, path: Vec<PathBuf>) -> Self {
        let path = Some(path);
        Host { path, ..self }
    }

    /// Its files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Whether it is the running system.
    pub fn is_live(&self) -> bool {
        self.files.is_live()
    }

    /// The directory of its device nodes, as a path of the running system; `/dev` as a rule.
    pub fn dev(&self) -> PathBuf {
        self.dev
            .clone()
            .unwrap_or_else(|| self.files.real(Path::new("/dev")))
    }

    /// The number of the block device whose node the host calls `path`; `None` for everything else, and for what
    /// cannot be seen.
    pub fn device(&self, path: &Path) -> Option<Number> {
        let below = path.strip_prefix("/dev").ok()?;
        if let Some(dev) = &self.dev {
            return Number::of(&std::fs::metadata(dev.join(below)).ok()?);
        }
        match self.files.status(path).ok()??.kind {
            Kind::Block(number) => Some(number),
            _ => None,
        }
    }
}
