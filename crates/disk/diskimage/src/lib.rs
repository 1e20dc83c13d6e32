//! Disk formats: told by their content, read as maps, written as they pass.
//!
//! The name of a file says nothing here: [`probe`] looks at the first bytes, [`probe_end`] at the
//! last. Raw is what is left when no format claims the bytes, which is why a known format must never
//! slip through: its container would be written onto a guest's disk as if it were the disk.
//!
//! Each format that is read has a module that turns a byte of the disk into the place where it lies
//! ([`Map`]); reading, unpacking and putting in order is common to all. [`Image::open`] opens one over
//! [`sparse::BlockRead`]. Other files that an image names go through [`Gate`], and nowhere else.
//! [`mod@write`] has the other direction.

mod bits;
mod blocks;
mod fields;
mod format;
mod gate;
mod image;
mod map;
pub mod passing;
mod probe;
mod qcow2;
mod raw;
#[cfg(test)]
mod trial;
mod unpacker;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;
pub mod write;

pub use format::Format;
pub use gate::{Directory, Gate};
pub use image::{About, How, Image, Reference, Snapshot};
pub use map::{Coding, Lies, Map, Packed, Stretch};
pub use probe::{END, HEAD, decide, probe, probe_end};
pub use unpacker::{Unpacker, Unpackers};
pub use vdi::id as vdi_id;
pub use vhd::fixed_size as vhd_fixed_size;
pub use vmdk::{
    Part as VmdkPart, PartKind as VmdkPartKind, Parts as VmdkParts, Stream as VmdkStream,
    is_descriptor as vmdk_is_descriptor, is_part as vmdk_is_part, is_stream as vmdk_is_stream,
    no_descriptor as vmdk_no_descriptor,
};
