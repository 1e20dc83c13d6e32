//! Taking back what was begun on a target.

use error::Error;
use sparse::BlockWrite;

/// Aborts `target` because of `error`.
pub(crate) fn undone(error: Error, target: &mut dyn BlockWrite) -> Error {
    match target.abort() {
        Ok(()) => error,
        Err(left) => error.because(left),
    }
}
