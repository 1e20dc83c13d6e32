//! Spellings of disks that are discouraged.

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-disk-deprecated",
    title: "disks are written as the manual recommends",
    looks_at: "disk= of guests",
    versions: Versions::All,
    why: "phy:, file:, tap: and the like, and :cdrom behind a name are understood by every release so far. The manual calls them \
          deprecated; the same is written without them, or by a word.",
    source: &["xl-disk-configuration(5), deprecated parameters, prefixes and syntaxes"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- srv/a.img --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['file:/srv/a.img,xvda,w', ',hdc:cdrom,r']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "info etc/xen/web.cfg:3:10: 'file:' is deprecated",
                "info etc/xen/web.cfg:3:40: ':cdrom' is deprecated",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- srv/a.img --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ndisk = ['/srv/a.img,raw,xvda,rw', ',,hdc,cdrom']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for text in guest.texts("disk") {
            for old in xl::disk::parse(&text.text)
                .map(|disk| disk.deprecated)
                .unwrap_or_default()
            {
                let place = guest.at(text.place(old.at), old.text.chars().count());
                let finding = found.info(place, format!("'{}' is deprecated", old.text));
                if old.instead.is_empty() {
                    finding.hint("leave it out");
                } else {
                    finding.hint(format!("write {}", old.instead));
                }
            }
        }
    }
    Ok(())
}
