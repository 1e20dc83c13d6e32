//! Backups of Proxmox VE (VMA): their disks are between each other's.

use serde_json::{Value, json};
use testkit::vma::{self, Backup, CLUSTER};

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk};

/// Two disks of a guest; the second ends in the middle of a block.
fn contents() -> (Vec<u8>, Vec<u8>) {
    (disk(3 << 20), disk((2 << 20) + 512))
}

fn two() -> Backup {
    let (one, two) = contents();
    Backup::new(&[("drive-scsi0", &one), ("drive-virtio1", &two)])
}

/// Clusters as a backup of a running guest has them: some come long before their turn, all a little out of it.
fn shuffled(mut backup: Backup) -> Backup {
    backup.order = backup.in_turn();
    for pair in backup.order.chunks_mut(5) {
        pair.reverse();
    }
    let early = backup.order.len() - 3;
    backup.order.swap(1, early);
    backup
}

#[test]
fn a_backup_gives_its_disks_in_one_pass() {
    let room = Room::new();
    let (one, two_) = contents();
    for backup in [two(), shuffled(two())] {
        room.write("guest.vma", &backup.bytes());
        room.sh("gzip -1kf guest.vma; zstd -qkf guest.vma; lzop -1f guest.vma");
        for (name, layers) in [
            ("guest.vma", json!(["VMA"])),
            ("guest.vma.gz", json!(["gzip", "VMA"])),
            ("guest.vma.zst", json!(["zstd", "VMA"])),
            ("guest.vma.lzo", json!(["lzop", "VMA"])),
        ] {
            let line = "--to {name}-{disk}.img --config {name}.cfg --json --verify --progress none";
            let from_pipe = room.run_with_pipe(&format!("import - {line}"), &room.read(name));
            let json = from_pipe.ok().json();
            assert!(room.read("web01-0.img") == one, "{name}");
            assert!(room.read("web01-1.img") == two_, "{name}");
            room.sh("rm web01-* *.cfg");
            let from_file = room.run(&format!("import {name} {line}")).ok().json();
            assert!(room.read("web01-0.img") == one, "{name}");
            assert!(room.read("web01-1.img") == two_, "{name}");
            room.sh("rm web01-* *.cfg");
            assert_eq!(from_file["source"]["layers"], layers);
            for (number, disk) in [("drive-scsi0", &one), ("drive-virtio1", &two_)]
                .into_iter()
                .enumerate()
            {
                let (member, content) = disk;
                let told = &from_file["disks"][number]["disk"];
                assert_eq!(
                    (&told["member"], &told["variant"]),
                    (&json!(member), &json!("VMA"))
                );
                assert_eq!(told["digest"], json["disks"][number]["disk"]["digest"]);
                room.write("raw.img", content);
                let digest = room.run("digest raw.img --json").ok().json();
                assert_eq!(told["digest"], digest["digest"], "{name} {member}");
                assert_eq!(told["data"], digest["data"], "{name} {member}");
            }
            assert_eq!(
                from_file["configs"],
                json!([{"member": "qemu-server.conf", "kind": "proxmox"}])
            );
            assert_eq!(from_file["warnings"], json!([]));
        }
    }
}

#[test]
fn one_disk_is_chosen_or_asked_for() {
    let room = Room::new();
    let mut told = Vec::new();
    let (one, other) = contents();
    room.write("guest.vma", &two().bytes());
    told.push(room.run("import guest.vma --to out.img").failed(3));
    assert_eq!(room.names(), ["guest.vma"]);
    for (member, content) in [
        ("drive-scsi0", &one),
        ("drive-virtio1", &other),
        ("*virtio?", &other),
    ] {
        room.run(&format!(
            "import guest.vma --to out.img --force --verify --member {member}"
        ))
        .ok();
        assert!(room.read("out.img") == *content, "{member}");
    }
    told.push(
        room.run("import guest.vma --to new.img --member drive-ide0")
            .failed(3),
    );
    assert!(!room.exists("new.img"));
    assert_snapshot!(told);
}

#[test]
fn targets_that_want_order_get_it() {
    let room = Room::new();
    let (_, other) = contents();
    for backup in [two(), shuffled(two())] {
        room.write("guest.vma", &backup.bytes());
        let member = "--member drive-virtio1";
        let ran = room.run(&format!("import guest.vma --to - {member}")).ok();
        assert!(ran.stdout == other);
        room.run(&format!(
            "convert guest.vma out.qcow2 --format qcow2 --force {member}"
        ))
        .ok();
        room.sh("qemu-img convert -O raw out.qcow2 back.img");
        assert!(room.read("back.img") == other);
        room.run("convert guest.vma {disk}.vmdk --format vmdk --force")
            .ok();
        room.sh("qemu-img convert -O raw 1.vmdk back.img");
        assert!(room.read("back.img") == other);
    }
}

#[test]
fn what_is_too_far_out_of_order_is_refused() {
    let room = Room::new();
    let mut content = disk(16 << 20);
    for (number, cluster) in content.chunks_mut(CLUSTER).enumerate() {
        cluster[..16].copy_from_slice(&[number as u8 | 1; 16]);
        cluster[5000..].fill(1);
    }
    let mut backup = Backup::new(&[("drive-scsi0", &content)]);
    backup.order.reverse();
    room.write("guest.vma", &backup.bytes());
    let ran = room.run("import guest.vma --to -");
    assert_snapshot!(ran.failed(3));
    let ran = room.run("import guest.vma --to - --memory 256M").ok();
    assert!(ran.stdout == content);
    room.run("import guest.vma --to out.img --verify").ok();
    assert!(room.read("out.img") == content);
}

/// A guest with UEFI, a TPM and saved memory.
fn with_state() -> Backup {
    let (one, _) = contents();
    Backup::new(&[
        ("drive-efidisk0", &[1; 540_672]),
        ("drive-scsi0", &one),
        ("drive-tpmstate0-backup", &[0; 4 << 20]),
        ("vmstate", &[7; 100_000]),
    ])
}

fn warnings(json: &Value) -> Vec<String> {
    let warnings = json["warnings"].as_array().unwrap();
    let line = |warning: &Value| {
        let [place, message] = ["place", "message"].map(|key| warning[key].as_str().unwrap());
        format!("{place}: {message}")
    };
    warnings.iter().map(line).collect()
}

#[test]
fn the_state_of_the_hardware_is_no_rival() {
    let room = Room::new();
    let (one, _) = contents();
    room.write("guest.vma", &with_state().bytes());
    let json = room.run("import guest.vma --to out.img --json").ok().json();
    assert!(room.read("out.img") == one);
    assert_eq!(
        warnings(&json),
        [
            "vmstate: holds the memory of the guest, not a disk of the guest; passed by",
            "drive-efidisk0: holds the variables of the UEFI firmware, not a disk of the guest; passed by",
            "drive-tpmstate0-backup: holds the state of the TPM, not a disk of the guest; passed by",
        ]
    );
    // Asked for, or where each has a place, they are taken: the guest's disks first.
    room.run("import guest.vma --to efi.img --member drive-efidisk0")
        .ok();
    assert!(room.read("efi.img") == [1; 540_672]);
    let json = room
        .run("import guest.vma --to all-{disk}-{member}.img --json")
        .ok()
        .json();
    assert!(room.read("all-0-drive-scsi0.img") == one);
    assert!(room.read("all-1-drive-efidisk0.img") == [1; 540_672]);
    assert!(room.read("all-2-drive-tpmstate0-backup.img") == [0; 4 << 20]);
    assert!(!room.exists("all-3-vmstate.img"));
    assert_eq!(
        warnings(&json),
        ["vmstate: holds the memory of the guest, not a disk of the guest; passed by"]
    );
    // It is not a disk whoever asks for it.
    assert_snapshot!(
        room.run("import guest.vma --to memory.img --member vmstate")
            .failed(3)
    );
}

#[test]
fn a_backup_is_described() {
    let room = Room::new();
    let mut backup = with_state();
    backup
        .configs
        .push(("qemu-server.fw".into(), b"[OPTIONS]\nenable: 1\n".to_vec()));
    room.write("guest.vma", &backup.bytes());
    room.sh("zstd -qk guest.vma");
    let file = room.run("inspect guest.vma.zst --json").ok().json();
    let pipe = room
        .run_with_pipe("inspect - --json", &room.read("guest.vma"))
        .ok()
        .json();
    for (number, disk) in file["disks"].as_array().unwrap().iter().enumerate() {
        for key in ["member", "size", "data"] {
            assert_eq!(disk[key], pipe["disks"][number][key]);
        }
    }
    assert_eq!(file["source"]["layers"], json!(["zstd", "VMA"]));
    assert_eq!(file["guest"]["name"], "web01");
    assert_eq!(
        file["configs"],
        json!([{"member": "qemu-server.conf", "kind": "proxmox"}])
    );
    let disks: Vec<_> = file["disks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|disk| {
            (
                disk["member"].as_str().unwrap(),
                disk["size"].as_u64().unwrap(),
                disk["data"].as_u64().unwrap(),
            )
        })
        .collect();
    let (one, _) = contents();
    room.write("one.img", &one);
    let data = room.run("digest one.img --json").ok().json()["data"]
        .as_u64()
        .unwrap();
    assert_eq!(
        disks,
        [
            ("drive-efidisk0", 540_672, 540_672),
            ("drive-scsi0", 3 << 20, data),
            ("drive-tpmstate0-backup", 4 << 20, 0),
        ]
    );
    let members: Vec<_> = file["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| {
            (
                member["name"].as_str().unwrap(),
                member["is"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        members,
        [
            ("qemu-server.conf", "config"),
            ("qemu-server.fw", "text"),
            ("drive-efidisk0", "disk"),
            ("drive-scsi0", "disk"),
            ("drive-tpmstate0-backup", "disk"),
            ("vmstate", "other"),
        ]
    );
    assert_eq!(
        warnings(&file),
        ["qemu-server.fw: comes with the guest, and nothing of it is used"]
    );
}

#[test]
fn a_configuration_is_written_with_the_disks_at_their_places() {
    let room = Room::new();
    let mut backup = two();
    // The second disk first: its name says which it is.
    backup.devices.reverse();
    backup.order = backup.in_turn();
    room.write("guest.vma", &backup.bytes());
    room.run("import guest.vma --to {name}-{member}.img --config web.cfg")
        .ok();
    let text = String::from_utf8(room.read("web.cfg")).unwrap();
    for part in [
        "name = \"web01\"  # from qemu-server.conf: line 5",
        "memory = 1024  # from qemu-server.conf: line 4",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let at = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(
        at("web01-drive-scsi0.img") < at("web01-drive-virtio1.img"),
        "{text}"
    );
}

#[test]
fn a_dry_run_tells_where_every_disk_would_go() {
    let room = Room::new();
    room.write("guest.vma", &two().bytes());
    let ran = room
        .run("import guest.vma --to {name}-{member}.out --dry-run")
        .ok();
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        "disk  drive-scsi0 in guest.vma (VMA)\n\
         plan  creates file web01-drive-scsi0.out with 3.0 MiB\n\
         disk  drive-virtio1 in guest.vma (VMA)\n\
         plan  creates file web01-drive-virtio1.out with 2.0 MiB\n"
    );
    assert_eq!(room.names(), ["guest.vma"]);
}

#[test]
fn a_copy_is_kept_and_checked() {
    let room = Room::new();
    let backup = two().bytes();
    room.write("guest.vma", &backup);
    let sum = String::from_utf8(room.sh("sha256sum guest.vma | cut -c 1-64")).unwrap();
    let line = format!(
        "import - --to {{disk}}.img --keep kept.vma --sha256 {}",
        sum.trim()
    );
    room.run_with_pipe(&line, &backup).ok();
    assert!(room.read("kept.vma") == backup);
    let line = format!(
        "import guest.vma --to new-{{disk}}.img --sha256 {}",
        "0".repeat(64)
    );
    let ran = room.run(&line);
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert_eq!(room.names(), ["0.img", "1.img", "guest.vma", "kept.vma"]);
}

#[test]
fn the_beginning_of_a_backup_leaves_nothing() {
    let room = Room::new();
    let mut small = vec![0; 3 * CLUSTER + 512];
    for at in [0, CLUSTER + 5000, 3 * CLUSTER] {
        small[at..at + 512].fill(7);
    }
    let backup = Backup {
        in_extent: 4,
        ..Backup::new(&[("drive-scsi0", &small), ("drive-scsi1", &small)])
    };
    let bytes = backup.bytes();
    for len in (512..bytes.len()).step_by(512) {
        for line in [
            "import - --to out-{disk}.img",
            "import - --to out.img --member drive-scsi1",
        ] {
            let ran = room.run_with_pipe(line, &bytes[..len]);
            assert_eq!(ran.status, 3, "{len} bytes: {}", ran.story());
            assert_eq!(room.names(), [""; 0], "{len} bytes");
        }
    }
}

#[test]
fn a_hostile_backup_is_refused_with_a_reason() {
    let room = Room::new();
    for bad in vma::hostile() {
        room.write("guest.vma", &bad.bytes);
        for line in [
            "import guest.vma --to out-{disk}.img",
            "import guest.vma --to out.img --member drive-scsi0",
            "inspect guest.vma",
        ] {
            let ran = room.run(line);
            assert_eq!(ran.status, 3, "{}: {}", bad.what, ran.story());
            let message = bad.message;
            assert!(
                ran.stderr.starts_with("error: guest.vma: ") && ran.stderr.contains(message),
                "{}: {message}: {}",
                bad.what,
                ran.story()
            );
            assert_eq!(room.names(), ["guest.vma"], "{}", bad.what);
        }
    }
}

#[test]
fn a_backup_without_disks_says_what_it_holds() {
    let room = Room::new();
    let backup = Backup::new(&[]);
    let bytes = [backup.bytes(), backup.extent(&[])].concat();
    room.write("guest.vma", &bytes);
    assert_snapshot!(room.run("import guest.vma --to out.img").failed(3));
    assert_eq!(room.names(), ["guest.vma"]);
}

#[test]
fn a_backup_is_raw_disks_and_nothing_else() {
    let room = Room::new();
    let mut told = Vec::new();
    let (one, _) = contents();
    room.write("guest.vma", &Backup::new(&[("drive-scsi0", &one)]).bytes());
    room.run("import guest.vma --to raw.img --format raw").ok();
    assert!(room.read("raw.img") == one);
    told.push(
        room.run("import guest.vma --to out.img --format qcow2")
            .failed(3),
    );
    let ran = room.run("import guest.vma --to out.img --snapshot before");
    told.push(ran.failed(3));
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn a_backup_may_lie_in_an_archive() {
    let room = Room::new();
    let (one, other) = contents();
    room.write("guest.vma", &two().bytes());
    room.sh("echo notes >notes; tar -czf all.tar.gz notes guest.vma");
    room.run("import all.tar.gz --to {disk}.img").ok();
    assert!(room.read("0.img") == one && room.read("1.img") == other);
    room.run("import all.tar.gz --to out.img --member drive-virtio1")
        .ok();
    assert!(room.read("out.img") == other);
    assert_snapshot!(room.run("import all.tar.gz --to new.img").failed(3));
    assert!(!room.exists("new.img"));
}

#[test]
fn many_disks_are_taken_side_by_side() {
    let room = Room::new();
    let contents: Vec<_> = (0..17).map(|i| disk((1 << 20) + 4096 * i)).collect();
    let names: Vec<_> = (0..17).map(|i| format!("drive-scsi{i}")).collect();
    let devices = |count| -> Vec<_> {
        let names = names.iter().map(String::as_str);
        names
            .zip(contents.iter().map(Vec::as_slice))
            .take(count)
            .collect()
    };
    room.write("guest.vma", &shuffled(Backup::new(&devices(16))).bytes());
    room.run("import guest.vma --to {disk}.img --verify").ok();
    for (number, content) in contents.iter().take(16).enumerate() {
        assert!(room.read(&format!("{number}.img")) == *content, "{number}");
    }
    room.write("guest.vma", &Backup::new(&devices(17)).bytes());
    assert_snapshot!(room.run("import guest.vma --to new-{disk}.img").failed(3));
    room.run("import guest.vma --to some-{disk}.img --member drive-scsi1*")
        .ok();
    assert!(room.read("some-7.img") == contents[16]);
}

#[test]
fn a_target_that_fails_leaves_no_disk_that_is_half_there() {
    let room = Room::new();
    room.write("guest.vma", &two().bytes());
    room.sh("mkdir 0");
    let ran = room.run("import guest.vma --to {disk}/disk.img");
    assert_ne!(ran.status, 0, "{}", ran.story());
    assert_eq!(std::fs::read_dir(room.path("0")).unwrap().count(), 0);
    room.write("1.img", b"precious");
    let ran = room.run("import guest.vma --to {disk}.img");
    assert_eq!(ran.status, 4, "{}", ran.story());
    assert_eq!(room.read("1.img"), b"precious");
    assert!(!room.exists("0.img"));
    // A name that is there twice is nobody's.
    let (one, _) = contents();
    let twice = Backup::new(&[("drive-scsi0", &one), ("drive-scsi0", &one)]);
    room.write("twice.vma", &twice.bytes());
    assert_snapshot!(room.run("import twice.vma --to x-{disk}.img").failed(3));
}
