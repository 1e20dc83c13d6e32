//! A pretended machine, as this crate sees one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;
use testkit::machine::{Disk, FakeLvm};

use crate::Host;
use crate::block;

/// The number of the disk's device.
pub(crate) fn number(disk: &Disk) -> block::Number {
    block::number(&fs::metadata(&disk.path).unwrap()).unwrap()
}

/// This machine with another LVM.
pub(crate) fn host(lvm: &FakeLvm) -> Host {
    Host {
        dev: lvm.dev().to_owned(),
        lvm: Some(lvm.programs()),
        ..Host::default()
    }
}

/// A pretended `/proc` and `/sys` in which nobody uses anything yet.
pub(crate) struct FakeHost {
    directory: TempDir,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        let fake = FakeHost {
            directory: tempfile::tempdir().unwrap(),
        };
        fake.write("proc/self/mountinfo", "");
        fake
    }

    pub(crate) fn host(&self) -> Host {
        Host {
            root: self.directory.path().into(),
            dev: self.directory.path().join("dev"),
            lvm: None,
        }
    }

    /// Writes a file, and the directories it is in.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a symbolic link, and the directories it is in.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Makes the device known to sysfs, as disk `name`.
    pub(crate) fn disk(&self, name: &str, number: block::Number) {
        self.write(&format!("sys/devices/{name}/dev"), &number.to_string());
        self.write(&format!("sys/devices/{name}/ro"), "0\n");
        self.link(
            &format!("sys/dev/block/{number}"),
            format!("../../devices/{name}"),
        );
    }
}
