//! Disk formats: recognised by content, read through maps, written in one pass.
//!
//! The name of a file does not matter: [`probe`] looks at the first bytes, [`probe_end`] at the last. What
//! no format claims is raw, so a known format must never be missed: its container would be written onto a
//! guest's disk as if it were the disk.
//!
//! Each format that is read has a module that makes a layer of a file: a map that turns a byte of the disk
//! into its place in the file ([`Map`]), what the image says about itself ([`About`]), and the file below it,
//! where there is one. [`Image::open`] follows that chain over [`sparse::BlockRead`] and stacks the layers;
//! reading, unpacking and putting in order is common to all. Other files that an image names go through
//! [`FileAccess`], and nowhere else. [`streaming`] reads images out of a stream, and [`mod@write`] has the other
//! direction.
//!
//! ```text
//! file ─ probe ─ format ─ open ─► layer: map, files, about
//!                           ▲       │ on top of
//!                           └ access ┘ (the next file, at most 16 of them)
//! disk ─ Image::lookup ─► the topmost layer that says where a byte is ─► Unpacker, where it is packed
//! ```

mod about;
mod advice;
mod bits;
mod blocks;
mod chain;
mod fields;
mod file_access;
mod format;
mod image;
mod layer;
mod map;
mod options;
mod probe;
mod qcow2;
mod raw;
pub mod streaming;
#[cfg(test)]
mod test_util;
mod unpacker;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;
pub mod write;

pub use about::{About, Reference, Snapshot};
pub use advice::Advice;
pub use file_access::{Directory, FileAccess};
pub use format::Format;
pub use image::Image;
pub use map::{Coding, Extent, Location, Map, Packed};
pub use options::OpenOptions;
pub use probe::{END, HEAD, decide, probe, probe_end, probe_tail};
pub use unpacker::{Unpacker, Unpackers};
pub use vdi::id as vdi_id;
pub use vhd::fixed_size as vhd_fixed_size;
pub use vmdk::{
    Part as VmdkPart, PartKind as VmdkPartKind, Parts as VmdkParts, Stream as VmdkStream,
    is_descriptor as vmdk_is_descriptor, is_part as vmdk_is_part, is_stream as vmdk_is_stream,
    no_descriptor as vmdk_no_descriptor,
};
