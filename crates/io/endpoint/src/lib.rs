//! Adapters: where disks come from and go to.
//!
//! A person names a [`Place`]. As a source it becomes a [`sparse::ByteSource`] through
//! [`source::open`]; as a target it goes through three steps, each of which may refuse it:
//! [`target::check`] (without knowing the disk's size, changing nothing), [`target::Candidate::fits`]
//! (once the size is known) and [`target::Candidate::open`], the first one that changes anything.

mod block;
mod candidate;
pub mod lvm;
mod name;
pub mod nbd;
mod overwrite;
mod secrets;
pub mod source;
pub mod target;
#[cfg(test)]
mod testing;

pub use name::Place;
