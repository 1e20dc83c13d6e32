//! Disks in several members that an OVF lists: chunks of one file, and versions of a disk.

use crate::split::{gives, small};
use crate::support::transcript::assert_snapshot;
use crate::support::{Room, write_sparse};

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
    let mut told = Vec::new();
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
        told.push(room.run("import packed --to out.img").failed(3));
    }
    assert_snapshot!(told);
}

#[test]
fn chunks_that_are_missing_short_or_out_of_order_are_told() {
    let room = Room::new();
    let mut told = Vec::new();
    small(&room);
    cut(&room, "disk.vmdk");
    let file = in_chunks(&room, "disk.vmdk", "disk.vmdk");
    ovf(&room, &file);
    let mut refuses = |members: &str| {
        room.sh(&format!("tar -cf packed {members}"));
        for line in [
            "import packed --to out.img",
            "import packed --to out.img --member disk.vmdk",
        ] {
            told.push(room.run(line).failed(3));
            assert!(!room.exists("out.img"), "{members}");
        }
    };
    let chunk = |number: u32| format!("disk.vmdk.{number:09}");
    let (zero, one, two, three) = (chunk(0), chunk(1), chunk(2), chunk(3));
    refuses(&format!("vm.ovf {zero} {two} {three}"));
    refuses(&format!("vm.ovf {one} {two} {three} {zero}"));
    refuses(&format!("{zero} {one} {three} {two} vm.ovf"));
    room.sh(&format!("tar -cf packed vm.ovf {zero} {one} {two}"));
    let size = room.read("disk.vmdk").len();
    let missing = format!(
        "disk.vmdk: has 196608 of its {size} bytes in its 3 chunks: the chunk 000000003 is missing"
    );
    room.run("import packed --to out.img")
        .refused_for(3, &missing);
    room.sh(&format!("truncate -s 60K {one}"));
    refuses("vm.ovf disk.vmdk.0*");
    room.sh(&format!("truncate -s 64K {one}; truncate -s 65K {three}"));
    refuses("vm.ovf disk.vmdk.0*");
    assert_snapshot!(told);
}

#[test]
fn a_pipe_wants_the_ovf_before_the_chunks() {
    let room = Room::new();
    let disk = small(&room);
    // The first chunk has the whole partition of the disk.
    room.sh("split -b 256K -a 9 -d disk.img disk.img.");
    ovf(
        &room,
        "<File ovf:href=\"disk.img\" ovf:id=\"f\" ovf:chunkSize=\"262144\"/>",
    );
    room.sh("tar -cf packed disk.img.0* vm.ovf");
    assert_snapshot!(
        room.run_with_pipe("import - --to out.img", &room.read("packed"))
            .failed(3)
    );
    assert!(!room.exists("out.img"));
    gives(&room, "import packed", &disk, "what can be read twice");
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
    assert_snapshot!(
        room.run_with_pipe("import - --to out.img", &room.read("packed"))
            .failed(3)
    );
    assert!(!room.exists("out.img"));
}
