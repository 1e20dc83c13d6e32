//! What descriptions say about guests: several in one file, deployments, other systems' text, what cannot
//! be used, and which disks are none of the guest's.

use testkit::tar;
use testkit::xva::{self, object};

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk, write_sparse};

/// The content of disks `one` and `two`, whose VMDKs are in the room.
fn disks(room: &Room) -> (Vec<u8>, Vec<u8>) {
    let (one, two) = (disk(2 << 20), disk(3 << 20));
    write_sparse(&room.path("one.img"), &one);
    write_sparse(&room.path("two.img"), &two);
    room.sh("for disk in one two; do
             qemu-img convert -f raw -O vmdk -o subformat=streamOptimized $disk.img $disk.vmdk
         done");
    (one, two)
}

/// An item of the hardware.
fn item(kind: u32, attributes: &str, id: u32, inner: &str) -> String {
    format!(
        "<Item {attributes}><rasd:InstanceID>{id}</rasd:InstanceID>\
         <rasd:ResourceType>{kind}</rasd:ResourceType>{inner}</Item>\n"
    )
}

/// A disk that an item plugs in.
fn plugged(attributes: &str, id: u32, resource: &str) -> String {
    let inner = format!("<rasd:HostResource>{resource}</rasd:HostResource>");
    item(17, attributes, id, &inner)
}

/// Memory in MiB, by whatever unit.
fn memory(attributes: &str, quantity: &str, unit: &str) -> String {
    let inner = format!(
        "<rasd:AllocationUnits>{unit}</rasd:AllocationUnits>\
         <rasd:VirtualQuantity>{quantity}</rasd:VirtualQuantity>"
    );
    item(4, attributes, 1, &inner)
}

/// A guest called `name`, whose id is `vm-name`.
fn system(name: &str, hardware: &str) -> String {
    format!(
        "<VirtualSystem ovf:id=\"vm-{name}\"><Info/><Name>{name}</Name><VirtualHardwareSection><Info/>\
         {hardware}</VirtualHardwareSection></VirtualSystem>\n"
    )
}

/// An OVF with the files and disks `one` and `two`, and whatever is in `content`.
fn ovf(disks: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" \
         xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:rasd=\"urn:rasd\">\n\
         <References><File ovf:id=\"f1\" ovf:href=\"one.vmdk\"/><File ovf:id=\"f2\" ovf:href=\"two.vmdk\"/>\
         </References>\n<DiskSection><Info/><Disk ovf:diskId=\"d1\" ovf:fileRef=\"f1\"/>\
         <Disk ovf:diskId=\"d2\" ovf:fileRef=\"f2\"/>{disks}</DiskSection>\n{content}</Envelope>\n"
    )
}

/// A guest with one disk and a gigabyte.
fn simple(name: &str, resource: &str) -> String {
    system(
        name,
        &(memory("", "1024", "byte * 2^20") + &plugged("", 2, resource)),
    )
}

fn text(room: &Room, name: &str) -> String {
    String::from_utf8(room.read(name)).unwrap()
}

/// Whether the result `out` has the warning `text`.
fn warns(out: &str, text: &str) -> bool {
    let warnings = out.lines().filter_map(|line| line.strip_prefix("warning"));
    warnings.into_iter().any(|warning| warning.trim() == text)
}

/// Two guests, the second in a collection of its own, each with one of the disks.
fn two_guests(room: &Room) {
    let content = format!(
        "<VirtualSystemCollection ovf:id=\"c\"><Info/>{}<VirtualSystemCollection ovf:id=\"d\"><Info/>{}\
         </VirtualSystemCollection></VirtualSystemCollection>",
        simple("web01", "ovf:/disk/d1"),
        simple("db01", "ovf:/disk/d2")
    );
    room.write("vm.ovf", ovf("", &content).as_bytes());
    room.sh("tar -cf two.ova vm.ovf one.vmdk two.vmdk");
}

#[test]
fn one_of_several_guests_is_chosen() {
    let room = Room::new();
    let (one, two) = disks(&room);
    two_guests(&room);
    for (guest, name, content) in [
        ("web01", "web01", &one),
        ("vm-db01", "db01", &two),
        ("DB01", "db01", &two),
    ] {
        let line =
            format!("import two.ova --to {{name}}.img --config {name}.cfg --guest {guest} --json");
        let json = room.run(&line).ok().json();
        assert_eq!(json["warnings"], serde_json::json!([]), "{guest}");
        assert_eq!(json["disks"].as_array().unwrap().len(), 1, "{guest}");
        assert!(room.read(&format!("{name}.img")) == *content, "{guest}");
        let config = text(&room, &format!("{name}.cfg"));
        assert!(
            config.contains(&format!("name = \"{name}\"  # from vm.ovf")),
            "{config}"
        );
        assert_eq!(config.matches("target=").count(), 1, "{config}");
        room.sh(&format!("rm {name}.img {name}.cfg"));
    }
    // One disk is left, so it needs no template.
    room.run("import two.ova --to out.img --guest db01").ok();
    assert!(room.read("out.img") == two);
    let json = room.run("inspect two.ova --guest web01 --json").ok().json();
    assert_eq!(json["guest"]["name"], "web01");
    assert_eq!(json["disks"].as_array().unwrap().len(), 1);
    room.run("convert two.ova out.qcow2 --guest web01").ok();
}

#[test]
fn several_guests_are_told_and_none_is_made_up() {
    let room = Room::new();
    let mut told = Vec::new();
    disks(&room);
    two_guests(&room);
    let before = room.names();
    told.push(
        room.run("import two.ova --to {disk}.img --config guest.cfg")
            .failed(3),
    );
    told.push(
        room.run("import two.ova --to {disk}.img --guest mail")
            .failed(3),
    );
    assert_eq!(room.names(), before);
    let ran = room.run("import two.ova --to {disk}.img").ok();
    let out = ran.out();
    assert!(
        warns(&out, "vm.ovf: it describes 2 guests: web01, db01"),
        "{out}"
    );
    told.push(
        room.run("import two.ova --to strict-{disk}.img --strict")
            .failed(3),
    );
    assert!(!room.exists("strict-0.img"));
    assert_snapshot!(told);
}

#[test]
fn a_guest_that_nothing_describes_is_refused() {
    let room = Room::new();
    let mut told = Vec::new();
    disks(&room);
    two_guests(&room);
    room.sh("tar -cf late.ova one.vmdk two.vmdk vm.ovf");
    told.push(
        room.run("import late.ova --to {disk}.img --guest db01")
            .failed(3),
    );
    told.push(
        room.run("import one.vmdk --to out.img --guest db01")
            .failed(3),
    );
    assert!(!room.exists("0.img") && !room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn a_deployment_decides_which_disk_is_the_guests() {
    let room = Room::new();
    let (one, two) = disks(&room);
    let hardware = memory("", "512", "MB")
        + &memory("ovf:configuration=\"large\"", "2048", "MB")
        + &plugged("ovf:configuration=\"small\"", 2, "ovf:/disk/d1")
        + &plugged("ovf:configuration=\"large huge\"", 2, "ovf:/disk/d2");
    let options = "<DeploymentOptionSection><Info/><Configuration ovf:id=\"small\"/>\
        <Configuration ovf:id=\"large\" ovf:default=\"true\"/></DeploymentOptionSection>";
    let content = format!("{options}{}", system("shop", &hardware));
    room.write("vm.ovf", ovf("", &content).as_bytes());
    room.sh("tar -cf shop.ova vm.ovf one.vmdk two.vmdk");
    for (deployment, content, memory) in [("small", &one, 512), ("large", &two, 2048)] {
        room.run(&format!(
            "import shop.ova --to {deployment}.img --config {deployment}.cfg --deployment {deployment}"
        ))
        .ok();
        assert!(room.read(&format!("{deployment}.img")) == *content);
        let config = text(&room, &format!("{deployment}.cfg"));
        assert!(
            config.contains(&format!("memory = {memory}  # from vm.ovf")),
            "{config}"
        );
        assert_eq!(config.matches("target=").count(), 1, "{config}");
    }
    // Without a choice it is the default one, and the other disk is not plugged in.
    let ran = room
        .run("import shop.ova --to {member}.out --config shop.cfg")
        .ok();
    let out = ran.out();
    assert!(
        warns(
            &out,
            "one.vmdk: is a disk of another deployment, which is not plugged into the guest"
        ),
        "{out}"
    );
    let config = text(&room, "shop.cfg");
    assert_eq!(config.matches("target=").count(), 1, "{config}");
    assert!(
        config.contains("target=") && config.contains("two.out\""),
        "{config}"
    );
    let here = room.path("one.out");
    let left = format!(
        "# - one.vmdk, a disk of another deployment, which is at {}",
        here.display()
    );
    assert!(config.contains(&left), "{config}");
    assert_snapshot!(
        room.run("import shop.ova --to out.img --deployment medium")
            .failed(3)
    );
}

#[test]
fn disks_are_found_by_every_spelling_of_a_resource() {
    let room = Room::new();
    let (one, _) = disks(&room);
    for (number, resource) in [
        "ovf:/disk/d1",
        "ovf://disk/d1",
        "ovf:disk/d1",
        "/disk/d1",
        "disk/d1",
        "d1",
        "ovf:/file/f1",
        "file:/one.vmdk",
        "file:///disks/one.vmdk",
    ]
    .into_iter()
    .enumerate()
    {
        room.write("vm.ovf", ovf("", &simple("web", resource)).as_bytes());
        room.sh("tar -cf web.ova vm.ovf one.vmdk");
        let line = format!("import web.ova --to {number}.img --config {number}.cfg --strict");
        room.run(&line).ok();
        assert!(room.read(&format!("{number}.img")) == one);
        let config = text(&room, &format!("{number}.cfg"));
        assert!(
            config.contains(&format!("/{number}.img\",")),
            "{resource}: {config}"
        );
        assert_eq!(config.matches("target=").count(), 1, "{resource}: {config}");
    }
}

#[test]
fn units_are_read_in_many_words_and_what_cannot_be_used_is_said() {
    let room = Room::new();
    disks(&room);
    let import = |quantity: &str, unit: &str| {
        let hardware = memory("", quantity, unit) + &plugged("", 2, "ovf:/disk/d1");
        room.write("vm.ovf", ovf("", &system("web", &hardware)).as_bytes());
        room.sh("tar -cf web.ova vm.ovf one.vmdk");
        let ran = room
            .run("import web.ova --to o.img --config o.cfg --force")
            .ok();
        (ran.out(), text(&room, "o.cfg"))
    };
    for (quantity, unit) in [
        ("1536", "byte * 2^20"),
        ("1536", "MegaBytes"),
        ("1536", "MB"),
        ("1572864", "KB"),
        ("1.5", "GigaBytes"),
        ("1.5", "byte * 2^30"),
        ("1.610612736E9", "byte"),
        ("1536", ""),
        ("1610612736", ""),
    ] {
        let (out, config) = import(quantity, unit);
        assert!(
            config.contains("memory = 1536  # from vm.ovf"),
            "{quantity} {unit}: {config}"
        );
        assert!(!out.contains("memory:"), "{out}");
    }
    let (out, config) = import("4", "pint");
    let why = "memory: 4 of \"pint\" is in no unit that is known";
    let warning = format!("vm.ovf: VirtualHardwareSection, item 1: {why}");
    assert!(warns(&out, &warning), "{out}");
    assert!(
        config.contains("memory = 1024  # a guess: its memory size is not given"),
        "{config}"
    );
    assert!(
        config.contains(&format!("# - {why}, from vm.ovf")),
        "{config}"
    );
    assert!(config.contains("name = \"web\"  # from vm.ovf"), "{config}");
    assert_snapshot!(
        room.run("import web.ova --to strict.img --strict")
            .failed(3)
    );
}

#[test]
fn a_document_type_is_refused_and_said() {
    let room = Room::new();
    disks(&room);
    let bomb = "<!DOCTYPE Envelope [<!ENTITY a \"aaaa\">]>\n<Envelope ";
    let ovf = ovf("", &simple("web", "ovf:/disk/d1")).replace("<Envelope ", bomb);
    room.write("vm.ovf", ovf.as_bytes());
    room.sh("tar -cf web.ova vm.ovf one.vmdk");
    let out = room
        .run("import web.ova --to o.img --config o.cfg")
        .ok()
        .out();
    assert!(
        warns(
            &out,
            "vm.ovf: the OVF description is not used: line 2: XML: a document type has no place \
             in a description of a guest"
        ),
        "{out}"
    );
}

#[test]
fn long_descriptions_are_read_up_to_the_limit() {
    let room = Room::new();
    disks(&room);
    let long = |bytes: usize| {
        let licence = "We grant nothing. ".repeat(bytes / 18);
        let eula = format!("<EulaSection><Info/><License>{licence}</License></EulaSection>");
        room.write(
            "vm.ovf",
            ovf("", &(eula + &simple("web", "ovf:/disk/d1"))).as_bytes(),
        );
        room.sh("tar -cf web.ova vm.ovf one.vmdk");
        std::fs::metadata(room.path("vm.ovf")).unwrap().len()
    };
    long(4_100_000);
    room.run("import web.ova --to {name}-{disk}.img --strict")
        .ok();
    assert!(room.exists("web-0.img"));
    let size = long(4_300_000);
    let out = room
        .run("import web.ova --to o.img --config o.cfg")
        .ok()
        .out();
    let warning = format!("vm.ovf: has {size} bytes, and a description is read up to 4194304");
    assert!(warns(&out, &warning), "{out}");
    assert!(!out.contains("XML"), "{out}");
}

#[test]
fn text_of_other_systems_is_decoded() {
    let room = Room::new();
    disks(&room);
    let xml = ovf("", &simple("b\u{fc}ro", "ovf:/disk/d1"));
    room.write("utf8.ovf", xml.as_bytes());
    room.sh(
        "sed 's/UTF-8/ISO-8859-1/' utf8.ovf | iconv -f UTF-8 -t ISO-8859-1 >latin.ovf
         sed 's/UTF-8/windows-1252/' utf8.ovf | iconv -f UTF-8 -t WINDOWS-1252 >windows.ovf
         sed 's/UTF-8/UTF-16/' utf8.ovf | iconv -f UTF-8 -t UTF-16LE >bare.ovf
         for order in LE BE; do
             { printf '\\xef\\xbb\\xbf'; sed 's/UTF-8/UTF-16/' utf8.ovf; } |
                 iconv -f UTF-8 -t UTF-16$order >$order.ovf
         done
         sed 's/UTF-8/UTF-16/' utf8.ovf >left.ovf
         vmx() { printf '.encoding = \"%s\"\\nconfig.version = \"8\"\\ndisplayName = \"%s\"\\nmemsize = \"1536\"\\n' \"$1\" \"$2\"; }
         vmx windows-1252 b\u{fc}ro | iconv -t WINDOWS-1252 >w.vmx
         vmx GBK \u{4e2d}\u{6587} | iconv -t GBK >g.vmx
         vmx Shift_JIS \u{65e5}\u{672c} | iconv -t SHIFT_JIS >s.vmx
         vmx UTF-8 b\u{fc}ro >u.vmx",
    );
    for (file, name) in [
        ("utf8.ovf", "b\u{fc}ro"),
        ("latin.ovf", "b\u{fc}ro"),
        ("windows.ovf", "b\u{fc}ro"),
        ("bare.ovf", "b\u{fc}ro"),
        ("LE.ovf", "b\u{fc}ro"),
        ("BE.ovf", "b\u{fc}ro"),
        ("left.ovf", "b\u{fc}ro"),
        ("w.vmx", "b\u{fc}ro"),
        ("g.vmx", "\u{4e2d}\u{6587}"),
        ("s.vmx", "\u{65e5}\u{672c}"),
        ("u.vmx", "b\u{fc}ro"),
    ] {
        room.sh(&format!("tar -cf a.tar {file} one.vmdk"));
        let line = "import a.tar --to o.img --config o.cfg --force --strict";
        let ran = room.run(line);
        assert_eq!(ran.status, 0, "{file}: {}", ran.story());
        let config = text(&room, "o.cfg");
        assert!(
            config.contains(&format!("name = \"{name}\"  # from {file}")),
            "{file}: {config}"
        );
    }
    room.sh("printf 'name = \"caf\\xe9\"\\nmemory = 512\\n' >l.cfg; tar -cf a.tar l.cfg one.vmdk");
    let out = room
        .run("import a.tar --to o.img --config o.cfg --force")
        .ok()
        .out();
    let warning = "l.cfg: it does not name its encoding: it is read as windows-1252";
    assert!(warns(&out, warning), "{out}");
    assert!(text(&room, "o.cfg").contains("name = \"caf\u{e9}\""));
}

#[test]
fn a_machine_of_virtualbox_is_read() {
    let room = Room::new();
    let (one, two) = disks(&room);
    room.sh("qemu-img convert -f raw -O vdi one.img one.vdi");
    let vbox = "<?xml version=\"1.0\"?>\n<VirtualBox xmlns=\"http://www.virtualbox.org/\" version=\"1.19-windows\">\
        <Machine uuid=\"{c0ffee00-1111-4222-8333-444455556666}\" name=\"desk\" OSType=\"Windows10_64\">\
        <MediaRegistry><HardDisks><HardDisk uuid=\"{1}\" location=\"D:\\VMs\\two.vmdk\" format=\"VMDK\"/>\
        <HardDisk uuid=\"{2}\" location=\"one.vdi\" format=\"VDI\"/></HardDisks></MediaRegistry>\
        <Hardware><CPU count=\"2\"/><Memory RAMSize=\"3072\"/><Firmware type=\"EFI\"/><Network>\
        <Adapter slot=\"0\" enabled=\"true\" MACAddress=\"080027010203\" type=\"82540EM\"><NAT/></Adapter>\
        </Network><StorageControllers><StorageController name=\"SATA\" type=\"AHCI\">\
        <AttachedDevice type=\"HardDisk\" port=\"0\" device=\"0\"><Image uuid=\"{2}\"/></AttachedDevice>\
        <AttachedDevice type=\"HardDisk\" port=\"1\" device=\"0\"><Image uuid=\"{1}\"/></AttachedDevice>\
        </StorageController></StorageControllers></Hardware></Machine></VirtualBox>\n";
    room.write("desk.vbox", vbox.as_bytes());
    // An old copy says less.
    room.write("desk.vbox-prev", vbox.replace("3072", "1024").as_bytes());
    room.sh("tar -cf desk.tar desk.vbox-prev desk.vbox two.vmdk one.vdi");
    let line =
        "import desk.tar --to {name}-{member}.img --config desk.xml --config-for libvirt --strict";
    room.run(line).ok();
    assert!(room.read("desk-one.img") == one && room.read("desk-two.img") == two);
    let domain = text(&room, "desk.xml");
    for part in [
        "<name>desk</name> <!-- from desk.vbox",
        "<memory unit=\"KiB\">3145728</memory>",
        "<vcpu>2</vcpu>",
        "<os firmware=\"efi\">",
        "machine=\"q35\"",
        "<target dev=\"sda\" bus=\"sata\"/>",
        "<mac address=\"08:00:27:01:02:03\"/>",
        "<source network=\"default\"/>",
        "<model type=\"e1000\"/>",
        "<clock offset=\"localtime\">",
    ] {
        assert!(domain.contains(part), "{part}: {domain}");
    }
    let first = domain.find("desk-one.img").unwrap();
    assert!(first < domain.find("desk-two.img").unwrap(), "{domain}");
}

#[test]
fn disks_of_snapshots_are_named_and_not_plugged_in() {
    let room = Room::new();
    let (one, two) = (disk(2 << 20), disk(1 << 20));
    let disks = [
        xva::Disk::new("Ref:5", one.clone()),
        xva::Disk::new("Ref:7", two.clone()),
    ];
    let size = |disk: &[u8]| disk.len().to_string();
    let is_snapshot = ("is_a_snapshot", "1");
    let objects = [
        object(
            "VM",
            "Ref:1",
            &[("name_label", "web01"), ("memory_static_max", "1073741824")],
        ),
        object("VM", "Ref:2", &[("name_label", "before"), is_snapshot]),
        object(
            "VBD",
            "Ref:3",
            &[
                ("VM", "Ref:1"),
                ("VDI", "Ref:5"),
                ("type", "Disk"),
                ("userdevice", "0"),
            ],
        ),
        object(
            "VBD",
            "Ref:4",
            &[
                ("VM", "Ref:2"),
                ("VDI", "Ref:7"),
                ("type", "Disk"),
                ("userdevice", "0"),
            ],
        ),
        object("VDI", "Ref:5", &[("virtual_size", &size(&one))]),
        object(
            "VDI",
            "Ref:7",
            &[("virtual_size", &size(&two)), ("snapshot_of", "Ref:5")],
        ),
    ];
    let members = [
        tar::file("ova.xml", xva::ova_xml_of(&objects.concat()).as_bytes()),
        disks[0].members(),
        disks[1].members(),
    ];
    room.write("web.xva", &tar::archive(&members));
    let out = room
        .run("import web.xva --to {disk}.img --config web.cfg")
        .ok()
        .out();
    let warning =
        "Ref:7: is a disk of the snapshot \"before\", which is not plugged into the guest";
    assert!(warns(&out, warning), "{out}");
    let config = text(&room, "web.cfg");
    assert_eq!(config.matches("target=").count(), 1, "{config}");
    assert!(
        config.contains("vdev=xvda, access=rw, target=") && config.contains("/0.img\""),
        "{config}"
    );
    let here = room.path("1.img");
    let left = format!(
        "# - Ref:7, a disk of the snapshot \"before\", which is at {}",
        here.display()
    );
    assert!(config.contains(&left), "{config}");
    // By its name, only the guest's own disks are wanted.
    room.run("import web.xva --to own.img --guest web01").ok();
    assert!(room.read("own.img") == one);
    room.run("import web.xva --to old.img --guest before").ok();
    assert!(room.read("old.img") == two);
}

#[test]
fn blank_disks_are_made_where_they_have_a_place() {
    let room = Room::new();
    let (one, _) = disks(&room);
    let blank = "<Disk ovf:diskId=\"data\" ovf:capacity=\"3\" ovf:capacityAllocationUnits=\"byte * 2^20\"/>";
    let hardware = memory("", "512", "MB")
        + &plugged("", 2, "ovf:/disk/d1")
        + &plugged("", 3, "ovf:/disk/data")
        + &plugged("", 4, "ovf:/disk/data");
    room.write("vm.ovf", ovf(blank, &system("shop", &hardware)).as_bytes());
    room.sh("tar -cf shop.ova vm.ovf one.vmdk");
    let line = "import shop.ova --to {member}.out --config shop.cfg --json --strict --verify";
    let json = room.run(line).ok().json();
    assert_eq!(json["disks"][1]["disk"]["variant"], "blank");
    assert_eq!(json["disks"][2]["disk"]["member"], "data-2");
    assert!(room.read("one.out") == one);
    for name in ["data.out", "data-2.out"] {
        assert!(room.read(name) == vec![0; 3 << 20], "{name}");
    }
    let config = text(&room, "shop.cfg");
    for (vdev, name) in [("xvda", "one"), ("xvdb", "data"), ("xvdc", "data-2")] {
        let part = format!(
            "vdev={vdev}, access=rw, target={}\"",
            room.path(&format!("{name}.out")).display()
        );
        assert!(config.contains(&part), "{part}: {config}");
    }
    // One place is for one disk, and the others are told of.
    let out = room.run("import shop.ova --to only.img").ok().out();
    let warning = "data: is a blank disk of 3.0 MiB (3145728 bytes), and is not made";
    assert!(warns(&out, warning), "{out}");
    let out = room
        .run("import shop.ova --to dry-{disk}.img --dry-run")
        .ok()
        .out();
    assert!(
        out.contains("creates file dry-2.img with 3.0 MiB\n"),
        "{out}"
    );
    assert!(!room.exists("dry-0.img"));
    // What is there already is not overwritten, and then nothing is.
    room.write("new-2.img", b"precious");
    let ran = room.run("import shop.ova --to new-{disk}.img");
    assert_eq!(ran.status, 4, "{}", ran.story());
    assert_eq!(room.read("new-2.img"), b"precious");
    assert!(!room.exists("new-0.img") && !room.exists("new-1.img"));
    let out = room.run("inspect shop.ova").ok().out();
    assert!(out.contains("data-2, 3.0 MiB, blank\n"), "{out}");
}
