//! What must hold for whatever bytes a stranger sends, one function a decoder or reader:
//!
//! - it ends, after a bounded amount of work, without a panic;
//! - two ways of reading the same find the same: in one piece and in small ones, at any offset and in
//!   passing, by this program and by another;
//! - what it hands out keeps to the ports' rules;
//! - an error is a line that is safe to show on a terminal.
//!
//! A reader has a fuzz target that reads what libFuzzer invents once and asks little, so that many inputs are
//! tried, and a part in one that compares all the ways to read it, which takes longer (`streams`, `images`,
//! `appliances`, `languages`). The tests call both with the seeds and damaged copies of them: what the fuzz
//! targets look for, looked for a little by every test run.
//!
//! ```text
//! fuzz target FORMAT ── bytes ──────────────────► Format::read      once, few checks
//! fuzz target streams, images ── byte, bytes ───► Format::compare   every way, all of it
//! tests ── seeds, damaged seeds ────────────────► both
//! ```

// A property that does not hold is a panic.
#![allow(clippy::expect_used, clippy::panic)]

pub mod appliances;
pub mod damage;
pub mod disks;
mod folded;
pub mod guests;
mod hosts;
pub mod images;
pub mod manifests;
pub mod packages;
mod seal;
pub mod settings;
pub mod streams;
pub mod targets;
pub mod told;
pub mod xl;
