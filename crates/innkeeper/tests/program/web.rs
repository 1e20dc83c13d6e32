//! http sources, from a server on this machine.

#[path = "../../../place/tests/support/server.rs"]
mod server;

use server::{Reply, Server};

use crate::support::{Room, disk};

/// A tarball with a disk, and the disk.
fn tarball(room: &Room) -> (Vec<u8>, Vec<u8>) {
    let disk = disk(4 << 20);
    room.write("disk.img", &disk);
    room.sh("tar -czf guest.tar.gz disk.img; rm disk.img");
    let packed = room.read("guest.tar.gz");
    room.sh("rm guest.tar.gz");
    (packed, disk)
}

#[test]
fn an_image_comes_over_http_and_resumes_after_a_cut() {
    let room = Room::new();
    let (packed, disk) = tarball(&room);
    let content = packed.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &content, "\"v1\"");
        match request.number {
            0 => reply.cut(content.len() / 3),
            _ => reply,
        }
    });
    let url = server.url("/images/guest.tar.gz");
    room.run(&format!("import {url} --to out.img --keep copy.tar.gz"))
        .ok();
    assert!(room.read("out.img") == disk);
    assert!(room.read("copy.tar.gz") == packed, "the copy has no seam");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let range = format!("bytes={}-", packed.len() / 3);
    assert_eq!(requests[1].header("range"), Some(range.as_str()));
    assert_eq!(requests[1].header("if-range"), Some("\"v1\""));
}

#[test]
fn checksums_are_fetched_and_headers_are_sent() {
    let room = Room::new();
    let (packed, disk) = tarball(&room);
    room.write("guest.tar.gz", &packed);
    let sums = room.sh("sha256sum guest.tar.gz");
    let server = Server::start(move |request| match request.header("x-token") {
        Some("secret") if request.target().ends_with("SHA256SUMS") => Reply::ok(&sums),
        Some("secret") => Reply::file(request, &packed, "\"v1\""),
        _ => Reply::new("403 Forbidden"),
    });
    let (image, list) = (server.url("/guest.tar.gz?sig=1"), server.url("/SHA256SUMS"));
    let line = ["import", &image, "--to", "out.img", "--checksums", &list];
    let output = room
        .innkeeper(line)
        .args(["--header", "X-Token: secret"])
        .output();
    crate::support::Ran::of(output).ok();
    assert!(room.read("out.img") == disk);
    let output = room.innkeeper(line).args(["--force"]).output();
    let ran = crate::support::Ran::of(output);
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(ran.stderr.contains("403"), "{}", ran.story());
    assert!(
        room.read("out.img") == disk,
        "the old target is still there"
    );
}

#[test]
fn what_is_no_image_is_refused_and_nothing_is_left() {
    let room = Room::new();
    let server = Server::start(|request| match request.target() {
        "/page" => {
            Reply::ok(b"<!DOCTYPE html><title>Log in</title>").header("Content-Type", "text/html")
        }
        _ => Reply::new("404 Not Found"),
    });
    let page = server.url("/page");
    let ran = room.run(&format!("import {page} --to out.img"));
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert!(
        ran.stderr.contains("is text, not a disk"),
        "{}",
        ran.story()
    );
    let ran = room.run(&format!("import {} --to out.img", server.url("/missing")));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(ran.stderr.contains("404"), "{}", ran.story());
    assert_eq!(room.names(), [] as [&str; 0]);
}

#[test]
fn an_image_that_changes_halfway_is_an_error() {
    let room = Room::new();
    let (packed, _) = tarball(&room);
    let server = Server::start(move |request| match request.number {
        0 => Reply::file(request, &packed, "\"v1\"").cut(packed.len() / 2),
        _ => Reply::file(request, &packed, "\"v2\""),
    });
    let ran = room.run(&format!(
        "import {} --to out.img",
        server.url("/guest.tar.gz")
    ));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(
        ran.stderr.contains("changed while it was read"),
        "{}",
        ran.story()
    );
    assert_eq!(room.names(), [] as [&str; 0]);
}

#[test]
fn a_server_that_is_not_there_fails_at_once() {
    let room = Room::new();
    // A port that was free a moment ago, and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ran = room.run(&format!("import http://127.0.0.1:{port}/x --to out.img"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(ran.stderr.contains("refused"), "{}", ran.story());
    assert_eq!(room.names(), [] as [&str; 0]);
}
