//! What several tests of this crate share.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod client;
pub mod nbd;
