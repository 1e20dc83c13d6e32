//! What is taken for a raw disk and why, what is refused by name, and disks that are cut off.

use testkit::machine::{Disk, noise};

use crate::support::{Ran, Room, disk, write_sparse};

const NOTHING: &str = "nothing recognised in it: no partition table, file system or boot code";
const RAW: &str = "hint: give --format raw if it is to be written as it is";

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

/// Sees to it that `bytes` are refused with this on standard error, from a file, from a pipe and out of a
/// compressed file, and that nothing is left.
#[track_caller]
fn refused(room: &Room, bytes: &[u8], message: &str) {
    room.write("in", bytes);
    room.sh("gzip -c in >in.gz");
    let before = room.names();
    room.run("import in --to out.img")
        .refused(3, &format!("error: in: {message}"));
    room.run("import in.gz --to out.img")
        .refused(3, &format!("error: in.gz: {message}"));
    room.run_with_pipe("import - --to out.img", bytes)
        .refused(3, &format!("error: -: {message}"));
    assert_eq!(room.names(), before);
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
    let starting = |head: &[u8]| {
        let mut bytes = noise(1, 1 << 20);
        bytes[..head.len()].copy_from_slice(head);
        bytes
    };
    for (head, message) in [
        (
            &b"PaRtImAgE-VoLuMe"[..],
            "is a Partimage image, which is not read here\n\
             hint: restore it with partimage to a disk, and give that",
        ),
        (
            b"7z\xbc\xaf\x27\x1c",
            "is a 7-Zip archive, which is not read here\n\
             hint: 7z x -so FILE MEMBER | innkeeper import - …",
        ),
        (
            b"Salted__",
            "is a file encrypted by openssl enc, which is not read here\n\
             hint: openssl enc -d -CIPHER -in FILE | innkeeper import - …",
        ),
        (
            b"\x2f\x7f\x41\xed\x91\xfd\x0f\xcd",
            "is a Proxmox Backup Server's index, which is not read here\n\
             hint: restore the disk with proxmox-backup-client restore first",
        ),
        (
            b"LibvirtQemudSave",
            "is a suspended guest of libvirt, not a disk\nhint: give the machine's disk instead",
        ),
    ] {
        refused(&room, &starting(head), message);
    }
    let pdf = format!("is a PDF document, not a disk\n{RAW}");
    refused(&room, &starting(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), &pdf);
}

#[test]
fn what_shows_nothing_is_taken_only_as_raw_and_that_is_said() {
    let room = Room::new();
    let bytes = noise(1, 1 << 20);
    refused(&room, &bytes, &format!("{NOTHING}\n{RAW}"));
    let odd = "has 1048575 bytes, but a disk has whole sectors of 512 bytes";
    refused(
        &room,
        &disk(1 << 20)[..(1 << 20) - 1],
        &format!("{odd}\n{RAW}"),
    );

    room.write("in", &bytes);
    let ran = room.run("import in --to out.img --format raw --json").ok();
    assert!(room.read("out.img") == bytes);
    let warning = format!("{NOTHING}; taken as a raw disk because the format was given");
    assert_eq!(warnings(&ran), [warning.as_str()]);
    let ran = room
        .run_with_pipe("convert - out.img --source-format raw --force", &bytes)
        .ok();
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(told.contains("nothing recognised in it"), "{told}");
    room.run("import in --to new.img --format raw --strict")
        .refused(3, &format!("error: in: {warning}"));
    assert!(!room.exists("new.img"));
    // What shows what it is needs no word about it.
    room.write("in", &disk(1 << 20));
    let ran = room
        .run("import in --to out.img --format raw --force --json")
        .ok();
    assert_eq!(warnings(&ran), [""; 0]);
}

#[test]
fn a_format_that_was_declared_has_to_be_there() {
    let room = Room::new();
    room.write("in", &noise(1, 1 << 20));
    room.run("import in --to out.img --format qcow2")
        .refused(3, "error: in: is declared qcow2, its content is not");
    let ran = room.run("import in --to out.img --format vhd");
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert!(!room.exists("out.img"));
}

#[test]
fn an_empty_disk_is_a_disk_of_any_size() {
    let room = Room::new();
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
    let odd = "has 1000 bytes, but a disk has whole sectors of 512 bytes";
    refused(&room, &[0; 1000], &format!("{odd}\n{RAW}"));
    for (size, at) in [
        (1 << 20, 900_000),
        (1 << 20, (1 << 20) - 1),
        (80_000 * 512, 70_000),
    ] {
        let mut bytes = vec![0; size];
        bytes[at] = 1;
        refused(&room, &bytes, &format!("{NOTHING}\n{RAW}"));
    }
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
    room.run_with_pipe("import - --to new.img", &disk)
        .refused(3, &format!("error: -: {NOTHING}\n{RAW}"));
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
    let data = noise(1, 1 << 20);
    room.write("data.bin", &data);
    room.write("notes.pdf", b"%PDF-1.7\n\x80\x81\x82");
    room.sh("tar -cf both.tar data.bin notes.pdf");
    room.run("import both.tar --to out.img").refused(
        3,
        "error: both.tar: holds no disk; it holds data.bin (1048576 bytes), notes.pdf (12 bytes)\n\
         hint: give --member NAME and --format raw if one of them is a disk all the same",
    );
    room.run("import both.tar --to out.img --member data.bin")
        .refused(3, &format!("error: both.tar: data.bin: {NOTHING}\n{RAW}"));
    room.run("import both.tar --to out.img --member notes.pdf")
        .refused(
            3,
            &format!("error: both.tar: notes.pdf: is a PDF document, not a disk\n{RAW}"),
        );
    assert!(!room.exists("out.img"));
    let ran = room
        .run("import both.tar --to out.img --member data.bin --format raw --json")
        .ok();
    assert!(room.read("out.img") == data);
    let warning = format!("{NOTHING}; taken as a raw disk because the format was given");
    assert_eq!(warnings(&ran), [warning]);
    assert_eq!(ran.json()["warnings"][0]["place"], "data.bin");
}

#[test]
fn a_member_that_cannot_be_read_is_named_where_there_is_no_disk() {
    let room = Room::new();
    room.write("disk.gho", b"\xfe\xef\x01\x02 and so on");
    room.write("README", b"Read me first.\n");
    room.sh("tar -cf ghost.tar README disk.gho");
    room.run("import ghost.tar --to out.img").refused(
        3,
        "error: ghost.tar: disk.gho: is a Ghost image, which is not read here\n\
         hint: restore it with Ghost to a disk, and give that",
    );
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
    let mut both = disk(1 << 20);
    both[..6].copy_from_slice(b"7z\xbc\xaf\x27\x1c");
    refused(
        &room,
        &both,
        "reads as 7-Zip archive and as a disk with an MBR partition table at once",
    );
    both[..6].copy_from_slice(b"QFI\xfb\0\0");
    refused(
        &room,
        &both,
        "reads as qcow2 and as a disk with an MBR partition table at once",
    );
    // Two letters are no format.
    both[..6].copy_from_slice(b"MZ\0\0\0\0");
    room.write("in", &both);
    room.run("import in --to out.img").ok();
    assert!(room.read("out.img") == both);
}

const CUT: &str =
    "is cut off: partition 1 of its MBR ends at byte 8388608, the disk at byte 4194304";
const WHOLE: &str =
    "hint: give the whole disk, with all of its parts; --force-truncated takes it as it is";

#[test]
fn a_disk_that_reaches_past_its_end_is_refused() {
    let room = Room::new();
    let half = partitioned(4 << 20, 8 << 20);
    refused(&room, &half, &format!("{CUT}\n{WHOLE}"));
    let half = &gpt(512, 8 << 20)[..4 << 20];
    let cut = "is cut off: partition 1 of its GPT ends at byte 8371712, the disk at byte 4194304";
    refused(&room, half, &format!("{cut}\n{WHOLE}"));
    room.sh("truncate -s 8M fs; mke2fs -q -t ext4 fs; truncate -s 4M fs");
    let cut = "is cut off: its ext2, ext3 or ext4 file system ends at byte 8388608, the disk at byte 4194304";
    refused(&room, &room.read("fs"), &format!("{cut}\n{WHOLE}"));
}

#[test]
fn a_cut_disk_is_refused_in_whatever_format_and_taken_on_request() {
    let room = Room::new();
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
        room.run(&format!("import {name} --to out.img"))
            .refused(3, &format!("error: {name}: {CUT}\n{WHOLE}"));
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
    room.run("import disk.tar --to out.img")
        .refused(3, &format!("error: disk.tar: disk.img: {CUT}\n{WHOLE}"));
    room.run("import disk.img --to out.img --force-truncated --strict")
        .refused(3, &format!("error: disk.img: {CUT}"));
    assert!(!room.exists("out.img"));
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
    room.run("inspect notes.pdf").refused(
        3,
        &format!("error: notes.pdf: is a PDF document, not a disk\n{RAW}"),
    );
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
