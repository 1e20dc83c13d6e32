use std::collections::BTreeMap;

use super::*;

type Texts = BTreeMap<String, String>;

const CFG: &str = "/boot/grub/grub.cfg";

fn boot(text: &str, others: &[(&str, &str)]) -> Boot {
    let own = |(path, text): &(&str, &str)| (path.to_string(), text.to_string());
    let files: Texts = others.iter().map(own).collect();
    read(&Source::new(CFG, text), &files)
}

/// The title that is chosen, or why none is known to be.
fn chosen(text: &str, others: &[(&str, &str)]) -> String {
    match boot(text, others).default_entry() {
        Ok(entry) => entry.title.as_str().to_owned(),
        Err(unknown) => format!("unknown: {unknown}"),
    }
}

/// As grub-mkconfig of Debian writes it.
const HEADER: &str = r#"
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
    save_env saved_entry
  fi
}
if loadfont unicode ; then
  set gfxmode=auto
  load_video
fi
"#;

const MENU: &str = r#"
menuentry 'Linux' --class debian $menuentry_id_option 'linux-simple' {
	linux /vmlinuz root=/dev/sda1 ro
	initrd /initrd.img
}
submenu 'Advanced > more' --id=advanced {
	menuentry 'Linux 5' --id 'linux-5' { linux /vmlinuz-5 }
	menuentry 'Linux 6' --id 'linux-6' { linux /vmlinuz-6 }
}
menuentry "Xen" {
	if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
	    xen_rm_opts=
	else
	    xen_rm_opts="no-real-mode edd=off"
	fi
	multiboot2	/xen.gz placeholder dom0_mem=1G,max:1G \
	    console=vga ${xen_rm_opts}
	module2	/vmlinuz placeholder root="LABEL=my root" ro
	module2	--nounzip   /initrd.img
	module2 /ucode.img
}
"#;

fn with_default(default: &str) -> String {
    chosen(&format!("set default='{default}'\n{MENU}"), &[])
}

#[test]
fn numbers_titles_and_ids_choose_an_entry() {
    assert_eq!(with_default("0"), "Linux");
    assert_eq!(with_default("2"), "Xen");
    assert_eq!(with_default("Xen"), "Xen");
    assert_eq!(with_default("1>1"), "Linux 6");
    assert_eq!(with_default("advanced>linux-6"), "Linux 6");
    assert_eq!(with_default("Advanced >> more>Linux 6"), "Linux 6");
    assert_eq!(with_default("1"), "Linux 5", "the first of a submenu");
    assert_eq!(with_default("9"), "Linux", "past the end");
    assert_eq!(with_default("nothing"), "Linux");
    assert_eq!(chosen(MENU, &[]), "Linux", "without a default");
}

#[test]
fn a_default_that_names_no_entry_is_told() {
    let is_missing = |default: &str| {
        let boot = boot(&format!("set default='{default}'\n{MENU}"), &[]);
        boot.default.is_missing
    };
    for named in ["", "0", "2", "Xen", "advanced>linux-6", "advanced", "1>1"] {
        assert!(!is_missing(named), "{named}");
    }
    for absent in ["9", "nothing", "advanced>linux-7", "1>2", "gone>0"] {
        assert!(is_missing(absent), "{absent}");
    }
    assert!(!boot(MENU, &[]).default.is_missing);
}

#[test]
fn an_entry_of_xen_is_split_into_its_images() {
    let boot = boot(MENU, &[]);
    let entry = boot.with_xen().next().unwrap();
    assert_eq!(entry.place.to_string(), format!("{CFG}:10:1"));
    let xen = entry.hypervisor.as_ref().unwrap();
    assert_eq!(xen.path(), "/xen.gz");
    assert_eq!(
        xen.options.text,
        "placeholder dom0_mem=1G,max:1G console=vga "
    );
    let memory = xen.option("dom0_mem").unwrap().unwrap();
    assert_eq!(memory.value_text(), "1G,max:1G");
    let place = |text: &Traced| text.place().unwrap().to_string();
    assert_eq!(place(&memory.name), format!("{CFG}:16:33"));
    let console = xen.option("console").unwrap().unwrap();
    assert_eq!(place(&console.value.unwrap()), format!("{CFG}:17:14"));
    assert!(xen.option("edd").is_err(), "that depends on the platform");
    let kernel = entry.kernel.as_ref().unwrap();
    assert_eq!(kernel.options.text, "placeholder \"root=LABEL=my root\" ro");
    let root = kernel.option("root").unwrap().unwrap();
    assert_eq!(root.value_text(), "LABEL=my root");
    assert_eq!(entry.initrds, ["/initrd.img", "/ucode.img"]);
    assert_eq!(entry.doubt, None);
    assert_eq!(boot.doubts, []);
    assert_eq!(boot.entries[2].submenus, ["Advanced > more"]);
}

#[test]
fn the_platform_is_told_by_the_modules_that_are_there() {
    let text = "menuentry x { if [ $grub_platform = efi ]; then linux /a; else linux /b; fi }";
    let path = |others: &[(&str, &str)]| {
        let entry = boot(text, others).entries.remove(0);
        (
            entry.kernel.unwrap().path().as_str().to_owned(),
            entry.doubt.is_some(),
        )
    };
    assert_eq!(
        path(&[("/boot/grub/i386-pc/normal.mod", "")]),
        ("/b".into(), false)
    );
    assert_eq!(
        path(&[("/boot/grub/x86_64-efi/normal.mod", "")]),
        ("/a".into(), false)
    );
    assert!(path(&[]).1);
}

#[test]
fn the_environment_block_chooses() {
    let text = format!("{HEADER}{MENU}");
    let env = |lines: &str| {
        let block = format!("# GRUB Environment Block\n{lines}########");
        chosen(&text, &[("/boot/grub/grubenv", &block)])
    };
    assert_eq!(chosen(&text, &[]), "Linux", "without one");
    assert_eq!(env("saved_entry=Xen\n"), "Xen");
    assert_eq!(env("saved_entry=advanced>linux-6\n"), "Linux 6");
    assert_eq!(env("saved_entry=Xen\nnext_entry=0\n"), "Linux");
    assert_eq!(env("saved_entry=X\\en\n"), "Xen");
    assert_eq!(env("saved_entry=linux-simple\n"), "Linux");
    let boot = boot(
        &text,
        &[(
            "/boot/grub/grubenv",
            "# GRUB Environment Block\nsaved_entry=Xen\n",
        )],
    );
    let setting = boot.default.setting.unwrap();
    assert_eq!(
        setting.place().unwrap().to_string(),
        "/boot/grub/grubenv:2:13"
    );
    assert_eq!(
        chosen(&text, &[("/boot/grub/grubenv", "saved_entry=Xen\n")]),
        "Linux",
        "no block"
    );
}

#[test]
fn what_depends_on_the_machine_is_unknown() {
    let depends = format!("if cpuid -l; then set default=2; else set default=0; fi\n{MENU}");
    assert_eq!(
        chosen(&depends, &[]),
        "unknown: the variable 'default' depends on what is known only when GRUB runs"
    );
    let either = format!("if cpuid -l; then set default=2; else set default=2; fi\n{MENU}");
    assert_eq!(chosen(&either, &[]), "Xen");
    let more = format!("if cpuid -l; then\nmenuentry a {{ linux /a }}\nfi\nset default=1\n{MENU}");
    assert_eq!(
        chosen(&more, &[]),
        "unknown: a condition is known only when GRUB runs"
    );
    let named =
        format!("if cpuid -l; then\nmenuentry a {{ linux /a }}\nfi\nset default=Xen\n{MENU}");
    assert_eq!(chosen(&named, &[]), "Xen", "its title stays");
    assert_eq!(
        chosen(&format!("set default=2\n{MENU}\nmenuentry 'a"), &[]),
        "unknown: syntax error: quote without an end"
    );
}

#[test]
fn other_files_are_read_where_grub_reads_them() {
    let text = "source ${config_directory}/custom.cfg\nmenuentry b { linux /b }\n";
    let custom = ("/boot/grub/custom.cfg", "menuentry a { linux /a }");
    let boot = boot(text, &[custom]);
    assert_eq!(boot.entries.len(), 2);
    assert_eq!(
        boot.entries[0].place.to_string(),
        "/boot/grub/custom.cfg:1:1"
    );
    let stub = "search.fs_uuid abc root\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n";
    let source = Source::new("/boot/efi/EFI/debian/grub.cfg", stub);
    let files: Texts = [(CFG.to_owned(), MENU.to_owned())].into();
    assert_eq!(read(&source, &files).entries.len(), 4);
    let endless: Texts = [(CFG.to_owned(), format!("source {CFG}"))].into();
    let boot = read(&Source::new(CFG, format!("source {CFG}")), &endless);
    assert_eq!(
        boot.doubts[0].why,
        "more than 20 functions or files inside each other"
    );
}

#[test]
fn functions_and_loops_make_entries() {
    let text = "
function entry {
  menuentry \"$1\" \"$2\" { linux /vmlinuz-$2 ${3} }
}
for v in 5 6; do
  entry \"Linux $v\" $v
done
";
    let boot = boot(text, &[]);
    let kernel = |at: usize| boot.entries[at].kernel.as_ref().unwrap().path().clone();
    assert_eq!(boot.entries[1].title, "Linux 6");
    assert_eq!(kernel(0), "/vmlinuz-5");
    assert_eq!(kernel(1), "/vmlinuz-6");
    assert_eq!(boot.doubts, []);
}

#[test]
fn boot_loader_entries_come_newest_first() {
    let entry = |title: &str, more: &str| format!("title {title}\nlinux /vmlinuz\n{more}");
    let new = entry(
        "New",
        "options root=/dev/vda $tuned_params ${kernelopts} ro\ninitrd /i $tuned_initrd\n",
    );
    let old = entry("Old", "");
    let env = "# GRUB Environment Block\nkernelopts=quiet\ndefault_kernelopts=single\n";
    let others = [
        ("/boot/loader/entries/m-6.9.4-1.x86_64.conf", old.as_str()),
        ("/boot/loader/entries/m-6.10.1-1.x86_64.conf", new.as_str()),
        (
            "/boot/loader/entries/m-0-rescue.conf",
            "title Rescue\nlinux /rescue\n",
        ),
        ("/boot/loader/entries/broken.conf", "title Broken\n"),
        ("/boot/grub/grubenv", env),
    ];
    let boot = boot(
        "load_env\ninsmod blscfg\nblscfg\nset default=m-6.9.4-1.x86_64",
        &others,
    );
    let titles: Vec<_> = boot
        .entries
        .iter()
        .map(|entry| entry.title.as_str())
        .collect();
    assert_eq!(titles, ["New", "Old", "Rescue"]);
    assert_eq!(boot.default.entry, Ok(1));
    let kernel = boot.entries[0].kernel.as_ref().unwrap();
    assert_eq!(kernel.options.text, "root=/dev/vda quiet ro");
    let quiet = kernel.option("quiet").unwrap().unwrap();
    assert_eq!(
        quiet.name.place().unwrap().to_string(),
        "/boot/grub/grubenv:2:12"
    );
    assert_eq!(boot.entries[0].initrds, ["/i"]);
    let kernel = boot.entries[1].kernel.as_ref().unwrap();
    assert_eq!(kernel.options.text, "single", "without options");
}

#[test]
fn hostile_scripts_end() {
    let deep = "if true; then ".repeat(5000);
    assert_eq!(boot(&deep, &[]).doubts.len(), 1);
    let branches = format!("if a\nthen\n{}fi\n", "elif a\nthen\n".repeat(80_000));
    assert_eq!(boot(&branches, &[]).doubts.len(), 1);
    let doubled = "set k=\"$k$k\"\n".repeat(40);
    let long = format!(
        "set k=abcdefgh\n{doubled}echo \"{}\"\n",
        "$k".repeat(100_000)
    );
    let menu = format!("{long}menuentry x {{\n\tlinux /k \"$k\"\n}}\n");
    assert_eq!(boot(&menu, &[]).entries.len(), 1);
    let nested = format!("{}{}", "submenu a {".repeat(30), "}".repeat(30));
    assert!(boot(&nested, &[]).default_entry().is_err());
    let doubled = format!("set a=xx\n{}", "set a=$a$a\n".repeat(60));
    assert_eq!(
        boot(&doubled, &[]).doubts[0].why,
        "the variable 'a' is longer than 64.0 KiB"
    );
    let unknown = format!("set a=$root\n{}", "set a=\"$a$a\"\n".repeat(40));
    assert_eq!(
        boot(&unknown, &[]).doubts[0].why,
        "the variable 'a' is longer than 64.0 KiB"
    );
    let many = "for a in 1 2 3 4 5 6 7 8 9; do\n".repeat(12) + &"done\n".repeat(12);
    assert_eq!(
        boot(&many, &[]).doubts[0].why,
        "the script does more than is looked at"
    );
    let endless = "function f { f; f; }\nf";
    assert!(boot(endless, &[]).default_entry().is_err());
}

#[test]
fn doubts_have_the_place_of_their_command() {
    let many = "for a in 1 2 3 4 5 6 7 8 9; do\n".repeat(12) + &"done\n".repeat(12);
    let nested = format!("{}{}", "submenu a {".repeat(12), "}".repeat(12));
    for (text, why, place) in [
        (&*many, "the script does more than is looked at", "12:10"),
        (&*nested, "more than 10 submenus inside each other", "1:111"),
        (
            "true\nfunction f { f; }\nf",
            "more than 20 functions or files inside each other",
            "2:14",
        ),
    ] {
        let doubts = boot(text, &[]).doubts;
        let found = doubts[0].place.as_ref().unwrap().to_string();
        assert_eq!(doubts[0].why, why);
        assert_eq!(found, format!("/boot/grub/grub.cfg:{place}"));
    }
}
