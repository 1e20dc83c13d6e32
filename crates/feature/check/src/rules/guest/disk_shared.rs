//! Disks that two guests write.

use std::collections::BTreeMap;

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-shared",
    title: "no two guests write the same disk",
    looks_at: "disk= of guests",
    versions: Versions::All,
    why: "Two guests that write one file system at the same time destroy it. Configurations for one guest by two names (one \
          to install it, one to run it) are safe as long as only one of them runs: it is an error only where both start \
          with the host.",
    source: &["xl-disk-configuration(5)"],
    check,
    examples: &[
        Example::bad(
            "-- srv/a.img --\n-- etc/xen/a.cfg --\ndisk = ['/srv/a.img,raw,xvda,rw']\n-- etc/xen/b.cfg --\ndisk = ['/srv/a.img,raw,xvda,rw']\n",
            &[
                "warning etc/xen/b.cfg:1:9: /srv/a.img is written by guest a as well (etc/xen/a.cfg:1:9)",
            ],
        ),
        Example::good(
            "-- srv/a.iso --\n-- etc/xen/a.cfg --\ndisk = ['/srv/a.iso,raw,hdc,ro,cdrom']\n-- etc/xen/b.cfg --\ndisk = ['/srv/a.iso,raw,hdc,ro,cdrom']\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let mut writers = BTreeMap::new();
    for guest in &guests.xl {
        for (disk, place) in guest.disks() {
            let Some(target) = Guest::own_target(&disk).filter(|_| !disk.read_only) else {
                continue;
            };
            // One disk may have several names: /dev/vg/web and /dev/mapper/vg-web.
            let real = facts.host().files().canonical(target).ok().flatten();
            let real = real.unwrap_or_else(|| target.into());
            let Some((other, at)) = writers.insert(real, (guest, place.clone())) else {
                continue;
            };
            if other.name() == guest.name() {
                continue;
            }
            let message = format!(
                "{target} is written by guest {} as well ({})",
                other.name(),
                at.name()
            );
            if guest.autostart.is_some() && other.autostart.is_some() {
                found.error(place, message);
            } else {
                found.warning(place, message);
            }
        }
    }
    Ok(())
}
