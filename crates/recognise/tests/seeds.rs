//! The fuzz seeds and damaged copies of them: what the fuzz target looks for, looked for a little by every
//! test run.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../fuzz/src/damage.rs"]
mod damage;
#[path = "../../../fuzz/src/disks.rs"]
mod disks;

#[test]
fn recognise() {
    damage::run("recognise", 300, disks::recognise);
}
