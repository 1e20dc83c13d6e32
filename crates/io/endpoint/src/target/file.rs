//! A file: written under a temporary name beside it, sparse, and renamed when complete.

mod candidate;
mod partial;

pub(super) use candidate::check;
