//! Hosts that are directories.

use std::fmt::Display;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::run;

/// A pretended host: a directory with its files, in which nothing is mounted yet.
pub struct FakeHost {
    directory: TempDir,
}

impl FakeHost {
    /// A host with an empty table of mounts and nothing else.
    #[allow(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        let fake = FakeHost {
            directory: tempfile::tempdir().unwrap(),
        };
        fake.write("proc/self/mountinfo", "");
        fake
    }

    /// Its root directory.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file, and makes the directories it is in.
    pub fn write(&self, path: &str, content: &str) {
        self.write_bytes(path, content.as_bytes());
    }

    /// Writes a file of bytes, and makes the directories it is in.
    pub fn write_bytes(&self, path: &str, content: &[u8]) {
        fs::write(self.place(path), content).unwrap();
    }

    /// Lets a file be run.
    pub fn run_bit(&self, path: &str) {
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.place(path), permissions).unwrap();
    }

    /// Makes a symbolic link, and the directories it is in.
    pub fn link(&self, path: &str, target: impl AsRef<Path>) {
        symlink(target, self.place(path)).unwrap();
    }

    /// Makes the node of a block device with this `MAJOR:MINOR`; needs root.
    pub fn node(&self, path: &str, number: impl Display) {
        let number = number.to_string();
        let (major, minor) = number.split_once(':').unwrap();
        let place = self.place(path);
        run("mknod", &[place.to_str().unwrap(), "b", major, minor]);
    }

    /// Makes the device `MAJOR:MINOR` known to sysfs, as disk `name`.
    pub fn disk(&self, name: &str, number: impl Display) {
        self.write(&format!("sys/devices/{name}/dev"), &number.to_string());
        self.write(&format!("sys/devices/{name}/ro"), "0\n");
        self.link(
            &format!("sys/dev/block/{number}"),
            format!("../../devices/{name}"),
        );
    }

    fn place(&self, path: &str) -> PathBuf {
        let place = self.root().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        place
    }
}
