//! Options that Xen no longer has.

use std::path::Path;

use hostconfig::Source;
use hostconfig::cmdline::Reader;
use hostconfig::edit::set_option;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};
use crate::{Fix, Release};

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

/// An option, the minor number of the first Xen 4 without it, and what to write instead.
const REMOVED: &[(&str, u16, &str)] = &[
    ("cachesize", 3, ""),
    ("nofxsr", 3, ""),
    ("noserialnumber", 3, ""),
    ("sched_credit_default_yield", 3, ""),
    ("tmem_lock", 4, ""),
    ("efi-rs", 6, "efi=rs or efi=no-rs"),
    ("flask_enabled", 6, "flask=enforcing or flask=disabled"),
    ("flask_enforcing", 7, "flask=enforcing or flask=permissive"),
    ("tmem_dedup", 8, ""),
    ("tmem_tze", 8, ""),
    ("dom0_shadow", 9, "dom0=shadow"),
    ("dom0pvh", 9, "dom0=pvh"),
    ("tmem_shared_auth", 9, ""),
    ("allowsuperpage", 10, ""),
    ("gnttab_max_nr_frames", 10, "gnttab_max_frames"),
    ("bti", 12, "spec-ctrl="),
    ("tmem", 13, ""),
    ("tmem_compress", 13, ""),
    ("vesa-map", 17, ""),
    ("vesa-mtrr", 17, ""),
    ("pku", 18, "cpuid= in the configuration of the guest"),
    ("gdb", 19, ""),
    ("cpu_type", 22, ""),
    ("preferred-cstates", 22, ""),
    ("cpuid_mask_cpu", 22, ""),
    ("cpuid_mask_ecx", 22, ""),
    ("cpuid_mask_edx", 22, ""),
    ("cpuid_mask_ext_ecx", 22, ""),
    ("cpuid_mask_ext_edx", 22, ""),
    ("cpuid_mask_l7s0_eax", 22, ""),
    ("cpuid_mask_l7s0_ebx", 22, ""),
    ("cpuid_mask_thermal_ecx", 22, ""),
    ("cpuid_mask_xsave_eax", 22, ""),
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
        let Some((_, minor, instead)) = REMOVED.iter().find(|(known, ..)| *known == name) else {
            continue;
        };
        if release < Release::new(4, *minor) {
            continue;
        }
        let last = Release::new(4, minor - 1);
        let message = format!("Xen {release} does not know {name}, which it had until {last}");
        let place = Place::of_parameter(&parameter);
        let fix = place.as_ref().and_then(|place| removal(&place.file, name));
        let finding = found.warning(place, message);
        if let Some(fix) = fix.filter(|_| instead.is_empty()) {
            finding.fix(fix);
        }
        if instead.is_empty() {
            finding.hint(format!("remove {name}"));
        } else {
            finding.hint(format!("write {instead}"));
        }
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
