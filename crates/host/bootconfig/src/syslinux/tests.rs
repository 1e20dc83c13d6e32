use std::collections::BTreeMap;

use super::*;

fn boot(text: &str, others: &[(&str, &str)]) -> Boot {
    let own = |(path, text): &(&str, &str)| (path.to_string(), text.to_string());
    let files: BTreeMap<String, String> = others.iter().map(own).collect();
    read(&Source::new("/boot/extlinux.conf", text), &files)
}

fn chosen(text: &str) -> String {
    let text = format!("{text}\n{LABELS}");
    match boot(&text, &[]).default_entry() {
        Ok(entry) => entry.id.as_ref().unwrap().as_str().to_owned(),
        Err(unknown) => format!("unknown: {unknown}"),
    }
}

const LABELS: &str = "
APPEND quiet
label xen
  MENU LABEL ^Xen
  kernel mboot.c32
  append xen.gz dom0_mem=1G --- vmlinuz root=/dev/sda1 ro --- initrd --- ucode
LABEL lts
  MENU DEFAULT
  LINUX vmlinuz
  INITRD a.img,b.img
label bare
  KERNEL vmlinuz
  APPEND -
";

#[test]
fn an_entry_of_mboot_is_split_into_its_images() {
    let boot = boot(LABELS, &[]);
    let entry = &boot.entries[0];
    assert_eq!(entry.title, "Xen");
    let xen = entry.hypervisor.as_ref().unwrap();
    assert_eq!(
        (xen.path().as_str(), xen.options.text.as_str()),
        ("xen.gz", "dom0_mem=1G")
    );
    let place = |text: &Traced| text.place().unwrap().to_string();
    let memory = xen.option("dom0_mem").unwrap().unwrap();
    assert_eq!(place(&memory.name), "/boot/extlinux.conf:6:17");
    let kernel = entry.kernel.as_ref().unwrap();
    assert_eq!(kernel.path(), "vmlinuz");
    assert_eq!(kernel.options.text, "root=/dev/sda1 ro");
    assert_eq!(entry.initrds, ["initrd", "ucode"]);
    let lts = &boot.entries[1];
    assert_eq!(
        lts.kernel.as_ref().unwrap().options.text,
        "quiet",
        "the global one"
    );
    assert_eq!(lts.initrds, ["a.img", "b.img"]);
    let bare = boot.entries[2].kernel.as_ref().unwrap();
    assert_eq!(bare.options.text, "");
}

#[test]
fn the_default_depends_on_the_menu_that_is_shown() {
    assert_eq!(chosen("DEFAULT xen"), "xen");
    assert_eq!(chosen("DEFAULT XEN debug"), "xen");
    assert_eq!(chosen("DEFAULT xen\nUI menu.c32"), "xen");
    assert_eq!(chosen("DEFAULT menu.c32"), "lts", "MENU DEFAULT");
    assert_eq!(chosen("UI menu.c32"), "lts");
    assert_eq!(
        chosen("DEFAULT xen\nPROMPT 1\nTIMEOUT 50\nONTIMEOUT bare"),
        "bare"
    );
    assert_eq!(
        chosen("DEFAULT xen\nPROMPT 0\nTIMEOUT 50\nONTIMEOUT bare"),
        "xen"
    );
    assert_eq!(
        chosen("DEFAULT other"),
        "unknown: there is no label 'other'"
    );
    assert_eq!(
        chosen(""),
        "unknown: nothing says what is started: there is no DEFAULT"
    );
}

#[test]
fn included_files_are_part_of_it() {
    let part = (
        "/boot/part.cfg",
        "TEXT HELP\nLABEL no\nENDTEXT\nLABEL yes\nKERNEL k\n",
    );
    let boot = boot(
        "DEFAULT yes\ninclude part.cfg\ninclude missing.cfg\n",
        &[part],
    );
    assert_eq!(boot.entries.len(), 1);
    assert_eq!(boot.default.entry, Ok(0));
    let itself = ("/boot/extlinux.conf", "include extlinux.conf");
    let boot = self::boot("include extlinux.conf", &[itself]);
    assert_eq!(
        boot.doubts[0].why,
        "more files are included than are looked at"
    );
}

#[test]
fn a_default_without_its_label_is_told() {
    let is_missing = |text: &str| boot(&format!("{text}\n{LABELS}"), &[]).default.is_missing;
    assert!(is_missing("DEFAULT gone"));
    assert!(!is_missing("DEFAULT XEN"));
    assert!(!is_missing("DEFAULT menu.c32"));
    assert!(!is_missing(""));
}

#[test]
fn doubts_have_a_place_and_a_limit() {
    let boot = boot(&"LABEL x\n".repeat(50_000), &[]);
    assert_eq!((boot.entries.len(), boot.doubts.len()), (1000, 100));
    let doubt = &boot.doubts[0];
    let place = doubt.place.as_ref().unwrap().to_string();
    assert_eq!(
        (doubt.why.as_str(), place.as_str()),
        ("more than 1000 labels", "/boot/extlinux.conf:1001:1")
    );
}

#[test]
fn only_a_menu_or_a_prompt_waits() {
    let timeout = |text: &str| boot(&format!("{text}\n{LABELS}"), &[]).timeout.unwrap();
    let after = |tenths: u64| Timeout::After(Duration::from_millis(tenths * 100));
    assert_eq!(timeout("DEFAULT lts\nTIMEOUT 50"), after(0));
    assert_eq!(timeout("DEFAULT lts\nPROMPT 1\nTIMEOUT 50"), after(50));
    assert_eq!(timeout("DEFAULT lts\nPROMPT 1"), Timeout::Never);
    assert_eq!(timeout("UI menu.c32\nTIMEOUT 0"), Timeout::Never);
    assert_eq!(
        timeout("UI menu.c32\nTIMEOUT 30\nTOTALTIMEOUT 20"),
        after(20)
    );
    assert_eq!(
        timeout("DEFAULT vesamenu.c32\nTOTALTIMEOUT 9000"),
        after(9000)
    );
}
