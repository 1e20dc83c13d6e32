//! What bytes are, told by the bytes alone: nothing here opens or writes anything.
//!
//! - [`holding`]: what a disk holds, by the signatures that partition tables, file systems, volume managers
//!   and boot code leave at fixed places. The same table protects a target that holds data and tells whether
//!   unnamed bytes are a disk at all.
//! - [`reach`]: how many bytes a disk must have for what its partition table or its file system says.
//! - [`foreign`]: formats that are known and are not a disk: images, archives, backups, documents and so on.
//! - [`judge`]: all of it put together, the one place where bytes of no declared format become a raw disk,
//!   or do not.

pub mod foreign;
pub mod holding;
mod judge;
pub mod reach;

pub use judge::{HEAD, Verdict, judge};

/// `what` without the article it begins with, if it has one.
fn without_article(what: &str) -> &str {
    let rest = what.strip_prefix("a ").or_else(|| what.strip_prefix("an "));
    rest.unwrap_or(what)
}
