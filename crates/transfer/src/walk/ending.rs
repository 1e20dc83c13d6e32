//! Ends of archives that need not be their ends.

use report::{Error, Result};
use unpack::archive::Doubt;

use super::{File, Walk};

impl Walk<'_> {
    /// Judges `doubt` about the end of the archive `file`. It does not matter where something else shows that
    /// nothing is missing: that is `proven`, or the archive has its end mark and only something behind it. It is
    /// told in any case.
    ///
    /// # Errors
    /// The doubt, where members may be missing and the user has not said to take the archive as it is.
    pub(super) fn doubted(&mut self, doubt: &Doubt, proven: bool, file: &File) -> Result<()> {
        let looks = self.sink.looker().is_some();
        if proven || !doubt.incomplete || self.pick.any_end || looks {
            self.warn(file, doubt.error.clone());
            return Ok(());
        }
        let error: Error = doubt.error.clone();
        Err(error.hint("give --accept-bad-end to take what there is"))
    }
}
