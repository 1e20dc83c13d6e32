//! What Xen knows in which release.

mod release;

pub use release::Release;
