//! Block devices that are files.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::run;

/// Held while a loop device is set up: two that do it at once open the same device for a moment,
/// which looks like a writer.
pub(super) const LOOP_LOCK: &str = "/tmp/innkeeper-tests-loop.lock";

/// A loop device over a file; detached when dropped.
pub struct Disk {
    /// Its device node.
    pub path: PathBuf,
    image: PathBuf,
    _directory: Option<TempDir>,
}

impl Disk {
    /// A device of `size` bytes, all zeros.
    pub fn new(size: u64) -> Self {
        Self::with_options(size, &[])
    }

    /// A device of `size` bytes, all zeros, set up with these options of losetup(8).
    pub fn with_options(size: u64, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        File::create(&image).unwrap().set_len(size).unwrap();
        let mut disk = Self::over(&image, options);
        disk._directory = Some(directory);
        disk
    }

    /// A device over the file `image`, set up with these options of losetup(8).
    pub fn over(image: &Path, options: &[&str]) -> Self {
        let start = [LOOP_LOCK, "losetup", "--show", "-f"];
        let path = run(
            "flock",
            &[&start, options, &[image.to_str().unwrap()]].concat(),
        );
        Disk {
            path: path.into(),
            image: image.to_owned(),
            _directory: None,
        }
    }

    /// The device node's path as text.
    pub fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Writes `data` at `offset`, through the device.
    pub fn fill(&self, offset: u64, data: &[u8]) {
        let device = File::options().write(true).open(&self.path).unwrap();
        device.write_all_at(data, offset).unwrap();
        device.sync_all().unwrap();
    }

    /// Everything on it, read through the device.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    /// Bytes that the file behind the device takes.
    pub fn taken(&self) -> u64 {
        fs::metadata(&self.image).unwrap().blocks() * 512
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.path).status();
    }
}
