//! Whether files are there.

use std::path::{Path, PathBuf};

use host::Kind;

use super::{Facts, NotKnown};

/// Where xl looks for the helpers of guests besides the search path: `libexec/xen/bin` of what distributions install.
/// In a name with `*` each version of Xen has its own.
const HELPERS: [&str; 5] = [
    "/usr/lib/xen/bin",
    "/usr/libexec/xen/bin",
    "/usr/lib64/xen/bin",
    "/usr/local/lib/xen/bin",
    "/usr/lib/xen-*/bin",
];

/// Where programs are.
const PROGRAMS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

impl Facts {
    /// Whether the host has a file, a directory or a device at `path`.
    ///
    /// # Errors
    /// It cannot be told: devices of a host that does not run are not there, and what is below a mount point is not
    /// either.
    pub fn has(&self, path: &Path) -> Result<bool, NotKnown> {
        let files = self.host().files();
        match files.exists(path) {
            Ok(true) => Ok(true),
            Ok(false) if !self.host().is_live() && path.starts_with("/dev") => {
                Err(NotKnown::new("devices", "the host is a directory"))
            }
            Ok(false) => self.is_mounted(path).map(|()| false),
            Err(error) => Err(NotKnown::new("files", error.to_string())),
        }
    }

    /// Nothing, unless the host is a directory that lacks a file system with `path` on it.
    fn is_mounted(&self, path: &Path) -> Result<(), NotKnown> {
        if self.host().is_live() {
            return Ok(());
        }
        self.unmounted(path)?.map_or(Ok(()), |point| {
            let reason = format!(
                "{} is a file system that is not in the directory",
                point.display()
            );
            Err(NotKnown::new("files", reason))
        })
    }

    /// Where the host has the helper of guests called `name` (`pygrub`), which xl finds by its name alone.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn helper(&self, name: &str) -> Result<Option<PathBuf>, NotKnown> {
        Ok(self.helpers(name)?.into_iter().next())
    }

    /// Every place where the host has the helper of guests called `name`: each version of Xen may have its own.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn helpers(&self, name: &str) -> Result<Vec<PathBuf>, NotKnown> {
        let mut found = Vec::new();
        for directories in [HELPERS.as_slice(), &PROGRAMS] {
            for directory in self.directories(directories)? {
                let path = directory.join(name);
                if self.has(&path)? {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }

    /// The directories of this host that `patterns` name: `xen-*` in one stands for each version of Xen.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub(super) fn directories(&self, patterns: &[&str]) -> Result<Vec<PathBuf>, NotKnown> {
        let files = self.host().files();
        let mut found = Vec::new();
        for directory in patterns {
            let Some((above, below)) = directory.split_once("xen-*") else {
                found.push(PathBuf::from(directory));
                continue;
            };
            let names = files.list(above);
            let names = names.map_err(|error| NotKnown::new("files", error.to_string()))?;
            for name in names.unwrap_or_default() {
                let name = name.to_string_lossy().into_owned();
                if name.starts_with("xen-") {
                    found.push(PathBuf::from(format!("{above}{name}{below}")));
                }
            }
        }
        Ok(found)
    }

    /// Whether `path` is a block device of the host, as far as that can be told.
    pub fn is_device(&self, path: &Path) -> bool {
        let status = self.host().files().status(path).ok().flatten();
        path.starts_with("/dev")
            || status.is_some_and(|status| matches!(status.kind, Kind::Block(_)))
    }
}
