//! A disk in several files that count, by their names.

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// A disk as `disk.img` and as `disk.vmdk`, streamOptimized.
pub fn small(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.img disk.vmdk");
    disk
}

#[track_caller]
pub fn gives(room: &Room, line: &str, disk: &[u8], what: &str) -> serde_json::Value {
    let json = room.run(&format!("{line} --to out.img --json")).ok().json();
    assert!(room.read("out.img") == disk, "{what}");
    room.sh("rm out.img");
    json
}

/// Ways in which programs cut files, and the names of the first two parts.
const CUTS: [(&str, &str, &str); 7] = [
    (
        "split -b 2M -d -a 3 disk.img disk.img.",
        "disk.img.000",
        "disk.img.001",
    ),
    (
        "split -b 2M --numeric-suffixes=1 -a 3 disk.img disk.",
        "disk.001",
        "disk.002",
    ),
    (
        "split -b 2M disk.img disk.img.",
        "disk.img.aa",
        "disk.img.ab",
    ),
    (
        "split -b 2M disk.img disk.img.part",
        "disk.img.partaa",
        "disk.img.partab",
    ),
    ("split -b 2M disk.img", "xaa", "xab"),
    (
        "split -b 64K -d disk.vmdk disk.vmdk.",
        "disk.vmdk.00",
        "disk.vmdk.01",
    ),
    (
        "split -b 64K --numeric-suffixes=1 -a 3 disk.qcow2 disk.qcow2.",
        "disk.qcow2.001",
        "disk.qcow2.002",
    ),
];

#[test]
fn a_source_that_is_a_part_is_refused() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("qemu-img convert -f raw -O qcow2 disk.img disk.qcow2; mkdir d; mv disk.* d");
    for (cut, first, second) in CUTS {
        room.sh(&format!("cd d; {cut}"));
        for part in [first, second] {
            let line = format!("import d/{part} --to out.img");
            let part_of = format!("error: d/{part}: is one of ");
            room.run(&line).refused_for(3, &part_of);
            let raw = format!("{line} --format raw");
            room.run(&raw).refused_for(3, &part_of);
            assert!(!room.exists("out.img"), "{cut}");
        }
        let told = room.run(&format!("import d/{first} --to out.img"));
        let list = format!("parts of a file: {first} (");
        assert!(told.stderr.contains(&list), "{}", told.story());
        let join = told.stderr.split("cat ").nth(1).unwrap();
        let join = join.split(" |").next().unwrap().to_owned();
        let whole = room.sh(&format!("cd d; cat {join}"));
        let ran = room.run_with_input("import - --to out.img", &whole);
        ran.ok();
        assert!(room.read("out.img") == disk, "{cut}");
        room.sh("rm out.img; cd d; rm -f x?? disk.[0-9]* disk.*.*");
    }
}

#[test]
fn parts_in_an_archive_are_refused() {
    let room = Room::new();
    small(&room);
    room.sh("qemu-img convert -f raw -O qcow2 disk.img disk.qcow2");
    for (cut, first, _) in CUTS {
        room.sh(&format!(
            "mkdir d; cp disk.* d; cd d; {cut}; rm disk.img disk.vmdk disk.qcow2"
        ));
        let refused = format!("parts of a file: {first} (");
        for pack in [
            "cd d; tar -cf ../packed *",
            "cd d; tar -cf ../packed $(ls -r)",
            "cd d; tar -czf ../packed *",
            "cd d; zip -q ../p.zip *; mv ../p.zip ../packed",
        ] {
            room.sh(pack);
            for option in ["", " --member {}", " --format raw"] {
                let option = option.replace("{}", first);
                let line = format!("import packed --to out.img{option}");
                if option == " --format raw" && !first.contains("disk.img") {
                    continue;
                }
                room.run(&line).refused_for(3, &refused);
                assert!(!room.exists("out.img"), "{pack}");
            }
            room.run("import packed --to out-{disk}.img")
                .refused_for(3, &refused);
            let told = room.run("inspect packed").ok().out();
            assert!(told.contains("is one of "), "{pack}: {told}");
        }
        let ran = room.run_with_pipe("import - --to out.img", &room.read("packed"));
        assert_eq!(ran.status, 3, "{cut}: {}", ran.story());
        assert!(
            !room.exists("out.img") && !room.exists("out-0.img"),
            "{cut}"
        );
        room.sh("rm -r d");
    }
}

#[test]
fn flat_extents_without_their_descriptor_are_no_disk() {
    let room = Room::new();
    small(&room);
    room.sh("split -b 2M --numeric-suffixes=1 -a 3 --additional-suffix=.vmdk disk.img vm-f");
    let mut told = vec![room.run("import vm-f001.vmdk --to out.img").failed(3)];
    for members in ["vm-f001.vmdk vm-f002.vmdk", "vm-f002.vmdk vm-f001.vmdk"] {
        room.sh(&format!("tar -cf packed {members}"));
        told.push(room.run("import packed --to out.img").failed(3));
        let pipe = room.run_with_pipe("import - --to out.img", &room.read("packed"));
        told.push(pipe.failed(3));
        assert!(!room.exists("out.img"), "{members}");
    }
    room.sh("rm vm-f002.vmdk; tar -cf packed vm-f001.vmdk");
    room.run("import packed --to out.img --format raw").ok();
    assert_snapshot!(told);
}

#[test]
fn files_that_are_numbered_and_whole_are_disks() {
    let room = Room::new();
    let disk = small(&room);
    for (one, two) in [
        ("backup.img.01", "backup.img.02"),
        ("disk.1", "disk.2"),
        ("v.vmdk.1", "v.vmdk.2"),
    ] {
        let from = if one.starts_with('v') {
            "disk.vmdk"
        } else {
            "disk.img"
        };
        room.sh(&format!(
            "cp {from} {one}; cp {from} {two}; tar -cf packed {one} {two}"
        ));
        gives(&room, &format!("import {one}"), &disk, one);
        gives(&room, &format!("import packed --member {two}"), &disk, two);
        room.run("import packed --to out-{disk}.img").ok();
        assert!(room.read("out-1.img") == disk, "{one}");
        room.sh("rm out-*");
    }
    // What OpenNebula keeps beside a disk: a file system.
    room.sh("truncate -s 2M disk.2; mkfs.ext4 -q disk.2");
    gives(&room, "import disk.1", &disk, "a file system beside it");
    room.sh("split -b 2M -d disk.img backup.img.; tar -cf packed backup.img.00 backup.img.01; mkdir d; cp backup.img.00 d");
    gives(
        &room,
        "import d/backup.img.00",
        &disk[..2 << 20],
        "no sibling",
    );
}

#[test]
fn a_part_that_virtual_pc_made_is_refused() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("qemu-img convert -f raw -O vpc -o subformat=fixed,force_size disk.img whole; split -b 2M whole; mv xaa vm.vhd; mv xab vm.v01; mv xac vm.v02");
    room.run("import vm.vhd --to out.img")
        .refused_for(3, "error: vm.vhd: is one of 3 parts of a file: vm.vhd (");
    let told = room.run("import vm.v01 --to out.img");
    assert!(
        told.stderr.contains("cat vm.vhd vm.v[0-9]?"),
        "{}",
        told.story()
    );
    room.sh("tar -cf packed vm.v*");
    room.run("import packed --to out.img")
        .refused_for(3, ": is one of 3 parts of a file: vm.vhd (");
    assert!(!room.exists("out.img"));
    let joined = room.sh("cat vm.vhd vm.v[0-9]?");
    room.run_with_input("import - --to out.img", &joined).ok();
    assert!(room.read("out.img") == disk);
}
