//! Commands and the flow of scripts on guests' disks, as GRUB 2.06 (grub-emu) runs them.

use super::guests::{after, assert_menu, boot};
use super::read;
use crate::entry::{Boot, Timeout};
use crate::surroundings::{Device, Devices};
use hostconfig::Source;

/// A script that is all there is.
fn script(text: &str) -> Boot {
    let device = Device::new("hd0,msdos1", &[("/boot/grub/grub.cfg", text)]);
    boot(&[device], "/boot/grub/grub.cfg")
}

#[test]
fn the_commands_that_find_devices_set_variables() {
    let config = r#"
set timeout=-1
search --set=nothing --label NOPE
search -l DATA -s data
search.fs_label DATA same
search.file /images/x.squashfs image --hint hd1
search --no-floppy --fs-uuid --set BBBB
probe -s uuid --fs-uuid ($data)
probe --set=table --partmap $data
regexp --set=1:number '^hd([0-9]+)' $data
regexp --set whole '(h.*)' $data
if search -u NOPE --set root; then set found=yes; else set found=no; fi
loopback loop ($image)/images/x.squashfs
menuentry a { linux ($data)/k u=$uuid t=$table n=$number w=$whole f=$found s=$same x=$nothing; initrd (loop)/i /own }
"#;
    let own = Device::new("hd0,msdos1", &[("/boot/grub/grub.cfg", config)]);
    let mut data = Device::new("hd1,gpt3", &[("/images/x.squashfs", "")]);
    data.label = "DATA".into();
    data.uuid = "bbbb".into();
    let image = Device::new("loop:(hd1,gpt3)/images/x.squashfs", &[("/i", "")]);
    assert_menu(
        &boot(&[own, data, image], "/boot/grub/grub.cfg"),
        &[
            "a: (hd1,gpt3)/k u=bbbb t=gpt n=1 w=hd1,gpt3 f=no s=hd1,gpt3 x= | (loop:(hd1,gpt3)/images/x.squashfs)/i | (hd1,gpt3)/own",
        ],
        0,
        Timeout::Never,
    );
}

#[test]
fn loops_run_as_often_as_they_do_in_grub() {
    let config = r#"
set timeout=3
function entry { shift; menuentry "$1 $#" { linux /$1 }; return 1; menuentry never { true }; }
for file in $prefix/x.d/*.cfg /none/*; do source $file; done
set n=
while [ "$n" != xxx ]; do set n=x$n; if [ $n = xx ]; then continue; fi; entry a b$n; done
until false; do break; menuentry never { true }; done
for a in 1 2; do for b in 1 2; do if [ $b = 2 ]; then break 2; fi; entry a $a$b; done; done
entry a status; menuentry "status $?" { true }
if nosuchcommand; then menuentry "unknown commands are passed over" { true }; fi
function true { false; }
if ! false; then if true; then menuentry "commands win" { true }; fi; fi
return
"#;
    let own = Device::new(
        "hd0",
        &[
            ("/boot/grub/grub.cfg", config),
            (
                "/boot/grub/x.d/2.cfg",
                "menuentry two { linux /2 'a b' \\x20 c\\\"d }",
            ),
            (
                "/boot/grub/x.d/1.cfg",
                "menuentry one { linux /1 }\nreturn\nmenuentry more { linux $config_file }",
            ),
            ("/boot/grub/x.d/3.conf", "menuentry three { linux /3 }"),
        ],
    );
    assert_menu(
        &boot(&[own], "/boot/grub/grub.cfg"),
        &[
            "one: /1 ",
            "more: /boot/grub/grub.cfg ",
            "two: /2 \"a b\" \\x20 c\\\"d",
            "bx 1: /bx 1",
            "bxxx 1: /bxxx 1",
            "11 1: /11 1",
            "status 1: /status 1",
            "status 1: ",
            "unknown commands are passed over: ",
            "commands win: ",
        ],
        0,
        after(3),
    );
}

#[test]
fn a_default_is_a_number_a_title_or_a_way_down() {
    let menu = "menuentry A { linux /a }\nmenuentry B --id=b { linux /b }\n\
                submenu S { set default=1\nmenuentry X { linux /x }\nmenuentry Y { linux /y } }\n\
                hiddenentry H { linux /h }\nmenuentry 'C>D' { linux /c }\nmenuentry 1 { linux /one }\n";
    for (default, entry) in [
        ("0", 0),
        ("b", 1),
        ("B", 1),
        ("1", 1),
        ("01", 1),
        ("0x1", 1),
        ("1x", 1),
        (" 1", 1),
        ("1>x", 1),
        ("2", 3),
        ("S>X", 3),
        ("3", 5),
        ("C>>D", 5),
        ("C>D", 0),
        ("H", 0),
        ("9", 0),
        ("-1", 0),
        ("", 0),
    ] {
        let boot = script(&format!("set default='{default}'\n{menu}"));
        assert_eq!(boot.default.entry, Ok(entry), "{default}");
        assert_eq!(boot.timeout, Ok(Timeout::Never));
    }
    let boot = script(&format!("set fallback='3 2 8'\nset timeout=0x10\n{menu}"));
    assert_eq!(boot.fallback, [5, 2]);
    assert_eq!(boot.timeout, Ok(after(16)));
    let boot = script(&format!("set fallback=b\nset timeout=\n{menu}"));
    assert_eq!(boot.fallback, [1]);
    assert_eq!(boot.timeout, Ok(Timeout::Never));
}

#[test]
fn a_submenu_and_another_configuration_see_exported_variables_only() {
    let config = "set own=1\nset seen=2\nexport seen\nset timeout=5\nset default=1\n";
    let menu = "menuentry A { linux /k o=$own s=$seen }\nmenuentry B { linux /k }\n";
    let boot = |how: &str| {
        let text = format!("{config}{how}");
        let own = Device::new(
            "hd0,1",
            &[("/boot/grub/grub.cfg", &text), ("/other.cfg", menu)],
        );
        self::boot(&[own], "/boot/grub/grub.cfg")
    };
    let entry = |own: &str| format!("A: /k o={own} s=2");
    for (how, own, default, timeout) in [
        ("configfile /other.cfg\n", "", 0, Timeout::Never),
        ("normal /other.cfg\n", "1", 1, after(5)),
        ("source /other.cfg\n", "1", 1, after(5)),
        (
            ". /other.cfg\nsource /missing\nconfigfile /missing\n",
            "1",
            1,
            after(5),
        ),
        ("submenu S { source /other.cfg }\n", "", 0, after(5)),
    ] {
        assert_menu(&boot(how), &[&entry(own), "B: /k "], default, timeout);
    }
}

#[test]
fn an_entry_asks_where_there_are_users_and_it_is_not_free() {
    let menu = "menuentry A --unrestricted { linux /a }\nmenuentry B { linux /b }\nmenuentry C --users '' { linux /c }\n\
                submenu S { menuentry D --unrestricted { linux /d } }\nmenuentry E --unrestricted { authenticate x; linux /e }\n";
    let asks = |text: &str| {
        let boot = script(text);
        let asks = boot.entries.iter().map(|entry| entry.asks.is_some());
        asks.collect::<Vec<_>>()
    };
    assert_eq!(asks(menu), [false, false, false, false, true]);
    let users = format!("set superusers=root\nexport superusers\n{menu}");
    assert_eq!(asks(&users), [false, true, true, true, true]);
}

#[test]
fn an_entry_of_xen_is_the_hypervisor_s() {
    let boot = script(
        "set timeout=1\nmenuentry Xen { multiboot2 /xen.gz a; module2 /vmlinuz b; module2 --nounzip /initrd }\n\
         menuentry Kernel { multiboot /unikernel c }\n",
    );
    assert_menu(
        &boot,
        &[
            "Xen: /xen.gz a | /vmlinuz b | /initrd",
            "Kernel: /unikernel c | ",
        ],
        0,
        after(1),
    );
    assert!(boot.entries[0].starts_xen());
    assert!(!boot.entries[1].starts_xen());
}

#[test]
fn a_hostile_script_of_a_guest_ends() {
    for text in [
        "while true; do true; done",
        "until false; do set a=x$a; done",
        "while true; do while true; do continue 2; done; done",
        "function f { f; }\nf",
        "for i in 1 2 3; do source /boot/grub/grub.cfg; done",
        "configfile /boot/grub/grub.cfg",
        "while true; do menuentry a { while true; do true; done }; done",
        "while true; do regexp '(a*)*b' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
        "while true; do for i in /boot/*/*; do true; done; done",
    ] {
        let own = Device::new("hd0", &[("/boot/grub/grub.cfg", text)]);
        let guest = Devices {
            all: vec![own],
            has_efi: false,
        };
        let boot = read(&Source::new("/boot/grub/grub.cfg", text), &guest);
        assert!(boot.default_entry().is_err(), "{text}");
    }
}
