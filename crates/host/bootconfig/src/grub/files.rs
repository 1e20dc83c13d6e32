//! Files that a script of GRUB's names.

use super::condition::Paths;
use super::machine::{Machine, Status};
use crate::paths::candidates;
use hostconfig::Source;
use hostconfig::{Known, Traced};

impl Machine<'_> {
    /// Runs the file that GRUB calls `path`; whether it is there.
    pub(super) fn source(&mut self, path: &Traced) -> Status {
        let found = self.find(path);
        match found {
            Ok(None) => Some(false),
            Err(unknown) => {
                self.doubt(unknown);
                None
            }
            Ok(Some(source)) => self.deeper(|machine| {
                machine.run_file(&source);
                Some(true)
            }),
        }
    }

    /// The file that GRUB calls `path`.
    pub(super) fn find(&self, path: &Traced) -> Known<Option<Source>> {
        for candidate in candidates("/", without_device(path).known()?) {
            if let Some(source) = self.files.read(&candidate)? {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }
}

impl Paths for Machine<'_> {
    fn is_there(&self, path: &Traced) -> Option<bool> {
        for candidate in candidates("/", without_device(path).known().ok()?) {
            if self.files.exists(&candidate).ok()? {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// A path without the device before it, which is not always known.
fn without_device(path: &Traced) -> Traced {
    let text = path.as_str();
    match text.find(')').filter(|_| text.starts_with('(')) {
        Some(end) => path.slice(end + 1, text.len()),
        None => path.clone(),
    }
}
