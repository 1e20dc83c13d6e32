//! What Xen knows in which release: the keys of xl.cfg and the options of the hypervisor's own command line.
//!
//! The tables are text files beside this one, made by `cargo xtask xen-data` from Xen's sources; their heads say which.
//! Where sources of releases are missing between two, a table says so, and so does [`Standing::Unsure`].

pub mod keys;
pub mod options;
mod release;
mod table;

pub use release::Release;
pub use table::{Entry, Standing};
