//! What is beside a disk in an archive: manifests in any place, and files that nobody asked for.

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// `disk.vmdk`, `vm.ovf` and a right `vm.mf`.
fn appliance(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    room.write("vm.ovf", include_bytes!("appliances/web.ovf"));
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.img disk.vmdk");
    manifest(room, "vm.ovf disk.vmdk");
    disk
}

fn manifest(room: &Room, files: &str) {
    let line = r"s/^\([0-9a-f]*\)  \(.*\)/SHA256(\2)= \1/";
    room.sh(&format!("sha256sum {files} | sed '{line}' > vm.mf"));
}

/// A manifest whose digest of the disk is another's.
fn spoil(room: &Room) {
    let text = String::from_utf8(room.read("vm.mf")).unwrap();
    let digest = text.lines().last().unwrap().rsplit(' ').next().unwrap();
    let wrong = text.replace(digest, &"0".repeat(64));
    room.write("vm.mf", wrong.as_bytes());
}

/// Archives of the same files in every order that counts, and how each is made.
const ORDERS: [&str; 5] = [
    "tar -cf vm.pack disk.vmdk vm.mf vm.ovf",
    "tar -cf vm.pack disk.vmdk vm.ovf vm.mf",
    "tar -czf vm.pack vm.mf disk.vmdk vm.ovf",
    "tar -cJf vm.pack disk.vmdk vm.ovf vm.mf",
    "rm -f vm.zip; zip -q vm.zip disk.vmdk vm.ovf vm.mf; mv vm.zip vm.pack",
];

#[test]
fn a_manifest_is_compared_wherever_it_stands() {
    let room = Room::new();
    let disk = appliance(&room);
    for make in ORDERS {
        room.sh(make);
        let json = room.run("import vm.pack --to out.img --json --force").ok();
        assert_eq!(json.json()["manifest"], "2 files agree (SHA-256)", "{make}");
        assert!(room.read("out.img") == disk, "{make}");
        let pack = room.read("vm.pack");
        let line = "import - --to out.img --json --force";
        let piped = room.run_with_pipe(line, &pack).ok();
        assert_eq!(
            piped.json()["manifest"],
            "2 files agree (SHA-256)",
            "{make}"
        );
        let inspected = room.run("inspect vm.pack --json").ok().json();
        assert_eq!(inspected["manifest"], "2 files agree (SHA-256)", "{make}");
        room.sh("rm out.img");
    }
}

#[test]
fn a_wrong_digest_is_found_wherever_the_manifest_stands() {
    let room = Room::new();
    appliance(&room);
    spoil(&room);
    for make in ORDERS {
        room.sh(make);
        let before = room.names();
        let wrong = "\"disk.vmdk\" has the SHA-256 ";
        room.run("import vm.pack --to out.img")
            .refused_for(3, wrong);
        room.run("import vm.pack --to {disk}.img --keep copy")
            .refused_for(3, wrong);
        room.run("convert vm.pack out.qcow2 --format qcow2")
            .refused_for(3, wrong);
        let pack = room.read("vm.pack");
        room.run_with_pipe("import - --to out.img", &pack)
            .refused_for(3, wrong);
        assert_eq!(room.names(), before, "{make}");
        let inspected = room.run("inspect vm.pack").ok().out();
        assert!(inspected.contains(wrong), "{inspected}");
    }
}

#[test]
fn a_manifest_that_comes_too_late_for_a_pipe_is_told() {
    let room = Room::new();
    let disk = appliance(&room);
    manifest(&room, "disk.img");
    room.sh("tar -czf raw.tgz disk.img vm.mf");
    let json = room.run("import raw.tgz --to a.img --json").ok().json();
    assert_eq!(json["manifest"], "1 files agree (SHA-256)");
    assert!(room.read("a.img") == disk);
    let pack = room.read("raw.tgz");
    let json = room.run_with_pipe("import - --to b.img --json", &pack).ok();
    let json = json.json();
    assert_eq!(json["manifest"], "not checked");
    assert_eq!(json["warnings"][0]["place"], "vm.mf");
    assert_snapshot!(
        room.run_with_pipe("import - --to c.img --strict", &pack)
            .failed(3)
    );
    assert!(room.exists("b.img") && !room.exists("c.img"));
}

#[test]
fn a_manifest_may_list_itself() {
    let room = Room::new();
    let disk = appliance(&room);
    let own = format!("SHA256(vm.mf)= {}\n", "1".repeat(64));
    let text = [room.read("vm.mf"), own.into_bytes()].concat();
    room.write("vm.mf", &text);
    for order in ["vm.ovf vm.mf disk.vmdk", "disk.vmdk vm.ovf vm.mf"] {
        room.sh(&format!("tar -cf vm.ova {order}"));
        let ran = room.run("import vm.ova --to out.img --force --strict --json");
        assert_eq!(ran.ok().json()["manifest"], "2 files agree (SHA-256)");
        assert!(room.read("out.img") == disk);
    }
}

#[test]
fn files_that_no_manifest_lists_are_told() {
    let room = Room::new();
    appliance(&room);
    manifest(&room, "vm.ovf");
    room.sh("tar -cf vm.ova vm.ovf vm.mf disk.vmdk");
    let json = room.run("import vm.ova --to out.img --json").ok().json();
    let message = "the manifest does not list disk.vmdk: not checked";
    assert_eq!(json["warnings"][0]["message"], message);
    assert_snapshot!(room.run("import vm.ova --to new.img --strict").failed(3));
}

#[test]
fn a_manifest_of_other_files_is_told() {
    let room = Room::new();
    appliance(&room);
    room.sh("tar -cf vm.tar vm.mf disk.img");
    let json = room.run("import vm.tar --to out.img --json").ok().json();
    assert_eq!(json["manifest"], "not used");
    let warning = &json["warnings"][0];
    assert_eq!(warning["place"], "vm.mf");
    assert_eq!(
        warning["message"],
        "names none of the files beside it: nothing was checked"
    );
}

/// Files that cannot be read: a Java archive, an encrypted zip, broken compressions.
fn trouble(room: &Room) {
    room.write("notes.txt", b"for the archives\n");
    room.sh(
        "mkdir META-INF; printf 'Manifest-Version: 1.0\\r\\n' > META-INF/MANIFEST.MF
         zip -q app.jar META-INF/MANIFEST.MF notes.txt
         zip -q -P secret locked.zip notes.txt
         seq 100000 | gzip > whole.gz; head -c 5000 whole.gz > broken.gz
         { cat whole.gz; echo garbage; } > behind.gz
         seq 100000 | xz > whole.xz; head -c 3000 whole.xz > broken.xz
         seq 100000 | zstd -q > whole.zst; head -c 3000 whole.zst > broken.zst
         tar -cf inner.tar notes.txt whole.gz; head -c 2000 inner.tar > broken.tar",
    );
}

#[test]
fn trouble_in_what_nobody_asked_for_does_not_matter() {
    let room = Room::new();
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    trouble(&room);
    let files = [
        "app.jar",
        "locked.zip",
        "broken.gz",
        "behind.gz",
        "broken.xz",
        "broken.zst",
        "broken.tar",
    ];
    for file in files {
        for (order, place) in [
            ("before", [file, "disk.img"]),
            ("behind", ["disk.img", file]),
        ] {
            room.sh(&format!("tar -cSzf pack.tgz {}", place.join(" ")));
            for line in [
                "import pack.tgz --to out.img --force",
                "import pack.tgz --to out.img --force --member disk.img --strict",
                "import pack.tgz --to {member}.out --force",
            ] {
                room.run(line).ok();
            }
            assert!(room.read("out.img") == disk, "{file} {order}");
            assert!(room.read("disk.out") == disk, "{file} {order}");
        }
    }
    let all = files.join(" ");
    room.sh(&format!("tar -cSf pack.tar {all} disk.img"));
    let json = room.run("import pack.tar --to all.img --json").ok().json();
    let warnings = json["warnings"].as_array().unwrap();
    let places: Vec<_> = warnings
        .iter()
        .map(|warning| warning["message"].as_str().unwrap())
        .map(|message| message.split(':').next().unwrap())
        .collect();
    assert_eq!(places, files[1..], "the jar is sound");
    room.run("import pack.tar --to b.img --strict").refused_for(
        3,
        "pack.tar: 6 things were not used or not checked\n  because: locked.zip:notes.txt: ",
    );
    let inspected = room.run("inspect pack.tar").ok().out();
    assert!(inspected.contains("broken.gz"), "{inspected}");
}

#[test]
fn trouble_in_what_was_asked_for_is_an_error() {
    let room = Room::new();
    write_sparse(&room.path("disk.img"), &disk(4 << 20));
    trouble(&room);
    room.sh(
        "gzip -k disk.img; head -c -100 disk.img.gz > broken.img.gz; cp disk.img.gz ok.img.gz
         printf XXXX | dd of=disk.img.gz bs=1 seek=20000 conv=notrunc status=none
         tar -cf only.tar notes.txt broken.gz
         tar -cf disks.tar notes.txt disk.img.gz broken.img.gz",
    );
    let before = room.names();
    // Nothing else is there that could have been meant.
    room.run("import only.tar --to out.img")
        .refused_for(3, "error: only.tar: broken.gz: ");
    // The disk was begun before the trouble showed.
    room.run("import disks.tar --to out.img")
        .refused_for(3, "disks.tar: disk.img.gz: ");
    room.run("import disks.tar --to out.img --member broken.img.gz")
        .refused_for(3, "disks.tar: broken.img.gz: ");
    room.run("import only.tar --to out.img --member lost.img")
        .refused_for(3, "holds no member that matches 'lost.img'");
    assert_eq!(room.names(), before);
}

#[test]
fn names_with_backslashes_match_by_their_last_part() {
    let room = Room::new();
    let disk = disk(2 << 20);
    let script = "import zipfile, sys
z = zipfile.ZipFile('win.zip', 'w', zipfile.ZIP_DEFLATED)
i = zipfile.ZipInfo('x'); i.filename = 'vms\\\\win10.img'; i.create_system = 0
z.writestr(i, open('disk.img','rb').read()); z.writestr('vms/readme.txt', 'hello'); z.close()";
    write_sparse(&room.path("disk.img"), &disk);
    room.write("make.py", script.as_bytes());
    room.sh("python3 make.py");
    for member in [
        "win10.img",
        "vms/win10.img",
        r"vms\win10.img",
        "*.img",
        "vms/*.img",
    ] {
        let args = [
            "import", "win.zip", "--to", "out.img", "--force", "--member", member,
        ];
        let ran = crate::support::Ran::of(room.innkeeper(args).output());
        ran.ok();
        assert!(room.read("out.img") == disk, "{member}");
    }
    room.run("import win.zip --to {member}.raw").ok();
    assert!(room.exists("win10.raw"));
}
