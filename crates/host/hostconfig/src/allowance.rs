//! How much is read of a configuration of many files.

/// Most files of a configuration.
const MOST_FILES: usize = 1000;

/// Most bytes of them all; one more file may go beyond.
const MOST_BYTES: usize = 8 << 20;

/// What may still be read of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    files: usize,
    bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Allowance {
            files: MOST_FILES,
            bytes: MOST_BYTES,
        }
    }
}

impl Allowance {
    /// Takes a file, or a name that may be one; whether there was one left.
    pub(crate) fn take_file(&mut self) -> bool {
        let is_left = self.files > 0 && self.bytes > 0;
        self.files = self.files.saturating_sub(1);
        is_left
    }

    /// Takes the bytes of a file that has been read.
    pub(crate) fn take_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}
