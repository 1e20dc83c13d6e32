//! Options that Xen no longer has.

use std::path::Path;

use hostconfig::Source;
use hostconfig::cmdline::Reader;
use hostconfig::edit::set_option;
use vmconfig::xen::{Standing, options};

use crate::{Example, Facts, Findings, Fix, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "xen-option-removed",
    title: "Xen still has the options that it is started with",
    looks_at: "the options of Xen in the boot entry with Xen, and what they are made from",
    versions: Versions::All,
    why: "Xen prints 'parameter \"x\" unknown!' for an option that it does not have and starts without it. What the option was \
          there for (a workaround, a limit, a protection) is lost without any other sign.",
    source: &[
        "xen.git b5f90278f5, 33e5c32559, 56fff3e5e9, 8b46c4ffdc, aaed4babc4, c492e19fdd, 6ba7010642, 7f7e55b85f, 65f0d6fc80, d182f9feae",
        "xen.git docs/misc/xen-command-line.pandoc",
    ],
    check,
    examples: &[
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G bti=thunk=jmp no-real-mode\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["warning boot/grub/grub.cfg:2:57: Xen 4.17 does not know bti, which it had until 4.11"],
        )
        .to_xen("4.17"),
        Example::bad(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- etc/default/grub --\nGRUB_CMDLINE_XEN=\"dom0_mem=2G,max:2G tmem\"\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &["warning etc/default/grub:1:38: the boot menu does not have tmem", "warning etc/default/grub:1:38: Xen 4.17 does not know tmem, which it had until 4.12"],
        )
        .to_xen("4.17"),
        Example::good(
            "-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G spec-ctrl=yes iommu_inclusive_mapping\n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        )
        .to_xen("4.17"),
    ],
};

/// Options that another one replaced.
const INSTEAD: &[(&str, &str)] = &[
    ("bti", "spec-ctrl="),
    ("dom0_shadow", "dom0=shadow"),
    ("dom0pvh", "dom0=pvh"),
    ("efi-rs", "efi=rs or efi=no-rs"),
    ("flask_enabled", "flask=enforcing or flask=disabled"),
    ("flask_enforcing", "flask=enforcing or flask=permissive"),
    ("gnttab_max_nr_frames", "gnttab_max_frames"),
    ("pku", "cpuid= in the configuration of the guest"),
];

/// The variables that Xen's options are in, in files that menus are made from.
const VARIABLES: [&str; 3] = ["GRUB_CMDLINE_XEN", "GRUB_CMDLINE_XEN_DEFAULT", "xen_opts"];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let lines = facts.xen_options()?;
    if lines.is_empty() {
        return Ok(());
    }
    let release = facts.xen_release()?;
    for parameter in lines.iter().flat_map(|line| line.parameters()) {
        let name = parameter.option_name();
        let Standing::Gone(last) = options::standing(name, release) else {
            continue;
        };
        let instead = INSTEAD.iter().find(|(old, _)| *old == name);
        let place = Place::of_parameter(&parameter);
        let fix = place.as_ref().and_then(|place| removal(&place.file, name));
        let message = format!("Xen {release} does not know {name}, which it had until {last}");
        let finding = found.warning(place, message);
        match (instead, fix) {
            (Some((_, instead)), _) => finding.hint(format!("write {instead}")),
            (None, Some(fix)) => finding.hint(format!("remove {name}")).fix(fix),
            (None, None) => finding.hint(format!("remove {name}")),
        };
    }
    Ok(())
}

/// Takes an option out of a file that menus are made from.
fn removal(file: &Path, option: &str) -> Option<Fix> {
    let is_source = file.starts_with("/etc/default") || file.ends_with("update-extlinux.conf");
    let (name, path) = (option.to_owned(), file.to_owned());
    let edit = move |text: &str| {
        let mut source = Source::new(&path, text);
        for variable in VARIABLES {
            source.text = set_option(&source, variable, Reader::Xen, &name, None)?;
        }
        Ok(Some(source.text).filter(|new| new != text))
    };
    is_source.then(|| Fix::new(file, format!("remove {option}"), edit))
}
