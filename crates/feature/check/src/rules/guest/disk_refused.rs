//! Disks that xl refuses.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-refused",
    title: "xl accepts the disks of guests",
    looks_at: "disk= of guests",
    versions: Versions::All,
    why: "The text of a disk has a language of its own. Formats and names are in lower case there; with an unknown word \
          the guest does not start.",
    source: &[
        "xen.git tools/libs/util/libxlu_disk_l.l",
        "xl-disk-configuration(5)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/web.qcow2 --\n-- etc/xen/web.cfg --\ndisk = [ 'format=QCOW2,vdev=xvda,target=/srv/web.qcow2' ]\n",
            &[
                "error etc/xen/web.cfg:1:10: xl refuses the disk: unknown value for format, near 'QCOW2'",
            ],
        ),
        Example::good(
            "-- srv/web.qcow2 --\n-- etc/xen/web.cfg --\ndisk = [ 'format=qcow2,vdev=xvda,target=/srv/web.qcow2' ]\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (text, place) in guest.values("disk") {
            let Err(wrong) = xl::disk::parse(text) else {
                continue;
            };
            let near = if wrong.near.is_empty() {
                String::new()
            } else {
                format!(", near '{}'", wrong.near)
            };
            found.error(
                place,
                format!("xl refuses the disk: {}{near}", wrong.message),
            );
        }
    }
    Ok(())
}
