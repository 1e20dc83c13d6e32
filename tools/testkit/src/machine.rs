//! What tests need of a machine: root, loop devices, mounts, hosts that are directories, tools that are scripts.
//!
//! Everything here is taken away again when its value is dropped. A machine that cannot give it makes
//! the test fail: the functions panic.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests call this, and panicking is how they fail"
)]

mod described;
mod disk;
mod host;
mod lvm;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub use described::Described;
pub use disk::Disk;
pub use host::FakeHost;
pub use lvm::FakeLvm;
pub use tools::FakeTools;

/// Runs a command that has to succeed; returns what it wrote to standard output, trimmed.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("the tests need {program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?} failed (the tests need root): {errors}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `len` bytes that hold no zeros and differ from one seed to the next.
pub fn noise(seed: u8, len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) | 1)
        .collect()
}

/// Something mounted on a directory of its own; unmounted when dropped.
pub struct Mount {
    point: TempDir,
}

impl Mount {
    /// Mounts with these arguments of mount(8), the directory left out.
    pub fn new(arguments: &[&str]) -> Self {
        let point = tempfile::tempdir().unwrap();
        let path = point.path().to_str().unwrap().to_owned();
        run("mount", &[arguments, &[&path]].concat());
        Mount { point }
    }

    /// A file system in memory, with these options of tmpfs(5).
    pub fn tmpfs(options: &str) -> Self {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    /// The directory it is mounted on.
    pub fn point(&self) -> &Path {
        self.point.path()
    }

    /// The path of `name` on it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.point.path().join(name)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.point.path())
            .status();
    }
}
