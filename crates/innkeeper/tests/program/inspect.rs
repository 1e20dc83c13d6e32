//! `inspect`: what it says of every format, of archives and appliances, and what it does not do.

use serde_json::{Value, json};
use testkit::machine::noise;
use testkit::xva;

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

const OVF: &str = include_str!("appliances/web.ovf");

/// A room with `disk.img` of 4 MiB.
fn room() -> Room {
    let room = Room::new();
    write_sparse(&room.path("disk.img"), &disk(4 << 20));
    room
}

/// What is said of `name`, as a file, and as a pipe, which has to be the same.
#[track_caller]
fn described(room: &Room, name: &str) -> Value {
    let file = room.run(&format!("inspect {name} --json")).ok().json();
    let pipe = room
        .run_with_pipe("inspect - --json", &room.read(name))
        .ok()
        .json();
    for key in ["format", "variant", "size", "unit", "snapshots"] {
        assert_eq!(file["disk"][key], pipe["disk"][key], "{name}: {key}");
    }
    file["disk"].clone()
}

#[test]
fn every_format_is_described() {
    let room = room();
    for (options, format, variant, unit) in [
        ("qcow2", "qcow2", "version 3", json!(65536)),
        ("qcow2 -o compat=0.10", "qcow2", "version 2", json!(65536)),
        (
            "qcow2 -o cluster_size=4k",
            "qcow2",
            "version 3",
            json!(4096),
        ),
        ("vdi", "vdi", "dynamic", json!(1 << 20)),
        ("vdi -o static=on", "vdi", "fixed", json!(1 << 20)),
        ("vmdk", "vmdk", "monolithicSparse", json!(65536)),
        (
            "vmdk -o subformat=streamOptimized",
            "vmdk",
            "streamOptimized",
            json!(65536),
        ),
        ("vpc -o force_size=on", "vhd", "dynamic", json!(2 << 20)),
        (
            "vpc -o force_size=on,subformat=fixed",
            "vhd",
            "fixed",
            Value::Null,
        ),
        ("vhdx", "vhdx", "dynamic", json!(8 << 20)),
        ("raw", "raw", "", Value::Null),
    ] {
        room.sh(&format!(
            "qemu-img convert -f raw -O {options} disk.img image"
        ));
        let disk = described(&room, "image");
        assert_eq!(disk["format"], format, "{options}");
        assert_eq!(disk["variant"], variant, "{options}");
        assert_eq!(disk["size"], 4 << 20, "{options}");
        assert_eq!(disk["unit"], unit, "{options}");
        let (data, holes) = (disk["data"].as_u64(), disk["holes"].as_u64());
        let (data, holes) = (data.unwrap(), holes.unwrap());
        assert_eq!(data + holes, 4 << 20, "{options}");
        assert!(data >= 188 << 10, "{options}: {data}");
        assert_eq!(disk["refusal"], Value::Null, "{options}");
        room.sh("rm image");
    }
}

#[test]
fn data_is_what_qemu_maps() {
    let room = room();
    for (arguments, method) in [
        ("", None),
        ("-c", Some("zlib")),
        ("-c -o compression_type=zstd", Some("zstd")),
    ] {
        room.sh(&format!(
            "qemu-img convert -f raw -O qcow2 {arguments} disk.img image"
        ));
        let map = room.sh("qemu-img map --output=json image");
        let map: Value = serde_json::from_slice(&map).unwrap();
        let sum = |key: &str| -> u64 {
            let parts = map.as_array().unwrap().iter();
            let parts = parts.filter(|part| part[key] == true);
            parts.map(|part| part["length"].as_u64().unwrap()).sum()
        };
        let disk = described(&room, "image");
        assert_eq!(disk["data"], sum("data"), "{arguments}");
        match method {
            None => assert_eq!(disk["compressed"], Value::Null),
            Some(method) => {
                assert_eq!(disk["compressed"]["method"], method);
                assert_eq!(disk["compressed"]["bytes"], sum("compressed"));
                assert!(disk["compressed"]["stored"].as_u64() > Some(0));
            }
        }
    }
}

#[test]
fn snapshots_and_what_they_store() {
    let room = room();
    room.sh("qemu-img convert -f raw -O qcow2 disk.img image
         qemu-img snapshot -c before image
         qemu-io -c 'write 3M 64k' image");
    let now = described(&room, "image");
    let snapshots = json!([{ "id": "1", "name": "before", "size": 4 << 20 }]);
    assert_eq!(now["snapshots"], snapshots);
    let before = room
        .run("inspect image --snapshot before --json")
        .ok()
        .json();
    let more = now["data"].as_u64().unwrap() - before["disk"]["data"].as_u64().unwrap();
    assert_eq!(more, 64 << 10);
    assert_snapshot!(room.run("inspect disk.img --snapshot before").failed(3));
}

#[test]
fn what_an_image_refers_to_is_said_and_not_read() {
    let room = room();
    room.sh("qemu-img convert -f raw -O qcow2 disk.img base.qcow2
         qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 image
         rm base.qcow2");
    let disk = described(&room, "image");
    let refers = json!([{ "what": "backing file", "name": "base.qcow2" }]);
    assert_eq!(disk["refers"], refers);
    assert_eq!(
        (&disk["data"], &disk["holes"]),
        (&json!(0), &json!(4 << 20))
    );
    let refusal = "needs its backing file \"base.qcow2\"";
    assert_eq!(disk["refusal"]["message"], refusal);
    assert_snapshot!(room.run("inspect image").ok());
}

#[test]
fn extents_beside_a_descriptor_are_counted_and_elsewhere_named() {
    let room = room();
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat disk.img image.vmdk");
    let beside = room.run("inspect image.vmdk --json").ok().json();
    assert_eq!(beside["disk"]["refers"][0]["name"], "image-flat.vmdk");
    assert!(beside["disk"]["data"].as_u64() > Some(0));
    // What is beside an archive is nothing to the images in it.
    room.sh("tar -cf packed image.vmdk");
    let packed = room.run("inspect packed --json").ok().json();
    assert_eq!(packed["disk"]["data"], Value::Null);
    room.sh("rm image-flat.vmdk");
    let alone = room.run("inspect image.vmdk --json").ok().json();
    assert_eq!(alone["disk"]["data"], Value::Null);
    assert_eq!(alone["disk"]["size"], 4 << 20);
    assert_ne!(alone["disk"]["refusal"], Value::Null);
}

#[test]
fn an_encrypted_image_is_described_as_one() {
    let room = Room::new();
    room.sh("qemu-img create -q -f qcow2 --object secret,id=s,data=x \
         -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=1 image 4M");
    let disk = described(&room, "image");
    assert_eq!(disk["notes"]["encryption"], "LUKS");
    assert_eq!(disk["data"], Value::Null);
    assert_eq!(disk["refusal"]["message"], "is encrypted with LUKS");
}

#[test]
fn an_archive_is_listed_and_each_disk_in_it_described() {
    let room = room();
    room.write("README", b"Read me first.\n");
    room.write("web.cfg", b"name = 'web01'\nmemory = 512\nvcpus = 2\n");
    room.sh("qemu-img convert -f raw -O qcow2 disk.img image
         gzip -k disk.img
         mkdir inner; echo a > inner/a; tar -cf inner.tar inner; gzip inner.tar
         ln -s image link
         tar -czf packed image disk.img.gz README web.cfg inner.tar.gz link");
    let json = room.run("inspect packed --json").ok().json();
    assert_eq!(json["source"]["layers"], json!(["gzip", "tar"]));
    let size = room.read("image").len();
    let member = |name: &str, size: Value, is: &str, kind: Value, packing: Value| json!({ "name": name, "size": size, "is": is, "kind": kind, "packing": packing });
    assert_eq!(
        json["members"],
        json!([
            member("image", json!(size), "disk", json!("qcow2"), json!([])),
            member(
                "disk.img.gz",
                json!(4 << 20),
                "disk",
                json!("raw"),
                json!(["gzip"])
            ),
            member("README", json!(15), "text", Value::Null, json!([])),
            member("web.cfg", json!(38), "config", json!("xl"), json!([])),
            member(
                "inner.tar.gz",
                Value::Null,
                "archive",
                json!("tar"),
                json!([])
            ),
            member(
                "inner.tar.gz:inner/",
                Value::Null,
                "directory",
                Value::Null,
                json!([])
            ),
            member(
                "inner.tar.gz:inner/a",
                json!(2),
                "text",
                Value::Null,
                json!([])
            ),
            member("link", Value::Null, "link", Value::Null, json!([])),
        ])
    );
    assert_eq!(json["members_count"], 8);
    assert_eq!(json["disks"][0]["format"], "qcow2");
    assert_eq!(json["disks"][1]["data"], 49 * 4096);
    assert_eq!(json["guest"]["name"], "web01");
    assert_eq!(json["guest"]["memory"], 512 << 20);
    assert_eq!(json["disk"], Value::Null, "there are two");
    let one = room.run("inspect packed --member image --json").ok().json();
    assert_eq!(one["disk"]["member"], "image");
    assert_eq!(one["members_count"], 8);
    let none = room.run("inspect packed --member *.iso");
    assert_eq!(none.status, 3, "{}", none.story());
}

#[test]
fn an_appliance_is_described_as_a_whole() {
    let room = room();
    room.write("web.ovf", OVF.as_bytes());
    room.sh("for disk in root data; do
             qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk.img $disk.vmdk
         done
         sha256sum web.ovf root.vmdk data.vmdk |
             sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/SHA256(\\2)= \\1/' > web.mf
         tar -cf web.ova web.ovf web.mf root.vmdk data.vmdk
         sed -i 's/= ..../= 0000/' web.mf
         tar -cf bad.ova web.ovf web.mf root.vmdk data.vmdk");
    let json = room
        .run_with_pipe("inspect - --json", &room.read("web.ova"))
        .ok()
        .json();
    assert_eq!(json["guest"]["name"], "web01");
    assert_eq!(json["guest"]["vcpus"], 2);
    assert_eq!(json["guest"]["memory"], 1 << 30);
    assert_eq!(json["guest"]["drives"][1]["source"], "data.vmdk");
    assert_eq!(json["guest"]["nics"][0]["network"], "LAN");
    assert_eq!(json["manifest"], "3 files agree (SHA-256)");
    assert_eq!(json["members"][1]["is"], "manifest");
    assert_eq!(json["disks"][1]["variant"], "streamOptimized");
    assert_eq!(json["refusal"], Value::Null);
    let bad = room.run("inspect bad.ova --json").ok().json();
    let told = bad["refusal"]["message"].as_str().unwrap();
    assert!(told.contains("the manifest says 0000"), "{told}");
}

#[test]
fn tables_behind_data_take_a_second_pass_or_stay_unknown() {
    let room = Room::new();
    room.write("disk.img", &noise(7, 24 << 20));
    room.sh(
        "qemu-img convert -f raw -O qcow2 -o cluster_size=4k disk.img image
         qemu-img snapshot -c one image
         gzip -1 image",
    );
    let line = "--memory 32M --json";
    let again = room.run(&format!("inspect image.gz {line}")).ok().json();
    assert_eq!(again["disk"]["data"], 24 << 20);
    assert_eq!(again["disk"]["snapshots"][0]["name"], "one");
    let once = room.run_with_pipe(&format!("inspect - {line}"), &room.read("image.gz"));
    let once = once.ok().json();
    assert_eq!(once["disk"]["format"], "qcow2");
    assert_eq!(once["disk"]["size"], 24 << 20);
    assert_eq!(once["disk"]["data"], Value::Null);
    let text = room.run_with_pipe("inspect - --memory 32M", &room.read("image.gz"));
    let text = String::from_utf8(text.ok().stdout).unwrap();
    assert!(text.contains("\ndata      —\nholes     —\n"), "{text}");
}

#[test]
fn what_cannot_be_described_is_an_error_and_the_rest_is_described() {
    let room = room();
    let mut told = Vec::new();
    room.sh("qemu-img create -q -f qed image.qed 4M
         qemu-img convert -f raw -O vdi disk.img image.vdi
         tar -cf both.tar image.qed image.vdi
         qemu-img convert -f raw -O qcow2 disk.img image
         head -c 300000 image > short");
    told.push(room.run("inspect image.qed").failed(3));
    let both = room.run("inspect both.tar --json");
    let json = both.json();
    assert_eq!(json["disks"][0]["error"]["kind"], "unsupported");
    assert_eq!(json["disks"][1]["format"], "vdi");
    assert_eq!(json["disks"][1]["size"], 4 << 20);
    told.push(both.failed(3));
    let short = room.run("inspect short --json");
    assert_eq!(short.status, 3, "{}", short.story());
    assert_eq!(short.json()["errors"][0]["kind"], "corrupt");
    room.write("text", b"hello\n");
    told.push(room.run("inspect text").failed(3));
    told.push(room.run("inspect image --format vdi").failed(3));
    told.push(room.run("inspect missing").failed(1));
    assert_eq!(room.run("inspect").status, 2);
    assert_snapshot!(told);
}

#[test]
fn a_disk_that_is_too_large_is_not_looked_into() {
    let room = Room::new();
    room.sh("qemu-img create -q -f qcow2 image 1T");
    let disk = room.run("inspect image --max-size 1G --json").ok().json();
    assert_eq!(disk["disk"]["size"], 1u64 << 40);
    assert_eq!(disk["disk"]["data"], Value::Null);
    let message = "is larger than the limit, which is 1.0 GiB";
    assert_eq!(disk["disk"]["refusal"]["message"], message);
}

#[test]
fn names_of_strangers_cannot_command_the_terminal() {
    let room = room();
    room.sh("f=$'evil\\e[31m\\nname'; cp disk.img \"$f\"; tar -cf packed \"$f\"; rm \"$f\"");
    let text = String::from_utf8(room.run("inspect packed").ok().stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains(r"evil\u{1b}[31m\nname"), "{text}");
}

#[test]
fn nothing_is_written() {
    let room = room();
    room.sh("qemu-img convert -f raw -O qcow2 disk.img image; gzip -k image");
    let before = room.names();
    room.run("inspect image.gz").ok();
    room.run("inspect image").ok();
    assert_eq!(room.names(), before);
}

#[test]
fn an_xva_has_its_disks_whole() {
    let room = Room::new();
    let disks = [
        xva::Disk::new("Ref:5", disk(3 << 20)),
        xva::Disk::new("Ref:7", disk(2 << 20)),
    ];
    room.write("guest.xva", &xva::export(&disks));
    let json = room.run("inspect guest.xva --json").ok().json();
    assert_eq!(json["guest"]["name"], "web01");
    assert_eq!(json["members_count"], 3, "ova.xml and two disks");
    assert_eq!(json["disks"][0]["variant"], "XVA");
    assert_eq!(json["disks"][1]["member"], "Ref:7");
    assert_eq!(json["disks"][1]["size"], 2 << 20);
    assert_eq!(json["disks"][1]["layers"], json!(["tar"]));
}
