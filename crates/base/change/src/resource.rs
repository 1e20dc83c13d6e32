//! What a step changes: a resource whose state can be read and set.

use std::path::{Path, PathBuf};

use error::{Error, Result};
use serde_json::Value;

/// Something on the machine that has one state at a time: a file, a kernel setting, later a link or a service.
///
/// A state is JSON, so that the journal can keep it and another process can restore it. Two states are the
/// same when their JSON is equal: [`read`](Resource::read) and [`resolve`](Resource::resolve) must return
/// one form of each (trimmed, sorted, with every field).
pub trait Resource {
    /// The present state.
    ///
    /// # Errors
    /// It cannot be read, or is something that this kind of resource does not handle.
    fn read(&self) -> Result<Value>;

    /// Checks, without changing anything, that the resource can be brought from `before` to `wanted`, and
    /// returns the complete state that it will then have.
    ///
    /// # Errors
    /// It cannot be done.
    fn resolve(&self, before: &Value, wanted: &Value) -> Result<Value>;

    /// Opens, creates and stages everything that setting `state` needs, so that [`Ready::commit`] opens no
    /// file and needs no space. `tag` is part of the names of temporary files and unique to a change and a
    /// purpose.
    ///
    /// # Errors
    /// Something cannot be opened or written; nothing has changed.
    fn prepare(&self, state: &Value, tag: &str) -> Result<Box<dyn Ready>>;

    /// Removes what a killed process left behind after [`prepare`](Resource::prepare) with this `tag`.
    ///
    /// # Errors
    /// A leftover cannot be removed.
    fn clean(&self, _tag: &str) -> Result<()> {
        Ok(())
    }

    /// A state in a few words, for the preview.
    fn show(&self, state: &Value) -> String;
}

/// A state that is ready to be set. Dropping it removes what was staged.
pub trait Ready {
    /// Sets the state, all of it or nothing, and flushes it. May be called once.
    ///
    /// # Errors
    /// The system refuses.
    fn commit(&mut self) -> Result<()>;
}

/// `target`, an absolute path, below `root`.
pub(crate) fn below(root: &Path, target: &str) -> Result<PathBuf> {
    let path = Path::new(target);
    let dots = path.components().any(|part| part.as_os_str() == "..");
    match path.strip_prefix("/") {
        Ok(relative) if !dots && path.file_name().is_some() => Ok(root.join(relative)),
        _ => Err(Error::refused("not an absolute path without '..'").at(target)),
    }
}
