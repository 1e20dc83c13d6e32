//! Development only: servers for tests, on this machine and as badly behaved as a test wants them.
//!
//! - [`http`]: HTTP/1.1, and a forward proxy;
//! - [`https`]: the same encrypted, with certificates made for each test;
//! - [`nbd`]: network block devices by the programs that people run, and by one that says what a test wants.

// What a test's server meets unexpectedly fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod http;
pub mod https;
pub mod nbd;
