//! Every reader of disk images over the fuzz seeds and damaged copies of them: what the fuzz
//! targets look for, looked for a little by every test run.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../fuzz/src/damage.rs"]
mod damage;
#[path = "../../../fuzz/src/fold.rs"]
mod fold;
#[path = "../../../fuzz/src/images.rs"]
mod images;
#[path = "../../../fuzz/src/seal.rs"]
mod seal;
#[path = "../../../fuzz/src/told.rs"]
mod told;

/// Damaged copies of each seed.
const COPIES: u64 = 40;

#[test]
fn qcow2() {
    damage::run("qcow2", COPIES, images::qcow2);
}

#[test]
fn vdi() {
    damage::run("vdi", COPIES, images::vdi);
}

#[test]
fn vhd() {
    damage::run("vhd", COPIES, images::vhd);
}

#[test]
fn vhdx() {
    damage::run("vhdx", COPIES, images::vhdx);
}

#[test]
fn vmdk() {
    damage::run("vmdk", COPIES, images::vmdk);
}

#[test]
fn vmdk_stream() {
    damage::run("vmdk_stream", COPIES, images::vmdk_stream);
}

#[test]
fn folding_loses_nothing() {
    for len in [0, 1, 511, 512, 513, 100_000] {
        let mut image: Vec<u8> = (0..len).map(|i| (i / 700 % 3) as u8).collect();
        image.extend(vec![0; 4 << 20]);
        image.extend(vec![7; 700]);
        assert!(fold::unfold(&fold::fold(&image)) == image);
    }
}
