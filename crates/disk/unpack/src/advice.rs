//! What would help with an error of this crate.

/// What would help; the program words it in the options of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Accept more bytes after decompression.
    RaiseMaxSize,
    /// Allow so much memory, in MiB.
    AllowMemory {
        /// How much is enough.
        mib: u64,
    },
}
