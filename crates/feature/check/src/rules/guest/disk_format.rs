//! Images that are opened as what they are not.

use std::path::Path;

use diskimage::{Format, HEAD};

use crate::{Example, Facts, Findings, Guest, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-format",
    title: "images are opened by their own format",
    looks_at: "disk= of guests, and the first bytes of the files",
    versions: Versions::All,
    why: "A disk without a format is raw. Where the file is an image in a format of its own, the guest sees the header of that \
          instead of its partitions, and writes into it.",
    source: &["xl-disk-configuration(5), format"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- hex srv/a.qcow2 --\n0: 51 46 49 fb 00 00 00 03\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.qcow2,,xvda,rw']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/web.cfg:3:9: /srv/a.qcow2 is in format qcow2, and opened as raw: the guest sees its header",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- hex srv/a.qcow2 --\n0: 51 46 49 fb 00 00 00 03\n-- srv/b.img --\ndisk\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.qcow2,qcow2,xvda,rw', '/srv/b.img,raw,xvdb,rw']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for (disk, place) in guest.disks() {
            let is_raw = matches!(disk.format.as_deref(), None | Some("raw"));
            let Some(target) = Guest::own_target(&disk).filter(|_| is_raw) else {
                continue;
            };
            // Whether it is there is another rule's matter.
            let Some(format) = format(facts, target.as_ref()) else {
                continue;
            };
            let name = format.name();
            let message = format!(
                "{target} is in format {name}, and opened as raw: the guest sees its header"
            );
            let finding = found.warning(place, message);
            if matches!(format, Format::Qcow | Format::Vhd | Format::Qed) {
                finding.hint(format!("write format={name}"));
            } else {
                finding.hint("convert it to raw or qcow2");
            }
        }
    }
    Ok(())
}

/// The format that the magic number of a file names.
fn format(facts: &Facts, path: &Path) -> Option<Format> {
    let head = facts.head(path, HEAD as u64)?;
    diskimage::probe(&head).first().copied()
}
