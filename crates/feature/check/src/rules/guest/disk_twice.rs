//! Two disks by one name.

use std::collections::BTreeMap;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-twice",
    title: "the disks of a guest have names of their own",
    looks_at: "the names of devices in disk= of guests",
    versions: Versions::All,
    why: "Two disks with one name (xvda) are one device to Xen: the guest does not start.",
    source: &["xen-vbd-interface(7)", "xl-disk-configuration(5), vdev"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- srv/a.img --\n-- srv/b.img --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.img,raw,xvda,rw', '/srv/b.img,raw,xvda,rw']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/web.cfg:3:35: another disk of the guest is called xvda as well (etc/xen/web.cfg:3:9)",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- srv/a.img --\n-- srv/b.img --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.img,raw,xvda,rw', '/srv/b.img,raw,xvdb,rw']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let mut known = BTreeMap::new();
        for (disk, place) in guest.disks() {
            let Some(vdev) = disk.vdev else {
                continue;
            };
            if let Some(other) = known.insert(vdev.clone(), place.clone()) {
                let message = format!(
                    "another disk of the guest is called {vdev} as well ({})",
                    other.name()
                );
                found.error(place, message);
            }
        }
    }
    Ok(())
}
