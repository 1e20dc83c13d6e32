//! Adapters: where disks come from and go to.
//!
//! A user names a [`Place`]. As a source it becomes a [`sparse::ByteSource`] through
//! [`source::open`]; as a target it goes through three steps, each of which may refuse it:
//! [`target::check`] (without knowing the disk's size, changing nothing), [`target::Candidate::fits`]
//! (once the size is known) and [`target::Candidate::open`], the first one that changes anything. All of them are
//! given the [`host::Host`] that the places are on.
//!
//! ```text
//!   Place ─┬─ source ── file, directory, http ─┐
//!          │                                   ├─ nbd ── overwrite ── candidate (the port of targets)
//!          └─ target ── file, device, volume ──┘
//!                                     lvm, block: what they ask the machine
//! ```

mod advice;
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

pub use advice::{Advice, Trust};
pub use name::Place;
