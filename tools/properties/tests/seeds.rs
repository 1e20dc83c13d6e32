//! Every reader over the fuzz seeds and damaged copies of them.

use std::panic::RefUnwindSafe;

use error::Result;
use properties::{
    appliances, damage, disks, guests, images, manifests, packages, settings, streams,
};
use testkit::fold;

/// Damaged copies of each seed of a decoder or archive.
const COPIES: u64 = 150;
/// Damaged copies of each image.
const IMAGES: u64 = 40;

fn run(target: &str, property: impl Fn(&[u8]) -> Result<()> + RefUnwindSafe) {
    damage::run(target, COPIES, property);
}

fn stream(target: &str, format: streams::Format) {
    run(target, |data| format.read(data).map(drop));
    run(target, |data| format.compare(data));
}

fn image(target: &str, format: images::Format) {
    damage::run(target, IMAGES, |data| format.read(data));
    damage::run(target, IMAGES, |data| format.compare(data));
}

#[test]
fn inflate() {
    stream("inflate", streams::Format::Inflate);
}

#[test]
fn deflate64() {
    stream("deflate64", streams::Format::Deflate64);
}

#[test]
fn lzma() {
    stream("lzma", streams::Format::Lzma);
}

#[test]
fn gzip() {
    stream("gzip", streams::Format::Gzip);
}

#[test]
fn xz() {
    stream("xz", streams::Format::Xz);
}

#[test]
fn zstd() {
    stream("zstd", streams::Format::Zstd);
}

#[test]
fn bzip2() {
    stream("bzip2", streams::Format::Bzip2);
}

#[test]
fn lz4() {
    stream("lz4", streams::Format::Lz4);
}

#[test]
fn tar() {
    stream("tar", streams::Format::Tar);
}

#[test]
fn zip() {
    stream("zip", streams::Format::Zip);
}

#[test]
fn layers() {
    stream("layers", streams::Format::Layers);
}

#[test]
fn xva() {
    run("xva", appliances::xva);
    run("xva", appliances::xva_compared);
}

#[test]
fn manifest() {
    run("manifest", manifests::manifest);
}

#[test]
fn lzop() {
    stream("lzop", streams::Format::Lzop);
}

#[test]
fn vma() {
    run("vma", appliances::vma);
    run("vma", appliances::vma_compared);
}

#[test]
fn qcow2() {
    image("qcow2", images::Format::Qcow2);
}

#[test]
fn vdi() {
    image("vdi", images::Format::Vdi);
}

#[test]
fn vhd() {
    image("vhd", images::Format::Vhd);
}

#[test]
fn vhdx() {
    image("vhdx", images::Format::Vhdx);
}

#[test]
fn vmdk() {
    image("vmdk", images::Format::Vmdk);
}

#[test]
fn vmdk_stream() {
    image("vmdk_stream", images::Format::VmdkStream);
}

#[test]
fn guest() {
    damage::run("guest", 60, guests::guest);
    damage::run("guest", 60, guests::languages);
}

#[test]
fn vbox() {
    damage::run("vbox", 200, guests::vbox);
}

#[test]
fn packages_of_hosts() {
    run("packages", packages::packages);
}

#[test]
fn settings_of_hosts() {
    run("settings", settings::settings);
}

#[test]
fn configurations_of_xl() {
    run("xl", properties::xl::xl);
}

#[test]
fn recognise() {
    damage::run("recognise", 300, disks::recognise);
}

#[test]
fn every_target_with_seeds_can_be_asked() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");
    for entry in std::fs::read_dir(seeds).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(properties::targets::properties(&name).is_some(), "{name}");
    }
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
