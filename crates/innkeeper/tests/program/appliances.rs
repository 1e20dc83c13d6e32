//! Appliances: several disks in one archive, what describes them, and the guest's configuration.

use testkit::xva;

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

const OVF: &str = include_str!("appliances/web.ovf");
const CONFIG: &str = include_str!("appliances/web.cfg");

/// The two disks of the appliance; `root.img`, `data.img`, their VMDKs and `web.ovf` are in the room.
fn parts(room: &Room) -> (Vec<u8>, Vec<u8>) {
    let (root, data) = (disk(4 << 20), disk(2 << 20));
    write_sparse(&room.path("root.img"), &root);
    write_sparse(&room.path("data.img"), &data);
    room.write("web.ovf", OVF.as_bytes());
    room.sh("for disk in root data; do
             qemu-img convert -f raw -O vmdk -o subformat=streamOptimized $disk.img $disk.vmdk
         done");
    (root, data)
}

/// Writes `web.mf`, with digests made by `shaNsum`.
fn manifest(room: &Room, bits: u32) {
    room.sh(&format!(
        "sha{bits}sum web.ovf root.vmdk data.vmdk |
             sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/SHA{bits}(\\2)= \\1/' > web.mf"
    ));
}

#[test]
fn an_ova_gives_all_its_disks_in_one_pass() {
    let room = Room::new();
    let (root, data) = parts(&room);
    for (bits, name) in [(1, "SHA-1"), (256, "SHA-256"), (512, "SHA-512")] {
        manifest(&room, bits);
        for order in [
            "web.ovf web.mf root.vmdk data.vmdk",
            "web.ovf root.vmdk data.vmdk web.mf",
        ] {
            room.sh(&format!("tar -cf web.ova {order}"));
            let ova = room.read("web.ova");
            let line = "import - --to out-{name}-{disk}.img --json --verify";
            let json = room.run_with_pipe(line, &ova).ok().json();
            assert!(room.read("out-web01-0.img") == root, "{order}");
            assert!(room.read("out-web01-1.img") == data, "{order}");
            assert_eq!(json["manifest"], format!("3 files agree ({name})"));
            // The sizes in the OVF are wrong, and that does not matter.
            assert_eq!(json["disks"][0]["disk"]["size"], 4 << 20);
            assert_eq!(json["disks"][1]["disk"]["member"], "data.vmdk");
            assert_eq!(json["configs"][0]["member"], "web.ovf");
            assert_eq!(json["disk"], serde_json::Value::Null, "there are two");
            room.sh("rm out-*");
        }
    }
}

#[test]
fn a_compressed_ova_goes_as_well() {
    let room = Room::new();
    let (root, data) = parts(&room);
    manifest(&room, 256);
    room.sh("tar -czf web.ova.gz web.ovf web.mf root.vmdk data.vmdk");
    room.run("import web.ova.gz --to {member}.out").ok();
    assert!(room.read("root.out") == root);
    assert!(room.read("data.out") == data);
}

#[test]
fn a_wrong_digest_leaves_no_disk() {
    let room = Room::new();
    parts(&room);
    for bits in [1, 256, 512] {
        manifest(&room, bits);
        let text = String::from_utf8(room.read("web.mf")).unwrap();
        let line = text.lines().nth(2).unwrap();
        let right = line.rsplit(' ').next().unwrap();
        let wrong = "0".repeat(right.len());
        room.write("web.mf", text.replace(right, &wrong).as_bytes());
        for order in [
            "web.ovf web.mf root.vmdk data.vmdk",
            "web.ovf root.vmdk data.vmdk web.mf",
        ] {
            room.sh(&format!("tar -cf web.ova {order}"));
            let before = room.names();
            let expected = format!(
                "error: web.ova: \"data.vmdk\" has the SHA-{bits} {right}, the manifest says {wrong}"
            );
            room.run("import web.ova --to out-{disk}.img")
                .refused(3, &expected);
            room.run("import web.ova --to out.img --member root.vmdk")
                .refused(3, &expected);
            assert_eq!(room.names(), before);
        }
    }
}

#[test]
fn a_manifest_that_names_what_is_not_there_is_an_error() {
    let room = Room::new();
    parts(&room);
    manifest(&room, 256);
    room.sh("tar -cf web.ova web.ovf web.mf root.vmdk");
    assert_snapshot!(room.run("import web.ova --to out.img").failed(3));
    assert!(!room.exists("out.img"));
}

#[test]
fn a_certificate_is_reported() {
    let room = Room::new();
    parts(&room);
    manifest(&room, 256);
    room.sh(
        "{ echo 'SHA256(web.mf)= 00'; echo '-----BEGIN CERTIFICATE-----'; } > web.cert
         tar -cf web.ova web.ovf web.mf web.cert root.vmdk data.vmdk",
    );
    let json = room
        .run("import web.ova --to out-{disk}.img --json")
        .ok()
        .json();
    assert_eq!(
        json["manifest"],
        "3 files agree (SHA-256); certificate present, SHA-256 signature not checked"
    );
    let warning = "the certificate is present, SHA-256 signature not checked";
    assert_eq!(json["warnings"][0]["place"], "web.cert");
    assert_eq!(json["warnings"][0]["message"], warning);
    room.sh("rm out-*");
    assert_snapshot!(
        room.run("import web.ova --to out-{disk}.img --strict")
            .failed(3)
    );
    assert!(!room.exists("out-0.img"));
}

#[test]
fn a_description_that_cannot_be_read_is_a_warning() {
    let room = Room::new();
    parts(&room);
    room.write("web.ovf", b"<Envelope><unclosed></Envelope>");
    room.sh("tar -cf web.ova web.ovf root.vmdk");
    let warning = "the OVF description is not used: ";
    let ran = room.run("import web.ova --to out.img --json").ok();
    let told = &ran.json()["warnings"][0];
    assert_eq!(told["place"], "web.ovf");
    assert!(told["message"].as_str().unwrap().starts_with(warning));
    let text = room.run("import web.ova --to out.img --force").ok().out();
    assert!(
        text.contains(&format!("warning   web.ovf: {warning}")),
        "{text}"
    );
    let inspected = room.run("inspect web.ova").ok().out();
    assert!(inspected.contains(warning), "{inspected}");
    let before = room.names();
    assert_snapshot!(room.run("import web.ova --to new.img --strict").failed(3));
    assert_eq!(room.names(), before);
}

#[test]
fn without_a_template_one_disk_has_to_be_chosen() {
    let room = Room::new();
    let (_, data) = parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    let size = std::fs::metadata(room.path("data.vmdk")).unwrap().len();
    let root = std::fs::metadata(room.path("root.vmdk")).unwrap().len();
    room.run("import web.ova --to out.img").refused(
        3,
        &format!(
            "error: web.ova: holds 2 disks: root.vmdk ({root} bytes), data.vmdk ({size} bytes)\n\
             hint: choose one with --member, for instance --member root.vmdk"
        ),
    );
    assert!(!room.exists("out.img"));
    room.run("import web.ova --to out.img --member data.vmdk")
        .ok();
    assert!(room.read("out.img") == data);
}

#[test]
fn templates_that_meet_are_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    let before = room.names();
    let ran = room.run("import web.ova --to {name}.img");
    told.push(ran.failed(2));
    assert_eq!(room.names(), before);
    told.push(
        room.run("import web.ova --to {disk}.img --to out.img")
            .failed(2),
    );
    room.write("1.img", b"precious");
    let ran = room.run("import web.ova --to {disk}.img");
    assert_eq!(ran.status, 4, "{}", ran.story());
    assert_eq!(room.read("1.img"), b"precious");
    assert!(!room.exists("0.img"), "nothing is half done");
    assert_snapshot!(told);
}

#[test]
fn only_disks_that_are_meant_need_a_place() {
    let room = Room::new();
    let (root, data) = parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    room.write("out-1.img", b"precious");
    room.run("import web.ova --member data.vmdk --to out-{disk}.img")
        .ok();
    assert!(room.read("out-0.img") == data);
    assert_eq!(room.read("out-1.img"), b"precious");
    // A description may name one file more than once.
    room.sh("sed -i s/data.vmdk/root.vmdk/ web.ovf; tar -cf twice.ova web.ovf root.vmdk");
    room.run("import twice.ova --to {member}-of-{name}.img")
        .ok();
    assert!(room.read("root-of-web01.img") == root);
}

#[test]
fn descriptions_are_remembered_up_to_a_limit() {
    let room = Room::new();
    parts(&room);
    let mut long = b"name = 'long'\nmemory = 512\n#".to_vec();
    long.resize(2 << 20, b'x');
    for number in 0..4 {
        room.write(&format!("long{number}.cfg"), &long);
    }
    room.sh("tar -cf three.tar long[0-2].cfg web.ovf root.vmdk
             tar -cf four.tar long[0-3].cfg web.ovf root.vmdk");
    room.run("import three.tar --to {name}-{member}.img").ok();
    assert!(room.exists("web01-root.img"));
    room.sh("rm web01-root.img");
    let json = room
        .run("import four.tar --to {name}-{member}.img --json")
        .ok()
        .json();
    assert_eq!(json["configs"].as_array().unwrap().len(), 5, "all listed");
    assert!(room.exists("long-root.img"), "the last one is not read");
    let warning = &json["warnings"][0];
    assert_eq!(warning["place"], "web.ovf");
    assert_eq!(
        warning["message"],
        "is not read: descriptions of 8388608 bytes came before it"
    );
}

#[test]
fn a_dry_run_tells_where_every_disk_would_go() {
    let room = Room::new();
    parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    let before = room.names();
    let ran = room
        .run("import web.ova --to {name}-{member}.out --dry-run")
        .ok();
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        "disk  root.vmdk in web.ova (tar)\n\
         plan  creates file web01-root.out with 4.0 MiB\n\
         disk  data.vmdk in web.ova (tar)\n\
         plan  creates file web01-data.out with 2.0 MiB\n"
    );
    assert_eq!(room.names(), before);
}

#[test]
fn a_target_that_fails_leaves_no_disk_that_is_half_there() {
    let room = Room::new();
    parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    // The second disk has nowhere to go.
    room.sh("mkdir 0");
    let ran = room.run("import web.ova --to {disk}/disk.img");
    assert_ne!(ran.status, 0, "{}", ran.story());
    assert_eq!(std::fs::read_dir(room.path("0")).unwrap().count(), 0);
    // The archive breaks off in the second disk.
    let ova = room.read("web.ova");
    let ran = room.run_with_pipe("import - --to out-{disk}.img", &ova[..ova.len() - 60_000]);
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert!(!room.exists("out-0.img") && !room.exists("out-1.img"));
    assert!(
        room.names().iter().all(|name| !name.ends_with(".partial")),
        "{:?}",
        room.names()
    );
}

#[test]
fn a_configuration_says_where_its_lines_come_from() {
    let room = Room::new();
    parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    let json = room
        .run("import web.ova --to {name}-{disk}.img --config web.cfg --json")
        .ok()
        .json();
    assert_eq!(json["config"]["name"], "web.cfg");
    let here = room.path("");
    let here = here.to_str().unwrap().trim_end_matches('/');
    assert_eq!(
        String::from_utf8(room.read("web.cfg")).unwrap(),
        CONFIG.replace("ROOM", here)
    );
    let ran = room.run("import web.ova --to new-{disk}.img --config web.cfg");
    assert_eq!(ran.status, 4, "it is there already: {}", ran.story());
    assert!(!room.exists("new-0.img"), "which is seen before the work");
}

#[test]
fn other_hypervisors_have_other_languages() {
    let room = Room::new();
    parts(&room);
    room.sh("tar -cf web.ova web.ovf root.vmdk data.vmdk");
    for (language, expected) in [
        (
            "libvirt",
            &[
                "<domain type=\"kvm\">",
                "<name>web01</name>",
                "<target dev=\"vda\" bus=\"virtio\"/>",
                "/0.img\"/>",
            ][..],
        ),
        (
            "libvirt-xen",
            &[
                "<domain type=\"xen\">",
                "<target dev=\"xvdb\" bus=\"xen\"/>",
                "/1.img\"/>",
            ],
        ),
        (
            "opennebula",
            &[
                "NAME = \"web01\"",
                "MEMORY = \"1024\"",
                "/1.img\", DRIVER = \"raw\" ]",
            ],
        ),
    ] {
        room.run(&format!(
            "import web.ova --to {{disk}}.img --force --config guest --config-for {language}"
        ))
        .ok();
        let text = String::from_utf8(room.read("guest")).unwrap();
        for part in expected {
            assert!(text.contains(part), "{language}: {part}: {text}");
        }
    }
    assert_snapshot!(
        room.run("import web.ova --to {disk}.img --config-for libvirt")
            .failed(2)
    );
}

#[test]
fn a_configuration_is_completed_or_made_up() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    room.write(
        "mail.cfg",
        b"name = 'mail'\nmemory = 768\nvcpus = 3\ndisk = ['file:/srv/disk.img,xvda,w']\n",
    );
    room.sh("tar -czf mail.tar.gz mail.cfg disk.img");
    room.run("import mail.tar.gz --to out.img --config new.cfg")
        .ok();
    let text = String::from_utf8(room.read("new.cfg")).unwrap();
    let out = room.path("out.img");
    for part in [
        "name = \"mail\"  # from mail.cfg",
        "memory = 768  # from mail.cfg",
        "vcpus = 3  # from mail.cfg",
        &format!("vdev=xvda, access=rw, target={}", out.display()),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("target=").count(), 1, "{text}");

    // Nothing says anything about this guest.
    room.run("convert disk.img shop.qcow2 --format qcow2 --config shop.cfg")
        .ok();
    let text = String::from_utf8(room.read("shop.cfg")).unwrap();
    for part in [
        "name = \"disk\"  # a guess",
        "memory = ",
        &format!(
            "format=qcow2, vdev=xvda, access=rw, target={}",
            room.path("shop.qcow2").display()
        ),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn an_xva_gives_its_disks() {
    let room = Room::new();
    let mut told = Vec::new();
    let (one, two) = (disk(3 << 20), disk((2 << 20) + 4096));
    let disks = [
        xva::Disk::new("Ref:5", one.clone()),
        xva::Disk {
            sum: xva::Sum::Sha1,
            ..xva::Disk::new("Ref:7", two.clone())
        },
    ];
    room.write("guest.xva", &xva::export(&disks));
    room.sh("gzip -1 -k guest.xva; zstd -q -k guest.xva");
    for name in ["guest.xva", "guest.xva.gz", "guest.xva.zst"] {
        let packed = room.read(name);
        let json = room
            .run_with_pipe(
                "import - --to {name}-{disk}.img --config {name}.cfg --json --verify",
                &packed,
            )
            .ok()
            .json();
        assert!(room.read("web01-0.img") == one, "{name}");
        assert!(room.read("web01-1.img") == two, "{name}");
        assert_eq!(json["disks"][1]["disk"]["variant"], "XVA");
        room.sh("rm web01-* *.cfg");
        let line = format!("import {name} --to out.img --member Ref:7");
        room.run(&line).ok();
        assert!(room.read("out.img") == two, "{name}");
        room.sh("rm out.img");
        told.push(room.run(&format!("import {name} --to out.img")).failed(3));
    }
    room.write("one.xva", &xva::export(&disks[..1]));
    room.run("import one.xva --to out.img --config xva.cfg")
        .ok();
    assert!(room.read("out.img") == one);
    let text = String::from_utf8(room.read("xva.cfg")).unwrap();
    assert!(text.contains("name = \"web01\"  # from ova.xml"), "{text}");
    assert!(text.contains("/out.img\""), "{text}");
    assert_snapshot!(told);
}

#[test]
fn a_hostile_xva_is_refused_with_a_reason() {
    let room = Room::new();
    for bad in xva::hostile() {
        room.write("guest.xva", &bad.bytes);
        let ran = room.run("import guest.xva --to out.img");
        assert_eq!(ran.status, 3, "{}: {}", bad.what, ran.story());
        let message = bad.message;
        assert!(
            ran.stderr.starts_with("error: guest.xva: ") && ran.stderr.contains(message),
            "{}: {message}: {}",
            bad.what,
            ran.story()
        );
        assert_eq!(room.names(), ["guest.xva"], "{}", bad.what);
    }
}
