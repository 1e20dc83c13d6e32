//! Files that want to do harm: every one is refused with status 3, quickly, and leaves nothing.

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk};

#[track_caller]
fn refused(room: &Room, name: &str) -> Ran {
    let before = room.names();
    let ran = room.run(&format!("import {name} --to out.img")).failed(3);
    assert_eq!(room.names(), before, "{name} leaves nothing behind");
    ran
}

#[test]
fn known_formats_are_named_and_never_written_as_raw() {
    let room = Room::new();
    let mut told = Vec::new();
    for format in ["qed", "parallels"] {
        room.sh(&format!("qemu-img create -q -f {format} image 8M"));
        told.push(refused(&room, "image"));
        room.sh("tar -czf image.tar.gz image; rm image");
        told.push(refused(&room, "image.tar.gz"));
        room.sh("rm image.tar.gz");
    }
    room.sh("qemu-img create -q -f qcow2 image 8M");
    let ran = room.run("import image --to out.img --format raw");
    told.push(ran.failed(3));
    let ran = room.run("import image --to out.img --format vdi");
    told.push(ran.failed(3));
    assert_snapshot!(told);
}

#[test]
fn a_file_that_reads_in_two_ways_is_refused() {
    let room = Room::new();
    let mut tar = {
        room.write("QFI\u{fb}", b"");
        room.write("disk.img", &disk(1 << 20));
        room.sh("tar -cf both disk.img");
        room.read("both")
    };
    // A tar whose first member's name begins like a qcow2 header; the checksum is made to agree.
    tar[..4].copy_from_slice(b"QFI\xfb");
    tar[148..156].fill(b' ');
    let sum: u32 = tar[..512].iter().map(|&byte| u32::from(byte)).sum();
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    room.write("both", &tar);
    assert_snapshot!(refused(&room, "both"));
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let room = Room::new();
    let whole = disk(1 << 20);
    room.write("disk.img", &whole);
    for tool in ["gzip", "xz", "zstd -q", "bzip2", "lz4 -q"] {
        let packed = room.sh(&format!("{tool} < disk.img"));
        for i in 0..8 {
            let mut broken = packed.clone();
            let at = 20 + i * (broken.len() - 24) / 8;
            broken[at] ^= 1 << i;
            room.write("broken", &broken);
            let ran = room.run("import broken --to out.img");
            assert_eq!(ran.status, 3, "{tool} at byte {at}: {}", ran.story());
            assert!(!room.exists("out.img"));
        }
    }
}

#[test]
fn trailing_garbage_is_refused() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    for pack in ["gzip", "xz", "zstd -q", "bzip2", "lz4 -q"] {
        room.sh(&format!(
            "{pack} < disk.img > packed; echo garbage behind it >> packed"
        ));
        let ran = room.run("import packed --to out.img");
        assert_eq!(ran.status, 3, "{pack}: {}", ran.story());
        assert!(!room.exists("out.img"));
    }
    room.sh("tar -cf packed disk.img; echo garbage >> packed");
    assert_snapshot!(refused(&room, "packed"));
    room.sh("rm packed; zip -q packed.zip disk.img; echo garbage >> packed.zip");
    refused(&room, "packed.zip").refused_for(3, "garbage");
}

#[test]
fn bombs_meet_a_limit_that_can_be_raised() {
    let room = Room::new();
    room.sh("truncate -s 2G disk.img; printf x | dd of=disk.img conv=notrunc status=none");
    for tool in ["gzip -1", "xz -0", "zstd -q", "lz4 -q"] {
        room.sh(&format!("{tool} < disk.img > bomb"));
        let ran = room.run("import bomb --to out.img --max-size 1G --format raw");
        assert_eq!(ran.status, 3, "{tool}: {}", ran.story());
        assert!(
            ran.stderr.contains("hint: give --max-size"),
            "{tool}: {}",
            ran.story()
        );
        assert!(!room.exists("out.img"));
        room.run("import bomb --to out.img --max-size 2G --format raw --quiet")
            .ok();
        room.sh("rm out.img bomb");
    }
    room.sh("for i in 1 2 3 4 5 6 7 8 9; do gzip -c disk.img.in 2>/dev/null > x || head -c 4096 /dev/zero | gzip > x; mv x disk.img.in; done; mv disk.img.in deep");
    assert_snapshot!(refused(&room, "deep"));
}

#[test]
fn archives_that_multiply_meet_a_limit() {
    let room = Room::new();
    room.sh("echo x > leaf; zip -q 0.zip leaf
         for level in 1 2 3 4; do
             for i in $(seq 25); do cp $((level - 1)).zip $level-$i.zip; done
             zip -q $level.zip $level-*.zip; rm $level-*.zip
         done; rm leaf 0.zip 1.zip 2.zip 3.zip");
    refused(&room, "4.zip").refused_for(3, "holds more than 10000 packed files");
}

#[test]
fn decoys_do_not_hide_a_second_disk() {
    let room = Room::new();
    room.write("a.img", &disk(1 << 20));
    room.sh(
        "mkdir x y; cp a.img x; cp a.img y; truncate -s 512 decoy; printf '\\x55\\xaa' | dd of=decoy bs=1 seek=510 conv=notrunc status=none
         tar -cf decoys.tar x/a.img; for i in $(seq 1100); do echo decoy; done > list
         tar -rf decoys.tar -T list; tar -rf decoys.tar y/a.img; rm -r x y decoy list",
    );
    let ran = room.run("import decoys.tar --to out.img --member a.img");
    assert_snapshot!(ran.failed(3));
}

#[test]
fn a_member_nobody_wants_does_not_matter() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("a.img", &disk);
    room.sh("qemu-img create -q -f qcow2 b.qcow2 8M; tar -cf both.tar b.qcow2 a.img");
    room.run("import both.tar --to out.img --member a.img --format raw")
        .ok();
    assert!(room.read("out.img") == disk);
}
