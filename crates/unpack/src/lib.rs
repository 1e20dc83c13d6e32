//! Streaming decompression and archive readers: bytes in, members and holes out.
//!
//! A decoder is a [`extent::SparseRead`] over another one: `Gzip::new(input, &limits)`. It reads its
//! input in the caller's thread, one forward pass, and reports long runs of zeros as holes, so that a
//! disk of a terabyte that is mostly empty costs what its data costs. Decoders that can use several
//! cores hand independent blocks to workers and give the results out in order.

pub mod archive;
pub mod bzip2;
mod chunk;
mod crc;
pub mod gzip;
pub mod inflate;
mod input;
pub mod layer;
mod limits;
pub mod lz4;
mod ordered;
pub mod tar;
#[cfg(test)]
mod trial;
mod xxhash;
pub mod xz;
pub mod zip;
pub mod zstd;

pub use limits::Limits;
