//! Running a developer's programs, with errors that say which and why. They get all that the developer has: terminal,
//! environment and time. What the program itself runs goes through the crate `exec`.

use std::path::Path;
use std::process::{Command, Stdio};

use error::{Error, Result};

/// Runs `command` to its end.
///
/// # Errors
/// It cannot be started, or does not end with status 0.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .map_err(|cause| cannot_start(command, cause))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::io(format!("{} failed", line(command)), status))
    }
}

/// Runs `command` and returns what it says on its standard output.
///
/// # Errors
/// As [`run`], with what it says on standard error; or the output is not UTF-8.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| cannot_start(command, cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::io(format!("{} failed", line(command)), output.status).cause(said));
    }
    String::from_utf8(output.stdout)
        .map_err(|cause| Error::io(format!("{} does not speak UTF-8", line(command)), cause))
}

/// Adds what the operating system said about `path` to an error.
pub fn file_error(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |cause| Error::io("cannot be read or written", cause).at(path.display())
}

/// A command as a person would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// The error for a `command` that cannot be started.
pub fn cannot_start(command: &Command, cause: std::io::Error) -> Error {
    Error::io(format!("{} cannot be started", line(command)), cause)
}
