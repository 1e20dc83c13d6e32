//! Every decoder and archive reader over the fuzz seeds and damaged copies of them: what the fuzz
//! targets look for, looked for a little by every test run.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../fuzz/src/appliances.rs"]
mod appliances;
#[path = "../../../fuzz/src/damage.rs"]
mod damage;
#[path = "../../../fuzz/src/streams.rs"]
mod streams;
#[path = "../../../fuzz/src/told.rs"]
mod told;

use report::Result;

/// Damaged copies of each seed.
const COPIES: u64 = 150;

fn run(target: &str, property: fn(&[u8]) -> Result<()>) {
    damage::run(target, COPIES, property);
}

#[test]
fn inflate() {
    run("inflate", streams::inflate);
}

#[test]
fn deflate64() {
    run("deflate64", streams::deflate64);
}

#[test]
fn lzma() {
    run("lzma", streams::lzma);
}

#[test]
fn gzip() {
    run("gzip", streams::gzip);
}

#[test]
fn xz() {
    run("xz", streams::xz);
}

#[test]
fn zstd() {
    run("zstd", streams::zstd);
}

#[test]
fn bzip2() {
    run("bzip2", streams::bzip2);
}

#[test]
fn lz4() {
    run("lz4", streams::lz4);
}

#[test]
fn tar() {
    run("tar", streams::tar);
}

#[test]
fn zip() {
    run("zip", streams::zip);
}

#[test]
fn layers() {
    run("layers", streams::layers);
}

#[test]
fn xva() {
    run("xva", appliances::xva);
}

#[test]
fn manifest() {
    run("manifest", appliances::manifest);
}

#[test]
fn lzop() {
    run("lzop", streams::lzop);
}

#[test]
fn vma() {
    run("vma", appliances::vma);
}
