//! `convert … --format ova`: a guest in one file, held against the programs and the schema that others
//! use for such files.

use testkit::machine::Disk;
use testkit::xva;

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// Descriptions of one guest in every language that is read: 2 CPUs, 768 MiB, called shop.
const DESCRIPTIONS: [(&str, &str); 5] = [
    (
        "shop.cfg",
        "name = 'shop'\nmemory = 768\nvcpus = 2\ndisk = ['/dev/vg0/shop,raw,xvda,rw']\n\
         vif = ['mac=00:16:3e:01:02:03']\n",
    ),
    (
        "shop.xml",
        "<domain type='kvm'><name>shop</name><memory unit='MiB'>768</memory><vcpu>2</vcpu>\
         <os><type>hvm</type></os><devices><disk type='file' device='disk'><source file='/a'/>\
         <target dev='sda' bus='sata'/></disk><interface type='bridge'><mac address='00:16:3e:01:02:03'/>\
         <source bridge='br0'/><model type='e1000'/></interface></devices></domain>",
    ),
    (
        "shop.vmx",
        "config.version = \"8\"\nvirtualHW.version = \"10\"\ndisplayName = \"shop\"\nmemsize = \"768\"\n\
         numvcpus = \"2\"\nscsi0.present = \"TRUE\"\nscsi0.virtualDev = \"lsilogic\"\n\
         scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"shop.vmdk\"\nethernet0.present = \"TRUE\"\n\
         ethernet0.address = \"00:16:3e:01:02:03\"\nethernet0.addressType = \"static\"\n\
         guestOS = \"debian10-64\"\n",
    ),
    (
        "shop.ovf",
        "<Envelope><References><File id='f' href='shop.vmdk'/></References><DiskSection>\
         <Disk diskId='d' fileRef='f' capacity='4194304'/></DiskSection><VirtualSystem id='shop'>\
         <Name>shop</Name><VirtualHardwareSection>\
         <Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>\
         <Item><InstanceID>2</InstanceID><ResourceType>4</ResourceType><VirtualQuantity>768</VirtualQuantity></Item>\
         <Item><InstanceID>3</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/d</HostResource></Item>\
         <Item><InstanceID>4</InstanceID><ResourceType>10</ResourceType><Address>00:16:3e:01:02:03</Address></Item>\
         </VirtualHardwareSection></VirtualSystem></Envelope>",
    ),
    ("copy.ova", ""),
];

fn source(room: &Room) -> Vec<u8> {
    let disk = disk(4 << 20);
    write_sparse(&room.path("disk.img"), &disk);
    room.write("shop.cfg", DESCRIPTIONS[0].1.as_bytes());
    disk
}

/// `name` is an OVA as everybody reads it: tar, checksums, qemu-img and the schema; its parts are in
/// `parts` then.
#[track_caller]
fn is_right(room: &Room, name: &str, stem: &str) {
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../guest/vmconfig/src/ovf/write/tests/ovf.rng"
    );
    let (ovf, mf, vmdk) = (
        format!("{stem}.ovf"),
        format!("{stem}.mf"),
        format!("{stem}-disk1.vmdk"),
    );
    let list = format!("{ovf}\n{mf}\n{vmdk}\n");
    for tar in ["tar", "bsdtar"] {
        let listed = room.sh(&format!("{tar} -tf {name}"));
        assert_eq!(String::from_utf8_lossy(&listed), list, "{tar}");
    }
    room.sh(&format!(
        "rm -rf parts; mkdir parts; tar -C parts -xf {name}; cd parts
         sed 's/^SHA256(\\(.*\\))= \\(.*\\)$/\\2  \\1/' {mf} | sha256sum --check --strict --quiet
         xmllint --noout --relaxng {schema} {ovf} 2> said || {{ cat said {ovf} >&2; exit 1; }}
         qemu-img check -q -f vmdk {vmdk}
         qemu-img compare -q -f raw -F vmdk ../disk.img {vmdk}
         test $(stat -c %s {vmdk}) = $(sed -n 's/.*ovf:size=\"\\([0-9]*\\)\".*/\\1/p' {ovf})"
    ));
}

#[test]
fn an_ova_is_one_to_everybody_else() {
    let room = Room::new();
    let disk = source(&room);
    let line = "convert disk.img shop.ova --config-from shop.cfg --verify --json";
    let json = room.run(line).ok().json();
    assert_eq!(json["disk"]["size"], disk.len());
    assert_eq!(json["warnings"], serde_json::json!([]));
    is_right(&room, "shop.ova", "shop");
    let ovf = String::from_utf8(room.read("parts/shop.ovf")).unwrap();
    assert!(ovf.contains("ovf:capacity=\"4194304\""), "{ovf}");
    let data = json["disk"]["data"].as_u64().unwrap();
    assert!(
        ovf.contains(&format!("ovf:populatedSize=\"{data}\"")),
        "{ovf}"
    );
    // POSIX's records, and nothing but ustar.
    let bytes = room.read("shop.ova");
    assert_eq!(bytes.len() % 10240, 0);
    assert_eq!(&bytes[257..265], b"ustar\x0000");
}

#[test]
fn an_ova_comes_back_as_it_was() {
    let room = Room::new();
    let disk = source(&room);
    for (number, (name, text)) in DESCRIPTIONS.iter().enumerate() {
        match *name {
            // What was written before describes it again.
            "copy.ova" => room.sh("cp out0.ova copy.ova"),
            name => room
                .write(name, text.as_bytes())
                .into_os_string()
                .into_encoded_bytes(),
        };
        let out = format!("out{number}.ova");
        let digest = match *name {
            "copy.ova" => room.run(&format!("convert copy.ova {out} --json")),
            name => room.run(&format!(
                "convert disk.img {out} --config-from {name} --json"
            )),
        };
        let digest = digest.ok().json()["disk"]["digest"].clone();
        is_right(&room, &out, &format!("out{number}"));
        let line = "import - --to back.img --config back.cfg --json --strict";
        let json = room.run_with_pipe(line, &room.read(&out)).ok().json();
        assert!(room.read("back.img") == disk, "{name}");
        assert_eq!(json["disk"]["digest"], digest, "{name}");
        assert_eq!(json["manifest"], "2 files agree (SHA-256)", "{name}");
        let config = String::from_utf8(room.read("back.cfg")).unwrap();
        for line in [
            "name = \"shop\"",
            "memory = 768",
            "vcpus = 2",
            "mac=00:16:3e:01:02:03",
        ] {
            assert!(config.contains(line), "{name}: {line}: {config}");
        }
        room.sh("rm back.img back.cfg");
    }
}

#[test]
fn a_description_that_comes_with_the_disk_is_taken() {
    let room = Room::new();
    source(&room);
    room.sh("tar -cf before.tar shop.cfg disk.img; tar -cf behind.tar disk.img shop.cfg");
    for source in ["before.tar", "behind.tar"] {
        room.run(&format!("convert {source} out.ova --strict")).ok();
        is_right(&room, "out.ova", "out");
        let json = room.run("inspect out.ova --json").ok().json();
        assert_eq!(json["configs"][0]["member"], "out.ovf");
        let ovf = String::from_utf8(room.read("parts/out.ovf")).unwrap();
        assert!(ovf.contains("<Name>shop</Name>"), "{source}: {ovf}");
        room.sh("rm out.ova");
    }
}

#[test]
fn a_guest_of_xenserver_becomes_an_ova() {
    let room = Room::new();
    let content = source(&room);
    let export = xva::export(&[xva::Disk::new("Ref:5", content)]);
    room.write("guest.xva", &export);
    room.run("convert guest.xva web.ova --verify --strict").ok();
    is_right(&room, "web.ova", "web");
    let ovf = String::from_utf8(room.read("parts/web.ovf")).unwrap();
    assert!(ovf.contains("<Name>web01</Name>"), "{ovf}");
}

#[test]
fn a_guest_that_nobody_describes_is_guessed_and_that_is_told() {
    let room = Room::new();
    source(&room);
    let json = room.run("convert disk.img box.ova --json").ok().json();
    is_right(&room, "box.ova", "box");
    let message = "nothing describes the guest, and so the ova's description is a guess";
    assert_eq!(json["warnings"][0]["message"], message);
    let json = room.run("inspect box.ova --json").ok().json();
    assert_eq!(json["configs"][0]["kind"], "ovf", "{json}");
    let ovf = String::from_utf8(room.read("parts/box.ovf")).unwrap();
    for part in ["<Name>box</Name>", ">1024<", ">PIIX4<", ">E1000<"] {
        assert!(ovf.contains(part), "{part}: {ovf}");
    }
    assert_snapshot!(room.run("convert disk.img strict.ova --strict").failed(3));
    assert!(!room.exists("strict.ova"));
}

#[test]
fn what_the_package_lacks_is_told() {
    let room = Room::new();
    source(&room);
    room.write(
        "two.cfg",
        b"name = 'shop'\ntype = 'pv'\ndisk = ['/a/b,raw,xvda,rw', '/srv/disk.img,raw,xvdb,rw']\n",
    );
    let json = room
        .run("convert disk.img out.ova --config-from two.cfg --json")
        .ok()
        .json();
    let warnings = json["warnings"].as_array().unwrap();
    let told: Vec<_> = warnings
        .iter()
        .map(|warning| warning["message"].as_str().unwrap())
        .collect();
    let expected = [
        "the ova's description leaves out disk xvda, from two.cfg: line 3: it is not in the package",
        "the ova's description leaves out pv, from two.cfg: line 2: the guest becomes a PC",
    ];
    assert_eq!(told, expected);
    is_right(&room, "out.ova", "out");
}

#[test]
fn a_pipe_takes_an_ova_after_a_first_pass() {
    let room = Room::new();
    source(&room);
    room.sh("tar -czf behind.tar.gz disk.img shop.cfg");
    for (line, out) in [
        (
            "convert disk.img - --format ova --config-from shop.cfg",
            "disk",
        ),
        ("convert behind.tar.gz - --format ova", "behind"),
    ] {
        let ran = room.run(&format!("{line} --quiet")).ok();
        room.write("piped.ova", &ran.stdout);
        is_right(&room, "piped.ova", out);
        // A file of the same name has the same bytes, but for room for a description behind the disk.
        let line = line.replace(" - ", &format!(" {out}.ova "));
        room.run(&line).ok();
        let same = room.read(&format!("{out}.ova")) == ran.stdout;
        assert_eq!(same, out == "disk", "{line}");
    }
    let ran = room.run_with_pipe("convert - - --format ova --size 4M", &room.read("disk.img"));
    assert!(ran.stdout.is_empty());
    assert_snapshot!(ran.failed(3));
    room.run_with_pipe("convert - from-pipe.ova --size 4M", &room.read("disk.img"))
        .ok();
    is_right(&room, "from-pipe.ova", "from-pipe");
}

#[test]
fn a_disk_of_several_has_to_be_chosen() {
    let room = Room::new();
    source(&room);
    room.sh("cp disk.img other.img; tar -cf both.tar disk.img other.img");
    let ran = room.run("convert both.tar out.ova");
    assert_eq!(ran.status, 3, "{}", ran.story());
    assert!(ran.stderr.contains("holds 2 disks"), "{}", ran.story());
    room.run("convert both.tar out.ova --member other.img").ok();
    is_right(&room, "out.ova", "out");
}

#[test]
fn what_makes_no_sense_with_an_ova_is_wrong_usage() {
    let room = Room::new();
    let mut told = Vec::new();
    source(&room);
    told.push(
        room.run("convert disk.img out.ova --config out.cfg")
            .failed(2),
    );
    told.push(
        room.run("convert disk.img out.vmdk --config-from shop.cfg")
            .failed(2),
    );
    told.push(
        room.run("convert disk.img out.ova --config-from ./out.ova")
            .failed(2),
    );
    room.write("notes.txt", b"Buy milk.\n");
    told.push(
        room.run("convert disk.img out.ova --config-from notes.txt")
            .failed(3),
    );
    let ran = room.run("convert disk.img out.ova --config-from missing.cfg");
    assert_eq!(ran.status, 1, "{}", ran.story());
    let device = Disk::new(24 << 20);
    let name = device.name();
    told.push(
        room.run(&format!("convert disk.img {name} --format ova"))
            .failed(4),
    );
    assert_eq!(room.names(), ["disk.img", "notes.txt", "shop.cfg"]);
    assert_snapshot!(told);
}
