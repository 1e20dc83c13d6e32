//! Archives behind a program or a script that would unpack them.

use servers::http::{Reply, Server};
use testkit::zip::{Member, Sums, archive, archive64};

use crate::support::{Room, disk};

/// A Windows program of so many bytes.
fn windows(size: usize) -> Vec<u8> {
    let mut stub = noise(size);
    stub[..2].copy_from_slice(b"MZ");
    stub[60..64].copy_from_slice(&128u32.to_le_bytes());
    stub[128..132].copy_from_slice(b"PE\0\0");
    stub
}

/// Bytes that do not repeat soon and hold no signature.
fn noise(size: usize) -> Vec<u8> {
    let words = (1..u32::MAX).map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes());
    words.flatten().take(size).collect()
}

/// What archives are put behind, and what each is called.
fn stubs() -> Vec<(Vec<u8>, &'static str)> {
    let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &noise(70_001)].concat();
    vec![
        (windows(512), "a Windows program"),
        (windows(300_003), "a Windows program"),
        (elf, "an ELF program"),
        (b"#!/bin/sh\nunzip $0\nexit\n".to_vec(), "a script"),
        (b"#! /usr/bin/env python3\n".to_vec(), "a script"),
    ]
}

fn members(disk: &[u8]) -> [Member; 2] {
    [
        Member::stored("README", b"Read me first.\n"),
        Member::deflated("disk.img", disk),
    ]
}

#[track_caller]
fn gives(room: &Room, disk: &[u8], what: &str) {
    room.run("import x.exe --to out.img --force").ok();
    assert!(room.read("out.img") == disk, "{what}");
    room.sh("rm out.img");
}

#[test]
fn a_zip_behind_a_program_gives_its_disk() {
    let room = Room::new();
    let disk = disk(1 << 20);
    let streamed = members(&disk).map(|member| {
        member.with(Sums::After {
            signed: true,
            wide: false,
            field: false,
        })
    });
    let zips = [
        archive(&members(&disk)),
        archive64(&members(&disk)),
        archive(&streamed),
    ];
    for (stub, what) in stubs() {
        for zip in &zips {
            room.write("x.exe", &[&stub[..], zip].concat());
            gives(&room, &disk, what);
        }
    }
}

#[test]
fn what_zip_and_python_make_of_a_program_gives_its_disk() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    room.write("README", b"Read me first.\n");
    room.sh("zip -q disk.zip README disk.img; zip -q -fz- - - < disk.img > pipe.zip");
    room.sh("echo 'PK\u{5}\u{6} is how a zip ends' > comment; cp disk.zip told.zip; zip -qz told.zip < comment");
    let append = "import sys, zipfile\n\
                  with zipfile.ZipFile('x.exe', 'a', zipfile.ZIP_DEFLATED) as made:\n    \
                  made.write('README')\n    made.write('disk.img')\n";
    room.write("append.py", append.as_bytes());
    for (stub, what) in stubs() {
        room.write("stub", &stub);
        for script in [
            "cat stub disk.zip > x.exe",
            "cat stub pipe.zip > x.exe",
            "cat stub told.zip > x.exe",
            "cat stub disk.zip > x.exe; zip -qA x.exe",
            "cat stub disk.zip > y.exe; zip -qA y.exe; cat stub y.exe > x.exe; rm y.exe",
            "cat stub disk.zip > x.exe; truncate -s %512 x.exe",
            "cat stub > x.exe; python3 append.py",
        ] {
            room.sh(script);
            gives(&room, &disk, &format!("{what}: {script}"));
        }
    }
}

#[test]
fn a_zip_behind_a_program_is_an_archive_in_every_command() {
    let room = Room::new();
    let disk = disk(1 << 20);
    let zip = archive(&members(&disk));
    let bytes = [&windows(100_000)[..], &zip].concat();
    room.write("x.exe", &bytes);
    let sum = String::from_utf8(room.sh("sha256sum < x.exe")).unwrap();
    let sum = sum.split(' ').next().unwrap();
    for line in [
        "import x.exe --to out.img --member disk.img".to_owned(),
        "import x.exe --to out.img --format raw".to_owned(),
        format!("import x.exe --to out.img --sha256 {sum} --keep copy.exe"),
        "convert x.exe out.img".to_owned(),
    ] {
        room.run(&line).ok();
        assert!(room.read("out.img") == disk, "{line}");
        room.sh("rm out.img");
    }
    assert!(room.read("copy.exe") == bytes);
    let json = room.run("inspect x.exe --json").ok().json();
    assert_eq!(json["members_count"], 2);
    assert_eq!(json["members"][1]["name"], "disk.img");
    assert_eq!(json["source"]["layers"][0], "zip");
    let ran = room.run("import x.exe --to out.img --member other.img");
    assert_eq!(ran.status, 3, "{}", ran.story());
    let server = Server::start(move |request| Reply::file(request, &bytes, "\"v1\""));
    room.run(&format!("import {} --to out.img", server.url("/x.exe")))
        .ok();
    assert!(room.read("out.img") == disk);
}

#[test]
fn what_is_damaged_behind_a_program_is_refused_and_leaves_nothing() {
    let room = Room::new();
    let disk = disk(1 << 20);
    let zip = archive(&members(&disk));
    let last = zip.windows(4).rposition(|four| four == b"PK\x01\x02");
    let crc = last.unwrap() + 16;
    for (stub, what) in stubs() {
        let whole = [&stub[..], &zip].concat();
        for cut in [1, 22, 60, zip.len() / 2, zip.len() - 100] {
            room.write("x.exe", &whole[..whole.len() - cut]);
            room.run("import x.exe --to out.img")
                .refused_for(3, &format!("x.exe: is {what}, not a disk"));
        }
        for at in [zip.len() / 2, crc] {
            let mut bytes = whole.clone();
            bytes[stub.len() + at] ^= 0x55;
            room.write("x.exe", &bytes);
            let ran = room.run("import x.exe --to out.img");
            assert_eq!(ran.status, 3, "{what}, {at}: {}", ran.story());
        }
        // There is no way to the end before the beginning has passed.
        room.run_with_pipe("import - --to out.img", &whole)
            .refused_for(3, &format!("is {what}, not a disk"));
    }
    assert_eq!(room.names(), ["x.exe"]);
}

#[test]
fn other_archives_that_unpack_themselves_are_never_a_disk() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    let tar = room.sh("tar -cz disk.img; rm disk.img");
    let archives = [
        [b"7z\xbc\xaf\x27\x1c\0\x04".as_slice(), &noise(100_000)].concat(),
        [b"Rar!\x1a\x07\x01\0".as_slice(), &noise(100_000)].concat(),
        tar,
    ];
    for (stub, what) in stubs() {
        for archive in &archives {
            let mut bytes = [&stub[..], archive].concat();
            for size in [bytes.len(), bytes.len().next_multiple_of(512)] {
                bytes.resize(size, 0);
                room.write("x.exe", &bytes);
                let message = format!("is {what}, not a disk");
                room.run("import x.exe --to out.img")
                    .refused_for(3, &message);
                room.run_with_pipe("import - --to out.img", &bytes)
                    .refused_for(3, &message);
            }
        }
    }
    assert_eq!(room.names(), ["x.exe"]);
}

/// A disk whose boot sector begins as a program does, with a zip at its end, is a disk.
#[test]
fn a_disk_that_ends_in_a_zip_is_the_disk() {
    let room = Room::new();
    let mut disk = disk(1 << 20);
    disk[..2].copy_from_slice(b"MZ");
    let zip = archive(&[Member::stored("disk.img", b"other")]);
    let start = disk.len() - zip.len();
    disk[start..].copy_from_slice(&zip);
    room.write("x.exe", &disk);
    gives(&room, &disk, "a disk");
}
