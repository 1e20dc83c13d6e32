//! What is written is what qemu-img reads, and qemu-img has nothing to complain about.

mod sizes;
mod targets;

use std::path::Path;

use error::Result;
use proptest::prelude::*;
use sparse::BlockWrite;

use super::{Measure, streamed};
use crate::Format;
use crate::test_util::{Memory, disks, give, qemu_img, random, read_by_qemu};
use crate::write::{WriteOptions, writer};

fn options(compression: &str, cluster_size: &str) -> WriteOptions {
    let given = [("compression", compression), ("cluster_size", cluster_size)];
    WriteOptions {
        given: given
            .map(|(key, value)| (key.into(), value.into()))
            .to_vec(),
        threads: 2,
    }
}

/// The file that a target gets that takes ranges in any order.
fn written(options: &WriteOptions, disk: &[u8]) -> Vec<u8> {
    let memory = Memory::default();
    let inner = Box::new(memory.clone());
    let mut writer = writer(Format::Qcow, options, disk.len() as u64, inner).unwrap();
    give(&mut *writer, disk).unwrap();
    memory.file()
}

/// The file that a pipe gets.
fn piped(options: &WriteOptions, disk: &[u8]) -> Vec<u8> {
    let size = disk.len() as u64;
    let measure = Measure::new(options, size).unwrap();
    give(&mut measure.clone(), disk).unwrap();
    let memory = Memory::strict();
    let layout = measure.layout().unwrap();
    let mut writer = streamed(options, size, layout, Box::new(memory.clone())).unwrap();
    give(&mut *writer, disk).unwrap();
    memory.file()
}

/// Sees that `file` is in order and holds `disk`, perhaps rounded up to a sector.
fn assert_holds(file: &[u8], disk: &[u8]) {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("disk.qcow2");
    std::fs::write(&path, file).unwrap();
    assert_clean(&path);
    let read = read_by_qemu(&path, "qcow2");
    assert_eq!(read.len(), disk.len().next_multiple_of(512));
    let (same, padding) = read.split_at(disk.len());
    assert!(same == disk, "the content differs");
    assert!(sparse::zero::is_zero(padding));
}

fn assert_clean(path: &Path) {
    let told = qemu_img(&["check", "-f", "qcow2", &path.display().to_string()]);
    let clean = told.starts_with("No errors were found on the image.\n");
    assert!(clean && !told.contains("leak"), "{told}");
}

const COMPRESSIONS: [&str; 3] = ["none", "zlib", "zstd"];
const CLUSTER_SIZES: [&str; 4] = ["512", "4K", "64K", "2M"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn qemu_reads_what_was_written(disk in disks()) {
        for compression in COMPRESSIONS {
            for cluster_size in CLUSTER_SIZES {
                let options = options(compression, cluster_size);
                assert_holds(&written(&options, &disk), &disk);
            }
        }
    }

    #[test]
    fn qemu_reads_what_was_piped(disk in disks()) {
        for compression in COMPRESSIONS {
            for cluster_size in CLUSTER_SIZES {
                let options = options(compression, cluster_size);
                assert_holds(&piped(&options, &disk), &disk);
            }
        }
    }
}

/// Clusters that shrink, clusters that do not and holes, in turns of different lengths, over many
/// refcount blocks.
fn mixed(len: usize) -> Vec<u8> {
    let mut disk = Vec::new();
    for turn in 0.. {
        let next = 4096 * (1 + turn % 37);
        match turn % 4 {
            0 => disk.extend(random(turn as u64, next)),
            1 => disk.extend(random(turn as u64, 4096 / 8).iter().cycle().take(next)),
            2 => disk.extend((0..next).map(|i| ((i / 97) as u8) | 1)),
            _ => disk.resize(disk.len() + next, 0),
        }
        if disk.len() >= len {
            break;
        }
    }
    disk.truncate(len);
    disk
}

#[test]
fn packed_and_whole_clusters_take_turns() {
    for (cluster_size, len) in [("512", 1 << 20), ("4K", 12 << 20), ("64K", 24 << 20)] {
        let disk = mixed(len);
        for compression in COMPRESSIONS {
            let options = options(compression, cluster_size);
            assert_holds(&written(&options, &disk), &disk);
            assert_holds(&piped(&options, &disk), &disk);
        }
    }
}

#[test]
fn threads_change_nothing() {
    let disk = mixed(6 << 20);
    for compression in ["zlib", "zstd"] {
        let mut options = options(compression, "64K");
        let two = written(&options, &disk);
        options.threads = 5;
        assert!(written(&options, &disk) == two);
        options.threads = 0;
        assert!(written(&options, &disk) == two);
    }
}

/// Gives `disk` in ranges that care for nothing.
#[test]
fn ranges_may_have_any_length() {
    let disk = mixed(1 << 20);
    for compression in COMPRESSIONS {
        let options = options(compression, "4K");
        for step in [1000, 70_000, 1 << 20] {
            let memory = Memory::default();
            let inner = Box::new(memory.clone());
            let mut writer = writer(Format::Qcow, &options, 1 << 20, inner).unwrap();
            for (i, part) in disk.chunks(step).enumerate() {
                writer.write_at((i * step) as u64, part).unwrap();
            }
            writer.finish(1 << 20).unwrap();
            assert!(
                memory.file() == written(&options, &disk),
                "in steps of {step}"
            );
        }
    }
}

/// A disk that is given only where it holds data.
fn sparse(writer: &mut dyn BlockWrite, size: u64, data: &[(u64, &[u8])]) -> Result<()> {
    let mut at = 0;
    for (offset, data) in data {
        writer.zero_at(at, offset - at)?;
        writer.write_at(*offset, data)?;
        at = offset + data.len() as u64;
    }
    writer.zero_at(at, size - at)?;
    writer.finish(size)
}
