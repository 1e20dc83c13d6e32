//! What is taken for a raw disk and why, what is refused by name, and disks that are cut off.

use testkit::machine::{Disk, noise};

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk, write_sparse};

const NOTHING: &str = "nothing recognised in it: no partition table, file system or boot code";

/// A disk whose one partition ends at byte `end`, whatever its own size is.
fn partitioned(size: usize, end: usize) -> Vec<u8> {
    let mut disk = disk(size);
    disk[458..462].copy_from_slice(&(end as u32 / 512 - 1).to_le_bytes());
    disk
}

/// The head of a disk of `size` bytes with a GPT that counts in sectors of `sector` bytes and has one
/// partition of all that is usable.
fn gpt(sector: usize, size: usize) -> Vec<u8> {
    let mut disk = partitioned(size, size);
    disk[450] = 0xee;
    let (blocks, array) = ((size / sector) as u64, (16384 / sector) as u64);
    let (first, last) = (2 + array, blocks - 2 - array);
    let header = &mut disk[sector..sector + 92];
    header.fill(0);
    header[..16].copy_from_slice(b"EFI PART\0\0\x01\0\x5c\0\0\0");
    for (at, number) in [(24, 1), (32, blocks - 1), (40, first), (48, last), (72, 2)] {
        header[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    (header[80], header[84]) = (128, 128);
    let crc = crc32fast::hash(header);
    header[16..20].copy_from_slice(&crc.to_le_bytes());
    let entry = &mut disk[2 * sector..2 * sector + 128];
    entry[..32].fill(1);
    entry[32..40].copy_from_slice(&first.to_le_bytes());
    entry[40..48].copy_from_slice(&last.to_le_bytes());
    disk
}

/// What is said of `bytes`, which are refused and leave nothing: from a file, and but for the name the same out of a
/// compressed file and from a pipe.
#[track_caller]
fn refused(room: &Room, bytes: &[u8]) -> Ran {
    room.write("in", bytes);
    room.sh("gzip -c in >in.gz");
    let before = room.names();
    let file = room.run("import in --to out.img").failed(3);
    let packed = room.run("import in.gz --to out.img").failed(3);
    let pipe = room.run_with_pipe("import - --to out.img", bytes).failed(3);
    assert_eq!(packed.stderr.replacen("in.gz:", "in:", 1), file.stderr);
    assert_eq!(pipe.stderr.replacen("-:", "in:", 1), file.stderr);
    assert_eq!(room.names(), before);
    file
}

/// The warnings of a result in JSON.
fn warnings(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let warnings = json["warnings"].as_array().unwrap().iter();
    let message = |warning: &serde_json::Value| warning["message"].as_str().unwrap().to_owned();
    warnings.map(message).collect()
}

#[test]
fn what_is_known_and_no_disk_is_refused_by_name() {
    let room = Room::new();
    let mut told = Vec::new();
    let starting = |head: &[u8]| {
        let mut bytes = noise(1, 1 << 20);
        bytes[..head.len()].copy_from_slice(head);
        bytes
    };
    for head in [
        &b"PaRtImAgE-VoLuMe"[..],
        b"7z\xbc\xaf\x27\x1c",
        b"Salted__",
        b"\x2f\x7f\x41\xed\x91\xfd\x0f\xcd",
        b"LibvirtQemudSave",
    ] {
        told.push(refused(&room, &starting(head)));
    }
    told.push(refused(&room, &starting(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")));
    assert_snapshot!(told);
}

#[test]
fn what_shows_nothing_is_taken_only_as_raw_and_that_is_said() {
    let room = Room::new();
    let mut told = Vec::new();
    let bytes = noise(1, 1 << 20);
    told.push(refused(&room, &bytes));
    told.push(refused(&room, &disk(1 << 20)[..(1 << 20) - 1]));

    room.write("in", &bytes);
    let ran = room.run("import in --to out.img --format raw --json").ok();
    assert!(room.read("out.img") == bytes);
    let warning = format!("{NOTHING}; taken as a raw disk because the format was given");
    assert_eq!(warnings(&ran), [warning.as_str()]);
    let ran = room
        .run_with_pipe("convert - out.img --source-format raw --force", &bytes)
        .ok();
    told.push(ran);
    told.push(
        room.run("import in --to new.img --format raw --strict")
            .failed(3),
    );
    assert!(!room.exists("new.img"));
    // What shows what it is needs no word about it.
    room.write("in", &disk(1 << 20));
    let ran = room
        .run("import in --to out.img --format raw --force --json")
        .ok();
    assert_eq!(warnings(&ran), [""; 0]);
    assert_snapshot!(told);
}

#[test]
fn a_format_that_was_declared_has_to_be_there() {
    let room = Room::new();
    room.write("in", &noise(1, 1 << 20));
    assert_snapshot!(room.run("import in --to out.img --format qcow2").failed(3));
    let ran = room.run("import in --to out.img --format vhd");
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert!(!room.exists("out.img"));
}

#[test]
fn an_empty_disk_is_a_disk_of_any_size() {
    let room = Room::new();
    let mut told = Vec::new();
    for size in [512, 1024, 70_144, 1 << 20, 5 << 20] {
        let zeros = vec![0; size];
        room.write("in", &zeros);
        room.sh("gzip -c in >in.gz");
        for source in ["in", "in.gz"] {
            let ran = room
                .run(&format!("import {source} --to out.img --json"))
                .ok();
            assert!(room.read("out.img") == zeros, "{size}");
            assert_eq!(warnings(&ran), [""; 0]);
            room.sh("rm out.img");
        }
    }
    told.push(refused(&room, &[0; 1000]));
    for (size, at) in [
        (1 << 20, 900_000),
        (1 << 20, (1 << 20) - 1),
        (80_000 * 512, 70_000),
    ] {
        let mut bytes = vec![0; size];
        bytes[at] = 1;
        told.push(refused(&room, &bytes));
    }
    assert_snapshot!(told);
}

#[test]
fn signatures_far_from_the_start_count_where_they_can_be_read() {
    let room = Room::new();
    let mut disk = noise(1, 4 << 20);
    // An md member of version 1.0 has its superblock at the end.
    let at = disk.len() - 8192;
    disk[at..at + 4].copy_from_slice(b"\xfc\x4e\x2b\xa9");
    room.write("in", &disk);
    room.run("import in --to out.img").ok();
    assert!(room.read("out.img") == disk);
    assert_snapshot!(room.run_with_pipe("import - --to new.img", &disk).failed(3));
}

#[test]
fn a_device_is_a_disk_whatever_it_looks_like() {
    let room = Room::new();
    for (head, warning) in [
        (&b""[..], None),
        (
            b"%PDF-1.7\n",
            Some(
                "begins as a PDF document does; taken as a raw disk because it comes from a device",
            ),
        ),
    ] {
        let mut bytes = noise(1, 4 << 20);
        bytes[..head.len()].copy_from_slice(head);
        let device = Disk::new(4 << 20);
        device.fill(0, &bytes);
        let ran = room
            .run(&format!(
                "import {} --to out.img --json --force",
                device.name()
            ))
            .ok();
        assert!(room.read("out.img") == bytes);
        let expected: Vec<&str> = warning.into_iter().collect();
        assert_eq!(warnings(&ran), expected);
    }
}

#[test]
fn a_member_is_a_disk_by_evidence_or_by_what_is_said_of_it() {
    let room = Room::new();
    let mut told = Vec::new();
    let data = noise(1, 1 << 20);
    room.write("data.bin", &data);
    room.write("notes.pdf", b"%PDF-1.7\n\x80\x81\x82");
    room.sh("tar -cf both.tar data.bin notes.pdf");
    told.push(room.run("import both.tar --to out.img").failed(3));
    told.push(
        room.run("import both.tar --to out.img --member data.bin")
            .failed(3),
    );
    told.push(
        room.run("import both.tar --to out.img --member notes.pdf")
            .failed(3),
    );
    assert!(!room.exists("out.img"));
    let ran = room
        .run("import both.tar --to out.img --member data.bin --format raw --json")
        .ok();
    assert!(room.read("out.img") == data);
    let warning = format!("{NOTHING}; taken as a raw disk because the format was given");
    assert_eq!(warnings(&ran), [warning]);
    assert_eq!(ran.json()["warnings"][0]["place"], "data.bin");
    assert_snapshot!(told);
}

#[test]
fn a_member_that_cannot_be_read_is_named_where_there_is_no_disk() {
    let room = Room::new();
    room.write("disk.gho", b"\xfe\xef\x01\x02 and so on");
    room.write("README", b"Read me first.\n");
    room.sh("tar -cf ghost.tar README disk.gho");
    assert_snapshot!(room.run("import ghost.tar --to out.img").failed(3));
}

#[test]
fn what_a_description_names_as_a_raw_disk_is_one() {
    let room = Room::new();
    let data = noise(1, 1 << 20);
    room.write("data.bin", &data);
    room.write("other.bin", &data);
    let xl =
        "name = 'web'\nmemory = 64\ndisk = [ 'format=raw, vdev=xvda, target=/srv/data.bin' ]\n";
    room.write("web.cfg", xl.as_bytes());
    let libvirt = "<domain type='kvm'><name>web</name><memory>65536</memory><devices>\
                   <disk type='file' device='disk'><driver name='qemu' type='raw'/>\
                   <source file='/srv/data.bin'/><target dev='vda'/></disk></devices></domain>";
    room.write("web.xml", libvirt.as_bytes());
    for config in ["web.cfg", "web.xml"] {
        room.sh(&format!("tar -cf guest.tar {config} other.bin data.bin"));
        let ran = room
            .run("import guest.tar --to out.img --json --force")
            .ok();
        assert!(room.read("out.img") == data, "{config}");
        assert_eq!(ran.json()["disk"]["member"], "data.bin");
    }
}

#[test]
fn what_reads_as_two_things_is_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    let mut both = disk(1 << 20);
    both[..6].copy_from_slice(b"7z\xbc\xaf\x27\x1c");
    told.push(refused(&room, &both));
    both[..6].copy_from_slice(b"QFI\xfb\0\0");
    told.push(refused(&room, &both));
    // Two letters are no format.
    both[..6].copy_from_slice(b"MZ\0\0\0\0");
    room.write("in", &both);
    room.run("import in --to out.img").ok();
    assert!(room.read("out.img") == both);
    assert_snapshot!(told);
}

const CUT: &str =
    "is cut off: partition 1 of its MBR ends at byte 8388608, the disk at byte 4194304";

#[test]
fn a_disk_that_reaches_past_its_end_is_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    let half = partitioned(4 << 20, 8 << 20);
    told.push(refused(&room, &half));
    let half = &gpt(512, 8 << 20)[..4 << 20];
    told.push(refused(&room, half));
    room.sh("truncate -s 8M fs; mke2fs -q -t ext4 fs; truncate -s 4M fs");
    told.push(refused(&room, &room.read("fs")));
    assert_snapshot!(told);
}

#[test]
fn a_cut_disk_is_refused_in_whatever_format_and_taken_on_request() {
    let room = Room::new();
    let mut told = Vec::new();
    let half = partitioned(4 << 20, 8 << 20);
    write_sparse(&room.path("disk.img"), &half);
    room.sh("for format in qcow2 vdi vpc vhdx vmdk; do
             options=; [ $format = vpc ] && options='-o force_size=on'
             qemu-img convert -f raw -O $format $options disk.img $format
         done
         qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk.img fixed
         qemu-img convert -f raw -O qcow2 -c disk.img packed
         tar -cf disk.tar disk.img");
    room.run("convert disk.img stream --format vmdk --force-truncated --quiet")
        .ok();
    for name in [
        "qcow2", "packed", "vdi", "vpc", "fixed", "vhdx", "vmdk", "stream",
    ] {
        told.push(room.run(&format!("import {name} --to out.img")).failed(3));
        room.sh(&format!("tar -cf a.tar {name}"));
        let ran = room.run("import a.tar --to out.img");
        // That the last bytes are a VHD's is not known so early.
        let cut = CUT.split(", the disk").next().unwrap();
        let told = ran
            .stderr
            .starts_with(&format!("error: a.tar: {name}: {cut}"));
        assert!(ran.status == 3 && told, "{}", ran.story());
        assert!(!room.exists("out.img"), "{name}");
        for source in [name, "a.tar"] {
            let ran = room
                .run(&format!(
                    "import {source} --to out.img --force-truncated --json"
                ))
                .ok();
            assert!(room.read("out.img") == half, "{name}");
            assert_eq!(warnings(&ran), [CUT]);
            room.sh("rm out.img");
        }
    }
    told.push(room.run("import disk.tar --to out.img").failed(3));
    told.push(
        room.run("import disk.img --to out.img --force-truncated --strict")
            .failed(3),
    );
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn a_cut_disk_leaves_a_device_alone_where_that_can_be_seen_before() {
    let room = Room::new();
    let device = Disk::new(8 << 20);
    device.fill(0, &[0xaa; 8 << 20]);
    let half = partitioned(4 << 20, 8 << 20);
    write_sparse(&room.path("disk.img"), &half);
    room.sh("qemu-img convert -f raw -O qcow2 disk.img disk.qcow2; gzip -k disk.img");
    for source in ["disk.img", "disk.qcow2"] {
        let ran = room.run(&format!("import {source} --to {} --force", device.name()));
        assert_eq!(ran.status, 3, "{}", ran.story());
        assert!(device.bytes() == [0xaa; 8 << 20], "{source}: untouched");
    }
    // How long a compressed disk is shows only at its end.
    let ran = room.run(&format!(
        "import disk.img.gz --to {} --force",
        device.name()
    ));
    assert_eq!(ran.status, 3, "{}", ran.story());
    let head = &device.bytes()[..1 << 20];
    assert!(head.iter().all(|&byte| byte == 0), "no partition table");
}

#[test]
fn what_is_a_little_shorter_than_its_table_says_is_taken_with_a_warning() {
    let room = Room::new();
    let whole = gpt(512, 4 << 20);
    room.write("in", &whole[..(4 << 20) - 33 * 512]);
    let ran = room.run("import in --to out.img --json").ok();
    assert_eq!(
        warnings(&ran),
        ["is 16896 bytes shorter than its GPT says: only the backup of that table is missing"]
    );
    // A disc starts from hard disks by a table that need not be exact.
    let mut disc = partitioned(1 << 20, 4 << 20);
    disc[0x8000..0x8007].copy_from_slice(b"\x01CD001\x01");
    disc[0x8050..0x8054].copy_from_slice(&512u32.to_le_bytes());
    disc[0x8080..0x8082].copy_from_slice(&2048u16.to_le_bytes());
    room.write("in", &disc);
    let ran = room.run("import in --to out.img --force --json").ok();
    assert_eq!(warnings(&ran), [""; 0]);
}

#[test]
fn inspect_says_what_an_import_would_refuse() {
    let room = Room::new();
    let half = partitioned(4 << 20, 8 << 20);
    write_sparse(&room.path("disk.img"), &half);
    room.sh(
        "qemu-img convert -f raw -O qcow2 disk.img disk.qcow2; gzip -k disk.img
         tar -cf disk.tar disk.img",
    );
    for source in ["disk.img", "disk.qcow2", "disk.img.gz", "disk.tar"] {
        let ran = room.run(&format!("inspect {source} --json")).ok();
        let refusal = &ran.json()["disks"][0]["refusal"];
        assert_eq!(refusal["message"], CUT, "{source}: {}", ran.story());
    }
    room.write("noise", &noise(1, 1 << 20));
    let mut late = vec![0; 1 << 20];
    late[900_000] = 1;
    room.write("late", &late);
    room.sh("gzip -k noise late");
    for source in ["noise", "noise.gz", "late", "late.gz"] {
        let ran = room.run(&format!("inspect {source} --json")).ok();
        let refusal = &ran.json()["disks"][0]["refusal"];
        assert_eq!(refusal["message"], NOTHING, "{source}: {}", ran.story());
    }
    room.write("notes.pdf", b"%PDF-1.7\n\x80\x81\x82");
    assert_snapshot!(room.run("inspect notes.pdf").failed(3));
    room.sh("tar -cf notes.tar notes.pdf");
    let ran = room.run("inspect notes.tar --json").ok();
    let member = &ran.json()["members"][0];
    assert_eq!(
        (&member["is"], &member["kind"]),
        (&"document".into(), &"PDF document".into())
    );
}

/// What is said of a disk with sectors of `sector` bytes that goes to `place`, which has others.
fn other_sectors(sector: u32, place: &str, there: u32) -> String {
    format!(
        "has sectors of {sector} bytes, and {place} has sectors of {there}: a guest does not find the \
         disk's partitions there"
    )
}

#[test]
fn a_disk_with_large_sectors_does_not_start_where_they_are_small() {
    let room = Room::new();
    let warning = other_sectors(4096, "out.img", 512);
    let large = gpt(4096, 8 << 20);
    room.write("large.img", &large);
    room.sh("gzip -k large.img; qemu-img convert -f raw -O qcow2 large.img large.qcow2");
    for source in ["large.img", "large.img.gz", "large.qcow2"] {
        let ran = room
            .run(&format!("import {source} --to out.img --force --json"))
            .ok();
        assert_eq!(warnings(&ran), [warning.as_str()], "{source}");
    }
    // A VHDX says how large they are.
    write_sparse(&room.path("disk.img"), &disk(4 << 20));
    room.sh("qemu-img convert -f raw -O vhdx disk.img disk.vhdx");
    let mut vhdx = room.read("disk.vhdx");
    let guid = b"\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f";
    let find = |what: &[u8]| {
        vhdx.windows(what.len())
            .position(|part| part == what)
            .unwrap()
    };
    let (table, entry) = (find(b"metadata"), find(guid));
    let at = table + u32::from_le_bytes(vhdx[entry + 16..entry + 20].try_into().unwrap()) as usize;
    vhdx[at..at + 4].copy_from_slice(&4096u32.to_le_bytes());
    room.write("disk.vhdx", &vhdx);
    room.sh("tar -cf vhdx.tar disk.vhdx");
    for source in ["disk.vhdx", "vhdx.tar"] {
        let ran = room
            .run(&format!("import {source} --to out.img --force --json"))
            .ok();
        assert_eq!(
            warnings(&ran),
            [warning.as_str()],
            "{source}: {}",
            ran.story()
        );
    }
}

#[test]
fn devices_tell_how_large_their_sectors_are() {
    let room = Room::new();
    let device = Disk::with_options(8 << 20, &["--sector-size", "4096"]);
    let name = device.name();
    room.write("disk.img", &disk(4 << 20));
    let ran = room
        .run(&format!("import disk.img --to {name} --json --force"))
        .ok();
    assert_eq!(warnings(&ran), [other_sectors(512, name, 4096)]);
    let ran = room.run(&format!("import {name} --to out.img --json")).ok();
    assert_eq!(warnings(&ran), [other_sectors(4096, "out.img", 512)]);
    // Where they agree there is nothing to say.
    room.write("large.img", &gpt(4096, 8 << 20));
    let ran = room
        .run(&format!("import large.img --to {name} --json --force"))
        .ok();
    assert_eq!(warnings(&ran), [""; 0]);
}
