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
pub(super) fn boot(devices: &[Device], file: &str) -> Boot {
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

pub(super) fn after(seconds: u64) -> Timeout {
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
pub(super) fn assert_menu(boot: &Boot, entries: &[&str], default: usize, timeout: Timeout) {
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
