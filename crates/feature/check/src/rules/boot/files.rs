//! Files that the boot menu names.

use bootconfig::{Boot, Entry, Loader, locate};

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-files",
    title: "the files that the boot menu starts are there",
    looks_at: "hypervisor, kernel and initrds of the default entry and of the one with Xen",
    versions: Versions::All,
    why: "A boot loader that does not find a file stops at its menu or starts the next entry. Menus become stale when a package \
          replaces a file under another name, or puts it elsewhere (/boot/boot/xen.gz), without the menu being made again.",
    source: &[
        "void-linux/void-packages 17612",
        "QubesOS/qubes-issues 1492",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen-4.17.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen-4.14.gz dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz\n}\n",
            &["error boot/grub/grub.cfg:2:13: /boot/xen-4.14.gz is not there"],
        ),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /xen.gz dom0_mem=2G,max:2G\n\tmodule2 /vmlinuz\n}\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let boot = facts.boot()?;
    let Some(main) = boot.main() else {
        return Ok(());
    };
    let default = main.default_entry().ok();
    let xen = crate::facts::xen_entry(main);
    let entries = default
        .into_iter()
        .chain(xen.filter(|entry| Some(*entry) != default));
    for entry in entries.filter(|entry| entry.doubt.is_none()) {
        missing(facts, main, entry, found)?;
    }
    Ok(())
}

fn missing(
    facts: &Facts,
    boot: &Boot,
    entry: &Entry,
    found: &mut Findings,
) -> Result<(), NotKnown> {
    // xen.efi reads the configuration beside it, which does not name it.
    let hypervisor = entry
        .hypervisor
        .as_ref()
        .filter(|_| boot.loader != Loader::XenEfi);
    let images = hypervisor.into_iter().chain(&entry.kernel);
    let paths = images.map(|image| &image.file).chain(&entry.initrds);
    for path in paths.map(|file| &file.path) {
        let Ok(name) = path.known() else {
            continue;
        };
        let file = locate(facts.host().files(), boot, name);
        let file = file.map_err(|error| NotKnown::new("files", error.to_string()))?;
        if file.is_none() {
            let place = path
                .place()
                .map(|place| Place::of(place, name.chars().count()));
            found
                .error(place, format!("{name} is not there"))
                .hint("make the menu again (update-grub, update-extlinux)");
        }
    }
    Ok(())
}
