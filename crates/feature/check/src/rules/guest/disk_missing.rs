//! Disks that are not there.

use std::path::Path;

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-missing",
    title: "the disks that guests name are there",
    looks_at: "disk= of guests",
    versions: Versions::All,
    why: "xl refuses to start a guest when a disk is not there. A disk with a script= is made by that, and one that is \
          empty (a CD drive) has nothing behind it.",
    source: &["xl-disk-configuration(5)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\ndisk = [ 'file:/srv/web.img,xvda,w' ]\n",
            &["error etc/xen/web.cfg:1:10: /srv/web.img is not there"],
        ),
        Example::good(
            "-- srv/web.img --\n-- etc/xen/web.cfg --\ndisk = [ '/srv/web.img,raw,xvda,rw', ',,hdc,cdrom', 'script=block-drbd,vdev=xvdb,target=web' ]\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let mut not_known = None;
    for guest in &facts.guests()?.xl {
        for (disk, place) in guest.disks() {
            let Some(target) = Guest::own_target(&disk) else {
                continue;
            };
            let path = Path::new(target);
            match facts.has(path) {
                Ok(true) => {}
                Ok(false) => {
                    let finding = found.error(place, format!("{target} is not there"));
                    if let Some(point) = facts.unmounted(path)? {
                        finding.hint(format!("mount {}, which is in /etc/fstab", point.display()));
                    }
                }
                Err(reason) => not_known = Some(reason),
            }
        }
    }
    not_known.map_or(Ok(()), Err)
}
