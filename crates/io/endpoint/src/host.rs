//! The machine around a place, so that tests can pretend to be another one.

use std::path::{Path, PathBuf};

/// Where the machine's own facts are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The directory that holds `proc` and `sys`.
    pub root: PathBuf,
    /// The directory of device nodes, where LVM puts `VG/NAME`.
    pub dev: PathBuf,
    /// The directory of LVM's programs; `None` looks them up in `PATH`.
    pub lvm: Option<PathBuf>,
}

impl Default for Host {
    /// The machine the program runs on.
    fn default() -> Self {
        Host {
            root: "/".into(),
            dev: "/dev".into(),
            lvm: None,
        }
    }
}

impl Host {
    /// A path below `/proc`.
    pub(crate) fn proc(&self, path: &str) -> PathBuf {
        self.root.join("proc").join(path)
    }

    /// A path below `/sys`.
    pub(crate) fn sys(&self, path: &str) -> PathBuf {
        self.root.join("sys").join(path)
    }

    /// The device node the machine's tables call `path`; `None` for what is not below `/dev`.
    pub(crate) fn device_node(&self, path: &Path) -> Option<PathBuf> {
        Some(self.dev.join(path.strip_prefix("/dev").ok()?))
    }
}
