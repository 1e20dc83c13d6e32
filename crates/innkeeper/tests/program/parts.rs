//! A VMDK of several files in one archive.

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// What qemu-img calls the variant, and the part of a small disk.
const VARIANTS: [(&str, &str); 3] = [
    (FLAT, "vm-flat.vmdk"),
    (SPLIT, "vm-f001.vmdk"),
    (SPARSE, "vm-s001.vmdk"),
];

const FLAT: &str = "monolithicFlat";
const SPLIT: &str = "twoGbMaxExtentFlat";
const SPARSE: &str = "twoGbMaxExtentSparse";

fn small(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    disk
}

/// A disk in two parts, which programs make only of more than 2 GiB.
fn two_parts(room: &Room, subformat: &str) {
    write_sparse(&room.path("disk.img"), &disk(6 << 20));
    let flat = subformat != SPARSE;
    let kind = if flat { 'f' } else { 's' };
    for (number, range) in [(1, "bs=4M count=1"), (2, "bs=4M skip=1")] {
        room.sh(&if flat {
            format!("dd if=disk.img of=vm-f00{number}.vmdk {range} conv=sparse status=none")
        } else {
            format!(
                "dd if=disk.img of=half {range} status=none
                 qemu-img convert -f raw -O vmdk -o subformat={subformat} half half.vmdk
                 mv half-s001.vmdk vm-s00{number}.vmdk; rm half half.vmdk"
            )
        });
    }
    let (what, offset) = if flat { ("FLAT", " 0") } else { ("SPARSE", "") };
    let descriptor = format!(
        "# Disk DescriptorFile\nversion=1\nCID=7\nparentCID=ffffffff\ncreateType=\"{subformat}\"\n\
         RW 8192 {what} \"vm-{kind}001.vmdk\"{offset}\nRW 4096 {what} \"vm-{kind}002.vmdk\"{offset}\n"
    );
    room.write("vm.vmdk", descriptor.as_bytes());
}

fn make(room: &Room, name: &str, subformat: &str) {
    room.sh(&format!(
        "qemu-img convert -f raw -O vmdk -o subformat={subformat} disk.img {name}"
    ));
}

/// Ways to pack `members` in this order, as `packed`.
fn packings(members: &str) -> [String; 3] {
    [
        format!("tar -S -cf packed {members}"),
        format!("tar -S -czf packed {members}"),
        format!("rm -f packed.zip; zip -q packed.zip {members}; mv packed.zip packed"),
    ]
}

#[track_caller]
fn gives(room: &Room, line: &str, what: &str) {
    room.run(&format!("{line} --to out.img")).ok();
    room.sh(&format!(
        "cmp disk.img out.img || {{ echo '{what}' >&2; exit 1; }}; rm out.img"
    ));
}

#[test]
fn descriptor_and_parts_come_in_any_order() {
    let room = Room::new();
    let disk = small(&room);
    for (subformat, part) in VARIANTS {
        make(&room, "vm.vmdk", subformat);
        for members in [format!("vm.vmdk {part}"), format!("{part} vm.vmdk")] {
            for pack in packings(&members) {
                room.sh(&pack);
                let line = "import packed --to out.img --verify --json";
                let json = room.run(line).ok().json();
                assert!(room.read("out.img") == disk, "{subformat}: {pack}");
                assert_eq!(json["disk"]["format"], "vmdk", "{pack}");
                assert_eq!(json["disk"]["variant"], subformat, "{pack}");
                assert_eq!(json["disk"]["member"], "vm.vmdk", "{pack}");
                room.sh("rm out.img");
            }
        }
        room.sh("rm vm*");
    }
}

#[test]
fn several_parts_come_in_any_order() {
    let room = Room::new();
    let mut told = Vec::new();
    for (subformat, one, two) in [
        (SPLIT, "vm-f001.vmdk", "vm-f002.vmdk"),
        (SPARSE, "vm-s001.vmdk", "vm-s002.vmdk"),
    ] {
        two_parts(&room, subformat);
        for members in [
            format!("vm.vmdk {one} {two}"),
            format!("{two} {one} vm.vmdk"),
            format!("vm.vmdk {two} {one}"),
            format!("{two} vm.vmdk {one}"),
        ] {
            for pack in packings(&members) {
                room.sh(&pack);
                gives(&room, "import packed", &pack);
            }
            room.sh(&format!("tar -cf packed {members}"));
            let ran = room.run_with_pipe("import - --to out.img", &room.read("packed"));
            if members.starts_with("vm.vmdk") {
                ran.ok();
                room.sh("cmp disk.img out.img; rm out.img");
                continue;
            }
            told.push(ran.failed(3));
        }
        room.sh("rm vm*");
    }
    assert_snapshot!(told);
}

#[test]
fn a_pipe_wants_the_descriptor_first() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = small(&room);
    for (subformat, part) in VARIANTS {
        make(&room, "vm.vmdk", subformat);
        for pack in packings(&format!("vm.vmdk {part}")) {
            room.sh(&pack);
            let ran = room.run_with_pipe("import - --to - --quiet", &room.read("packed"));
            assert!(ran.ok().stdout == disk, "{pack}");
        }
        for pack in packings(&format!("{part} vm.vmdk")) {
            room.sh(&pack);
            let ran = room.run_with_pipe("import - --to out.img", &room.read("packed"));
            if subformat != SPARSE {
                // One flat part is a raw disk.
                ran.ok();
                assert!(room.read("out.img") == disk, "{pack}");
                room.sh("rm out.img");
                continue;
            }
            told.push(ran.failed(3));
            assert!(!room.exists("out.img"));
        }
        room.sh("rm vm*");
    }
    assert_snapshot!(told);
}

#[test]
fn a_flat_part_of_a_pipe_that_is_not_the_whole_disk_is_refused() {
    let room = Room::new();
    small(&room);
    make(&room, "vm.vmdk", FLAT);
    room.sh("sed -i 's/FLAT \"vm-flat.vmdk\" 0/&\\nRW 8 ZERO/' vm.vmdk; tar -cf packed vm-flat.vmdk vm.vmdk");
    assert_snapshot!(
        room.run_with_pipe("import - --to out.img", &room.read("packed"))
            .failed(3)
    );
    assert!(!room.exists("out.img"));
    room.run("import packed --to out.img").ok();
    assert_eq!(room.read("out.img").len(), (4 << 20) + 8 * 512);
}

#[test]
fn other_members_may_lie_around_and_between() {
    let room = Room::new();
    for subformat in [SPLIT, SPARSE] {
        two_parts(&room, subformat);
        let [one, two] = match subformat {
            SPARSE => ["vm-s001.vmdk", "vm-s002.vmdk"],
            _ => ["vm-f001.vmdk", "vm-f002.vmdk"],
        };
        room.write(
            "vm.vmx",
            b"config.version = \"8\"\nvirtualHW.version = \"10\"\n",
        );
        room.write("README", b"Read me.\n");
        room.sh("head -c 3M /dev/urandom > noise; mkdir -p d; mv vm* noise README d");
        for members in [
            format!("d/README d/vm.vmdk d/{one} d/noise d/vm.vmx d/{two} d/README"),
            format!("d/{two} d/README d/vm.vmdk d/noise d/{one} d/vm.vmx"),
        ] {
            room.sh(&format!("tar -S -cf packed {members}"));
            let json = room.run("import packed --to out.img --json").ok().json();
            room.sh("cmp disk.img out.img; rm out.img");
            assert_eq!(json["disk"]["member"], "d/vm.vmdk");
            assert_eq!(
                json["configs"][0]["member"], "d/vm.vmx",
                "{members}: {json}"
            );
        }
        room.sh("tar -S -cf packed ./d; tar -czf outer packed");
        gives(&room, "import outer", "an archive in an archive");
        room.sh("rm -r d");
    }
}

#[test]
fn a_descriptor_or_a_part_names_the_disk() {
    let room = Room::new();
    small(&room);
    make(&room, "vm.vmdk", SPARSE);
    make(&room, "other.vmdk", SPARSE);
    for members in [
        "vm.vmdk vm-s001.vmdk other-s001.vmdk other.vmdk",
        "vm-s001.vmdk vm.vmdk other.vmdk other-s001.vmdk",
        "vm-s001.vmdk other-s001.vmdk vm.vmdk other.vmdk",
    ] {
        room.sh(&format!("tar -cf packed {members}"));
        for member in ["vm.vmdk", "vm-s001.vmdk", "other.vmdk", "other-s001.vmdk"] {
            gives(&room, &format!("import packed --member {member}"), members);
        }
    }
}

#[test]
fn two_such_disks_are_two() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = small(&room);
    for (subformat, part) in VARIANTS {
        make(&room, "vm.vmdk", subformat);
        make(&room, "two.vmdk", subformat);
        let two = part.replace("vm-", "two-");
        for members in [
            format!("vm.vmdk {part} two.vmdk {two}"),
            format!("{part} vm.vmdk {two} two.vmdk"),
        ] {
            room.sh(&format!("tar -cf packed {members}"));
            told.push(room.run("import packed --to out.img").failed(3));
            assert!(!room.exists("out.img"), "{members}");
            room.run("import packed --to out-{disk}.img").ok();
            assert!(room.read("out-0.img") == disk && room.read("out-1.img") == disk);
            room.sh("rm out-*.img");
        }
        room.sh("rm vm* two*");
    }
    assert_snapshot!(told);
}

#[test]
fn parts_that_are_missing_twice_or_of_another_size_are_told() {
    let room = Room::new();
    let mut told = Vec::new();
    two_parts(&room, SPLIT);
    let mut refuses = |pack: &str| {
        room.sh(pack);
        told.push(room.run("import packed --to out.img").failed(3));
        assert!(!room.exists("out.img"), "{pack}");
        room.sh("rm packed");
    };
    refuses("tar -S -cf packed vm.vmdk");
    refuses("tar -S -cf packed vm.vmdk vm-f001.vmdk");
    refuses("tar -S -cf packed vm-f001.vmdk vm.vmdk");
    let twice = "tar -S -cf packed vm.vmdk vm-f001.vmdk; tar -S -rf packed";
    refuses(&format!("{twice} vm-f001.vmdk vm-f002.vmdk"));
    refuses(&format!("{twice} vm-f002.vmdk vm-f001.vmdk"));
    refuses(&format!("{twice} vm.vmdk vm-f002.vmdk"));
    room.sh("truncate -s 2M vm-f001.vmdk");
    refuses("tar -S -cf packed vm.vmdk vm-f*");
    room.sh("truncate -s 4M vm-f001.vmdk; truncate -s 3M vm-f002.vmdk");
    refuses("tar -S -cf packed vm.vmdk vm-f*");
    room.sh("rm vm*");
    two_parts(&room, SPARSE);
    room.sh("truncate -s 80K vm-s002.vmdk");
    room.sh("tar -cf packed vm.vmdk vm-s*");
    told.push(room.run("import packed --to out.img").failed(3));
    room.sh("cp vm-s001.vmdk vm-s002.vmdk; tar -cf packed vm.vmdk vm-s*");
    told.push(room.run("import packed --to out.img").failed(3));
    // Nothing says what it is a part of.
    room.sh("tar -cf packed vm-s001.vmdk");
    told.push(room.run("import packed --to out.img").failed(3));
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn a_flat_part_whose_size_shows_only_at_its_end_is_measured() {
    let room = Room::new();
    small(&room);
    make(&room, "vm.vmdk", FLAT);
    for (size, message) in [
        ("3M", "has 3145728 bytes, and its descriptor says 4194304"),
        ("5M", "bytes or more, and its descriptor says 4194304"),
    ] {
        room.sh(&format!(
            "truncate -s {size} vm-flat.vmdk
             zip -q - vm.vmdk vm-flat.vmdk | cat > packed"
        ));
        let ran = room.run("import packed --to out.img");
        assert_eq!(ran.status, 3, "{}", ran.story());
        assert!(ran.stderr.contains(message), "{}", ran.story());
        assert!(!room.exists("out.img"));
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    small(&room);
    make(&room, "vm.vmdk", FLAT);
    for name in ["../vm-flat.vmdk", "/etc/passwd", "d/vm-flat.vmdk", ".."] {
        room.sh(&format!(
            "sed 's:\"vm-flat.vmdk\":\"{name}\":' vm.vmdk > evil.vmdk"
        ));
        for members in ["evil.vmdk vm-flat.vmdk", "vm-flat.vmdk evil.vmdk"] {
            room.sh(&format!("tar -cf packed {members}"));
            told.push(room.run("import packed --to out.img").failed(3));
            assert!(!room.exists("out.img"));
        }
    }
    room.sh("mkdir d; mv vm-flat.vmdk d; tar -cf packed vm.vmdk d/vm-flat.vmdk");
    let ran = room.run("import packed --to out.img");
    assert_eq!(
        ran.status,
        3,
        "a part in another directory: {}",
        ran.story()
    );
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn a_flat_part_without_a_descriptor_is_a_raw_disk() {
    let room = Room::new();
    small(&room);
    room.sh("cp disk.img vm-flat.vmdk; tar -cf packed vm-flat.vmdk");
    gives(&room, "import packed", "a flat part alone");
    make(&room, "vm.vmdk", FLAT);
    room.sh("tar -cf packed vm-flat.vmdk vm.vmdk");
    let line = "import packed --member vm-flat.vmdk --format raw";
    gives(&room, line, "a flat part that is said to be raw");
}

#[test]
fn a_manifest_covers_descriptor_and_parts() {
    let room = Room::new();
    for subformat in [SPLIT, SPARSE] {
        two_parts(&room, subformat);
        room.write(
            "vm.ovf",
            b"<?xml version=\"1.0\"?>\n<Envelope></Envelope>\n",
        );
        room.sh("for f in vm.ovf vm*.vmdk; do echo \"SHA256($f)= $(sha256sum < $f | cut -c1-64)\"; done > vm.mf");
        room.sh("set -- vm-?00?.vmdk; echo vm.ovf vm.vmdk $1 vm.mf $2 > between; echo vm.ovf vm.mf $2 $1 vm.vmdk > first");
        for order in ["between", "first"] {
            room.sh(&format!("tar -cf packed $(cat {order})"));
            let json = room.run("import packed --to out.img --json").ok().json();
            room.sh("cmp disk.img out.img; rm out.img");
            assert_eq!(
                json["manifest"], "4 files agree (SHA-256)",
                "{order}: {json}"
            );
        }
        room.sh("printf x | dd of=$(ls vm-?002.vmdk) bs=1 seek=80000 conv=notrunc status=none; tar -cf packed $(cat first)");
        let ran = room.run("import packed --to out.img");
        assert_eq!(ran.status, 3, "{}", ran.story());
        assert!(!room.exists("out.img"));
        room.sh("rm vm* packed");
    }
}

#[test]
fn a_part_may_be_compressed() {
    let room = Room::new();
    small(&room);
    make(&room, "vm-s001.vmdk", "streamOptimized");
    let mut part = room.read("vm-s001.vmdk");
    // Its descriptor's place and size: the descriptor is a file of its own.
    part[28..44].fill(0);
    room.write("vm-s001.vmdk", &part);
    let descriptor = "# Disk DescriptorFile\nversion=1\nCID=7\nparentCID=ffffffff\n\
        createType=\"custom\"\nRW 8192 SPARSE \"vm-s001.vmdk\"\n";
    room.write("vm.vmdk", descriptor.as_bytes());
    gives(&room, "import vm.vmdk", "side by side");
    for packing in packings("vm.vmdk vm-s001.vmdk") {
        room.sh(&packing);
        gives(&room, "import packed", &packing);
    }
}
