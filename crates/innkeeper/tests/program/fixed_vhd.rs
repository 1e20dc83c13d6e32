//! Fixed VHDs, as Azure takes them.

use testkit::machine::Disk;

use crate::convert::sources;
use crate::support::{Room, disk};

#[test]
fn a_fixed_vhd_fits_a_device_that_ends_with_it() {
    let room = Room::new();
    sources(&room);
    let device = Disk::new((4 << 20) + 512);
    let name = device.name();
    let line = format!("convert source.vmdk {name} --format vhd -o subformat=fixed --verify");
    room.run(&line).ok();
    room.sh(&format!(
        "qemu-img compare -q -f raw -F vpc disk.img {name}"
    ));
    assert!(device.bytes()[..4 << 20] == room.read("disk.img"));
}

#[test]
fn a_fixed_vhd_has_whole_mebibytes() {
    let room = Room::new();
    let mut disk = disk(3 << 20);
    disk.truncate((3 << 20) - 4608);
    room.write("disk.img", &disk);
    for line in [
        "convert disk.img out.vhd -o subformat=fixed --verify",
        "convert disk.img - --format vhd -o subformat=fixed --quiet",
    ] {
        let ran = room.run(line).ok();
        let file = match ran.stdout.len() {
            len if len < 4096 => room.read("out.vhd"),
            _ => ran.stdout,
        };
        assert_eq!(file.len(), (3 << 20) + 512, "{line}");
        assert!(file.starts_with(&disk), "{line}");
        let (padding, footer) = file[disk.len()..].split_at(4608);
        assert!(padding.iter().all(|&byte| byte == 0), "{line}");
        assert_eq!(footer[..8], *b"conectix");
        assert_eq!(footer[48..56], (3u64 << 20).to_be_bytes());
    }
    let info = room.sh("qemu-img info --output json -f vpc out.vhd");
    let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info["virtual-size"], 3 << 20);
    let json = room.run("inspect out.vhd --json").ok().json();
    assert_eq!(json["disks"][0]["variant"], "fixed");
}

#[test]
fn a_fixed_vhd_keeps_its_holes() {
    let room = Room::new();
    room.sh("truncate -s 1G disk.img");
    room.sh("printf '\\x55\\xaa' | dd of=disk.img bs=1 seek=510 conv=notrunc status=none");
    room.run("convert disk.img out.vhd -o subformat=fixed").ok();
    assert!(crate::support::allocated(&room.path("out.vhd")) < 1 << 20);
}
