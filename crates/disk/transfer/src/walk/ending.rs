//! Ends of archives that need not be their ends.

use error::{Error, Result};
use unpack::archive::Doubt;

use super::{File, Walk};
use crate::advice::Advice;

impl Walk<'_> {
    /// Judges `doubt` about the end of the archive `file`. Where something else shows that it is whole, it is
    /// `proven`, and the doubt is only told.
    ///
    /// # Errors
    /// The doubt, where nothing does and the user has not said to take the archive as it is.
    pub(super) fn doubted(&mut self, doubt: &Doubt, proven: bool, file: &File) -> Result<()> {
        let looks = !self.sink.wants_content();
        if (proven && !doubt.more) || self.options.selection.any_end || looks {
            self.warn(file, doubt.error.clone());
            return Ok(());
        }
        let error: Error = doubt.error.clone();
        Err(error.advise(Advice::AcceptEnd))
    }
}
