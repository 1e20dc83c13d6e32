//! Guests that read registers they do not have.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-msr",
    title: "old systems in guests read no unknown MSRs",
    looks_at: "guests, at an upgrade to Xen 4.15 or later",
    versions: Versions::crossing(15),
    why: "Since Xen 4.15 a guest that reads a model-specific register that Xen does not know gets a fault, where it read 0 before. \
          Some old systems (Solaris, old Windows, BSDs of their time) do not survive it. msr_relaxed=1 gives the old answer back.",
    source: &["xen.git 0570d7f276", "xl.cfg(5), msr_relaxed"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
            &["info etc/xen/web.cfg: reading unknown MSRs faults since Xen 4.15 in 1 guest, of which this is the first"],
        )
        .from_xen("4.14")
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nmsr_relaxed = 1\nkernel = \"/srv/vmlinuz\"\n")
            .from_xen("4.14")
            .to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let strict: Vec<_> = guests
        .xl
        .iter()
        .filter(|guest| guest.flag("msr_relaxed") != Some(true))
        .collect();
    if let Some(first) = strict.first() {
        let guests = if strict.len() == 1 { "guest" } else { "guests" };
        let message = format!(
            "reading unknown MSRs faults since Xen 4.15 in {} {guests}, of which this is the first",
            strict.len()
        );
        found
            .info(Place::file(&first.file), message)
            .hint("write msr_relaxed = 1 for a guest that does not start");
    }
    Ok(())
}
