//! Options that every command has.

use std::path::{Path, PathBuf};

use change::Machine;
use error::{Error, Result};
use host::Host;

use crate::output::Json;
use crate::progress::{Mode, Reporter};

/// Options of every command that prints a result.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Show progress in this form
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: Mode,

    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    /// Print only errors, warnings and, in digest, the digest; show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl OutputArgs {
    /// Where a document about a failure goes.
    pub(crate) fn failed(&self) -> Json {
        if self.json { Json::Out } else { Json::No }
    }

    /// Shows how far the work is.
    pub(crate) fn reporter(&self) -> Reporter {
        Reporter::new(self.progress, self.quiet)
    }
}

/// The root directory of every command, unless it is given another one.
const ROOT: &str = "INNKEEPER_ROOT";

/// Options of every command that is about a host.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RootArgs {
    /// The root directory of the host [default: /]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl RootArgs {
    /// The root directory that was given, or else that of the environment, or else `/`.
    pub(crate) fn path(&self) -> PathBuf {
        let given = self.root.clone();
        let root = given.or_else(|| std::env::var_os(ROOT).map(PathBuf::from));
        root.unwrap_or_else(|| "/".into())
    }

    /// The host to read; the running one is `live`.
    ///
    /// # Errors
    /// There is no such directory.
    pub(crate) fn host(&self, live: &Host) -> Result<Host> {
        let root = self.path();
        if root == Path::new("/") {
            return Ok(live.clone());
        }
        Host::at(&root)
    }

    /// What the host calls `file`, which is named as it is here or as it is below the root directory.
    ///
    /// # Errors
    /// The working directory is gone.
    pub(crate) fn file(&self, file: &Path) -> Result<PathBuf> {
        let root = self.path();
        if root != Path::new("/") {
            return Ok(Path::new("/").join(file.strip_prefix(&root).unwrap_or(file)));
        }
        let absolute = std::path::absolute(file);
        absolute.map_err(|cause| Error::io("cannot be found", cause).at(file.display()))
    }

    /// The machine to change.
    ///
    /// # Errors
    /// There is no such directory.
    pub(crate) fn machine(&self) -> Result<Machine> {
        machine(&self.path())
    }
}

/// The machine below `root`.
///
/// # Errors
/// [`error::Kind::Io`] when there is no such directory: a mistyped one would look like a machine without changes.
pub(crate) fn machine(root: &Path) -> Result<Machine> {
    let entries = std::fs::read_dir(root);
    entries.map_err(|cause| {
        Error::io("the root directory cannot be read", cause).at(root.display())
    })?;
    Ok(Machine::new(root))
}
