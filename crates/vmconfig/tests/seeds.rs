//! Every reader of a description of a guest over the fuzz seeds and damaged copies of them: what the fuzz
//! targets look for, looked for a little by every test run.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../fuzz/src/damage.rs"]
mod damage;
#[path = "../../../fuzz/src/guests.rs"]
mod guests;
#[path = "../../../fuzz/src/told.rs"]
mod told;

#[test]
fn guest() {
    damage::run("guest", 60, guests::guest);
}

#[test]
fn vbox() {
    damage::run("vbox", 200, guests::vbox);
}
