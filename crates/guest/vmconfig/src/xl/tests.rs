mod affinity;
mod document;
mod judge;
mod notes;
mod real;
mod values;

use error::Kind as Trouble;
use proptest::prelude::*;

use super::*;
use crate::testing::{golden, hostile};
use crate::value::{Origin, Value};
use crate::vm::{Action, Bus, Disk, Firmware, Graphics, Kind, Nic, Screen, Vm};
use crate::xen::Release;
use crate::{BootDevice, Secret};

/// A guest with everything in it that xl.cfg can say.
fn full() -> Vm {
    let from = Origin::stated("web.ovf", "item 1");
    let said = |text: &str| Some(Value::new(text.to_owned(), &from));
    let disk = |vdev: &str, place: Option<&str>| Disk {
        vdev: said(vdev),
        bus: Some(Value::new(Bus::Xen, &from)),
        place: place.map(Into::into),
        ..Disk::new(vdev, &from)
    };
    let mut graphics = Graphics::new(Screen::Vnc);
    graphics.listen = Some("127.0.0.1".into());
    graphics.password = Some(Secret::new("s'e\"c,ret"));
    Vm {
        name: said("web01"),
        uuid: said("12345678-1234-1234-1234-123456789abc"),
        kind: Some(Value::new(Kind::Hvm, &from)),
        host: Some(crate::Host::Xen),
        firmware: Some(Value::new(Firmware::Uefi, &from)),
        memory: Some(Value::new(2 << 30, &from)),
        max_memory: Some(Value::new(4 << 30, &from)),
        vcpus: Some(Value::new(2, &from)),
        max_vcpus: Some(Value::new(4, &from)),
        disks: vec![
            disk("xvda", Some("/dev/vg0/web01")),
            disk("xvdb", Some("/dev/vg0/a,b=c:d")),
            Disk {
                cdrom: true,
                read_only: true,
                bus: Some(Value::new(Bus::Ide, &from)),
                ..disk("hdc", None)
            },
        ],
        nics: vec![Nic {
            mac: said("00:16:3e:00:00:01"),
            model: said("e1000"),
            bridge: said("br0"),
            ..Nic::new(&from)
        }],
        boot: Some(Value::new(vec![BootDevice::Cdrom, BootDevice::Disk], &from)),
        extra: said("console=ttyS0 root=\"x\" \\"),
        graphics: Some(Value::new(graphics, &from)),
        serial: said("pty"),
        usb_tablet: Some(Value::new(true, &from)),
        on_poweroff: Some(Value::new(Action::Destroy, &from)),
        on_reboot: Some(Value::new(Action::Restart, &from)),
        on_crash: Some(Value::new(Action::CoredumpRestart, &from)),
        ..Vm::default()
    }
}

/// What a guest is, whoever said so.
fn bare(vm: &Vm) -> String {
    let mut vm = vm.clone();
    vm.notes.clear();
    for disk in &mut vm.disks {
        let place = disk.place.take().or(disk.source.take());
        disk.source = place;
        disk.format = None;
    }
    let text = format!("{vm:#?}");
    let mut shown = String::new();
    let mut origin = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match origin {
            None if line.contains("from: Stated") || line.contains("from: Guess") => {
                origin = Some(indent);
            }
            None => shown += &format!("{line}\n"),
            Some(start) if indent == start => origin = None,
            Some(_) => {}
        }
    }
    shown
}

#[test]
fn what_is_written_is_read_back() {
    let vm = full();
    let text = write(&vm).unwrap();
    let read = read(&text, "web01.cfg").unwrap();
    assert_eq!(bare(&read), bare(&vm), "{text}");
    assert_eq!(read.notes, []);
    let graphics = read.graphics.unwrap().value;
    assert_eq!(graphics.password.unwrap().reveal(), "s'e\"c,ret");
}

#[test]
fn a_paravirtual_guest_is_read_back() {
    let from = Origin::stated("a", "b");
    let vm = Vm {
        kind: Some(Value::new(Kind::Pv, &from)),
        kernel: Some(Value::new("/boot/vmlinuz".into(), &from)),
        ramdisk: Some(Value::new("/boot/initrd".into(), &from)),
        root: Some(Value::new("/dev/xvda1 ro".into(), &from)),
        ..full()
    };
    let text = write(&vm).unwrap();
    let read = read(&text, "web01.cfg").unwrap();
    assert_eq!(read.kernel.unwrap().value, "/boot/vmlinuz");
    assert_eq!(read.ramdisk.unwrap().value, "/boot/initrd");
    assert_eq!(read.root.unwrap().value, "/dev/xvda1 ro");
    assert!(text.contains("# - the screen's password holds a comma: vfb= cannot say it\n"));
}

#[test]
fn every_line_says_where_it_comes_from() {
    let mut vm = Vm::guess("web01", vec![Disk::new("disk.img", &Origin::guess("x"))]);
    vm.place_nth(0, "/dev/vg0/web01").unwrap();
    vm.nics[0].network = Some("VM Network".into());
    let text = write(&vm).unwrap();
    golden("xl/tests/guessed.cfg", &text);
}

#[test]
fn an_incomplete_configuration_is_completed() {
    let text = "# made by hand\nname = 'mail'\nkernel='/usr/lib/xen-4.4/boot/hvmloader'\nbuilder = 'hvm'\nmemory = \"768\"\n\
        disk = [ 'phy:/dev/old/mail,hda,w', 'file:/iso/x.iso,hdc:cdrom,r', 'nonsense' ]\n\
        vif = [ 'type=ioemu, mac=00-16-3E-AA-BB-CC, bridge=br1,script=/tmp/x' ]\nacpi = 1\nvncpasswd='geheim'\n\
        pci = [ '01:00.0' ]\nsdl = True\n";
    let mut vm = read(text, "mail.cfg").unwrap();
    let error = vm.place("hdb", "/x").unwrap_err();
    assert_eq!(error.to_string(), "the guest has no disk \"hdb\"");
    vm.place("/dev/old/mail", "/dev/vg0/mail").unwrap();
    let text = write(&vm).unwrap();
    golden("xl/tests/completed.cfg", &text);
    assert!(!text.contains("geheim") && !format!("{vm:?}").contains("geheim"));
}

#[test]
fn a_password_that_nobody_quoted_is_hidden_too() {
    let vm = read("name = 'mail'\nvncpasswd = geheim\nmemory = 5 6\n", "x.cfg").unwrap();
    let text = write(&vm).unwrap();
    assert!(
        text.contains("(hidden): ") && text.contains("\"6\": "),
        "{text}"
    );
    assert!(!text.contains("geheim") && !format!("{vm:?}").contains("geheim"));
}

#[test]
fn what_a_host_must_not_take_from_a_stranger_is_left_out() {
    let text = "name='../../etc/x'\ntype='pv'\nbootloader='/tmp/evil'\nkernel='/etc/shadow'\n\
        ramdisk='/boot/../etc/shadow'\nserial='file:/etc/cron.d/x'\ndevice_model_args=['-x']\n\
        vif=['bridge=br0 script']\n";
    let vm = read(text, "evil.cfg").unwrap();
    let text = write(&vm).unwrap();
    let effective: Vec<_> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let effective = effective.join("\n");
    for word in ["shadow", "cron", "device_model", "bridge=br0"] {
        assert!(!effective.contains(word), "{word}: {effective}");
    }
    assert!(effective.contains(
        "bootloader = \"pygrub\"  # a guess: \"/tmp/evil\" is a program of another host"
    ));
    assert!(
        effective
            .contains("name = \"etc-x\"  # a guess: a host cannot take the name \"../../etc/x\"")
    );
}

#[test]
fn places_that_xl_cannot_name_are_refused() {
    for place in ["", "/a,", "/a\nscript=evil"] {
        let mut vm = full();
        vm.place("xvda", place).unwrap();
        let error = write(&vm).unwrap_err();
        assert_eq!(error.kind(), Trouble::Target);
        assert_eq!(
            error.to_string(),
            format!("a disk of xl.cfg cannot be at {place:?}")
        );
    }
    let mut vm = full();
    vm.disks[0].place_format = Some("vmdk".into());
    let error = write(&vm).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a disk of xl.cfg cannot have the format \"vmdk\""
    );
}

#[test]
fn what_cannot_be_used_is_said_and_the_rest_is_read() {
    let cases = [
        (
            "memory=[1]",
            "memory: it is a list but should be a single value",
        ),
        ("memory='much'", "memory: \"much\" is not a valid number"),
        ("memory='-1'", "memory: \"-1\" is not a valid number"),
        ("memory=0", "memory: it is 0"),
        (
            "memory=18446744073709551616",
            "memory: \"18446744073709551616\" is too large a number",
        ),
        (
            "memory=17592186044416",
            "memory: 17592186044416 MiB are more than 2^64 bytes",
        ),
        ("vcpus=0", "vcpus: 0 is not a number of virtual CPUs"),
        (
            "vcpus=0x10000",
            "vcpus: 65536 is not a number of virtual CPUs",
        ),
    ];
    for (text, message) in cases {
        let vm = read(&format!("name='a'\n{text}\n"), "a.cfg").unwrap();
        assert_eq!(vm.faults[0].text, message);
        assert_eq!(vm.faults[0].from.to_string(), "from a.cfg: line 2");
        assert_eq!(vm.name.unwrap().value, "a");
    }
}

#[test]
fn what_is_no_configuration_is_corrupt() {
    let cases = [
        ("", "it is not a configuration of xl: it sets nothing"),
        (
            "# only words\n",
            "it is not a configuration of xl: it sets nothing",
        ),
        (
            "QFI\u{fb}\n",
            "line 1, column 1: near `QFI\u{fb}': lexical error",
        ),
        (
            "import os\n",
            "line 1, column 8: near `os': syntax error, unexpected IDENT, expecting += or '='",
        ),
    ];
    for (text, message) in cases {
        let error = read(text, "a.cfg").unwrap_err();
        assert_eq!(error.to_string(), message, "{text:?}");
        assert_eq!(error.kind(), Trouble::Corrupt);
    }
    for text in [
        "a=1\n".repeat(50_001),
        format!("a=[{}]\n", "1,".repeat(50_001)),
    ] {
        let error = read(&text, "a.cfg").unwrap_err();
        assert_eq!(error.kind(), Trouble::Unsupported);
        assert_eq!(error.to_string(), "it has more than 50000 values");
    }
    let many = format!("disk=[{}]\n", "'/a,raw,xvda',".repeat(1025));
    let error = read(&many, "a.cfg").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the guest has 1025 disks, more than 1024"
    );
    let error = read(&" ".repeat((4 << 20) + 1), "a.cfg").unwrap_err();
    assert_eq!(error.to_string(), "it has 4194305 bytes, more than 4194304");
}

#[test]
fn reading_goes_on_behind_a_fault() {
    let config = parse("a = 1\nb = True\nc = [1,\n-2]\nd = 4\n").unwrap();
    let faults: Vec<_> = config.faults.iter().map(Fault::to_string).collect();
    assert_eq!(
        faults,
        [
            "line 2, column 5: near `True': lexical error",
            "line 4, column 1: near `-2]': lexical error",
        ]
    );
    assert!(config.get("a").is_some() && config.get("d").is_some());
    let deep = format!("a={}\n", "[".repeat(1 << 20));
    let config = parse(&deep).unwrap();
    assert_eq!(config.faults[0].message, "lists are nested too deep");
}

#[test]
fn numbers_are_those_of_c() {
    for (text, expected) in [("10", 10), ("0x10", 16), ("010", 8), (" +7", 7), ("0", 0)] {
        assert_eq!(number(text).unwrap(), expected);
    }
    for text in ["", "0x", "09", "1 ", "-0", "9223372036854775808"] {
        assert!(number(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nothing_breaks_out(words in prop::collection::vec(hostile(), 8)) {
        let from = Origin::stated(&words[0], words[1].clone());
        let mut vm = full();
        vm.name = Some(Value::new(words[2].clone(), &from));
        vm.description = Some(Value::new(words[3].clone(), &from));
        vm.extra = Some(Value::new(words[4].clone(), &from));
        vm.disks[0].id = words[5].clone();
        vm.disks[0].source = Some(words[6].clone());
        vm.disks[0].vdev = Some(Value::new(words[7].clone(), &from));
        vm.nics[0].bridge = Some(Value::new(words[7].clone(), &from));
        vm.nics[0].network = Some(words[3].clone());
        vm.guest_os = Some(Value::new(words[5].clone(), &from));
        vm.bootloader = Some(Value::new(words[6].clone(), &from));
        vm.note(words[0].clone(), &from);
        let text = write(&vm).unwrap();
        let config = parse(&text).unwrap();
        prop_assert_eq!(&config.faults, &vec![]);
        let read = read(&text, "a.cfg").unwrap();
        prop_assert_eq!(&read.notes, &vec![]);
        prop_assert_eq!(read.extra.map(|extra| extra.value).unwrap_or_default(), words[4].clone());
        prop_assert_eq!(read.disks.len(), 3);
        let names = vec!["extra".to_owned()];
        let asked = real::Asked { configs: vec![(text.clone(), names)], ..Default::default() };
        let answers = real::libxlutil(&asked);
        let answer = &answers["configs"][0];
        prop_assert_eq!(&answer["ok"], true, "{}\n{}", answer["said"].clone(), text);
        prop_assert_eq!(answer["values"]["extra"]["string"].as_str().unwrap(), &words[4]);
    }

    #[test]
    fn any_text_is_read_without_harm(text in hostile(), spec in "[a-z=,:/ \n-]{0,40}") {
        let _ = read(&text, "a.cfg");
        let _ = (disk::parse(&spec), vif::parse(&spec), pci::parse(&spec), size::kib(&spec));
        let _ = (usb::controller(&spec), usb::device(&spec), vfb::parse(&spec));
        let _ = cpus::mask(&spec, Release::NEWEST);
    }
}
