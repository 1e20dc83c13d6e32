//! Things that take long to make and are kept.

use std::path::{Path, PathBuf};

use error::Result;
use testkit::shell::file_error;

/// A directory whose name tells what its content was made from.
pub(crate) struct Kept {
    store: PathBuf,
    name: &'static str,
    path: PathBuf,
}

impl Kept {
    /// `store`'s directory for `name` as made from `inputs`: recipes, scripts, versions. Nothing is made yet.
    pub(crate) fn new(store: &Path, name: &'static str, inputs: &[&[u8]]) -> Kept {
        let mut hasher = blake3::Hasher::new();
        for input in inputs {
            // Lengths keep one input's end from passing for the next one's beginning.
            hasher.update(&(input.len() as u64).to_le_bytes());
            hasher.update(input);
        }
        let digest = hasher.finalize().to_hex();
        Kept {
            store: store.to_owned(),
            name,
            path: store.join(format!("{name}-{}", &digest[..16])),
        }
    }

    /// The directory, whether it is there or not.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has been made.
    pub(crate) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// Has `make` fill the directory, under another name until it is complete, unless it is there; then
    /// removes those that were made from something else. The caller sees to it that nobody uses them.
    ///
    /// # Errors
    /// As `make`; or the store cannot be written.
    pub(crate) fn make(&self, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if !self.is_there() {
            let partial = self.store.join(format!("{}.partial", self.name));
            remove(&partial)?;
            std::fs::create_dir(&partial).map_err(file_error(&partial))?;
            make(&partial)?;
            std::fs::rename(&partial, &self.path).map_err(file_error(&self.path))?;
        }
        self.remove_others()
    }

    fn remove_others(&self) -> Result<()> {
        let prefix = format!("{}-", self.name);
        for entry in std::fs::read_dir(&self.store).map_err(file_error(&self.store))? {
            let path = entry.map_err(file_error(&self.store))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(&prefix) && path != self.path {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(file_error(dir)(cause)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use error::Error;

    #[test]
    fn what_was_made_is_kept_until_its_inputs_change() {
        let store = tempfile::tempdir().unwrap();
        let write = |text: &'static str| {
            move |dir: &Path| {
                std::fs::write(dir.join("it"), text).unwrap();
                Ok(())
            }
        };
        let read = |kept: &Kept| std::fs::read_to_string(kept.path().join("it")).unwrap();
        let one = Kept::new(store.path(), "thing", &[b"a", b"bc"]);
        assert!(!one.is_there());
        one.make(write("one")).unwrap();
        one.make(write("again")).unwrap();
        assert_eq!(read(&one), "one");

        let other = Kept::new(store.path(), "thing", &[b"ab", b"c"]);
        other.make(write("two")).unwrap();
        assert_eq!(read(&other), "two");
        assert!(!one.is_there(), "the old one is gone");
    }

    #[test]
    fn what_failed_halfway_is_not_there_and_begins_anew() {
        let store = tempfile::tempdir().unwrap();
        let kept = Kept::new(store.path(), "thing", &[]);
        let fails = |dir: &Path| {
            std::fs::write(dir.join("half"), "").unwrap();
            Err(Error::io("no room", "disk full"))
        };
        assert_eq!(kept.make(fails).unwrap_err().message(), "no room");
        assert!(!kept.is_there());
        kept.make(|_| Ok(())).unwrap();
        assert_eq!(std::fs::read_dir(kept.path()).unwrap().count(), 0);
    }
}
