//! Guests without a name.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Severity, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-name",
    title: "guests have a name",
    looks_at: "name= of guests",
    versions: Versions::All,
    why: "xl refuses a configuration without a name. Where it is a part of others (xl create takes settings from its command \
          line too) that is meant so.",
    source: &["xl.cfg(5), name"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/auto/web.cfg --\nmemory = 512\n",
            &["error etc/xen/auto/web.cfg: there is no name=: xl refuses it"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/auto/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if guest.config.get("name").is_some() || !guest.config.faults.is_empty() {
            continue;
        }
        let severity = match guest.autostart {
            Some(_) => Severity::Error,
            None => Severity::Info,
        };
        found
            .add(
                severity,
                Place::file(&guest.file),
                "there is no name=: xl refuses it",
            )
            .hint(format!("write name = \"{}\"", guest.name()));
    }
    Ok(())
}
