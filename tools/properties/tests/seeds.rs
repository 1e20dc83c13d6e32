//! Every reader over the fuzz seeds and damaged copies of them.

use error::Result;
use properties::{appliances, damage, disks, guests, images, streams};
use testkit::fold;

/// Damaged copies of each seed of a decoder or archive.
const COPIES: u64 = 150;
/// Damaged copies of each image.
const IMAGES: u64 = 40;

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

#[test]
fn qcow2() {
    damage::run("qcow2", IMAGES, images::qcow2);
}

#[test]
fn vdi() {
    damage::run("vdi", IMAGES, images::vdi);
}

#[test]
fn vhd() {
    damage::run("vhd", IMAGES, images::vhd);
}

#[test]
fn vhdx() {
    damage::run("vhdx", IMAGES, images::vhdx);
}

#[test]
fn vmdk() {
    damage::run("vmdk", IMAGES, images::vmdk);
}

#[test]
fn vmdk_stream() {
    damage::run("vmdk_stream", IMAGES, images::vmdk_stream);
}

#[test]
fn guest() {
    damage::run("guest", 60, guests::guest);
}

#[test]
fn vbox() {
    damage::run("vbox", 200, guests::vbox);
}

#[test]
fn recognise() {
    damage::run("recognise", 300, disks::recognise);
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
