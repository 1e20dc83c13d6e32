//! Images that a safe importer refuses: each breaks one thing and meets one message, from a file as from
//! a pipe, and leaves nothing.

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk, write_sparse};

/// Sound images of a disk of 4 MiB, to be broken.
fn sound() -> Room {
    let room = Room::new();
    write_sparse(&room.path("disk.img"), &disk(4 << 20));
    room.sh(
        "make() { qemu-img convert -f raw -O \"${@:2}\" disk.img $1; }
         make qcow2 qcow2; make packed qcow2 -c; make vdi vdi; make vhd vpc -o force_size=on
         make fixed vpc -o subformat=fixed,force_size=on; make vhdx vhdx; make vmdk vmdk",
    );
    room.run("convert disk.img stream --format vmdk --quiet")
        .ok();
    room
}

/// The image called `from` with `bytes` at `offset`, as `bad`.
fn broken(room: &Room, from: &str, changes: &[(usize, &[u8])]) {
    let mut image = room.read(from);
    for (offset, bytes) in changes {
        image[*offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    room.write("bad", &image);
}

/// A number in an image, 8 bytes, the first one highest.
fn number(image: &[u8], offset: usize) -> u64 {
    u64::from_be_bytes(image[offset..offset + 8].try_into().unwrap())
}

#[track_caller]
fn refused_from_file(room: &Room, expected: &str) {
    let before = room.names();
    room.run("import bad --to out.img")
        .refused(3, &format!("error: bad: {expected}"));
    assert_eq!(room.names(), before);
}

#[track_caller]
fn refused_from_pipe(room: &Room, expected: &str) {
    let before = room.names();
    room.run_with_pipe("import - --to out.img", &room.read("bad"))
        .refused(3, &format!("error: -: {expected}"));
    assert_eq!(room.names(), before);
}

/// What is said of the bad image, from a file and but for its name the same from a pipe.
#[track_caller]
fn refused(room: &Room) -> Ran {
    let before = room.names();
    let file = room.run("import bad --to out.img").failed(3);
    let pipe = room.run_with_pipe("import - --to out.img", &room.read("bad"));
    assert_eq!(pipe.failed(3).stderr, file.stderr.replacen("bad", "-", 1));
    assert_eq!(room.names(), before);
    file
}

#[test]
fn images_that_lie_on_others_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    for script in [
        "qemu-img create -q -u -f qcow2 -b /etc/passwd -F raw bad 8M",
        "qemu-img create -q -f qcow2 -o data_file=data.raw,data_file_raw=on bad 8M; rm data.raw",
        "qemu-img create -q -f vmdk -b vmdk -F vmdk bad",
    ] {
        room.sh(&format!("rm -f bad; {script}"));
        told.push(refused(&room));
    }
    broken(&room, "vdi", &[(0x4c, &4u32.to_le_bytes())]);
    told.push(refused(&room));
    assert_snapshot!(told);
}

#[test]
fn versions_features_and_encryption_that_are_not_read_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    for script in [
        "qemu-img create -q -f qcow bad 8M",
        "qemu-img create -q -f qed bad 8M",
        "qemu-img create -q --object secret,id=s,data=x -f qcow2 \
                 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 bad 8M",
    ] {
        room.sh(&format!("rm -f bad; {script}"));
        told.push(refused(&room));
    }
    for (offset, bytes) in [
        (4, &9u32.to_be_bytes()[..]),
        (72, &(1u64 << 63).to_be_bytes()),
        (72, &2u64.to_be_bytes()),
    ] {
        broken(&room, "qcow2", &[(offset, bytes)]);
        told.push(refused(&room));
    }
    assert_snapshot!(told);
}

#[test]
fn descriptors_that_name_other_files_are_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    let descriptor = |extents: &str| {
        format!(
            "# Disk DescriptorFile\nversion=1\nCID=11111111\nparentCID=ffffffff\n\
             createType=\"monolithicFlat\"\n\n{extents}\nddb.adapterType = \"ide\"\n"
        )
    };
    for extents in [
        "RW 2048 FLAT \"/etc/passwd\" 0",
        "RW 2048 FLAT \"../x\" 0",
        "RW 2048 FLAT \"/dev/sda\" 0",
        "",
        "RW 2048 FLAT \"x\" 0\nfrobnicate the disk",
        "RW 9223372036854775808 FLAT \"x\" 0",
    ] {
        room.write("bad", descriptor(extents).as_bytes());
        told.push(refused(&room));
    }
    assert_snapshot!(told);
}

#[test]
fn a_stream_whose_end_contradicts_its_beginning_is_refused() {
    let room = sound();
    let stream = room.read("stream");
    let (footer, end) = (stream.len() - 1024, stream.len() - 512);
    broken(&room, "stream", &[(footer + 12, &99u64.to_le_bytes())]);
    let expected = format!("has a footer at byte {footer} that disagrees with its header");
    refused_from_file(&room, &expected);
    let ran = room.run_with_pipe("import - --to out.img", &room.read("bad"));
    assert_eq!(ran.status, 3, "{}", ran.story());

    broken(&room, "stream", &[(end, &7u64.to_le_bytes())]);
    let cut = "does not end with a footer and an end-of-stream marker: it is cut off or damaged";
    refused_from_file(&room, cut);
    refused_from_pipe(
        &room,
        &format!(
            "has a marker at byte {end} that claims 7 sectors for its end of the stream, and not 0"
        ),
    );

    room.write("bad", &stream[..end]);
    refused_from_file(&room, cut);
    refused_from_pipe(
        &room,
        &format!("ends at byte {end}, in the middle of a marker"),
    );
    assert!(!room.exists("out.img"));
}

#[test]
fn a_disk_above_a_limit_is_refused() {
    let room = sound();
    let mut told = Vec::new();
    room.sh("qemu-img create -q -f qcow2 bad 100T");
    told.push(refused(&room));
    for image in [
        "qcow2", "packed", "vdi", "vhd", "fixed", "vhdx", "vmdk", "stream",
    ] {
        told.push(
            room.run(&format!("import {image} --to out.img --max-size 1M"))
                .failed(3),
        );
        assert!(!room.exists("out.img"), "{image}");
    }
    assert_snapshot!(told);
}

#[test]
fn packed_clusters_that_are_damaged_are_refused() {
    let room = sound();
    let image = room.read("packed");
    let l1 = number(&image, 40) as usize;
    let l2 = number(&image, l1) as usize & 0x00ff_ffff_ffff_fe00;
    let cluster = number(&image, l2) as usize & ((1 << 54) - 1);
    broken(&room, "packed", &[(cluster + 1, &[0xff; 8])]);
    let expected = format!("unit at byte {cluster}: its deflate data is damaged");
    refused_from_file(&room, &expected);
    refused_from_pipe(&room, &expected);
}

#[test]
fn tables_that_point_anywhere_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    let qcow2 = room.read("qcow2");
    let size = qcow2.len();
    let l1 = number(&qcow2, 40) as usize;
    let l2 = number(&qcow2, l1) as usize & 0x00ff_ffff_ffff_fe00;
    let used = |offset: u64| (1u64 << 63 | offset).to_be_bytes();
    for (offset, entry, expected) in [
        (
            l1,
            used(1 << 40),
            format!(
                "L2 table 0 at byte {} is outside the file, which has {size} bytes",
                1u64 << 40
            ),
        ),
        (
            l1,
            used(l1 as u64),
            format!("L2 table 0 at byte {l1} overlaps the header or another table"),
        ),
        (
            l2,
            used(1 << 50),
            format!(
                "cluster at byte 0 of the disk, stored at byte {} is outside the file, which has {size} bytes",
                1u64 << 50
            ),
        ),
        (
            l2,
            used(0),
            "cluster at byte 0 of the disk is marked as in use, but has no offset".into(),
        ),
        (
            l2,
            used(l2 as u64),
            format!(
                "cluster at byte 0 of the disk, stored at byte {l2}, overlaps the header or another table"
            ),
        ),
        (
            40,
            (1u64 << 40).to_be_bytes(),
            format!(
                "the L1 table at byte {} is outside the file, which has {size} bytes",
                1u64 << 40
            ),
        ),
        (
            40,
            0xffff_ffff_ffff_f000u64.to_be_bytes(),
            "the L1 table at byte 18446744073709547520 does not begin at a multiple of 65536 bytes"
                .into(),
        ),
    ] {
        broken(&room, "qcow2", &[(offset, &entry)]);
        refused_from_file(&room, &expected);
        let ran = room.run_with_pipe("import - --to out.img", &room.read("bad"));
        assert_eq!(ran.status, 3, "{expected}: {}", ran.story());
        assert!(!room.exists("out.img"));
    }
    broken(&room, "qcow2", &[(36, &[0xff; 4])]);
    told.push(refused(&room));
    broken(&room, "qcow2", &[(20, &63u32.to_be_bytes())]);
    told.push(refused(&room));
    assert_snapshot!(told);
}

#[test]
fn blocks_that_lie_outside_or_on_each_other_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    let vdi = room.read("vdi");
    let size = vdi.len();
    let third = vdi[512 + 8..512 + 12].to_vec();
    broken(&room, "vdi", &[(512, &0x7f_ffffu32.to_le_bytes())]);
    refused_from_file(
        &room,
        &format!(
            "block 0 at bytes 8796091974656 to 8796093023232 is outside the file, which has {size} bytes"
        ),
    );
    refused_from_pipe(
        &room,
        &format!("ends at byte {size}, and its tables say that data goes on to byte 8796091974656"),
    );
    broken(&room, "vdi", &[(512, &third)]);
    told.push(refused(&room));
    broken(&room, "vdi", &[(0x154, &0xffff_fe00u32.to_le_bytes())]);
    told.push(refused(&room));
    let size = room.read("vhd").len();
    broken(&room, "vhd", &[(1536, &0x7fff_ffffu32.to_be_bytes())]);
    refused_from_file(
        &room,
        &format!(
            "block 0 at bytes 1099511627264 to 1099513724928 is outside the file, which has {size} bytes"
        ),
    );
    refused_from_pipe(
        &room,
        &format!("ends at byte {size}, and its tables say that data goes on to byte 1099511627264"),
    );
    broken(&room, "vhd", &[(512 + 40, &9u32.to_be_bytes())]);
    told.push(refused(&room));
    assert_snapshot!(told);
}

/// Sets the size in the footers of a VHD that are at `at`, and their checksums.
fn resized_vhd(room: &Room, from: &str, at: &[usize], size: u64) {
    let mut image = room.read(from);
    for &at in at {
        let footer = &mut image[at..at + 512];
        footer[48..56].copy_from_slice(&size.to_be_bytes());
        footer[64..68].fill(0);
        let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
        footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
    }
    room.write("bad", &image);
}

/// The sizes that are tried everywhere: 2^63, the largest number, and no multiple of a sector.
const ENORMOUS: u64 = 1 << 63;
const ODD: u64 = (4 << 20) - 100;

#[test]
fn sizes_of_qcow2_and_vdi_that_cannot_be_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    for size in [ENORMOUS, u64::MAX] {
        broken(&room, "qcow2", &[(24, &size.to_be_bytes())]);
        told.push(refused(&room));
        broken(&room, "vdi", &[(0x170, &size.to_le_bytes())]);
        told.push(refused(&room));
    }
    // What is no multiple of a sector is a disk all the same, to the byte.
    let disk = room.read("disk.img");
    for (name, offset, bytes) in [
        ("qcow2", 24, ODD.to_be_bytes()),
        ("vdi", 0x170, ODD.to_le_bytes()),
    ] {
        broken(&room, name, &[(offset, &bytes)]);
        room.run("import bad --to out.img --verify").ok();
        assert!(room.read("out.img") == disk[..ODD as usize], "{name}");
        room.run_with_pipe("import - --to out.img --force", &room.read("bad"))
            .ok();
        assert!(room.read("out.img") == disk[..ODD as usize], "{name}");
        room.sh("rm out.img");
    }
    assert_snapshot!(told);
}

#[test]
fn sizes_of_vhd_that_cannot_be_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    let dynamic = [0, room.read("vhd").len() - 512];
    resized_vhd(&room, "vhd", &dynamic, ENORMOUS);
    told.push(refused(&room));
    for size in [u64::MAX, ODD] {
        resized_vhd(&room, "vhd", &dynamic, size);
        told.push(refused(&room));
    }
    let fixed = [room.read("fixed").len() - 512];
    resized_vhd(&room, "fixed", &fixed, ENORMOUS);
    told.push(refused(&room));
    for size in [u64::MAX, ODD] {
        resized_vhd(&room, "fixed", &fixed, size);
        told.push(refused(&room));
    }
    // A pipe cannot take back what is too much.
    resized_vhd(&room, "fixed", &fixed, 1 << 20);
    refused_from_pipe(
        &room,
        "has a disk of 1048576 bytes, and 4194304 have passed before the footer says so\n\
         hint: give it as a file",
    );
    assert_snapshot!(told);
}

#[test]
fn sizes_of_vmdk_that_cannot_be_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    let footer = room.read("stream").len() - 1024;
    for (name, also) in [("vmdk", None), ("stream", Some(footer + 12))] {
        let with = |sectors: u64| {
            let bytes = sectors.to_le_bytes();
            let places = [Some(12), also];
            let changes: Vec<(usize, &[u8])> = places
                .iter()
                .flatten()
                .map(|&at| (at, &bytes[..]))
                .collect();
            broken(&room, name, &changes);
        };
        for sectors in [ENORMOUS, u64::MAX] {
            with(sectors);
            told.push(refused(&room));
        }
        for sectors in [0, ODD] {
            with(sectors);
            told.push(refused(&room));
        }
    }
    assert_snapshot!(told);
}

#[test]
fn sizes_of_vhdx_that_cannot_be_are_refused() {
    let room = sound();
    let mut told = Vec::new();
    // The item of the virtual disk size in the metadata table, by its GUID.
    let guid = b"\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8";
    let image = room.read("vhdx");
    let find = |what: &[u8]| {
        image
            .windows(what.len())
            .position(|part| part == what)
            .unwrap()
    };
    let (table, entry) = (find(b"metadata"), find(guid));
    let offset = u32::from_le_bytes(image[entry + 16..entry + 20].try_into().unwrap());
    let at = table + offset as usize;
    for size in [ENORMOUS, u64::MAX, ODD] {
        broken(&room, "vhdx", &[(at, &size.to_le_bytes())]);
        told.push(refused(&room));
    }
    assert_snapshot!(told);
}

#[test]
fn a_disk_without_bytes_is_refused() {
    let room = sound();
    let mut told = Vec::new();
    for (name, offset) in [("qcow2", 24), ("vdi", 0x170)] {
        broken(&room, name, &[(offset, &[0; 8])]);
        told.push(room.run("import bad --to out.img").failed(3));
        assert!(!room.exists("out.img"), "{name}");
    }
    assert_snapshot!(told);
}
