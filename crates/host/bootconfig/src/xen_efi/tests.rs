use std::collections::BTreeMap;

use super::*;

fn boot(text: &str, others: &[(&str, &str)]) -> Boot {
    let own = |(path, text): &(&str, &str)| (path.to_string(), text.to_string());
    let files: BTreeMap<String, String> = others.iter().map(own).collect();
    read(&Source::new("/boot/efi/EFI/xen/xen.cfg", text), &files)
}

const TEXT: &str = "[global]
default=new ; not a comment
default=old

[old]
kernel=vmlinuz-old
[new ; not a comment]
# options=no
options=dom0_mem=1G smt=off # a comment
kernel=vmlinuz-new root=/dev/sda1 ro
ramdisk=initrd.img
";

#[test]
fn the_section_that_is_named_first_is_started() {
    let boot = boot(TEXT, &[]);
    assert_eq!(boot.entries.len(), 2);
    assert_eq!(boot.default.entry, Ok(1));
    let entry = boot.default_entry().unwrap();
    let xen = entry.hypervisor.as_ref().unwrap();
    assert!(xen.is_xen());
    assert_eq!(xen.options.text, "dom0_mem=1G smt=off ");
    let smt = xen.option("smt").unwrap().unwrap();
    assert_eq!(
        smt.name.place().unwrap().position.to_string(),
        "line 9, column 21"
    );
    let kernel = entry.kernel.as_ref().unwrap();
    assert_eq!(kernel.options.text, "root=/dev/sda1 ro");
    assert_eq!(entry.initrds, ["initrd.img"]);
}

#[test]
fn a_tab_and_a_missing_end_of_line_cut_it() {
    let boot = boot(
        "[global]\ndefault=a\n[a]\nkernel=k quiet\tro\noptions=smt=off",
        &[],
    );
    let entry = boot.default_entry().unwrap();
    assert_eq!(entry.kernel.as_ref().unwrap().options.text, "quiet");
    assert_eq!(entry.hypervisor.as_ref().unwrap().options.text, "");
}

#[test]
fn another_file_may_have_the_section() {
    let other = ("/boot/efi/EFI/xen/more.cfg", "[a]\nkernel=k\n");
    let boot = boot("[global]\ndefault=a\nchain=more.cfg\n", &[other]);
    assert_eq!(boot.default.entry, Ok(0));
    let missing = self::boot("[global]\ndefault=a\nchain=no.cfg\n", &[]);
    assert_eq!(
        missing.default.entry.unwrap_err().why,
        "the file 'no.cfg' that it goes over to is not there"
    );
    let none = self::boot("[global]\ndefault=a\n", &[]);
    assert_eq!(
        none.default.entry.unwrap_err().why,
        "the section 'a' has no kernel"
    );
}

#[test]
fn a_default_without_its_section_is_told() {
    let is_missing = |text: &str| boot(text, &[]).default.is_missing;
    assert!(is_missing("[global]\ndefault=new\n[old]\nkernel=vmlinuz\n"));
    assert!(is_missing(
        "[global]\ndefault=old\n[old]\noptions=a\n[new]\nkernel=vmlinuz\n"
    ));
    assert!(!is_missing(
        "[global]\ndefault=old\n[old]\nkernel=vmlinuz\n"
    ));
    assert!(!is_missing("[old]\nkernel=vmlinuz\n"));
}

#[test]
fn a_line_as_long_as_a_file_is_read_once() {
    let text = format!("{}[a]\tkernel=ü k\n", "x=ü\t".repeat(190_000));
    let boot = boot(&text, &[]);
    let kernel = boot.entries[0].kernel.as_ref().unwrap();
    let place = kernel.path().place().unwrap();
    assert_eq!(place.position.column, 190_000 * 4 + 12);
}
