//! What must hold for whatever bytes a stranger sends, one function a decoder or reader:
//!
//! - it ends, after a bounded amount of work, without a panic;
//! - two ways of reading the same find the same: in one piece and in small ones, at any offset and in
//!   passing, by this program and by another;
//! - what it hands out keeps to the ports' rules;
//! - an error is a line that is safe to show on a terminal.
//!
//! The fuzz targets call these functions with what libFuzzer invents. The tests call them with the seeds
//! and damaged copies of them: what the fuzz targets look for, looked for a little by every test run.

// A property that does not hold is a panic.
#![allow(clippy::expect_used, clippy::panic)]

pub mod appliances;
pub mod damage;
pub mod disks;
pub mod guests;
pub mod images;
pub mod seal;
pub mod streams;
pub mod told;
