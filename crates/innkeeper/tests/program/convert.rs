//! `convert`: disks in another format, read back by the program that most people use.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use testkit::machine::Disk;

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk, sh_in, write_sparse};

/// A format with its options as they are typed, what qemu-img calls it and whether a pipe takes it.
const FORMS: [(&str, &str, bool); 13] = [
    ("--format raw", "raw", true),
    ("--format qcow2", "qcow2", true),
    ("--format qcow2 -o compression=zlib", "qcow2", true),
    ("--format qcow2 -o compression=zstd,level=3", "qcow2", true),
    (
        "--format qcow2 -o cluster_size=4K -o compression=zstd",
        "qcow2",
        true,
    ),
    ("--format qcow2 -o cluster_size=2M", "qcow2", true),
    ("--format vmdk", "vmdk", true),
    ("--format vmdk -o level=9,adapter_type=ide", "vmdk", true),
    ("--format vhd", "vpc", false),
    ("--format vhd -o subformat=fixed", "vpc", true),
    ("--format vhdx", "vhdx", false),
    ("--format vhdx -o block_size=4M", "vhdx", false),
    ("--format vdi", "vdi", false),
];

const SOURCES: [(&str, &str); 4] = [
    ("disk.img", "raw"),
    ("source.qcow2", "qcow2 -c"),
    ("source.vmdk", "vmdk -o subformat=streamOptimized"),
    ("source.vdi", "vdi"),
];

pub fn sources(room: &Room) {
    write_sparse(&room.path("disk.img"), &disk(4 << 20));
    for (name, format) in &SOURCES[1..] {
        room.sh(&format!(
            "qemu-img convert -f raw -O {format} disk.img {name}"
        ));
    }
}

/// `name` holds the disk in `format` and nothing is wrong with it; then it is gone.
#[track_caller]
fn holds_the_disk(room: &Room, name: &str, format: &str, what: &str) {
    room.sh(&format!(
        "qemu-img compare -f raw -F {format} disk.img {name} > compared || {{ cat compared '{what}' >&2; exit 1; }}
         case {format} in qcow2|vdi|vmdk|vhdx) qemu-img check -q -f {format} {name};; esac
         rm {name} compared"
    ));
}

#[test]
fn every_format_opens_in_qemu_without_a_complaint() {
    let room = Room::new();
    sources(&room);
    for (form, format, _) in FORMS {
        for (source, _) in SOURCES {
            let line = format!("convert {source} out {form} --verify --json");
            let json = room.run(&line).ok().json();
            assert_eq!(json["disk"]["size"], 4 << 20, "{line}");
            holds_the_disk(&room, "out", format, &line);
        }
    }
}

#[test]
fn a_pipe_takes_what_is_written_in_one_go() {
    let room = Room::new();
    let mut told = Vec::new();
    sources(&room);
    for (form, format, pipe) in FORMS {
        for (source, _) in SOURCES {
            let line = format!("convert {source} - {form} --quiet");
            let ran = room.run(&line);
            if pipe {
                room.write("out", &ran.ok().stdout);
                holds_the_disk(&room, "out", format, &line);
                continue;
            }
            assert!(ran.stdout.is_empty(), "{line}");
            told.push(ran.failed(4));
        }
    }
    assert_snapshot!(told);
}

#[test]
fn from_pipe_to_pipe_a_qcow2_is_refused_and_a_vmdk_is_not() {
    let room = Room::new();
    let mut told = Vec::new();
    sources(&room);
    for (source, _) in SOURCES {
        let input = room.read(source);
        let ran = room.run_with_pipe("convert - - --format qcow2 --size 4M", &input);
        assert!(ran.stdout.is_empty(), "{source}");
        told.push(ran.failed(3));
        let line = "convert - - --format vmdk --quiet --size 4M";
        let out = room.run_with_pipe(line, &input).ok().stdout;
        room.write("out", &out);
        holds_the_disk(&room, "out", "vmdk", source);
        for format in ["qcow2", "vhd", "vhdx", "vdi"] {
            let line = format!("convert - out --format {format} --size 4M --quiet");
            room.run_with_pipe(&line, &input).ok();
            let format = if format == "vhd" { "vpc" } else { format };
            holds_the_disk(&room, "out", format, &line);
        }
    }
    assert_snapshot!(told);
}

#[test]
fn options_that_no_format_has_are_wrong_usage() {
    let room = Room::new();
    let mut told = Vec::new();
    room.write("disk.img", &disk(1 << 20));
    for options in [
        "--format qcow2 -o colour=red",
        "--format qcow2 -o cluster_size=3K",
        "--format qcow2 -o cluster_size=4M",
        "--format qcow2 -o cluster_size=many",
        "--format qcow2 -o compression=lz4",
        "--format qcow2 -o level=3",
        "--format qcow2 -o compression=zlib,level=99",
        "--format vmdk -o level=99",
        "--format vmdk -o adapter_type=floppy",
        "--format vhd -o subformat=differencing",
        "--format vhdx -o subformat=fixed",
        "--format vhdx -o block_size=3M",
        "--format vhdx -o logical_sector_size=520",
        "--format vdi -o level=1",
        "-o level=1",
        "-o level",
    ] {
        told.push(
            room.run(&format!("convert disk.img out {options}"))
                .failed(2),
        );
    }
    told.push(room.run("convert disk.img out --format qed").failed(3));
    assert_eq!(room.names(), ["disk.img"]);
    assert_snapshot!(told);
}

#[test]
fn a_disk_is_made_larger_and_never_smaller() {
    let room = Room::new();
    let mut told = Vec::new();
    sources(&room);
    for (form, format, _) in FORMS {
        for source in ["disk.img", "source.qcow2"] {
            let line = format!("convert {source} out {form} --size 8M --verify");
            room.run(&line).ok();
            let info = room.sh(&format!("qemu-img info --output json -f {format} out"));
            let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
            assert_eq!(info["virtual-size"], 8 << 20, "{line}");
            room.sh(&format!(
                "qemu-img compare -q -f raw -F {format} disk.img out; rm out"
            ));
            told.push(
                room.run(&format!("convert {source} out {form} --size 2M"))
                    .failed(4),
            );
            assert!(!room.exists("out"), "{line}");
        }
    }
    assert_snapshot!(told);
}

#[test]
fn a_disk_of_unknown_size_needs_one() {
    let room = Room::new();
    let mut told = Vec::new();
    sources(&room);
    room.sh("gzip -1 -k disk.img");
    for (form, format, _) in FORMS {
        if format == "raw" {
            room.run("convert disk.img.gz out").ok();
            holds_the_disk(&room, "out", format, form);
            continue;
        }
        told.push(
            room.run(&format!("convert disk.img.gz out {form}"))
                .failed(4),
        );
        let line = format!("convert disk.img.gz out {form} --size 4M --verify");
        room.run(&line).ok();
        holds_the_disk(&room, "out", format, &line);
        let line = format!("convert disk.img.gz out {form} --size 2M");
        let ran = room.run(&line);
        assert_eq!(ran.status, 4, "{line}: {}", ran.story());
        assert!(!room.exists("out"), "{line}");
    }
    let ran = room.run("convert disk.img.gz - --format qcow2 --size 4M --quiet");
    room.write("out", &ran.ok().stdout);
    holds_the_disk(&room, "out", "qcow2", "two passes through gzip");
    told.push(room.run("convert disk.img.gz - --format qcow2").failed(4));
    assert_snapshot!(told);
}

#[test]
fn an_existing_file_is_no_target_unless_forced() {
    let room = Room::new();
    sources(&room);
    room.write("out", b"precious");
    for (form, format, _) in FORMS {
        let ran = room.run(&format!("convert disk.img out {form}"));
        assert_eq!(ran.status, 4, "{}", ran.story());
        assert_eq!(room.read("out"), b"precious");
        room.run(&format!("convert disk.img out {form} --force"))
            .ok();
        holds_the_disk(&room, "out", format, form);
        room.write("out", b"precious");
    }
    assert_snapshot!(
        room.run("convert disk.img ./disk.img --format qcow2 --force")
            .failed(2)
    );
}

#[test]
fn a_declared_source_format_has_to_be_right() {
    let room = Room::new();
    sources(&room);
    assert_snapshot!(
        room.run("convert source.qcow2 out --source-format raw")
            .failed(3)
    );
    room.run("convert source.vdi out --source-format vdi --format qcow2")
        .ok();
    holds_the_disk(&room, "out", "qcow2", "declared");
}

#[test]
fn a_dry_run_converts_nothing() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let ran = room
        .run("convert disk.img out --format qcow2 --dry-run")
        .ok();
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        "disk  disk.img\nplan  creates file out, as a qcow2 disk of 1.0 MiB\n"
    );
    let ran = room.run("convert disk.img - --format qcow2 --dry-run").ok();
    assert!(ran.stdout.is_empty());
    assert_eq!(room.names(), ["disk.img"]);
}

#[test]
fn a_dry_run_promises_nothing_that_is_refused_then() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    for line in [
        "convert disk.img - --format vhd",
        "convert disk.img - --format vdi",
        "convert disk.img - --format vhdx",
        "convert - - --format ova --size 3M",
        "convert - - --format vdi --size 3M",
        "convert - - --format qcow2 --size 3M",
        "convert - out --format qcow2",
    ] {
        let ran = room.run_with_pipe(line, &disk);
        assert!(ran.stdout.is_empty(), "{}", ran.story());
        let dry = room.run_with_pipe(&format!("{line} --dry-run"), &disk);
        assert!(ran.status > 2, "{line}: {}", ran.story());
        assert_eq!(
            (dry.status, &dry.stdout, &dry.stderr),
            (ran.status, &ran.stdout, &ran.stderr),
            "{line}"
        );
    }
    assert_eq!(room.names(), ["disk.img"]);
}

#[test]
fn an_interrupt_leaves_nothing() {
    let mut told = Vec::new();
    for format in [
        "raw",
        "qcow2",
        "vmdk",
        "vhd",
        "vhd -o subformat=fixed",
        "vhdx",
        "vdi",
        "ova",
    ] {
        let room = Room::new();
        let line = format!("convert - out --format {format} --size 64M");
        let mut child = room
            .innkeeper(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut pipe, &disk(4 << 20)).unwrap();
        while !room.names().iter().any(|name| name.ends_with(".partial")) {
            assert!(child.try_wait().unwrap().is_none(), "it waits for more");
            thread::sleep(Duration::from_millis(5));
        }
        sh_in(
            std::path::Path::new("/"),
            &format!("kill -INT {}", child.id()),
        );
        told.push(Ran::of(child.wait_with_output()).failed(1));
        assert_eq!(room.names(), [] as [&str; 0], "{format}");
        drop(pipe);
    }
    assert_snapshot!(told);
}

#[test]
fn a_source_that_turns_out_broken_leaves_nothing() {
    let room = Room::new();
    sources(&room);
    room.sh("gzip -1 -k disk.img");
    let mut packed = room.read("disk.img.gz");
    let end = packed.len() - 6;
    packed[end] ^= 1;
    room.write("broken.gz", &packed);
    let before = room.names();
    for (form, ..) in FORMS {
        let ran = room.run(&format!("convert broken.gz out {form} --size 4M"));
        assert_eq!(ran.status, 3, "{form}: {}", ran.story());
        assert_eq!(room.names(), before, "{form}");
    }
}

/// A file system of 512 KiB, gone with the value.
struct Small(std::path::PathBuf);

impl Small {
    fn mounted(room: &Room) -> Self {
        room.sh("mkdir small; mount -t tmpfs -o size=512K none small");
        Small(room.path("small"))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_target_leaves_nothing() {
    let room = Room::new();
    let small = Small::mounted(&room);
    // Nothing that a compression could make small.
    let noise =
        (0..2u32 << 20).map(|i| (i.wrapping_mul(0x9e37_79b9).rotate_left(i % 31) >> 24) as u8);
    let mut disk: Vec<u8> = noise.collect();
    disk[..512].copy_from_slice(&crate::support::disk(1 << 20)[..512]);
    room.write("disk.img", &disk);
    for form in [
        "raw",
        "qcow2",
        "qcow2 -o compression=zstd",
        "vmdk",
        "vhd",
        "vhd -o subformat=fixed",
        "vhdx",
        "vdi",
        "ova",
    ] {
        let ran = room.run(&format!("convert disk.img small/out --format {form}"));
        assert_eq!(ran.status, 1, "{form}: {}", ran.story());
        assert!(
            ran.stderr.starts_with("error: small/out cannot be written"),
            "{form}: {}",
            ran.story()
        );
        assert!(
            ran.stderr.contains("because: No space left on device"),
            "{form}: {}",
            ran.story()
        );
        assert_eq!(
            std::fs::read_dir(&small.0).unwrap().count(),
            0,
            "{form}: nothing is left"
        );
    }
}

#[test]
fn a_device_takes_a_format_that_is_found_again_there() {
    let room = Room::new();
    let mut told = Vec::new();
    sources(&room);
    for (form, format, _) in FORMS {
        let device = Disk::new(24 << 20);
        device.fill(0, &[0xaa; 8 << 20]);
        let name = device.name();
        let line = format!("convert disk.img {name} {form} --force --verify");
        let ran = room.run(&line);
        if format == "vmdk" || form.ends_with("fixed") {
            told.push(ran.failed(4));
            assert!(device.bytes()[..8 << 20] == [0xaa; 8 << 20], "untouched");
            continue;
        }
        ran.ok();
        match format {
            "raw" => assert!(device.bytes()[..4 << 20] == room.read("disk.img")),
            _ => drop(room.sh(&format!(
                "qemu-img compare -q -f raw -F {format} disk.img {name}"
            ))),
        }
    }
    assert_snapshot!(told);
}

#[test]
fn the_ending_of_a_name_chooses_the_format() {
    let room = Room::new();
    let mut told = Vec::new();
    room.write("disk.img", &disk(1 << 20));
    for (name, format) in [
        ("a.qcow2", "qcow2"),
        ("a.VMDK", "vmdk"),
        ("a.vhd", "vpc"),
        ("a.vhdx", "vhdx"),
        ("a.vdi", "vdi"),
        ("a.img", "raw"),
        ("a", "raw"),
    ] {
        room.run(&format!("convert disk.img {name} --verify")).ok();
        holds_the_disk(&room, name, format, name);
    }
    told.push(room.run("convert disk.img a.qcow2 --format raw").failed(2));
    told.push(room.run("convert disk.img a.img.gz").failed(2));
    told.push(room.run("convert disk.img a.hdd --format vdi").failed(2));
    told.push(
        room.run("import disk.img --to b.img --to a.qcow2")
            .failed(2),
    );
    assert_eq!(room.names(), ["disk.img"]);
    room.sh("mkfifo pipe.vhd");
    let path = room.path("pipe.vhd");
    let reader = thread::spawn(move || std::fs::read(path).unwrap());
    room.run("convert disk.img pipe.vhd").ok();
    assert!(
        reader.join().unwrap() == room.read("disk.img"),
        "a pipe has no ending"
    );
    assert_snapshot!(told);
}

#[test]
fn a_device_that_is_too_small_is_refused() {
    let room = Room::new();
    sources(&room);
    let device = Disk::new(128 << 10);
    let name = device.name();
    let ran = room.run(&format!("convert disk.img {name} --format qcow2"));
    assert_eq!(ran.status, 4, "{}", ran.story());
    let expected = format!("error: {name} holds 128.0 KiB, the disk needs ");
    assert!(ran.stderr.starts_with(&expected), "{}", ran.story());
    let head = device.bytes();
    assert!(head.iter().all(|&byte| byte == 0), "nothing recognisable");
}

#[test]
fn a_named_pipe_takes_what_standard_output_takes() {
    let room = Room::new();
    sources(&room);
    room.sh("mkfifo pipe");
    for (form, format, pipe) in FORMS {
        if !pipe {
            continue;
        }
        let path = room.path("pipe");
        let reader = thread::spawn(move || std::fs::read(path).unwrap());
        room.run(&format!("convert disk.img pipe {form}")).ok();
        room.write("out", &reader.join().unwrap());
        holds_the_disk(&room, "out", format, form);
    }
}
