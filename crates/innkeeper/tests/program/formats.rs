//! Every disk format, made by the program that most people make them with, on every way that a disk
//! can come.

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, allocated, disk, write_sparse};

/// What an image of a disk of these bytes and holes is called here, what makes it, and what the result
/// calls it: format and variant.
const VARIANTS: [(&str, &str, &str, &str); 14] = [
    ("dynamic.vdi", "vdi", "vdi", "dynamic"),
    ("static.vdi", "vdi -o static=on", "vdi", "fixed"),
    ("dynamic.vhd", "vpc -o force_size=on", "vhd", "dynamic"),
    (
        "fixed.vhd",
        "vpc -o subformat=fixed,force_size=on",
        "vhd",
        "fixed",
    ),
    ("dynamic.vhdx", "vhdx", "vhdx", "dynamic"),
    ("fixed.vhdx", "vhdx -o subformat=fixed", "vhdx", "fixed"),
    ("sparse.vmdk", "vmdk", "vmdk", "monolithicSparse"),
    (
        "stream.vmdk",
        "vmdk -o subformat=streamOptimized",
        "vmdk",
        "streamOptimized",
    ),
    ("v2.qcow2", "qcow2 -o compat=0.10", "qcow2", "version 2"),
    ("v3.qcow2", "qcow2", "qcow2", "version 3"),
    ("zlib.qcow2", "qcow2 -c", "qcow2", "version 3"),
    (
        "zstd.qcow2",
        "qcow2 -c -o compression_type=zstd",
        "qcow2",
        "version 3",
    ),
    (
        "extended.qcow2",
        "qcow2 -o extended_l2=on",
        "qcow2",
        "version 3",
    ),
    (
        "large.qcow2",
        "qcow2 -o cluster_size=2M",
        "qcow2",
        "version 3",
    ),
];

/// The variants that are in several files, and the first of those beside the descriptor.
const SEVERAL_FILES: [(&str, &str); 3] = [
    ("monolithicFlat", "split-flat.vmdk"),
    ("twoGbMaxExtentFlat", "split-f001.vmdk"),
    ("twoGbMaxExtentSparse", "split-s001.vmdk"),
];

/// A disk, in `disk.img` too.
fn plain(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    disk
}

fn make(room: &Room, name: &str, format: &str) {
    room.sh(&format!(
        "qemu-img convert -f raw -O {format} disk.img {name}"
    ));
}

#[track_caller]
fn gives(room: &Room, disk: &[u8], line: &str) {
    room.run(&format!("{line} --to out.img")).ok();
    assert!(room.read("out.img") == disk, "{line}");
    assert!(allocated(&room.path("out.img")) < 500 << 10, "{line}");
    room.sh("rm out.img");
}

#[track_caller]
fn pipe_gives(room: &Room, disk: &[u8], what: &str, input: &[u8]) {
    room.run_with_pipe("import - --to out.img", input).ok();
    assert!(room.read("out.img") == disk, "{what} out of a pipe");
    room.sh("rm out.img");
}

#[test]
fn every_variant_gives_the_disk_and_its_digest() {
    let room = Room::new();
    let disk = plain(&room);
    let raw = room.run("import disk.img --to raw.img --json").ok().json();
    for (name, make_as, format, variant) in VARIANTS {
        make(&room, name, make_as);
        let line = format!("import {name} --to out.img --verify --json");
        let json = room.run(&line).ok().json();
        assert!(room.read("out.img") == disk, "{name}");
        assert_eq!(json["disk"]["digest"], raw["disk"]["digest"], "{name}");
        assert_eq!(json["disk"]["format"], format, "{name}");
        let told = json["disk"]["variant"].as_str().unwrap();
        assert!(told.starts_with(variant), "{name}: {told}");
        assert!(allocated(&room.path("out.img")) < 500 << 10, "{name}");
        room.sh("rm out.img");
        let to_pipe = room.run(&format!("import {name} --to - --quiet")).ok();
        assert!(to_pipe.stdout == disk, "{name} to a pipe");
    }
}

#[test]
fn every_variant_comes_out_of_a_pipe_when_its_tables_come_soon_enough() {
    let room = Room::new();
    let disk = plain(&room);
    for (name, make_as, ..) in VARIANTS {
        make(&room, name, make_as);
        let image = room.read(name);
        pipe_gives(&room, &disk, name, &image);
        let ran = room.run_with_pipe("import - --to - --quiet", &image).ok();
        assert!(ran.stdout == disk, "{name} from pipe to pipe");
    }
}

#[test]
fn every_variant_comes_out_of_its_packing() {
    let room = Room::new();
    let disk = plain(&room);
    for (name, make_as, ..) in VARIANTS {
        make(&room, name, make_as);
        for pack in [
            format!("tar -czf packed {name}"),
            format!("rm -f packed.zip; zip -q packed.zip {name}; mv packed.zip packed"),
            format!("gzip -1 < {name} > packed"),
            format!("zstd -q < {name} > packed"),
            format!("xz -0 < {name} > packed"),
        ] {
            room.sh(&pack);
            gives(&room, &disk, "import packed");
            pipe_gives(&room, &disk, &pack, &room.read("packed"));
        }
    }
}

#[test]
fn every_variant_is_kept_and_checked_as_it_passes() {
    let room = Room::new();
    let disk = plain(&room);
    for (name, make_as, ..) in VARIANTS {
        make(&room, name, make_as);
        let image = room.read(name);
        let sum = room.sh(&format!("sha256sum < {name} | cut -c1-64"));
        let sum = String::from_utf8(sum).unwrap();
        let sum = sum.trim();
        gives(
            &room,
            &disk,
            &format!("import {name} --keep copy --sha256 {sum}"),
        );
        assert!(room.read("copy") == image, "{name}");
        room.sh("rm copy");
        let zeros = "0".repeat(64);
        room.run(&format!(
            "import {name} --to out.img --keep copy --sha256 {zeros}"
        ))
        .refused(
            3,
            &format!("error: {name}: SHA-256 is {sum}, it should be {zeros}"),
        );
        assert!(!room.exists("out.img") && !room.exists("copy"), "{name}");
    }
}

#[test]
fn a_disk_in_several_files_is_read_where_they_lie_side_by_side() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = plain(&room);
    for (subformat, _) in SEVERAL_FILES {
        make(
            &room,
            "split.vmdk",
            &format!("vmdk -o subformat={subformat}"),
        );
        gives(&room, &disk, "import split.vmdk --verify");
        told.push(
            room.run_with_pipe("import - --to out.img", &room.read("split.vmdk"))
                .failed(3),
        );
        // What an archive holds does not name files beside the archive.
        room.sh("tar -czf split.tar.gz split.vmdk; gzip -k split.vmdk");
        told.push(room.run("import split.tar.gz --to out.img").failed(3));
        told.push(room.run("import split.vmdk.gz --to out.img").failed(3));
        assert!(!room.exists("out.img"));
        room.sh("rm split*");
    }
    assert_snapshot!(told);
}

#[test]
fn an_extent_of_another_length_than_the_descriptor_says_is_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    plain(&room);
    make(&room, "split.vmdk", "vmdk -o subformat=monolithicFlat");
    room.sh("truncate -s 3M split-flat.vmdk");
    told.push(room.run("import split.vmdk --to out.img").failed(3));
    room.sh("rm split-flat.vmdk");
    told.push(room.run("import split.vmdk --to out.img").failed(3));
    assert_eq!(room.names(), ["disk.img", "split.vmdk"]);
    assert_snapshot!(told);
}

/// An image of 1 GiB whose second table is behind more data than is kept of what passes by.
fn late(room: &Room) {
    room.sh("qemu-img create -q -f qcow2 late.qcow2 1G
         qemu-io -c 'write -P 7 1M 12M' -c 'write -P 8 900M 64k' late.qcow2 > io
         qemu-img convert -O raw late.qcow2 late.img");
}

#[test]
fn tables_behind_the_data_need_a_second_pass() {
    let room = Room::new();
    let mut told = Vec::new();
    late(&room);
    let digest = room.run("digest late.img --quiet").ok().stdout;
    let digest = String::from_utf8(digest).unwrap();
    room.sh(
        "gzip -1 -k late.qcow2; tar -czf late.tar.gz late.qcow2; zip -q late.zip late.qcow2
         tar -cf late.tar late.qcow2; sha256sum late.* > SHA256SUMS",
    );
    for name in [
        "late.qcow2",
        "late.qcow2.gz",
        "late.tar",
        "late.tar.gz",
        "late.zip",
    ] {
        let line = format!(
            "import {name} --to out.img --memory 32M --json --verify --keep copy --checksums SHA256SUMS"
        );
        let json = room.run(&line).ok().json();
        assert_eq!(json["disk"]["digest"], digest.trim(), "{name}");
        assert!(room.read("copy") == room.read(name), "{name}: one copy");
        room.sh("rm out.img copy");
        let line = format!("import {name} --to out.img --memory 32M --json");
        let json = room.run(&line).ok().json();
        assert_eq!(json["disk"]["digest"], digest.trim(), "{name}");
        room.sh("rm out.img");
        let line = "import - --to out.img --memory 32M";
        told.push(room.run_with_pipe(line, &room.read(name)).failed(3));
        assert!(!room.exists("out.img"), "{name}");
    }
    assert_snapshot!(told);
}

#[test]
fn an_internal_snapshot_is_a_disk_too() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = plain(&room);
    make(&room, "guest.qcow2", "qcow2");
    room.sh(
        "qemu-img snapshot -c before guest.qcow2; qemu-io -c 'write -P 7 0 1M' guest.qcow2 > io",
    );
    for snapshot in ["before", "1"] {
        gives(
            &room,
            &disk,
            &format!("import guest.qcow2 --snapshot {snapshot}"),
        );
    }
    room.run("import guest.qcow2 --to now.img").ok();
    assert!(room.read("now.img")[..1 << 20] == [7; 1 << 20]);
    let image = room.read("guest.qcow2");
    room.run_with_pipe("import - --to out.img --snapshot before", &image)
        .ok();
    assert!(room.read("out.img") == disk);
    told.push(
        room.run("import guest.qcow2 --to no.img --snapshot other")
            .failed(3),
    );
    make(&room, "none.qcow2", "qcow2");
    told.push(
        room.run("import none.qcow2 --to no.img --snapshot other")
            .failed(3),
    );
    for (name, make_as) in [
        ("guest.vdi", "vdi"),
        ("guest.vmdk", "vmdk -o subformat=streamOptimized"),
        ("guest.img", "raw"),
    ] {
        make(&room, name, make_as);
        told.push(
            room.run(&format!("import {name} --to no.img --snapshot before"))
                .failed(3),
        );
        let line = "import - --to no.img --snapshot before";
        told.push(room.run_with_pipe(line, &room.read(name)).failed(3));
    }
    assert!(!room.exists("no.img"));
    assert_snapshot!(told);
}

#[test]
fn a_backing_file_is_read_only_where_the_user_allows_it() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = plain(&room);
    room.sh("mkdir images; mv disk.img images
         qemu-img create -q -f qcow2 -b images/disk.img -F raw guest.qcow2
         qemu-io -c 'write -P 7 2M 64k' guest.qcow2 > io");
    let mut changed = disk;
    changed[2 << 20..(2 << 20) + (64 << 10)].fill(7);
    told.push(room.run("import guest.qcow2 --to out.img").failed(3));
    let image = room.read("guest.qcow2");
    told.push(
        room.run_with_pipe("import - --to out.img", &image)
            .failed(3),
    );
    room.run("import guest.qcow2 --to out.img --allow-backing images --verify")
        .ok();
    assert!(room.read("out.img") == changed);
    // Two files cannot pass by in one.
    told.push(
        room.run_with_pipe("import - --to no.img --allow-backing images", &image)
            .failed(3),
    );
    room.sh("tar -czf guest.tar.gz guest.qcow2");
    told.push(
        room.run("import guest.tar.gz --to no.img --allow-backing images")
            .failed(3),
    );
    // The name's directory is the image's wish and not the user's.
    room.sh("qemu-img rebase -u -b /etc/passwd -F raw guest.qcow2; mkdir empty");
    let ran = room.run("import guest.qcow2 --to no.img --allow-backing empty");
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(!room.exists("no.img"));
    assert_snapshot!(told);
}

#[test]
fn blocks_in_any_order_go_to_a_file_and_not_to_a_pipe() {
    let room = Room::new();
    let mut told = Vec::new();
    for (format, ours) in [("vdi", "vdi"), ("vpc", "vhd"), ("qcow2", "qcow2")] {
        let options = if format == "vpc" {
            "-o force_size=on"
        } else {
            ""
        };
        room.sh(&format!(
            "qemu-img create -q -f {format} {options} image 32M
             qemu-io -f {format} -c 'write -P 1 24M 2M' -c 'write -P 2 8M 2M' -c 'write -P 3 0 2M' image > io
             qemu-img convert -f {format} -O raw image image.img; gzip -1 -k image"
        ));
        let disk = room.read("image.img");
        pipe_gives(&room, &disk, ours, &room.read("image"));
        pipe_gives(&room, &disk, ours, &room.read("image.gz"));
        room.run("import image.gz --to out.img --verify").ok();
        assert!(room.read("out.img") == disk, "{ours}");
        let ran = room.run("import image --to - --quiet").ok();
        assert!(ran.stdout == disk, "{ours}: a file is read in any order");
        let ran = room.run_with_pipe("import - --to - --quiet", &room.read("image"));
        assert!(ran.stdout.is_empty(), "{ours}: nothing went out");
        told.push(ran.failed(3));
        room.sh("rm image* out.img");
    }
    assert_snapshot!(told);
}

/// A fixed VHD of a disk of 4 MiB, and a tar that it passes in.
fn fixed(room: &Room) -> Vec<u8> {
    let disk = plain(room);
    make(room, "fixed.vhd", "vpc -o subformat=fixed,force_size=on");
    room.sh("tar -cf fixed.tar fixed.vhd");
    disk
}

#[test]
fn a_fixed_vhd_that_passes_is_not_written_with_its_footer() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = fixed(&room);
    let json = room.run("import fixed.tar --to out.img --verify --json");
    let json = json.ok().json();
    assert_eq!(json["disk"]["format"], "vhd");
    assert_eq!(json["disk"]["variant"], "fixed");
    assert_eq!(json["disk"]["size"], 4 << 20);
    assert!(room.read("out.img") == disk);
    for format in ["qcow2", "vdi", "vmdk", "vhd"] {
        let line = format!("convert fixed.tar out --format {format}");
        told.push(room.run(&line).failed(3));
        assert!(!room.exists("out"), "{format}");
        let qemu = if format == "vhd" { "vpc" } else { format };
        for how in [
            "convert fixed.tar out --size 6M",
            "convert fixed.vhd out",
            "convert fixed.tar out --source-format vhd",
            "convert fixed.tar out --source-format vhd --size 4M",
        ] {
            room.run(&format!("{how} --format {format} --verify")).ok();
            let info = room.sh(&format!("qemu-img info --output json -f {qemu} out"));
            let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
            let size = if how.ends_with("6M") {
                6 << 20
            } else {
                4 << 20
            };
            assert_eq!(info["virtual-size"], size, "{how}, {format}");
            room.sh(&format!(
                "qemu-img compare -q -f raw -F {qemu} disk.img out; rm out"
            ));
        }
    }
    assert_snapshot!(told);
}

#[test]
fn a_declared_vhd_may_be_a_fixed_one_and_has_to_be_one() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = fixed(&room);
    let image = room.read("fixed.vhd");
    gives(&room, &disk, "import fixed.vhd --format vhd");
    gives(&room, &disk, "import fixed.vhd --format vhd --keep copy");
    gives(&room, &disk, "import fixed.tar --format vhd --size 4M");
    let ran = room.run_with_pipe("import - --format vhd --to out.img", &image);
    assert_eq!(ran.status, 0, "{}", ran.story());
    assert!(room.read("out.img") == disk);
    room.sh("rm out.img; tar -cf disk.tar disk.img");
    told.push(
        room.run("import disk.img --format vhd --to out.img")
            .failed(3),
    );
    told.push(
        room.run("import disk.tar --format vhd --to out.img")
            .failed(3),
    );
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}
