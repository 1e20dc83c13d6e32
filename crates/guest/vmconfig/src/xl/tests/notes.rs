//! What a configuration says is used whole, or it is a note.

use crate::vm::{Bus, Firmware, Kind, Screen};
use crate::{lost, xl};

/// What is noted of `text`.
fn notes(text: &str) -> Vec<String> {
    let vm = xl::read(text, "a.cfg").unwrap();
    vm.notes.into_iter().map(|note| note.text).collect()
}

#[test]
fn what_is_used_in_part_is_noted() {
    let text = "type='hvm'\nsdl=1\nvnc=1\nvnclisten='10.0.0.1'\nvncdisplay=7\nspice=0\nspicepasswd='x'\n\
        serial=['pty','file:/log']\nusbdevice=['tablet','host:1:2']\nboot='cx'\nhdtype='scsi'\n\
        on_crash='explode'\nviridian=['defaults','stimer']\nkeymap='de'\nbios='coreboot'\n";
    assert_eq!(
        notes(text),
        [
            "serial \"file:/log\"",
            "usbdevice \"host:1:2\"",
            "sdl = \"1\"",
            "vncdisplay = \"7\"",
            "spicepasswd = (hidden)",
            "boot = \"cx\"",
            "hdtype = \"scsi\"",
            "on_crash = \"explode\"",
            "viridian = [\"defaults\", \"stimer\"]",
            "keymap = \"de\"",
            "bios = \"coreboot\"",
        ]
    );
    let vm = xl::read(text, "a.cfg").unwrap();
    let graphics = vm.graphics.as_ref().unwrap();
    assert_eq!(graphics.value.listen.as_deref(), Some("10.0.0.1"));
    assert_eq!(vm.serial.as_ref().unwrap().value, "pty");
    assert!(vm.system().is_windows());
    assert_eq!(
        notes("vfb=['vnc=1,vncdisplay=7,keymap=de,vnclisten=10.0.0.1,sdl=1,x=y','vnc=1']\n"),
        [
            "vfb: vncdisplay=7",
            "vfb: keymap=de",
            "vfb: sdl=1",
            "vfb: x=y",
            "vfb: a second screen",
        ]
    );
}

#[test]
fn what_xl_does_anyway_is_no_note() {
    let text = "acpi=1\napic=1\npae=1\nsdl=0\nstdvga=0\nvncunused=1\nvncpasswd=''\nnestedhvm=0\nspice=0\nvnc=1\n\
        viridian=['defaults']\nhdtype='ahci'\nbios='seabios'\nserial='pty'\nusbdevice='tablet'\n";
    assert_eq!(notes(text), [] as [&str; 0]);
    let vm = xl::read(text, "a.cfg").unwrap();
    assert_eq!(vm.graphics.unwrap().value.screen, Screen::Vnc);
    assert_eq!(vm.buses, [Bus::Sata]);
    assert_eq!(vm.faults, []);
}

#[test]
fn beside_cmdline_root_and_extra_are_passed_over() {
    let text =
        "kernel='/k'\ncmdline='root=/dev/xvda1 quiet'\nroot='/dev/xvda2 ro'\nextra='debug'\n";
    let vm = xl::read(text, "a.cfg").unwrap();
    assert_eq!(vm.root, None);
    assert_eq!(vm.extra.unwrap().value, "root=/dev/xvda1 quiet");
    assert_eq!(
        notes(text),
        ["root = \"/dev/xvda2 ro\"", "extra = \"debug\""]
    );
}

#[test]
fn kinds_and_firmwares_are_those_that_xl_makes_of_the_words() {
    let cases = [
        ("builder='hv'\n", Some(Kind::Hvm), None),
        ("builder='linux'\n", Some(Kind::Pv), None),
        (
            "type='hvm'\nfirmware='ovmf'\n",
            Some(Kind::Hvm),
            Some(Firmware::Uefi),
        ),
        (
            "type='hvm'\nfirmware='bios'\n",
            Some(Kind::Hvm),
            Some(Firmware::Bios),
        ),
        ("type='hvm'\nfirmware='/x.bin'\n", Some(Kind::Hvm), None),
        ("firmware='pvgrub64'\n", Some(Kind::Pv), None),
        ("name='a'\n", None, None),
    ];
    for (text, kind, firmware) in cases {
        let vm = xl::read(text, "a.cfg").unwrap();
        assert_eq!(vm.kind.map(|it| it.value), kind, "{text}");
        assert_eq!(vm.firmware.map(|it| it.value), firmware, "{text}");
    }
    assert_eq!(
        notes("type='hvm'\nfirmware='/x.bin'\n"),
        ["firmware = \"/x.bin\""]
    );
    assert_eq!(notes("firmware='pvgrub64'\n"), ["firmware = \"pvgrub64\""]);
}

/// What is lost of the user's own `text` in xl.cfg, and the configuration that is written.
fn converted(text: &str) -> (Vec<String>, String) {
    let mut vm = xl::read(text, "a.cfg").unwrap();
    vm.is_own = true;
    let mut placed = vm.clone();
    for disk in &mut placed.disks {
        disk.place.clone_from(&disk.source);
    }
    let written = xl::write(&placed).unwrap();
    (lost(&vm, &xl::read(&written, "b.cfg").unwrap()), written)
}

#[test]
fn the_users_own_files_and_addresses_stay() {
    let text = "name='a'\ntype='hvm'\nkernel='/srv/vmlinuz'\nramdisk='/srv/initrd'\nextra='ro'\nmemory=64\nmaxmem=64\n\
        vcpus=2\nmaxvcpus=2\nlocaltime=0\nvnc=1\nvnclisten='0.0.0.0'\nserial='/dev/ttyS0'\n";
    let (lost, written) = converted(text);
    assert_eq!(lost, [] as [&str; 0], "{written}");
    let stranger = xl::write(&xl::read(text, "a.cfg").unwrap()).unwrap();
    for theirs in ["kernel = ", "ramdisk = ", "0.0.0.0\"  #", "serial = \"/dev"] {
        assert!(
            written.contains(theirs) && !stranger.contains(theirs),
            "{theirs}"
        );
    }
    let (lost, written) = converted("name='a'\nbootloader='/opt/grub'\nmemory=64\n");
    assert_eq!(lost, [] as [&str; 0], "{written}");
}

#[test]
fn a_lost_disk_does_not_make_others_lost() {
    let text = "name='a'\nmemory=64\nbootloader='pygrub'\ndisk=['phy:/dev/a,xvda,w','file:/b,xvdb,r','phy:/dev/c,xvdc,w']\n";
    let before = xl::read(text, "a.cfg").unwrap();
    let mut after = before.clone();
    after.disks.remove(0);
    assert_eq!(lost(&before, &after), ["disk xvda: disk, read, write"]);
    let mut after = before.clone();
    after.disks[1].read_only = false;
    assert_eq!(
        lost(&before, &after),
        ["disk xvdb: disk, read only became disk, read, write"]
    );
}
