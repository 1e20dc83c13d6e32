//! Data and holes.
//!
//! A disk is mostly nothing, so nothing in this program moves plain bytes: what flows from source to
//! target is [`Piece`]s, runs of data and runs of zeros, and a run of zeros costs the same whatever
//! its length. This crate holds the ports that every room speaks:
//!
//! - [`ByteSource`]: where bytes come from, in order (an adapter implements it: file, pipe, HTTP);
//! - [`BlockRead`]: bytes that can be read at any offset (the same adapters, where they can);
//! - [`SparseRead`]: a stream of pieces (decoders and archive members implement it over another
//!   one); a [`DiskRead`] is one whose pieces say where in the disk they lie;
//! - [`BlockWrite`]: where a disk goes to (an adapter implements it);
//! - [`Folder`]: files that lie together, each of which is a source (an adapter implements it).
//!
//! Beside them, what they share: finding zeros ([`zero`]), reading numbers out of headers ([`fields`])
//! and naming a disk's content ([`digest`]).

mod block;
pub mod digest;
mod disk;
pub mod fields;
mod folder;
mod port;
mod stream;
pub mod zero;

pub use block::{BlockRead, Run};
pub use disk::{DiskRead, InOrder};
pub use folder::{EntryKind, Folder, FolderEntry};
pub use port::{Again, BlockWrite, ByteSource, Device, Fill, Opener, ParallelWrite};
pub use stream::{Lookahead, Piece, SliceSource, SparseRead, drain, read_exact, read_full, skip};
