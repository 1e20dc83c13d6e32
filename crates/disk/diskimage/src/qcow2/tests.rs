//! What QEMU writes is read, and what nobody should write is not.

mod chain;
mod clusters;
mod features;
mod hostile;
mod large;
mod sample;
mod tables;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;

use crate::test_util::{advised, by_qemu, content, disks, qemu_img, read};
use crate::{FileAccess, Format, Image, OpenOptions};

/// Clusters of all sizes, both compressions, and what QEMU can make of an image besides.
const VARIANTS: [(&str, &[&str]); 14] = [
    ("cluster_size=512", &[]),
    ("cluster_size=4k", &[]),
    ("cluster_size=64k", &[]),
    ("cluster_size=2M", &[]),
    ("cluster_size=512", &["-c"]),
    ("cluster_size=64k", &["-c"]),
    ("cluster_size=2M", &["-c"]),
    ("cluster_size=4k,compression_type=zstd", &["-c"]),
    ("cluster_size=64k,compression_type=zstd", &["-c"]),
    ("cluster_size=2M,compression_type=zstd", &["-c"]),
    ("cluster_size=16k,extended_l2=on", &[]),
    ("cluster_size=128k,extended_l2=on", &["-c"]),
    ("compat=0.10", &["-c"]),
    (
        "cluster_size=8k,lazy_refcounts=on,preallocation=metadata",
        &[],
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_qemu_writes_is_read(disk in disks()) {
        for (options, more) in VARIANTS {
            let image = by_qemu(&disk, "qcow2", options, more);
            prop_assert!(read(Format::Qcow, image).unwrap() == disk, "{} {:?}", options, more);
        }
    }
}

/// A directory for images, which goes when it is dropped.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        Room(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Creates image `name` with these `-o` options and other arguments.
    fn create(&self, name: &str, options: &str, more: &[&str]) {
        let path = self.path(name);
        let mut args = vec!["create", "-q", "-f", "qcow2", "-o", options];
        args.extend(["-o", "preallocation=off", &path]);
        args.extend(more);
        qemu_img(&args);
    }

    /// Lets qemu-io do `commands` on image `name`.
    fn qemu_io(&self, name: &str, commands: &[String]) {
        let mut command = Command::new("qemu-io");
        command.args(["-f", "qcow2"]);
        for what in commands {
            command.args(["-c", what]);
        }
        let output = command.arg(self.path(name)).output();
        let output = output.expect("qemu-io is needed (Debian package qemu-utils)");
        let told = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let done = output.status.success() && !told.contains("failed");
        assert!(done, "qemu-io {commands:?}: {told}");
    }

    /// What qemu-img reads from image `name`.
    fn by_qemu(&self, name: &str) -> Vec<u8> {
        crate::test_util::read_by_qemu(Path::new(&self.path(name)), "qcow2")
    }
}

/// Opens `image`, of which internal snapshot `name` is wanted.
fn snapshot(image: Vec<u8>, name: &str) -> error::Result<Image> {
    let how = OpenOptions {
        snapshot: Some(name.into()),
        ..OpenOptions::default()
    };
    Image::open(Format::Qcow, Arc::new(image), &how)
}

/// Opens `image` to look at it.
fn look(image: Vec<u8>) -> error::Result<Image> {
    let how = OpenOptions {
        access: FileAccess::looking(),
        ..OpenOptions::default()
    };
    Image::open(Format::Qcow, Arc::new(image), &how)
}
