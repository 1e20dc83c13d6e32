use std::os::unix::fs::FileExt;
use std::sync::Arc;

use error::{Error, Result};
use proptest::prelude::*;
use sparse::{DiskRead, Piece, SliceSource, SparseRead};

use super::{Passing, StreamLimits, TableCache, pass};
use crate::test_util::{by_qemu, disks, patched, qemu_img, random};
use crate::{Format, OpenOptions};

/// What comes out of `file` as it passes by in steps of `step` bytes, the number of passes, and
/// whether it came in order.
fn passed(
    format: Format,
    file: &[u8],
    step: usize,
    limits: StreamLimits,
) -> Result<(Vec<u8>, usize, bool)> {
    let tables = Arc::new(TableCache::new(None));
    for passes in 1..8 {
        let stream = SliceSource::in_steps(file, step);
        let Passing::Disk(mut disk) =
            pass(format, stream, &tables, &OpenOptions::default(), limits)?
        else {
            continue;
        };
        let in_order = disk.is_in_order();
        let mut content = vec![0; disk.size().unwrap() as usize];
        loop {
            let offset = disk.offset()? as usize;
            let n = match disk.peek()? {
                Piece::Data(data) => {
                    content[offset..offset + data.len()].copy_from_slice(data);
                    data.len() as u64
                }
                Piece::Zeros(len) => len,
                Piece::End => return Ok((content, passes, in_order)),
            };
            disk.consume(n);
        }
    }
    Err(Error::unsupported("takes too many passes"))
}

const PLENTY: StreamLimits = StreamLimits {
    threads: 2,
    memory: 8 << 20,
    max_size: u64::MAX,
    again: true,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn what_passes_by_is_the_disk(disk in disks(), step in 1000usize..100_000) {
        for (name, format, options, more) in [
            ("qcow2", Format::Qcow, "", &[][..]),
            ("qcow2", Format::Qcow, "cluster_size=4096", &["-c"]),
            ("qcow2", Format::Qcow, "compression_type=zstd", &["-c"]),
            ("vdi", Format::Vdi, "", &[]),
            ("vpc", Format::Vhd, "force_size=on", &[]),
            ("vhdx", Format::Vhdx, "", &[]),
            ("vmdk", Format::Vmdk, "subformat=monolithicSparse", &[]),
        ] {
            let file = by_qemu(&disk, name, options, more);
            let (content, _, _) = passed(format, &file, step, PLENTY).unwrap();
            prop_assert!(content[..disk.len()] == disk[..], "{name} {options}");
            // Too little to keep the data before the tables: another pass takes it.
            let little = StreamLimits { memory: 1 << 20, ..PLENTY };
            let (content, passes, _) = passed(format, &file, step, little).unwrap();
            prop_assert!(content[..disk.len()] == disk[..], "{name} {options}, little memory");
            prop_assert!(passes <= 3);
        }
    }
}

#[test]
fn tables_behind_too_much_data_need_another_pass() {
    // The second table of clusters is behind the first one's data.
    let mut disk = random(3, 5 << 20);
    disk.resize(600 << 20, 0);
    disk.extend(random(4, 1 << 20));
    let file = by_qemu(&disk, "qcow2", "", &[]);
    let once = StreamLimits {
        memory: 4 << 20,
        again: false,
        ..PLENTY
    };
    let error = passed(Format::Qcow, &file, 1 << 20, once).unwrap_err();
    assert_eq!(
        error.message(),
        "is a qcow2 disk whose tables are behind its data, and this source can be read only once"
    );
    let twice = StreamLimits {
        again: true,
        ..once
    };
    let (content, passes, _) = passed(Format::Qcow, &file, 1 << 20, twice).unwrap();
    assert!(content == disk);
    assert_eq!(passes, 2);
}

#[test]
fn tables_larger_than_the_memory_are_kept_packed() {
    // A table of 4 KiB for every 2 MiB of the disk, each with one cluster in use.
    let room = tempfile::tempdir().unwrap();
    let (raw, image) = (room.path().join("raw"), room.path().join("image"));
    let disk = std::fs::File::create(&raw).unwrap();
    disk.set_len(1 << 30).unwrap();
    for piece in 0..512u64 {
        let cluster = random(piece + 1, 4096);
        disk.write_all_at(&cluster, piece << 21).unwrap();
    }
    let [from, to] = [&raw, &image].map(|path| path.to_str().unwrap());
    let options = "cluster_size=4096";
    qemu_img(&[
        "convert", "-f", "raw", "-O", "qcow2", "-o", options, from, to,
    ]);
    let file = std::fs::read(&image).unwrap();
    let little = StreamLimits {
        memory: 128 << 10,
        ..PLENTY
    };
    let (content, passes, _) = passed(Format::Qcow, &file, 1 << 20, little).unwrap();
    for (piece, found) in (0..).zip(content.chunks(2 << 20)) {
        let (data, rest) = found.split_at(4096);
        assert!(data == random(piece + 1, 4096), "piece {piece}");
        assert!(sparse::zero::is_zero(rest), "piece {piece}");
    }
    assert_eq!(passes, 2);
}

#[test]
fn blocks_come_in_the_order_of_the_file() {
    let disk = random(5, 3 << 20);
    let file = by_qemu(&disk, "vdi", "", &[]);
    let (_, _, in_order) = passed(Format::Vdi, &file, 70_000, PLENTY).unwrap();
    assert!(in_order);
    let map = u32::from_le_bytes(file[340..344].try_into().unwrap()) as usize;
    let data = u32::from_le_bytes(file[344..348].try_into().unwrap()) as usize;
    // The blocks in reverse order, and the map to go with them.
    let mut reversed = patched(&file, map, &[2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    for block in 0..3 {
        let from = &disk[(2 - block) << 20..(3 - block) << 20];
        reversed = patched(&reversed, data + (block << 20), from);
    }
    let (content, passes, in_order) = passed(Format::Vdi, &reversed, 70_000, PLENTY).unwrap();
    assert!(content == disk);
    assert_eq!((passes, in_order), (1, false));
}

#[test]
fn a_stream_that_ends_early_is_corrupt() {
    let file = by_qemu(&random(6, 2 << 20), "vdi", "", &[]);
    let short = &file[..file.len() - 1000];
    let error = passed(Format::Vdi, short, 4096, PLENTY).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt, "{error}");
}
