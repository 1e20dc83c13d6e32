//! Devices of the host in guests that grow.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-passthrough",
    title: "guests with devices of the host have all of their memory",
    looks_at: "pci=, memory= and maxmem= of HVM and PVH guests",
    versions: Versions::All,
    why: "An HVM guest with memory below maxmem starts with pages that are filled when they are used (populate on demand). The IOMMU \
          cannot work so: xl refuses to start such a guest with a device of the host.",
    source: &["xen.git tools/libs/light/libxl_create.c"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\ntype = \"hvm\"\nmemory = 512\nmaxmem = 1024\npci = ['03:00.0']\n",
            &[
                "error etc/xen/web.cfg:3:10: memory=512 is below maxmem=1024, which xl refuses with pci=",
            ],
        ),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"\ntype = \"hvm\"\nmemory = 1024\nmaxmem = 1024\npci = ['03:00.0']\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let has_devices = !guest.values("pci").is_empty() && !guest.is("pv");
        if let (Some((memory, place)), Some((most, _))) =
            (guest.number("memory"), guest.number("maxmem"))
            && has_devices
            && memory < most
        {
            let message =
                format!("memory={memory} is below maxmem={most}, which xl refuses with pci=");
            found
                .error(place, message)
                .hint(format!("write maxmem = {memory}"));
        }
    }
    Ok(())
}
