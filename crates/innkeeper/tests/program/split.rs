//! A disk in several files that count, by their names or by an OVF.

use crate::support::{Room, disk, write_sparse};

const ONCE: &str = "and this source can be read only once\n\
    hint: save it first and give the file, or pack the descriptor first";

/// A disk as `disk.img` and as `disk.vmdk`, streamOptimized.
fn small(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.img disk.vmdk");
    disk
}

/// Writes `vm.ovf`, which lists the files with these references.
fn ovf(room: &Room, files: &str) {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" \
         xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">\n<References>{files}</References>\n\
         <VirtualSystem ovf:id=\"vm\"><Info>A guest</Info></VirtualSystem>\n</Envelope>\n"
    );
    room.write("vm.ovf", text.as_bytes());
}

/// The reference of a file in chunks of 64 KiB.
fn in_chunks(room: &Room, file: &str, href: &str) -> String {
    let size = room.read(file).len();
    format!("<File ovf:href=\"{href}\" ovf:id=\"f\" ovf:chunkSize=\"65536\" ovf:size=\"{size}\"/>")
}

/// Cuts `file` into chunks as an OVF calls them.
fn cut(room: &Room, file: &str) {
    room.sh(&format!("split -b 64K -a 9 -d {file} {file}."));
}

#[track_caller]
fn gives(room: &Room, line: &str, disk: &[u8], what: &str) -> serde_json::Value {
    let json = room.run(&format!("{line} --to out.img --json")).ok().json();
    assert!(room.read("out.img") == disk, "{what}");
    room.sh("rm out.img");
    json
}

#[test]
fn chunks_that_an_ovf_lists_are_one_disk() {
    let room = Room::new();
    let disk = small(&room);
    cut(&room, "disk.vmdk");
    ovf(&room, &in_chunks(&room, "disk.vmdk", "disk.vmdk"));
    room.sh("for f in vm.ovf disk.vmdk.*; do echo \"SHA256($f)= $(sha256sum < $f | cut -c1-64)\"; done > vm.mf; ls disk.vmdk.0* | wc -l > count");
    assert_eq!(room.read("count"), b"4\n");
    for members in [
        "vm.ovf vm.mf disk.vmdk.*",
        "vm.ovf disk.vmdk.* vm.mf",
        "disk.vmdk.* vm.mf vm.ovf",
        "disk.vmdk.* vm.ovf",
    ] {
        for pack in [
            format!("tar -cf packed {members}"),
            format!("tar -czf packed {members}"),
            format!("rm -f p.zip; zip -q p.zip {members}; mv p.zip packed"),
        ] {
            room.sh(&pack);
            let json = gives(&room, "import packed", &disk, &pack);
            assert_eq!(json["disk"]["member"], "disk.vmdk", "{pack}");
            assert_eq!(json["disk"]["variant"], "streamOptimized", "{pack}");
            let told = room.run("inspect packed --json").ok().json();
            assert_eq!(told["disks"][0]["member"], "disk.vmdk", "{pack}: {told}");
            assert_eq!(told["disks"].as_array().unwrap().len(), 1, "{pack}");
            assert!(told["refusal"].is_null(), "{told}");
        }
    }
    room.sh("tar -cf packed vm.ovf vm.mf disk.vmdk.*");
    let json = gives(&room, "import packed", &disk, "with a manifest");
    assert_eq!(json["manifest"], "5 files agree (SHA-256)");
    let ran = room.run_with_pipe("import - --to - --quiet", &room.read("packed"));
    assert!(ran.ok().stdout == disk);
    room.sh("tar -cf inner packed; gzip inner");
    gives(&room, "import inner.gz", &disk, "an archive in an archive");
}

#[test]
fn what_is_in_chunks_may_be_compressed_or_raw_and_have_any_name() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("gzip -k disk.img; mv disk.img.gz 'a disk.gz'; mkdir d");
    for (file, href) in [("disk.img", "./disk.img"), ("'a disk.gz'", "a%20disk.gz")] {
        cut(&room, file);
        let plain = file.trim_matches('\'');
        ovf(&room, &in_chunks(&room, plain, href));
        room.sh(&format!(
            "tar -cf packed vm.ovf {file}.0*; mv {file}.0* d; cp vm.ovf d; tar --sort=name -cf deep ./d; rm d/*"
        ));
        let json = gives(&room, "import packed", &disk, file);
        assert_eq!(json["disk"]["member"], plain);
        let json = gives(&room, "import deep", &disk, file);
        assert_eq!(json["disk"]["member"], format!("./d/{plain}"));
        gives(
            &room,
            &format!("import packed --member *{}", &plain[plain.len() - 3..]),
            &disk,
            file,
        );
    }
}

#[test]
fn two_disks_in_chunks_are_two() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("cp disk.vmdk two.vmdk");
    cut(&room, "disk.vmdk");
    cut(&room, "two.vmdk");
    let files =
        in_chunks(&room, "disk.vmdk", "disk.vmdk") + &in_chunks(&room, "two.vmdk", "two.vmdk");
    ovf(&room, &files);
    for members in [
        "vm.ovf disk.vmdk.* two.vmdk.*",
        "two.vmdk.* disk.vmdk.* vm.ovf",
    ] {
        room.sh(&format!("tar -cf packed {members}"));
        room.run("import packed --to out-{disk}.img").ok();
        assert!(room.read("out-0.img") == disk && room.read("out-1.img") == disk);
        room.sh("rm out-*");
        gives(&room, "import packed --member two.vmdk", &disk, members);
        room.run("import packed --to out.img")
            .refused_for(3, "error: packed: holds 2 disks: ");
    }
}

#[test]
fn chunks_that_are_missing_short_or_out_of_order_are_told() {
    let room = Room::new();
    small(&room);
    cut(&room, "disk.vmdk");
    let file = in_chunks(&room, "disk.vmdk", "disk.vmdk");
    ovf(&room, &file);
    let refuses = |members: &str, message: &str| {
        room.sh(&format!("tar -cf packed {members}"));
        for line in [
            "import packed --to out.img",
            "import packed --to out.img --member disk.vmdk",
        ] {
            room.run(line)
                .refused(3, &format!("error: packed: {message}"));
            assert!(!room.exists("out.img"), "{members}");
        }
    };
    let chunk = |number: u32| format!("disk.vmdk.{number:09}");
    let (zero, one, two, three) = (chunk(0), chunk(1), chunk(2), chunk(3));
    let order = "\nhint: pack the chunks in the order of their numbers, or unpack them and join them with cat";
    refuses(
        &format!("vm.ovf {zero} {two} {three}"),
        &format!(
            "{zero}: is followed by the chunk 000000002: the chunk 000000001 is missing or in another place"
        ),
    );
    refuses(
        &format!("vm.ovf {one} {two} {three} {zero}"),
        &format!(
            "{one}: comes before the chunk 000000000 of its file, and chunks are read only one behind the other{order}"
        ),
    );
    refuses(
        &format!("{zero} {one} {three} {two} vm.ovf"),
        &format!(
            "{one}: is followed by the chunk 000000003: the chunk 000000002 is missing or in another place"
        ),
    );
    let size = room.read("disk.vmdk").len();
    refuses(
        &format!("vm.ovf {zero} {one} {two}"),
        &format!(
            "disk.vmdk: has 196608 of its {size} bytes in its 3 chunks: the chunk 000000003 is missing"
        ),
    );
    room.sh(&format!("truncate -s 60K {one}"));
    refuses(
        "vm.ovf disk.vmdk.0*",
        &format!("{one}: has 61440 bytes, and each chunk but the last has 65536"),
    );
    room.sh(&format!("truncate -s 64K {one}; truncate -s 65K {three}"));
    refuses(
        "vm.ovf disk.vmdk.0*",
        &format!("{three}: has 66560 bytes, and no chunk has more than 65536"),
    );
}

#[test]
fn a_pipe_wants_the_ovf_before_the_chunks() {
    let room = Room::new();
    let disk = small(&room);
    cut(&room, "disk.img");
    ovf(&room, &in_chunks(&room, "disk.img", "disk.img"));
    room.sh("tar -cf packed disk.img.0* vm.ovf");
    room.run_with_pipe("import - --to out.img", &room.read("packed"))
        .refused(
            3,
            &format!(
                "error: -: vm.ovf: comes behind the chunk disk.img.000000000 that it lists, {ONCE}"
            ),
        );
    assert!(!room.exists("out.img"));
    gives(&room, "import packed", &disk, "what can be read twice");
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
    let refused = "vm-f001.vmdk: is one of 2 parts of a file: vm-f001.vmdk (2097152 bytes), vm-f002.vmdk (2097152 bytes)\n\
        hint: give the descriptor, a small text file that names them, with all of them beside it";
    room.run("import vm-f001.vmdk --to out.img")
        .refused(3, &format!("error: {refused}"));
    for members in ["vm-f001.vmdk vm-f002.vmdk", "vm-f002.vmdk vm-f001.vmdk"] {
        room.sh(&format!("tar -cf packed {members}"));
        room.run("import packed --to out.img")
            .refused(3, &format!("error: packed: {refused}"));
        room.run_with_pipe("import - --to out.img", &room.read("packed"))
            .refused_for(3, "error: -: ");
        assert!(!room.exists("out.img"), "{members}");
    }
    room.sh("rm vm-f002.vmdk; tar -cf packed vm-f001.vmdk");
    room.run("import packed --to out.img --format raw").ok();
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

#[test]
fn of_snapshots_the_newest_is_taken() {
    let room = Room::new();
    let disk = small(&room);
    write_sparse(&room.path("old.img"), &[1; 1 << 20]);
    room.sh(
        "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized old.img d1.vmdk.000000000
             cp d1.vmdk.000000000 d1.vmdk.000000001; cp disk.vmdk d1.vmdk.000000002",
    );
    ovf(
        &room,
        "<File ovf:href=\"d1.vmdk\" ovf:id=\"f\" ovf:size=\"1\"/>",
    );
    let (zero, one, two) = (
        "d1.vmdk.000000000",
        "d1.vmdk.000000001",
        "d1.vmdk.000000002",
    );
    for members in [
        format!("vm.ovf {zero} {one} {two}"),
        format!("{two} {zero} vm.ovf {one}"),
    ] {
        for pack in [
            format!("tar -cf packed {members}"),
            format!("rm -f p.zip; zip -q p.zip {members}; mv p.zip packed"),
        ] {
            room.sh(&pack);
            let json = gives(&room, "import packed", &disk, &pack);
            assert_eq!(json["disk"]["member"], two, "{pack}");
            let warnings = &json["warnings"];
            assert_eq!(warnings[1]["place"], one);
            assert_eq!(warnings[0]["place"], zero);
            assert_eq!(
                warnings[0]["message"],
                format!("is passed by: {two} is the newest version of the disk")
            );
            room.run("import packed --to out-{disk}.img").ok();
            assert!(!room.exists("out-1.img") && room.read("out-0.img") == disk);
            room.sh("rm out-0.img");
            room.run(&format!("import packed --to out.img --member {zero}"))
                .ok();
            assert_eq!(room.read("out.img").len(), 1 << 20);
            room.sh("rm out.img");
        }
    }
    room.sh(&format!(
        "cp disk.vmdk d1.vmdk; tar -cf packed vm.ovf d1.vmdk {zero} {one}"
    ));
    let json = gives(&room, "import packed", &disk, "the name itself is there");
    assert_eq!(json["disk"]["member"], "d1.vmdk");
    assert_eq!(
        json["warnings"][1]["message"],
        "is passed by: d1.vmdk is the newest version of the disk"
    );
    room.sh(&format!("tar -cf packed vm.ovf {two}"));
    gives(&room, "import packed", &disk, "one alone");
    room.sh(&format!("tar -cf packed vm.ovf {zero} {two}"));
    room.run_with_pipe("import - --to out.img", &room.read("packed"))
        .refused(
            3,
            &format!("error: -: {two}: is a newer version of {zero}, which was taken, {ONCE}"),
        );
    assert!(!room.exists("out.img"));
}
