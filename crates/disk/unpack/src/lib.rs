//! Streaming decompression and archive readers: bytes in, members and holes out.
//!
//! A decoder is a [`sparse::SparseRead`] over another one: `Gzip::new(input, &limits)`. It reads its
//! input in the caller's thread, one forward pass, and reports long runs of zeros as holes, so that a
//! disk of a terabyte that is mostly empty costs what its data costs. Decoders that can use several
//! cores hand independent blocks to workers and give the results out in order.
//!
//! An [`archive::Archive`] gives its members one after another, each with its content as such a
//! stream, in the order of the file. [`layer::sniff`] tells from a stream's first bytes which of them
//! all it takes.
//!
//! All input is taken for hostile: what it may cost is bounded by [`Limits`], and a stream shows its
//! end only once everything that can be checked about it was right.

mod advice;
pub mod archive;
pub mod bzip2;
mod chunk;
mod crc;
pub mod gzip;
mod hashing;
pub mod inflate;
mod input;
pub mod layer;
mod limits;
pub mod lz4;
pub mod lzma;
pub mod lzop;
pub mod manifest;
pub mod tar;
#[cfg(test)]
mod test_util;
pub mod vma;
pub mod xva;
mod xxhash;
pub mod xz;
pub mod zip;
pub mod zstd;

pub use advice::Advice;
pub use limits::Limits;
