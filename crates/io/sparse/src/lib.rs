//! The ports through which disks are read and written, data and holes apart.
//!
//! Most of a disk is empty, so no part of the program moves plain bytes: from source to target flow
//! [`Piece`]s, runs of data and runs of zeros, and a run of zeros costs the same whatever its length.
//! The ports, which all crates share:
//!
//! - [`ByteSource`]: where bytes come from, in order (an adapter implements it: file, pipe, HTTP);
//! - [`BlockRead`]: bytes that can be read at any offset (the same adapters, where they can);
//! - [`SparseRead`]: a stream of pieces (decoders and archive members implement it over another
//!   one); a [`DiskRead`] is one whose pieces say where in the disk they are;
//! - [`BlockWrite`]: where a disk goes to (an adapter implements it);
//! - [`Folder`]: the files of a folder, each of which is a source (an adapter implements it).
//!
//! Helpers for all of them: finding zeros ([`zero`]), reading numbers from headers ([`fields`]), a checksum that
//! they have ([`crc32c`]) and the digest of a disk's content ([`digest`]).
//!
//! ```text
//! ByteSource ─► SparseRead ─► SparseRead ─► DiskRead ──┐
//! (file, HTTP)  (gzip)        (tar member)  (image)    ├─► engine ─► BlockWrite
//! BlockRead ──► image, at any offset ──────────────────┘
//! ```

mod block;
pub mod crc32c;
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
