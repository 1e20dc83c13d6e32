//! Network block devices as sources and targets, by the servers that people run.

use servers::nbd::Server;

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// A room with a disk in it as raw, qcow2 and gzip.
fn room() -> (Room, Vec<u8>) {
    let (room, disk) = (Room::new(), disk(4 << 20));
    write_sparse(&room.path("disk.img"), &disk);
    room.sh(
        "qemu-img convert -f raw -O qcow2 -c disk.img disk.qcow2; gzip -1 -k disk.img
         truncate -s 16M target.img",
    );
    (room, disk)
}

fn file(room: &Room, name: &str) -> String {
    room.path(name).to_str().unwrap().to_owned()
}

#[test]
fn a_disk_comes_from_a_server_whatever_its_format() {
    let (room, disk) = room();
    for name in ["disk.img", "disk.qcow2", "disk.img.gz"] {
        let path = file(&room, name);
        for server in [
            Server::nbdkit(&["-r", "file", &path]),
            Server::nbdkit_tcp(&["-r", "file", &path]),
            Server::nbdkit(&["-r", "--filter=delay", "file", &path, "rdelay=2ms"]),
            Server::qemu(&["-r", "-t", "-f", "raw", &path]),
        ] {
            let uri = &server.uri;
            room.run(&format!("import {uri} --to out.img --verify"))
                .ok();
            assert!(room.read("out.img") == disk, "{name}");
            room.sh("rm out.img");
        }
    }
}

#[test]
fn a_source_is_kept_and_checked_over_nbd_too() {
    let (room, disk) = room();
    let server = Server::nbdkit(&["-r", "file", &file(&room, "disk.qcow2")]);
    let uri = &server.uri;
    let sum = room.sh("truncate -s %512 disk.qcow2; sha256sum < disk.qcow2 | cut -c1-64");
    let sum = String::from_utf8(sum).unwrap();
    let line = format!(
        "import {uri} --to out.img --keep copy --sha256 {}",
        sum.trim()
    );
    room.run(&line).ok();
    assert!(room.read("out.img") == disk);
    assert!(room.read("copy") == room.read("disk.qcow2"));
}

#[test]
fn a_server_takes_a_disk_and_gives_it_back() {
    let mut told = Vec::new();
    let (room, disk) = room();
    let path = file(&room, "target.img");
    let server = Server::nbdkit(&["file", &path]);
    let uri = &server.uri;
    room.run(&format!("import disk.qcow2 --to {uri} --verify"))
        .ok();
    assert!(room.read("target.img")[..4 << 20] == disk);
    told.push(room.run(&format!("import disk.img --to {uri}")).failed(4));
    told.push(
        room.run(&format!("import {uri} --to {uri} --force"))
            .failed(2),
    );
    let ran = room.run(&format!("convert {uri} - --format qcow2 --quiet"));
    room.write("out", &ran.ok().stdout);
    room.sh("qemu-img compare -q -f qcow2 -F raw out target.img");
    assert_snapshot!(told);
}

#[test]
fn a_server_of_qcow2_takes_a_disk_and_its_holes() {
    let (room, _) = room();
    room.sh("qemu-img create -q -f qcow2 target.qcow2 4M");
    {
        let server = Server::qemu(&["-t", "-f", "qcow2", &file(&room, "target.qcow2")]);
        room.run(&format!("import disk.img.gz --to {} --verify", server.uri))
            .ok();
    }
    room.sh("qemu-img compare -q -f qcow2 -F raw target.qcow2 disk.img");
    let len = room.read("target.qcow2").len();
    assert!(len < 2 << 20, "holes stay holes: {len}");
}

#[test]
fn a_format_goes_to_a_server_when_it_is_found_again_there() {
    let (room, _) = room();
    for (format, name) in [
        ("raw", "raw"),
        ("qcow2", "qcow2"),
        ("vhd", "vpc"),
        ("vdi", "vdi"),
    ] {
        let server = Server::nbdkit(&["file", &file(&room, "target.img")]);
        let uri = &server.uri;
        room.run(&format!(
            "convert disk.img {uri} --format {format} --force --verify"
        ))
        .ok();
        drop(server);
        room.sh(&match format {
            "raw" => "cmp -n 4194304 disk.img target.img".to_owned(),
            _ => format!("qemu-img compare -q -f raw -F {name} disk.img target.img"),
        });
    }
    let server = Server::nbdkit(&["memory", "16M"]);
    let uri = &server.uri;
    assert_snapshot!(
        room.run(&format!("convert disk.img {uri} --format vmdk"))
            .failed(4)
    );
}

#[test]
fn what_a_server_refuses_is_an_error_that_says_so() {
    let (room, disk) = room();
    let path = file(&room, "disk.img");
    let server = Server::nbdkit(&[
        "--filter=error",
        "file",
        &path,
        "error-pread=EIO",
        "error-pread-rate=100%",
    ]);
    let uri = &server.uri;
    assert_snapshot!(room.run(&format!("import {uri} --to out.img")).failed(1));
    assert!(!room.exists("out.img"));

    let server = Server::nbdkit(&[
        "--filter=error",
        "memory",
        "16M",
        "error-pwrite=ENOSPC",
        "error-pwrite-rate=100%",
    ]);
    let uri = &server.uri;
    let ran = room.run(&format!("import disk.img --to {uri}"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    for part in [
        &format!("error: {uri} cannot be written: "),
        "  because: the server says ENOSPC\n",
        &format!("  because: {uri} is partly overwritten and its first MiB is zeros\n"),
        "hint: import to it again with --force\n",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.story());
    }
    // The other target is whole.
    let ran = room.run(&format!("import disk.img --to {uri} --to out.img"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(room.read("out.img") == disk);
}

#[test]
fn targets_that_cannot_take_the_disk_are_refused() {
    let mut told = Vec::new();
    let (room, _) = room();
    let server = Server::nbdkit(&["memory", "1M"]);
    let uri = &server.uri;
    told.push(room.run(&format!("import disk.img --to {uri}")).failed(4));
    let server = Server::nbdkit(&["-r", "memory", "16M"]);
    let uri = &server.uri;
    told.push(room.run(&format!("import disk.img --to {uri}")).failed(4));
    let mut server = server;
    server.kill();
    let uri = &server.uri;
    let ran = room.run(&format!("import {uri} --to out.img"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(
        ran.stderr
            .starts_with(&format!("error: {uri}: cannot be connected to\n")),
        "{}",
        ran.story()
    );
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}
