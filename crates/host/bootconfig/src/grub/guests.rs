//! Configurations on guests' disks, in the manner of each distribution: everything is known.

use std::time::Duration;

use super::read;
use crate::entry::{Boot, Entry, Timeout};
use crate::surroundings::{Device, Devices};
use hostconfig::Source;

/// The block in which GRUB keeps variables.
fn block(lines: &str) -> String {
    format!("# GRUB Environment Block\n{lines}{}", "#".repeat(40))
}

/// Reads a file of the first device.
fn boot(devices: &[Device], file: &str) -> Boot {
    let all = devices.to_vec();
    let text = all[0].files[file].clone();
    let guest = Devices {
        all,
        has_efi: false,
    };
    let boot = read(&Source::new(file, text), &guest);
    assert_eq!(boot.doubts, []);
    assert!(boot.entries.iter().all(|entry| entry.doubt.is_none()));
    boot
}

/// A script that is all there is.
fn script(text: &str) -> Boot {
    let device = Device::new("hd0,msdos1", &[("/boot/grub/grub.cfg", text)]);
    boot(&[device], "/boot/grub/grub.cfg")
}

fn after(seconds: u64) -> Timeout {
    Timeout::After(Duration::from_secs(seconds))
}

/// What an entry loads: its title, then the commands in a line.
fn shown(entry: &Entry) -> String {
    let mut line = format!("{}: ", entry.title);
    if let Some(xen) = &entry.hypervisor {
        line += &format!("{} {} | ", xen.file, xen.options.text);
    }
    if let Some(kernel) = &entry.kernel {
        assert_eq!(kernel.options.text.gaps(), []);
        line += &format!("{} {}", kernel.file, kernel.options.text);
    }
    for initrd in &entry.initrds {
        line += &format!(" | {initrd}");
    }
    line
}

/// Every entry of a menu, its default and its timeout.
fn assert_menu(boot: &Boot, entries: &[&str], default: usize, timeout: Timeout) {
    let shown: Vec<String> = boot.entries.iter().map(shown).collect();
    assert_eq!(shown, entries);
    assert_eq!(boot.default.entry, Ok(default));
    assert_eq!(boot.unattended, Ok(default));
    assert_eq!(boot.timeout, Ok(timeout));
}

const DEBIAN: &str = r#"
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${initrdfail}" = 2 ]; then set initrdfail=; fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then menuentry_id_option="--id"; else menuentry_id_option=""; fi
export menuentry_id_option
if [ "${prev_saved_entry}" ]; then
  set saved_entry="${prev_saved_entry}"
  save_env saved_entry
  set boot_once=true
fi
function recordfail { set recordfail=1; if [ -n "${have_grubenv}" ]; then save_env recordfail; fi }
if loadfont unicode ; then set gfxmode=auto; fi
if [ "${recordfail}" = 1 ] ; then
  set timeout=30
else
  if [ x$feature_timeout_style = xy ] ; then
    set timeout_style=hidden
    set timeout=0
  elif sleep --interruptible 0 ; then
    set timeout=0
  fi
fi
function gfxmode {
	set gfxpayload="${1}"
	if [ "${1}" = "keep" ]; then set vt_handoff=vt.handoff=7; else set vt_handoff=; fi
}
if [ "${recordfail}" != 1 ]; then
  if [ -e ${prefix}/gfxblacklist.txt ]; then
    if [ ${grub_platform} != pc ]; then
      set linux_gfx_mode=keep
    elif hwmatch ${prefix}/gfxblacklist.txt 3; then
      if [ ${match} = 0 ]; then set linux_gfx_mode=keep; else set linux_gfx_mode=text; fi
    else
      set linux_gfx_mode=text
    fi
  else
    set linux_gfx_mode=keep
  fi
else
  set linux_gfx_mode=text
fi
export linux_gfx_mode
menuentry 'Ubuntu' --class ubuntu $menuentry_id_option 'gnulinux-simple' {
	recordfail
	gfxmode $linux_gfx_mode
	insmod part_gpt
	set root='hd0,gpt2'
	if [ x$feature_platform_search_hint = xy ]; then
	  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2 --hint-efi=hd0,gpt2  AAAA-1
	else
	  search --no-floppy --fs-uuid --set=root AAAA-1
	fi
	linux	/vmlinuz-6 root=UUID=1 ro  quiet splash $vt_handoff
	initrd	/initrd.img-6
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced' {
	menuentry 'Ubuntu, with Linux 6' $menuentry_id_option 'gnulinux-6' { linux /vmlinuz-6 ro; initrd /initrd.img-6; }
	menuentry 'Ubuntu, with Linux 5' $menuentry_id_option 'gnulinux-5' { linux /vmlinuz-5 ro; initrd /initrd.img-5; }
}
if [ -f ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f $prefix/custom.cfg ]; then
  source $prefix/custom.cfg
fi
"#;

#[test]
fn ubuntu_saves_entries_and_failures_in_its_environment() {
    let menu = |environment: &str| {
        let stub = "search.fs_uuid aaaa-1 root hd0,gpt2\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n";
        let esp = Device::new("hd0,gpt1", &[("/EFI/ubuntu/grub.cfg", stub)]);
        let mut own = Device::new(
            "hd0,gpt2",
            &[
                ("/grub/grub.cfg", DEBIAN),
                ("/grub/gfxblacklist.txt", "v1\n"),
                (
                    "/grub/custom.cfg",
                    "menuentry Custom { linux /custom a=$root }\n",
                ),
            ],
        );
        own.uuid = "AAAA-1".to_owned();
        if !environment.is_empty() {
            own.files.insert("/grub/grubenv".into(), block(environment));
        }
        boot(&[esp, own], "/EFI/ubuntu/grub.cfg")
    };
    let entries = |handoff: &str| {
        [
            format!(
                "Ubuntu: (hd0,gpt2)/vmlinuz-6 root=UUID=1 ro quiet splash{handoff} | (hd0,gpt2)/initrd.img-6"
            ),
            "Ubuntu, with Linux 6: (hd0,gpt2)/vmlinuz-6 ro | (hd0,gpt2)/initrd.img-6".to_owned(),
            "Ubuntu, with Linux 5: (hd0,gpt2)/vmlinuz-5 ro | (hd0,gpt2)/initrd.img-5".to_owned(),
            "Custom: (hd0,gpt2)/custom a=hd0,gpt2".to_owned(),
        ]
    };
    for (environment, handoff, default, timeout) in [
        ("", " vt.handoff=7", 0, 0),
        (
            "saved_entry=gnulinux-advanced>gnulinux-5\n",
            " vt.handoff=7",
            2,
            0,
        ),
        ("saved_entry=1>1\nnext_entry=2\n", " vt.handoff=7", 3, 0),
        ("saved_entry=Advanced options\n", " vt.handoff=7", 1, 0),
        ("recordfail=1\nsaved_entry=1>1\n", "", 2, 30),
    ] {
        let entries = entries(handoff);
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        assert_menu(&menu(environment), &entries, default, after(timeout));
    }
}

#[test]
fn fedora_takes_its_entries_from_files_and_hides_a_menu_that_works() {
    let config = r#"
if [ -f ${config_directory}/grubenv ]; then load_env -f ${config_directory}/grubenv; elif [ -s $prefix/grubenv ]; then load_env; fi
if [ "${next_entry}" ] ; then set default="${next_entry}"; else set default="${saved_entry}"; fi
terminal_output console
if [ x$feature_timeout_style = xy ] ; then set timeout_style=menu; set timeout=5; else set timeout=5; fi
if [ -f ${prefix}/user.cfg ]; then
  source ${prefix}/user.cfg
  if [ -n "${GRUB2_PASSWORD}" ]; then
    set superusers="root"
    export superusers
    password_pbkdf2 root ${GRUB2_PASSWORD}
  fi
fi
search --no-floppy --fs-uuid --set=root aaaa-2
insmod increment
if [ -n "${boot_counter}" -a "${boot_success}" = "0" ]; then
  if  [ "${boot_counter}" = "0" -o "${boot_counter}" = "-1" ]; then
    set default=1
    set boot_counter=-1
  else
    decrement boot_counter
  fi
  save_env boot_counter
fi
insmod blscfg
blscfg
if [ "${boot_success}" = "1" -o "${boot_indeterminate}" = "1" ]; then set menu_hide_ok=1; else set menu_hide_ok=0; fi
if [ "${menu_auto_hide}" = "1" -a "${menu_hide_ok}" = "1" ]; then
  set orig_timeout=${timeout}
  if [ "${fastboot}" = "1" ]; then set timeout_style=hidden; set timeout=0; else set timeout_style=hidden; set timeout=1; fi
fi
menuentry 'UEFI Firmware Settings' --id 'uefi-firmware' { fwsetup }
"#;
    let old = "title Fedora (6.9)\nversion 6.9\nlinux /vmlinuz-6.9.12-200.fc40\ninitrd /i-6.9.img /second.img $tuned_initrd\n\
               options root=UUID=2 ro $tuned_params\ngrub_users $grub_users\n";
    let new = "title Fedora (6.10)\nlinux /vmlinuz-6.10.3-200.fc40\ninitrd /i-6.10.img $tuned_initrd\noptions $kernelopts a=\"b c\"\n\
               options ignored\n";
    let rescue = "linux /vmlinuz-0-rescue\ninitrd /i-0.img\n";
    let menu = |environment: &str| {
        let mut own = Device::new(
            "hd0,gpt2",
            &[
                ("/grub2/grub.cfg", config),
                ("/loader/entries/m-6.9.12-200.fc40.conf", old),
                ("/loader/entries/m-6.10.3-200.fc40.conf", new),
                ("/loader/entries/m-0-rescue.conf", rescue),
                (
                    "/loader/entries/m-7-nothing.conf",
                    "title Without a kernel\n",
                ),
                ("/grub2/grubenv", &block(environment)),
                ("/grub2/user.cfg", "GRUB2_PASSWORD=grub.pbkdf2.1\n"),
            ],
        );
        own.uuid = "AAAA-2".to_owned();
        boot(&[own], "/grub2/grub.cfg")
    };
    let options = "kernelopts=root=UUID=2 ro\ndefault_kernelopts=single\n";
    let tuned = "tuned_params=skew=1\ntuned_initrd=/tuned.img\nearly_initrd=early.img\n";
    let plain = [
        "Fedora (6.10): /vmlinuz-6.10.3-200.fc40 root=UUID=2 ro \"a=b c\" | /i-6.10.img",
        "Fedora (6.9): /vmlinuz-6.9.12-200.fc40 root=UUID=2 ro | /i-6.9.img | /second.img",
        "/vmlinuz-0-rescue: /vmlinuz-0-rescue single | /i-0.img",
        "UEFI Firmware Settings: ",
    ];
    let with_tuned = [
        "Fedora (6.10): /vmlinuz-6.10.3-200.fc40 root=UUID=2 ro \"a=b c\" | /early.img | /i-6.10.img | /tuned.img",
        "Fedora (6.9): /vmlinuz-6.9.12-200.fc40 root=UUID=2 ro skew=1 | /early.img | /i-6.9.img | /second.img | /tuned.img",
        "/vmlinuz-0-rescue: /vmlinuz-0-rescue single | /early.img | /i-0.img",
        "UEFI Firmware Settings: ",
    ];
    for (environment, entries, default, timeout) in [
        ("", plain, 0, 5),
        ("saved_entry=m-6.9.12-200.fc40\n", plain, 1, 5),
        ("saved_entry=2\n", plain, 2, 5),
        ("boot_counter=0\nboot_success=0\n", plain, 1, 5),
        ("menu_auto_hide=1\nboot_success=1\n", plain, 0, 1),
        (
            "menu_auto_hide=1\nboot_indeterminate=1\nfastboot=1\n",
            plain,
            0,
            0,
        ),
        (tuned, with_tuned, 0, 5),
    ] {
        let boot = menu(&format!("{options}{environment}"));
        assert_menu(&boot, &entries, default, after(timeout));
        let asks: Vec<bool> = boot
            .entries
            .iter()
            .map(|entry| entry.asks.is_some())
            .collect();
        assert_eq!(asks, [false, false, false, true]);
    }
    let asks = menu(&format!("{options}grub_users=root\n"));
    let place = asks.entries[1].asks.as_ref().map(ToString::to_string);
    assert_eq!(place.as_deref(), Some("/grub2/grub.cfg:9:21"));
}

#[test]
fn suse_keeps_its_environment_in_blocks_and_its_snapshots_in_a_file() {
    let config = r#"
set btrfs_relative_path="y"
export btrfs_relative_path
if [ -f ${config_directory}/grubenv ]; then load_env -f ${config_directory}/grubenv; elif [ -s $prefix/grubenv ]; then load_env; fi
if [ "${env_block}" ] ; then
  set env_block="(${root})${env_block}"
  export env_block
  load_env -f "${env_block}"
fi
set default="${saved_entry}"
set timeout=8
menuentry 'openSUSE'  --class opensuse $menuentry_id_option 'simple' ${extra_cmdline} {
  linux /boot/vmlinuz-5 root=UUID=3 ${extra_cmdline}
  initrd /boot/initrd-5
}
hiddenentry 'Text mode' --hotkey 't' { set textmode=true; terminal_output console }
if [ -f "/.snapshots/grub-snapshot.cfg" ]; then source "/.snapshots/grub-snapshot.cfg"; fi
"#;
    let snapshots = "submenu \"Snapshots\" { for n in 7 6; do menuentry \"Snapshot $n\" $n { linux /.snapshots/$2/vmlinuz ro } done }\n";
    let own = Device::new(
        "hd0,gpt2",
        &[
            ("/boot/grub2/grub.cfg", config),
            (
                "/boot/grub2/grubenv",
                &block("env_block=512+1\nextra_cmdline=rd=1\n"),
            ),
            ("512+1", &block("saved_entry=Snapshots>1\n")),
            ("/.snapshots/grub-snapshot.cfg", snapshots),
        ],
    );
    assert_menu(
        &boot(&[own], "/boot/grub2/grub.cfg"),
        &[
            "openSUSE: /boot/vmlinuz-5 root=UUID=3 rd=1 | /boot/initrd-5",
            "Text mode: ",
            "Snapshot 7: /.snapshots/7/vmlinuz ro",
            "Snapshot 6: /.snapshots/6/vmlinuz ro",
        ],
        3,
        after(8),
    );
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
