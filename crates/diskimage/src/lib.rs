//! Disk formats, told by their content.
//!
//! The name of a file says nothing here: [`probe`] looks at the first bytes, [`probe_end`] at the
//! last. Raw is what is left when no format claims the bytes, which is why a known format must never
//! slip through: its container would be written onto a guest's disk as if it were the disk.

mod format;
mod probe;

pub use format::Format;
pub use probe::{END, HEAD, decide, probe, probe_end};
