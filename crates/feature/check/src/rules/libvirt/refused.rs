//! Definitions that libvirt cannot read.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-refused",
    title: "libvirt can read the definitions of its guests",
    looks_at: "/etc/libvirt/qemu/*.xml and /etc/libvirt/libxl/*.xml",
    versions: Versions::All,
    why: "libvirt passes over a definition that is not well-formed when it starts: the guest is gone from its lists.",
    source: &["libvirt.org, Domain XML format"],
    check,
    examples: &[
        Example::bad(
            "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n",
            &[
                "error etc/libvirt/qemu/web.xml: line 3: XML: the text ends inside of <domain> of line 1",
            ],
        ),
        Example::good(
            "-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n</domain>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for refused in &facts.definitions()?.refused {
        found.error(Place::file(&refused.file), &refused.reason);
    }
    Ok(())
}
