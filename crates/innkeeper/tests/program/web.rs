//! http sources, from a server on this machine.

use servers::http::{Reply, Server};
use testkit::xva;

use crate::support::transcript::assert_snapshot;
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
fn what_an_address_hides_is_shown_by_nobody() {
    let room = Room::new();
    let (packed, _) = tarball(&room);
    let server = Server::start(move |request| Reply::file(request, &packed, "\"v1\""));
    let url = server.url("/guest.tar.gz?token=geheim");
    for command in ["inspect", "digest"] {
        for options in ["", "--json"] {
            let ran = room.run(&format!("{command} {url} {options}")).ok();
            let shown = server.url("/guest.tar.gz");
            let out = String::from_utf8_lossy(&ran.stdout);
            assert!(out.contains(&shown) && !out.contains("geheim"), "{out}");
        }
    }
    let line = ["inspect", &url, "--header", "geheim"];
    let ran = crate::support::Ran::of(room.innkeeper(line).output());
    assert_snapshot!(ran.failed(2));
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
    // Nobody listens there, and no other test is given this port, as it may be given one that was free a moment ago.
    let ran = room.run("import http://127.0.0.1:1/x --to out.img");
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(ran.stderr.contains("refused"), "{}", ran.story());
    assert_eq!(room.names(), [] as [&str; 0]);
}

/// Serves `content` as a file server does, or as one that knows no ranges.
fn serve(content: &[u8], ranges: bool) -> Server {
    let content = content.to_vec();
    Server::start(move |request| {
        if ranges {
            Reply::file(request, &content, "\"v1\"")
        } else {
            Reply::ok(&content)
        }
    })
}

#[test]
fn every_format_comes_over_http_with_ranges_and_without() {
    let room = Room::new();
    let disk = disk(4 << 20);
    room.write("disk.img", &disk);
    for format in [
        "qcow2 -c",
        "vdi",
        "vpc -o force_size=on",
        "vpc -o subformat=fixed,force_size=on",
        "vhdx",
        "vmdk",
        "vmdk -o subformat=streamOptimized",
    ] {
        room.sh(&format!(
            "qemu-img convert -f raw -O {format} disk.img image"
        ));
        let plain = room.read("image");
        room.sh("gzip -1 image");
        let packed = room.read("image.gz");
        room.sh("rm image.gz");
        for content in [&plain, &packed] {
            for ranges in [true, false] {
                let server = serve(content, ranges);
                let url = server.url("/image");
                room.run(&format!("import {url} --to out.img --verify"))
                    .ok();
                assert!(room.read("out.img") == disk, "{format}, ranges {ranges}");
                room.sh("rm out.img");
            }
        }
    }
}

#[test]
fn a_fixed_vhd_is_found_by_its_end_over_http() {
    let room = Room::new();
    room.write("disk.img", &disk(4 << 20));
    room.sh("qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk.img image");
    for ranges in [true, false] {
        let server = serve(&room.read("image"), ranges);
        let url = server.url("/image");
        for declared in ["", "--format vhd"] {
            let line = format!("inspect {url} {declared} --json");
            let json = room.run(&line).ok().json();
            let found = &json["disks"][0];
            assert_eq!(found["format"], "vhd", "ranges {ranges}: {json}");
            assert_eq!(found["size"], 4 << 20, "ranges {ranges}: {json}");
        }
    }
}

/// A qcow2 of 1 GiB, 12 MiB of data before its second table, and its digest.
fn late(room: &Room) -> (Vec<u8>, String) {
    room.sh("qemu-img create -q -f qcow2 image 1G
         qemu-io -c 'write -P 7 1M 12M' -c 'write -P 8 900M 64k' image > io
         qemu-img convert -O raw image raw");
    let digest = room.run("digest raw --quiet").ok().stdout;
    let image = room.read("image");
    room.sh("rm io raw image");
    (image, String::from_utf8(digest).unwrap().trim().to_owned())
}

#[test]
fn late_tables_are_fetched_by_range_or_in_a_second_pass() {
    let room = Room::new();
    let (image, digest) = late(&room);
    for ranges in [true, false] {
        let server = serve(&image, ranges);
        let url = server.url("/image");
        let json = room
            .run(&format!(
                "import {url} --to out.img --memory 32M --json --force"
            ))
            .ok()
            .json();
        assert_eq!(json["disk"]["digest"], digest, "ranges {ranges}");
        // Compressed, ranges are of no use.
        room.write("image", &image);
        let packed = room.sh("gzip -1 < image");
        room.sh("rm image");
        let server = serve(&packed, ranges);
        let url = server.url("/image.gz");
        let json = room
            .run(&format!(
                "import {url} --to out.img --memory 32M --json --force"
            ))
            .ok()
            .json();
        assert_eq!(json["disk"]["digest"], digest, "packed, ranges {ranges}");
    }
}

#[test]
fn an_image_that_changes_between_two_ranges_is_an_error() {
    let room = Room::new();
    let (image, _) = late(&room);
    let server = Server::start(move |request| match request.number {
        0 | 1 => Reply::file(request, &image, "\"v1\""),
        _ => Reply::file(request, &image, "\"v2\""),
    });
    let url = server.url("/image");
    let ran = room.run(&format!("import {url} --to out.img --memory 32M"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(
        ran.stderr.contains("changed while it was read"),
        "{}",
        ran.story()
    );
    assert_eq!(room.names(), [] as [&str; 0]);
}

#[test]
fn a_redirect_to_another_scheme_is_refused() {
    let room = Room::new();
    for location in ["file:///etc/passwd", "ftp://127.0.0.1/image"] {
        let server = Server::start(move |_| Reply::redirect(location));
        let url = server.url("/image");
        let ran = room.run(&format!("import {url} --to out.img"));
        assert_eq!(ran.status, 3, "{}", ran.story());
        assert!(ran.stderr.contains("redirect"), "{}", ran.story());
        assert_eq!(room.names(), [] as [&str; 0]);
    }
}

/// xapi sends an export while it makes it, and does not know its size.
#[test]
fn an_xva_without_a_length_is_taken_whole_or_not_at_all() {
    let room = Room::new();
    let disk = disk(3 << 20);
    let packed = xva::export(&[xva::Disk::new("Ref:5", disk.clone())]);
    let last = packed.iter().rposition(|&byte| byte != 0).unwrap();
    let mark = (last + 1).next_multiple_of(512);
    assert!(packed.len() >= mark + 1024, "an end mark");
    let content = packed.clone();
    let server = Server::start(move |request| {
        let (way, len) = request.target()[1..].split_once('/').unwrap();
        let body = &content[..len.parse().unwrap()];
        match way {
            "chunked" => Reply::ok(body).chunked(70_000),
            "lost" => Reply::ok(&content).chunked(70_000).cut(body.len()),
            _ => Reply::raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").body(body),
        }
    });
    for way in ["chunked", "close"] {
        let url = server.url(&format!("/{way}/{}", packed.len()));
        room.run(&format!("import {url} --to out.img")).ok();
        assert!(room.read("out.img") == disk, "{way}");
        room.sh("rm out.img");
    }
    for (way, len) in [packed.len() / 2, last - 600, mark]
        .into_iter()
        .flat_map(|len| [("chunked", len), ("close", len)])
    {
        let url = server.url(&format!("/{way}/{len}"));
        let ran = room.run(&format!("import {url} --to out.img"));
        assert_eq!(ran.status, 3, "{way} {len}: {}", ran.story());
        assert!(ran.stderr.contains("ends at byte"), "{}", ran.story());
    }
    let url = server.url(&format!("/lost/{}", packed.len() / 2));
    let ran = room.run(&format!("import {url} --to out.img"));
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(room.names().is_empty());
}

/// Where the connection's end is the file's, a cut looks the same unless the content or a checksum tells.
#[test]
fn an_end_that_may_be_a_cut_is_taken_where_something_proves_it() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = disk(3 << 20);
    room.write("disk.img", &disk);
    room.sh("gzip -k disk.img && tar cf disk.tar disk.img && gzip -k disk.tar && sha256sum disk.img > sums");
    let kept = ["disk.img", "disk.img.gz", "disk.tar", "disk.tar.gz"];
    let files = kept.map(|name| (format!("/{name}"), room.read(name)));
    let server = Server::start(move |request| {
        let (_, body) = files
            .iter()
            .find(|(at, _)| *at == request.target())
            .unwrap();
        Reply::raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").body(body)
    });
    let sum = String::from_utf8(room.sh("cut -c 1-64 sums")).unwrap();
    for name in ["disk.img", "disk.img.gz"] {
        let url = server.url(&format!("/{name}"));
        told.push(room.run(&format!("import {url} --to out.img")).failed(3));
        told.push(room.run(&format!("inspect {url}")).failed(3));
        told.push(room.run(&format!("digest {url}")).failed(3));
    }
    for (name, more) in [
        ("disk.img", &*format!("--sha256 {}", sum.trim())),
        ("disk.tar", ""),
        ("disk.tar.gz", ""),
    ] {
        let url = server.url(&format!("/{name}"));
        room.run(&format!("import {url} --to out.img {more}")).ok();
        assert!(room.read("out.img") == disk, "{name}");
        room.sh("rm out.img");
    }
    let url = server.url("/disk.img");
    room.run(&format!("digest {url} --size 1M")).ok();
    assert_snapshot!(told);
}
