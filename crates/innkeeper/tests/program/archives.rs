//! Everything a disk may be packed in, made by the programs that people use.

use std::fs;
use std::os::unix::fs::FileExt;

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, allocated, disk, write_sparse};

const COMPRESSIONS: [&str; 14] = [
    "gzip -1",
    "gzip -9",
    "pigz -p 2",
    "bgzip -c",
    "igzip -c -1",
    "xz -T1",
    "xz -T2 --block-size=300KiB",
    "zstd -q -3",
    "zstd -q -19 --long=23",
    "bzip2 -1",
    "lbzip2 -9",
    "lz4 -q -1",
    "lz4 -q -9 -BD",
    "lz4 -q -l",
];

#[test]
fn every_compression_gives_the_disk_back_with_its_holes() {
    let room = Room::new();
    let disk = disk(6 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    for (i, tool) in COMPRESSIONS.iter().enumerate() {
        room.sh(&format!("{tool} < disk.img > packed"));
        room.run(&format!("import packed --to {i}.img")).ok();
        let name = format!("{i}.img");
        assert!(room.read(&name) == disk, "{tool}");
        assert!(
            allocated(&room.path(&name)) < 400 << 10,
            "{tool}: holes stay holes"
        );
    }
}

#[test]
fn several_streams_in_one_file_are_one_disk() {
    let room = Room::new();
    let disk = disk(6 << 20);
    room.write("a", &disk[..5_000_000]);
    room.write("b", &disk[5_000_000..]);
    for tool in ["gzip", "xz", "zstd -q", "bzip2", "lz4 -q"] {
        room.sh(&format!(
            "rm -f packed; for part in a b; do {tool} < $part >> packed; done"
        ));
        room.run("import packed --to out.img --force").ok();
        assert!(room.read("out.img") == disk, "{tool}");
    }
}

#[test]
fn every_archive_gives_its_disk_and_names_the_configurations() {
    let room = Room::new();
    let disk = disk(6 << 20);
    fs::create_dir(room.path("guest")).unwrap();
    write_sparse(&room.path("guest/disk.img"), &disk);
    room.write("guest/web01.cfg", b"name = 'web01'\nmemory = 512\n");
    room.write("guest/README", b"Read me first.\n");
    for (i, pack) in [
        "tar -cf packed guest",
        "tar --format=v7 -cf packed guest",
        "tar --format=ustar -cf packed guest",
        "tar --format=pax -cf packed guest",
        "tar --format=gnu -S -cf packed guest",
        "tar --format=pax -S --sparse-version=0.0 -cf packed guest",
        "tar --format=pax -S --sparse-version=0.1 -cf packed guest",
        "tar --format=pax -S --sparse-version=1.0 -cf packed guest",
        "bsdtar -cf packed guest",
        "tar -czf packed guest",
        "tar -c -S guest | xz -0 > packed",
        "tar -c guest | gzip | zstd -q > packed",
        "rm -f packed.zip; zip -q -r packed.zip guest; mv packed.zip packed",
        "rm -f packed.zip; zip -q -0 -r packed.zip guest; mv packed.zip packed",
        "zip -q -r - guest | cat > packed",
        "gzip -k guest/disk.img; tar -c guest/disk.img.gz guest/web01.cfg > packed; rm guest/disk.img.gz",
        "tar -czf inner.tar.gz guest; rm -f packed.zip; zip -q packed.zip inner.tar.gz; mv packed.zip packed",
    ]
    .iter()
    .enumerate()
    {
        room.sh(pack);
        let json = room.run(&format!("import packed --to {i}.img --json")).ok().json();
        assert!(room.read(&format!("{i}.img")) == disk, "{pack}");
        assert!(allocated(&room.path(&format!("{i}.img"))) < 400 << 10, "{pack}");
        let config = json["configs"][0]["member"].as_str().expect(pack);
        assert!(config.ends_with("guest/web01.cfg"), "{pack}: {config}");
        assert_eq!(json["configs"][0]["kind"], "xl");
    }
}

#[test]
fn several_disks_are_refused_with_the_list_and_one_can_be_chosen() {
    let room = Room::new();
    let mut told = Vec::new();
    let (one, two) = (disk(1 << 20), disk(2 << 20));
    room.write("one.img", &one);
    room.write("two.img", &two);
    room.sh("tar -czf both.tar.gz one.img two.img");
    told.push(room.run("import both.tar.gz --to out.img").failed(3));
    assert!(!room.exists("out.img"));
    for member in ["two.img", "t*"] {
        room.run(&format!(
            "import both.tar.gz --to out.img --force --member {member}"
        ))
        .ok();
        assert!(room.read("out.img") == two);
    }
    told.push(
        room.run("import both.tar.gz --to new.img --member *.img")
            .failed(3),
    );
    told.push(
        room.run("import both.tar.gz --to new.img --member three.img")
            .failed(3),
    );
    room.sh("tar -cf twice.tar one.img; tar -rf twice.tar one.img");
    told.push(room.run("import twice.tar --to new.img").failed(3));
    assert!(!room.exists("new.img"));
    assert_snapshot!(told);
}

#[test]
fn an_archive_without_a_disk_says_what_it_holds() {
    let room = Room::new();
    room.write("README", b"Read me first.\n");
    room.write("web.cfg", b"name = 'web'\nmemory = 64\n");
    room.sh("tar -czf docs.tar.gz README web.cfg; tar -cf none.tar -T /dev/null");
    assert_snapshot!(room.run("import docs.tar.gz --to out.img").failed(3));
    let ran = room.run("import none.tar --to out.img --format raw");
    assert_eq!(
        ran.status,
        0,
        "10 KiB of zeros, declared a disk: {}",
        ran.story()
    );
}

#[test]
fn members_that_would_climb_out_are_only_names() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    room.sh("tar -P --transform 's,^,../../../,' -cf evil.tar disk.img");
    room.run("import evil.tar --to out.img").ok();
    assert!(room.read("out.img") == disk);
    assert_eq!(room.names(), ["disk.img", "evil.tar", "out.img"]);
}

#[test]
fn a_terabyte_of_nothing_costs_what_its_data_costs() {
    let room = Room::new();
    let size = 1u64 << 40;
    let file = fs::File::create(room.path("huge.img")).unwrap();
    file.set_len(size).unwrap();
    for i in 0..20 {
        file.write_all_at(&disk(512 << 10), i * (size / 20) / 4096 * 4096)
            .unwrap();
    }
    let raw = room.run("import huge.img --to raw.img --json").ok().json();
    assert_eq!(raw["disk"]["size"], size);
    room.sh("tar -S -cf huge.tar huge.img; tar -S --format=pax -czf huge.tar.gz huge.img");
    for packed in ["huge.tar", "huge.tar.gz"] {
        let json = room
            .run(&format!("import {packed} --to out.img --force --json"))
            .ok()
            .json();
        assert_eq!(json["disk"]["digest"], raw["disk"]["digest"], "{packed}");
    }
    assert!(allocated(&room.path("out.img")) < 12 << 20);
}

#[test]
fn a_copy_is_the_source_byte_for_byte() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    room.sh("tar -czf guest.tar.gz disk.img");
    let packed = room.read("guest.tar.gz");
    room.run_with_input("import - --to out.img --keep copy.tar.gz", &packed)
        .ok();
    assert!(room.read("copy.tar.gz") == packed);
}

#[test]
fn several_disks_of_which_one_needs_a_second_pass_all_arrive_once() {
    let room = Room::new();
    room.write("a.img", &disk(1 << 20));
    // Its second table is behind more data than is kept of a stream.
    room.sh("head -c 20M /dev/urandom > late.img; truncate -s 600M late.img; head -c 1M /dev/urandom >> late.img");
    room.sh("qemu-img convert -f raw -O qcow2 late.img b.qcow2; cp a.img c.img");
    room.sh("tar -czf lab.tar.gz a.img b.qcow2 c.img; rm a.img b.qcow2");
    let json = room
        .run("import lab.tar.gz --to out-{disk}-{member}.img --json")
        .ok()
        .json();
    assert_eq!(json["disks"].as_array().unwrap().len(), 3);
    assert!(room.read("out-0-a.img") == room.read("c.img"));
    assert!(room.read("out-1-b.img") == room.read("late.img"));
    assert!(room.read("out-2-c.img") == room.read("c.img"));
}
