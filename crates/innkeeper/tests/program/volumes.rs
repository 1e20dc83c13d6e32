//! Logical volumes, over stand-ins for LVM's programs: there is no device mapper where tests run. A
//! real LVM is the testbed's matter.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use testkit::machine::{Disk, FakeLvm};

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk};

const MIB: usize = 1 << 20;

/// A room on a machine with a volume group. Its name is another one each time, for the group is in
/// the real `/dev`; commands and messages call it `vg0`.
struct Scene {
    room: Room,
    lvm: FakeLvm,
}

impl Scene {
    /// The group has `free` bytes and no volumes; in the room is a disk of 6 MiB, plain and packed.
    fn new(free: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let group = format!("ik-test-{}-{count}", std::process::id());
        let room = Room::new();
        room.write("disk.img", &disk(6 * MIB));
        room.sh("gzip -nk disk.img; tar -czf guest.tar.gz disk.img");
        Scene {
            room,
            lvm: FakeLvm::with_group(&group, Path::new("/dev"), free as u64),
        }
    }

    fn innkeeper(&self, line: &str) -> Command {
        let line = line.replace("vg0", self.lvm.group());
        let mut command = self.room.innkeeper(line.split_whitespace());
        let mut path = self.lvm.programs().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path);
        command
    }

    fn run(&self, line: &str) -> Ran {
        self.ran(self.innkeeper(line).output())
    }

    fn ran(&self, output: std::io::Result<std::process::Output>) -> Ran {
        let mut ran = Ran::of(output);
        ran.stderr = ran.stderr.replace(self.lvm.group(), "vg0");
        ran
    }

    /// What LVM was told to change.
    fn changes(&self) -> Vec<String> {
        let changes = self.lvm.changes().into_iter();
        changes
            .map(|line| line.replace(self.lvm.group(), "vg0"))
            .collect()
    }

    /// Everything on the volume.
    fn volume(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.lvm.node(name)).unwrap()
    }

    /// Neither created nor removed anything.
    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(self.changes(), [] as [&str; 0]);
        assert!(!self.lvm.has("web01"));
    }

    /// Created `web01` and removed it again.
    #[track_caller]
    fn assert_removed(&self) {
        assert_eq!(
            self.changes(),
            [
                "lvcreate -y -n web01 -Wy -Zy -L 8388608b vg0",
                "lvremove -f vg0/web01"
            ]
        );
        assert!(!self.lvm.has("web01") && !self.lvm.node("web01").exists());
    }
}

#[test]
fn a_missing_volume_is_created_with_the_disks_size_and_reads_back_exactly() {
    let scene = Scene::new(64 * MIB);
    let ran = scene.run("import guest.tar.gz --to lv:vg0/web01 --verify");
    let text = String::from_utf8(ran.ok().stdout).unwrap();
    let name = format!("lv:{}/web01", scene.lvm.group());
    assert!(text.contains(&name), "{text}");
    assert_eq!(
        scene.changes(),
        ["lvcreate -y -n web01 -Wy -Zy -L 8388608b vg0"]
    );
    let volume = scene.volume("web01");
    assert_eq!(volume.len(), 8 * MIB, "whole extents");
    assert!(
        volume[..6 * MIB] == disk(6 * MIB),
        "zeros are true over old data"
    );
    assert!(
        volume[6 * MIB..7 * MIB]
            .iter()
            .all(|&byte| byte == FakeLvm::OLD_DATA)
    );

    scene.run("import lv:vg0/web01 --to back.img").ok();
    assert!(scene.room.read("back.img") == volume, "it is a source too");
}

#[test]
fn a_missing_thin_volume_is_created_in_its_pool() {
    let scene = Scene::new(0);
    scene.lvm.declare("pool", "twi-aotz--", "");
    scene
        .run("import guest.tar.gz --to lv:vg0/pool/web01 --verify")
        .ok();
    assert_eq!(
        scene.changes(),
        ["lvcreate -y -n web01 -V 8388608b --thinpool pool vg0"]
    );
    let volume = scene.volume("web01");
    assert!(volume[..6 * MIB] == disk(6 * MIB));
    assert!(volume[6 * MIB..].iter().all(|&byte| byte == 0));
}

#[test]
fn a_disk_whose_size_shows_only_at_its_end_needs_one_for_a_new_volume() {
    let scene = Scene::new(64 * MIB);
    assert_snapshot!(scene.run("import disk.img.gz --to lv:vg0/web01").failed(4));
    scene.assert_untouched();
    scene
        .run("import disk.img.gz --to lv:vg0/web01 --size 7M")
        .ok();
    let volume = scene.volume("web01");
    assert_eq!(volume.len(), 8 * MIB, "whole extents");
    assert!(volume[..6 * MIB] == disk(6 * MIB));
    assert!(
        volume[6 * MIB..7 * MIB].iter().all(|&byte| byte == 0),
        "padded with zeros"
    );
}

#[test]
fn a_volume_created_for_a_disk_that_turns_out_larger_is_removed_again() {
    let scene = Scene::new(64 * MIB);
    assert_snapshot!(
        scene
            .run("import disk.img.gz --to lv:vg0/web01 --size 5M")
            .failed(4)
    );
    scene.assert_removed();
}

#[test]
fn a_volume_created_for_a_corrupt_stream_is_removed_again() {
    let scene = Scene::new(64 * MIB);
    let mut packed = scene.room.read("disk.img.gz");
    let trailer = packed.len() - 8;
    packed[trailer] ^= 1;
    scene.room.write("broken.gz", &packed);
    assert_snapshot!(
        scene
            .run("import broken.gz --to lv:vg0/web01 --size 8M")
            .failed(3)
    );
    scene.assert_removed();
}

#[test]
fn a_created_volume_that_cannot_be_removed_is_named() {
    let scene = Scene::new(64 * MIB);
    let packed = scene.room.read("disk.img.gz");
    scene.room.write("cut.gz", &packed[..packed.len() - 4]);
    scene.lvm.refuse_removal();
    assert_snapshot!(
        scene
            .run("import cut.gz --to lv:vg0/web01 --size 8M")
            .failed(3)
    );
    assert!(scene.lvm.has("web01"));
}

/// An import of a pipe that has delivered part of a disk and then stays silent; it has begun to
/// write to `web01` when this returns.
fn halfway(scene: &Scene) -> Child {
    let mut child = scene
        .innkeeper("import - --to lv:vg0/web01 --size 8M")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = child.stdin.as_mut().unwrap();
    pipe.write_all(&disk(4 * MIB)).unwrap();
    let node = scene.lvm.node("web01");
    // Its head is cleared at first.
    while std::fs::read(&node).map_or(true, |bytes| bytes[0] == FakeLvm::OLD_DATA) {
        assert!(child.try_wait().unwrap().is_none(), "it waits for more");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_volume_created_by_an_interrupted_import_is_removed_again() {
    let scene = Scene::new(64 * MIB);
    let mut child = halfway(&scene);
    scene.room.sh(&format!("kill -TERM {}", child.id()));
    // The pipe stays open: the program must not wait for its source.
    let silence = child.stdin.take();
    let ran = scene.ran(child.wait_with_output());
    drop(silence);
    assert_snapshot!(ran.failed(1));
    scene.assert_removed();
}

#[test]
fn a_dry_run_creates_nothing() {
    let scene = Scene::new(64 * MIB);
    let ran = scene
        .run("import guest.tar.gz --to lv:vg0/web01 --dry-run")
        .ok();
    let text = String::from_utf8(ran.stdout).unwrap();
    let plan = format!("creates volume {}/web01 of 8.0 MiB", scene.lvm.group());
    assert!(text.contains(&plan), "{text}");
    scene.assert_untouched();
}

#[test]
fn a_new_volume_takes_no_format_and_a_dry_run_says_so() {
    let mut told = Vec::new();
    let scene = Scene::new(64 * MIB);
    for more in ["", " --dry-run", " --size 8M --dry-run"] {
        told.push(
            scene
                .run(&format!(
                    "convert disk.img lv:vg0/web01 --format qcow2{more}"
                ))
                .failed(4),
        );
    }
    scene.assert_untouched();
    assert_snapshot!(told);
}

#[test]
fn a_group_without_room_is_refused() {
    let mut told = Vec::new();
    let scene = Scene::new(6 * MIB);
    for line in [
        "import guest.tar.gz --to lv:vg0/web01",
        "import disk.img.gz --to lv:vg0/web01 --size 6M",
        "import guest.tar.gz --to lv:vg0/web01 --dry-run",
    ] {
        told.push(scene.run(line).failed(4));
        scene.assert_untouched();
    }
    assert_snapshot!(told);
}

#[test]
fn a_pool_or_a_group_that_is_not_there_is_refused() {
    let mut told = Vec::new();
    let scene = Scene::new(64 * MIB);
    told.push(
        scene
            .run("import guest.tar.gz --to lv:vg0/pool/web01")
            .failed(4),
    );
    told.push(
        scene
            .run("import guest.tar.gz --to lv:vg0x/web01")
            .failed(4),
    );
    scene.assert_untouched();
    assert_snapshot!(told);
}

#[test]
fn an_existing_volume_that_is_too_small_is_refused_and_untouched() {
    let mut told = Vec::new();
    let scene = Scene::new(64 * MIB);
    let device = Disk::new(4 << 20);
    scene.lvm.attach("old", "-wi-a-----", "", &device);
    for line in [
        "import guest.tar.gz --to lv:vg0/old",
        "import guest.tar.gz --to lv:vg0/old --force",
    ] {
        told.push(scene.run(line).failed(4));
        assert!(device.bytes() == [0; 4 * MIB]);
    }
    scene.assert_untouched();
    assert_snapshot!(told);
}

#[test]
fn an_existing_volume_that_holds_something_is_overwritten_only_by_force() {
    let scene = Scene::new(0);
    scene.room.sh("truncate -s 16M fs; mke2fs -q -t ext4 fs");
    let device = Disk::over(&scene.room.path("fs"), &[]);
    scene.lvm.attach("old", "-wi-a-----", "", &device);
    let before = device.bytes();
    assert_snapshot!(scene.run("import guest.tar.gz --to lv:vg0/old").failed(4));
    assert!(device.bytes() == before);

    scene
        .run("import guest.tar.gz --to lv:vg0/old --force --verify")
        .ok();
    assert!(device.bytes()[..6 * MIB] == disk(6 * MIB));
    assert_eq!(scene.changes(), [] as [&str; 0]);
}

#[test]
fn an_existing_volume_is_never_removed() {
    let scene = Scene::new(0);
    let device = Disk::new(8 << 20);
    scene.lvm.attach("old", "-wi-a-----", "", &device);
    let packed = scene.room.read("disk.img.gz");
    scene.room.write("cut.gz", &packed[..packed.len() - 4]);
    assert_snapshot!(scene.run("import cut.gz --to lv:vg0/old").failed(3));
    assert_eq!(scene.changes(), [] as [&str; 0]);
    assert!(device.bytes()[..MIB].iter().all(|&byte| byte == 0));
}
