//! Disks that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-disk-missing",
    title: "the disks of libvirt's guests are there",
    looks_at: "<source> of the disks of libvirt's guests",
    versions: Versions::All,
    why: "A guest whose disk is not there does not start, except for CD drives that may be empty (startupPolicy='optional').",
    source: &["libvirt.org, Domain XML format, hard drives"],
    check,
    examples: &[
        Example::bad(
            "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <disk type='file' device='disk'>\n      <source file='/srv/web.qcow2'/>\n    </disk>\n  </devices>\n</domain>\n",
            &["error etc/libvirt/qemu/web.xml:5:7: /srv/web.qcow2 is not there"],
        ),
        Example::good(
            "-- srv/web.qcow2 --\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <disk type='file' device='disk'>\n      <source file='/srv/web.qcow2'/>\n    </disk>\n    <disk type='file' device='cdrom'>\n      <source file='/srv/a.iso' startupPolicy='optional'/>\n    </disk>\n  </devices>\n</domain>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let mut not_known = None;
    for domain in &facts.domains()?.all {
        for disk in domain.devices("disk") {
            let Some(source) = disk.child("source") else {
                continue;
            };
            let target = source.attribute("file").or(source.attribute("dev"));
            // With `requisite` the disk is dropped only where a guest arrives or is restored.
            let optional = source.attribute("startupPolicy") == Some("optional");
            let Some(target) = target.filter(|target| !optional && target.starts_with('/')) else {
                continue;
            };
            match facts.has(Path::new(target)) {
                Ok(true) => {}
                Ok(false) => {
                    found.error(domain.place(source), format!("{target} is not there"));
                }
                Err(reason) => not_known = Some(reason),
            }
        }
    }
    not_known.map_or(Ok(()), Err)
}
