//! Descriptions of guests, shown, changed and converted, and the guests of a host.

use crate::support::Room;

const WEB: &str = "name = \"web\"   # by hand\nmemory = 1024\nvcpus = 2\ncpus = [\"^0,^1\"]\ninitrd = \"/boot/initrd\"\nkernel = \"/boot/vmlinuz\"\n\
    vncpasswd = \"geheim\"\ndisk = ['phy:/dev/vg/web,xvda,w']\nvif = ['mac=00:16:3e:00:00:01,bridge=br0']\n";

/// A room with a host below `root` that knows a guest.
fn host() -> Room {
    let room = Room::new();
    room.sh("mkdir -p root/etc/xen/auto; ln -s /etc/xen/web.cfg root/etc/xen/auto/web.cfg");
    room.write("root/etc/xen/web.cfg", WEB.as_bytes());
    room
}

#[test]
fn what_xl_understands_is_shown_with_marks_under_what_it_refuses() {
    let room = Room::new();
    room.write("web.cfg", WEB.as_bytes());
    let ran = room.run("vm show web.cfg");
    let out = ran.out();
    assert!(!ran.story().contains("geheim"), "{}", ran.story());
    for part in [
        "cpus       [\"^0,^1\"]           4  refused\n",
        "vncpasswd  (hidden)            7\n",
        "disk  target       format  access       kind  script\nxvda  /dev/vg/web  raw     read, write  disk  -\n",
        "mask  vCPUs  physical CPUs, step by step\ncpus  0      none\n",
        "error: web.cfg:4:9: cpus: the mask is empty, the guest does not start\n  4 | cpus = [\"^0,^1\"]\n    |         ^^^^^^^\nhint: write all,^0,^1\n",
        "warning: web.cfg:5:1: initrd: xl does not know initrd\n  5 | initrd = \"/boot/initrd\"\n    | ^^^^^^\nhint: write ramdisk\n",
        "note: web.cfg:8:10: disk: phy: is deprecated, and not needed\n",
    ] {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
    ran.refused(3, "error: web.cfg: xl of Xen 4.22 refuses it, for 1 error");
    room.run("vm show web.cfg --xen 4.4").ok();
    let json = room.run("vm show web.cfg --json");
    let document = json.json();
    assert_eq!(document["refused"], true);
    assert_eq!(document["settings"][1]["value"], 1024);
    assert_eq!(document["disks"][0]["vdev"], "xvda");
    assert_eq!(document["findings"][0]["instead"], "all,^0,^1");
    assert!(!json.story().contains("geheim"));
    room.write("bad.cfg", b"name = True\n");
    room.run("vm show bad.cfg --quiet")
        .refused_for(3, "for 1 error");
    room.run("vm show none.cfg")
        .refused_for(1, "none.cfg: cannot be read");
}

#[test]
fn values_are_set_in_their_places_and_undo_takes_them_back() {
    let room = host();
    let set = "vm set --root root /etc/xen/web.cfg vcpus=4 cpus=all,^0 --unset initrd";
    let shown = "--- /etc/xen/web.cfg\n+++ /etc/xen/web.cfg\n@@ -1,8 +1,7 @@\n name = \"web\"   # by hand\n memory = 1024\n\
        -vcpus = 2\n-cpus = [\"^0,^1\"]\n-initrd = \"/boot/initrd\"\n+vcpus = 4\n+cpus = \"all,^0\"\n kernel = \"/boot/vmlinuz\"\n \
        vncpasswd = \"geheim\"\n disk = ['phy:/dev/vg/web,xvda,w']\n";
    assert_eq!(room.run(&format!("{set} --dry-run")).ok().out(), shown);
    assert_eq!(room.read("root/etc/xen/web.cfg"), WEB.as_bytes());
    let out = room.run(set).ok().out();
    assert_eq!(
        out,
        format!(
            "{shown}change 1: set vcpus, cpus, initrd in /etc/xen/web.cfg; innkeeper undo takes it back\n"
        )
    );
    let text = String::from_utf8(room.read("root/etc/xen/web.cfg")).unwrap();
    assert!(
        text.starts_with(
            "name = \"web\"   # by hand\nmemory = 1024\nvcpus = 4\ncpus = \"all,^0\"\nkernel"
        ),
        "{text}"
    );
    room.run("undo --root root").ok();
    assert_eq!(room.read("root/etc/xen/web.cfg"), WEB.as_bytes());
    assert_eq!(
        room.run("vm set --root root /etc/xen/web.cfg vcpus=2")
            .ok()
            .out(),
        "nothing to change\n"
    );
    let ran = room
        .run("vm set --root root /etc/xen/web.cfg maxcpus=2 --dry-run")
        .ok();
    assert!(
        ran.stderr.contains("hint: did you mean maxvcpus?"),
        "{}",
        ran.story()
    );
    let ran = room
        .run("vm set --root root /etc/xen/web.cfg on_crash=never --dry-run")
        .ok();
    let refused = "refuses it, for 2 errors";
    assert!(ran.stderr.contains(refused), "{}", ran.story());
    let json = room
        .run("vm set --root root /etc/xen/web.cfg vcpus=3 --json")
        .ok()
        .json();
    assert_eq!(json["files"][0]["file"], "/etc/xen/web.cfg");
    assert!(json["change"].is_u64());
    room.write("root/etc/xen/bad.cfg", b"name = True\n");
    room.run("vm set --root root /etc/xen/bad.cfg vcpus=2")
        .refused_for(3, "line 1, column 8: near `True'");
    room.run("vm set --root root /etc/xen/web.cfg")
        .refused_for(2, "KEY=VALUE");
}

#[test]
fn files_are_formatted_in_one_change() {
    let room = host();
    room.write(
        "root/etc/xen/mail.cfg",
        b"name='mail'\nmemory=512\n\n\n# end",
    );
    let fmt = "vm fmt --root root /etc/xen/web.cfg /etc/xen/mail.cfg";
    let hint = "error: not formatted: /etc/xen/web.cfg, /etc/xen/mail.cfg\nhint: innkeeper vm fmt formats them";
    room.run(&format!("{fmt} --check")).refused(3, hint);
    room.run(fmt).ok();
    assert_eq!(
        room.read("root/etc/xen/mail.cfg"),
        b"name = 'mail'\nmemory = 512\n\n# end\n"
    );
    room.run(&format!("{fmt} --check")).ok();
    room.run("undo --root root").ok();
    assert_eq!(room.read("root/etc/xen/web.cfg"), WEB.as_bytes());
}

#[test]
fn a_description_is_written_in_each_language() {
    let room = Room::new();
    room.write("web.cfg", "name = 'web'\ntype = 'hvm'\nmemory = 1024\nvcpus = 2\ndisk = ['/dev/vg/web,raw,xvda,rw']\nvif = ['mac=00:16:3e:00:00:01,bridge=br0']\nnestedhvm = 1\n".as_bytes());
    room.run("vm convert web.cfg --to libvirt-xen -o web.xml")
        .ok();
    room.run("vm convert web.xml --to opennebula -o web.one")
        .ok();
    room.run("vm convert web.one --to xl -o back.cfg").ok();
    let out = room.run("vm show back.cfg").ok().out();
    assert!(
        out.contains("\"web\"") && out.contains("/dev/vg/web") && out.contains("00:16:3e:00:00:01"),
        "{out}"
    );
    let ran = room.run("vm convert web.cfg --to libvirt").ok();
    assert!(
        ran.stderr.contains("lost: nestedhvm = \"1\""),
        "{}",
        ran.story()
    );
    room.run("vm convert web.cfg --to libvirt --strict -o no.xml")
        .refused_for(3, "lost: nestedhvm");
    assert!(!room.exists("no.xml"));
    room.run("vm convert web.cfg --to xl -o web.xml")
        .refused_for(1, "web.xml: cannot be written");
    let json = room.run("vm convert web.cfg --to xl --json").ok().json();
    assert!(json["text"].as_str().unwrap().contains("name = \"web\""));
}

#[test]
fn a_description_is_converted_as_its_own_language_and_encoding_say() {
    let room = Room::new();
    // A fault in it does not make it a template.
    room.write(
        "bad.cfg",
        b"name = 'web'\nmemory = 64\nVcpus = 2\nkernel = '/srv/vmlinuz'\n",
    );
    let ran = room.run("vm convert bad.cfg --to xl").ok();
    assert!(
        ran.out()
            .contains("kernel = \"/srv/vmlinuz\"  # from bad.cfg: line 4"),
        "{}",
        ran.story()
    );
    assert!(ran.stderr.contains("lexical error"), "{}", ran.story());
    room.write("latin.cfg", b"name = 'web'\nkernel = '/boot/vm\xe9'\n");
    room.run("vm convert latin.cfg --to xl")
        .refused_for(3, "latin.cfg: line 2: byte 31 is not UTF-8");
    let domain = "<?xml version='1.0' encoding='ISO-8859-1'?><domain type='qemu'><name>caf\u{e9}</name></domain>";
    room.write(
        "latin.xml",
        &domain.chars().map(|c| c as u8).collect::<Vec<_>>(),
    );
    let ran = room.run("vm convert latin.xml --to libvirt").ok();
    assert!(
        ran.out().contains("<name>caf\u{e9}</name>"),
        "{}",
        ran.story()
    );
    assert!(
        ran.out().contains("<domain type=\"qemu\">"),
        "{}",
        ran.story()
    );
    assert!(!ran.stderr.contains("lost"), "{}", ran.story());
}

#[test]
fn the_guests_of_a_host_are_listed() {
    let room = host();
    room.write("root/etc/xen/python.cfg", b"import os\n");
    let ran = room.run("vm list --root root").ok();
    assert_eq!(
        ran.out(),
        "name  kind  vCPUs   memory  state      autostart  toolstack  configured in\n\
         web   pv        2  1.0 GiB  not known  yes        xl         /etc/xen/web.cfg\n"
    );
    assert!(
        ran.stderr
            .contains("warning: /etc/xen/python.cfg: line 1, column 8"),
        "{}",
        ran.story()
    );
    let json = room.run("vm list --root root --json").ok().json();
    assert_eq!(json["guests"][0]["memory"], 1 << 30);
    assert_eq!(json["warnings"][0]["kind"], "corrupt");
    room.sh("mkdir empty");
    assert_eq!(room.run("vm list --root empty").ok().out(), "no guests\n");
}
