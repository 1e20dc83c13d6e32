//! Block devices, by loop devices over files.

use testkit::machine::{Disk, Mount};

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk};

#[test]
fn a_device_full_of_old_data_reads_back_exactly() {
    for options in [&[][..], &["--sector-size", "4096"]] {
        let room = Room::new();
        let device = Disk::with_options(8 << 20, options);
        device.fill(0, &[0xaa; 8 << 20]);
        let mut disk = disk(6 << 20);
        disk.truncate((6 << 20) - 512);
        room.write("disk.img", &disk);
        let name = device.name();
        room.run(&format!("import disk.img --to {name} --force --verify"))
            .ok();
        assert!(
            device.bytes()[..disk.len()] == disk,
            "zeros are true ({options:?})"
        );
    }
}

#[test]
fn a_failed_import_leaves_a_device_that_holds_nothing_recognisable() {
    let room = Room::new();
    let device = Disk::new(8 << 20);
    room.write("disk.img", &disk(6 << 20));
    room.sh("gzip -k disk.img");
    let mut packed = room.read("disk.img.gz");
    let end = packed.len() - 8;
    packed[end] ^= 1;
    room.write("broken.gz", &packed);
    let ran = room.run(&format!("import broken.gz --to {}", device.name()));
    assert_eq!(ran.status, 3, "{}", ran.story());
    let head = &device.bytes()[..1 << 20];
    assert!(head.iter().all(|&byte| byte == 0), "no partition table");
}

#[test]
fn a_device_is_not_written_from_the_file_that_it_lies_in() {
    let room = Room::new();
    let mut told = Vec::new();
    let image = disk(6 << 20);
    room.write("disk.img", &image);
    let device = Disk::over(&room.path("disk.img"), &[]);
    let name = device.name();
    for (from, to) in [("disk.img", name), (name, "disk.img")] {
        told.push(
            room.run(&format!("import {from} --to {to} --force"))
                .failed(2),
        );
    }
    assert!(room.read("disk.img") == image, "untouched");
    assert_snapshot!(told);
}

#[test]
fn targets_that_must_not_be_written_are_refused_and_untouched() {
    let room = Room::new();
    let mut told = Vec::new();
    room.write("disk.img", &disk(6 << 20));
    let small = Disk::new(1 << 20);
    let name = small.name();
    told.push(room.run(&format!("import disk.img --to {name}")).failed(4));
    assert!(small.bytes() == [0; 1 << 20], "untouched");

    room.sh("truncate -s 16M fs; mke2fs -q -t ext4 fs");
    let before = room.read("fs");
    let device = Disk::over(&room.path("fs"), &[]);
    let name = device.name();
    told.push(room.run(&format!("import disk.img --to {name}")).failed(4));
    assert!(room.read("fs") == before, "untouched");

    let _mount = Mount::new(&["-o", "ro", name]);
    told.push(
        room.run(&format!("import disk.img --to {name} --force"))
            .failed(4),
    );
    assert!(room.read("fs") == before, "untouched");
    assert_snapshot!(told);
}

#[test]
fn a_device_is_a_source_too() {
    let room = Room::new();
    let disk = disk(2 << 20);
    let device = Disk::over(&room.write("device", &disk), &["-r"]);
    room.run(&format!("import {} --to out.img", device.name()))
        .ok();
    assert!(room.read("out.img") == disk);
}
