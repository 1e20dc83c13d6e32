//! Kernels and initial RAM disks: how they are packed, what they can be started by, what they hold.
//!
//! ```text
//! Kernel: bzImage ─ payload ─ decoder ─┐
//!         gzip, zstd … ────── decoder ─┼─► ELF ─ Xen's notes: PV, PVH, 64 bits
//!         ELF ─────────────────────────┘
//! Initrd: cpio · cpio · zstd(cpio) …  ─► the names of its files
//! ```
//!
//! Nothing is loaded or run, and nothing is kept: what is packed is unpacked as far as the answer needs it, within the limits
//! that the caller gives.

mod elf;
mod initrd;
mod kernel;
mod section;

pub use elf::{Width, XenNotes};
pub use initrd::{Initrd, read as read_initrd};
pub use kernel::{Format, Kernel, Packed};
