//! Block devices, by loop devices over files.

use std::path::PathBuf;

use crate::support::{Room, disk, sh_in};

/// A loop device over a file, detached with the value.
pub struct Loop {
    pub path: String,
}

impl Loop {
    pub fn over(file: PathBuf, options: &str) -> Self {
        let script = format!("losetup {options} --show -f {}", file.display());
        let path = String::from_utf8(sh_in(std::path::Path::new("/"), &script)).unwrap();
        Loop {
            path: path.trim().to_owned(),
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = std::process::Command::new("losetup")
            .args(["-d", &self.path])
            .status();
    }
}

#[test]
fn a_device_full_of_old_data_reads_back_exactly() {
    for options in ["", "--sector-size 4096"] {
        let room = Room::new();
        let device = Loop::over(room.write("device", &[0xaa; 8 << 20]), options);
        let mut disk = disk(6 << 20);
        disk.truncate((6 << 20) - 512);
        room.write("disk.img", &disk);
        room.run(&format!(
            "import disk.img --to {} --force --verify",
            device.path
        ))
        .ok();
        let device = std::fs::read(&device.path).unwrap();
        assert!(device[..disk.len()] == disk, "zeros are true ({options})");
    }
}

#[test]
fn a_failed_import_leaves_a_device_that_holds_nothing_recognisable() {
    let room = Room::new();
    let device = Loop::over(room.write("device", &[0; 8 << 20]), "");
    room.write("disk.img", &disk(6 << 20));
    room.sh("gzip -k disk.img");
    let mut packed = room.read("disk.img.gz");
    let end = packed.len() - 8;
    packed[end] ^= 1;
    room.write("broken.gz", &packed);
    let ran = room.run(&format!("import broken.gz --to {}", device.path));
    assert_eq!(ran.status, 3, "{}", ran.story());
    let head = &std::fs::read(&device.path).unwrap()[..1 << 20];
    assert!(head.iter().all(|&byte| byte == 0), "no partition table");
}

#[test]
fn targets_that_must_not_be_written_are_refused_and_untouched() {
    let room = Room::new();
    room.write("disk.img", &disk(6 << 20));
    let small = Loop::over(room.write("small", &[0; 1 << 20]), "");
    room.run(&format!("import disk.img --to {}", small.path))
        .refused(
            4,
            &format!(
                "error: {} holds 1.0 MiB, the disk needs 6.0 MiB\nhint: give a larger target",
                small.path
            ),
        );
    room.sh("truncate -s 16M fs; mke2fs -q -t ext4 fs; mkdir mnt");
    let before = room.read("fs");
    let device = Loop::over(room.path("fs"), "");
    let ran = room.run(&format!("import disk.img --to {}", device.path));
    assert_eq!(ran.status, 4, "{}", ran.story());
    assert!(ran.stderr.contains("ext4"), "{}", ran.story());
    assert!(room.read("fs") == before, "untouched");

    room.sh(&format!("mount -o ro {} mnt", device.path));
    let ran = room.run(&format!("import disk.img --to {} --force", device.path));
    room.sh("umount mnt");
    assert_eq!(ran.status, 4, "{}", ran.story());
    assert!(ran.stderr.contains("mounted"), "{}", ran.story());
    assert!(room.read("fs") == before, "untouched");
    assert_eq!(room.read("small"), [0; 1 << 20]);
}

#[test]
fn a_device_is_a_source_too() {
    let room = Room::new();
    let disk = disk(2 << 20);
    let device = Loop::over(room.write("device", &disk), "-r");
    room.run(&format!("import {} --to out.img", device.path))
        .ok();
    assert!(room.read("out.img") == disk);
}
