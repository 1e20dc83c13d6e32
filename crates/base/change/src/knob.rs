//! Knobs: small files that are written in place, as in /proc/sys and /sys.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};
use serde_json::Value;

use crate::resource::{Ready, Resource, below};
use crate::step::Step;

/// The name of this kind in journals.
pub const KIND: &str = "knob";

/// A step that sets the knob at the absolute path `target` to `value`.
pub fn set(target: &str, value: &str) -> Step {
    Step {
        what: format!("set {target} to {value}"),
        kind: KIND.into(),
        target: target.into(),
        wanted: Value::from(value.trim()),
        required: true,
    }
}

/// Opens a knob; see [`crate::Open`].
pub(crate) fn open(root: &Path, target: &str) -> Result<Box<dyn Resource>> {
    Ok(Box::new(Knob {
        path: below(root, target)?,
    }))
}

/// Its state is its text without white space at the ends.
struct Knob {
    path: PathBuf,
}

impl Knob {
    fn writable(&self) -> Result<File> {
        let opened = OpenOptions::new().write(true).open(&self.path);
        opened.map_err(|cause| self.error("cannot be written", cause))
    }

    fn error(&self, message: &str, cause: std::io::Error) -> Error {
        Error::io(message, cause).at(self.path.display())
    }
}

impl Resource for Knob {
    fn read(&self) -> Result<Value> {
        let text = fs::read_to_string(&self.path);
        let text = text.map_err(|cause| self.error("cannot be read", cause))?;
        Ok(Value::from(text.trim()))
    }

    fn resolve(&self, _before: &Value, wanted: &Value) -> Result<Value> {
        text_of(wanted)?;
        self.writable()?;
        Ok(wanted.clone())
    }

    fn prepare(&self, state: &Value, _tag: &str) -> Result<Box<dyn Ready>> {
        Ok(Box::new(Opened {
            path: self.path.clone(),
            file: self.writable()?,
            line: format!("{}\n", text_of(state)?),
        }))
    }

    fn show(&self, state: &Value) -> String {
        state.as_str().unwrap_or_default().to_owned()
    }
}

fn text_of(state: &Value) -> Result<&str> {
    state
        .as_str()
        .ok_or_else(|| Error::corrupt("the state of a knob must be text"))
}

/// A knob that is open for writing.
struct Opened {
    path: PathBuf,
    file: File,
    line: String,
}

impl Ready for Opened {
    /// The kernel takes a value in one write(2); see proc_sys(5).
    fn commit(&mut self) -> Result<()> {
        let error = |cause| Error::io("the value cannot be written", cause).at(self.path.display());
        let written = self.file.write_at(self.line.as_bytes(), 0).map_err(error)?;
        if written != self.line.len() {
            return Err(error(std::io::ErrorKind::WriteZero.into()));
        }
        // A knob that is a plain file must not keep the end of a longer value; others have no length to cut.
        let _ = self.file.set_len(written as u64);
        Ok(())
    }
}
