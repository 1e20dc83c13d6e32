//! Exclusions in front of what they are to take away.

use vmconfig::xl::cpus;

use crate::facts::depends_on_order;
use crate::{Example, Facts, Findings, NotKnown, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-order",
    title: "CPUs are taken out of masks behind the range that they are in",
    looks_at: "cpus= and cpus_soft= of guests",
    versions: Versions::since(4),
    why: "Since Xen 4.4 a mask is read from left to right: in ^1,0-3 the range behind ^1 brings CPU 1 back. Before, all \
          exclusions came last. With the ranges first both read the same.",
    source: &["xen.git 23772b35cf", "xl.cfg(5), cpus"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"^1,0-3\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["warning etc/xen/web.cfg:3:8: CPUs that \"^1,0-3\" excludes are included again by what is behind"],
        )
        .from_xen("4.3")
        .to_xen("4.4"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = [\"0-3,^1\", \"^0,^1,2-7\"]\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n")
            .from_xen("4.3")
            .to_xen("4.6"),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"^0-3,2\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["warning etc/xen/web.cfg:3:8: CPUs that \"^0-3,2\" excludes are included again by what is behind"],
        )
        .from_xen("4.3")
        .to_xen("4.4"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language().max(Release::new(4, 5));
    for guest in &facts.guests()?.xl {
        for key in ["cpus", "cpus_soft"] {
            for (mask, text) in guest.masks(key, release).unwrap_or_default() {
                let Some(portable) = mask.portable().filter(|_| depends_on_order(&mask)) else {
                    continue;
                };
                if mask.is_always_empty() {
                    continue;
                }
                let message = format!(
                    "CPUs that \"{}\" excludes are included again by what is behind",
                    text.text
                );
                let finding = found.warning(guest.text(text).1, message);
                // With the exclusions behind it nothing may be left.
                let is_empty =
                    cpus::mask(&portable, release).is_ok_and(|mask| mask.is_always_empty());
                if !is_empty {
                    finding
                        .hint(format!("write \"{portable}\""))
                        .fix(guest.rewrite(key, &text.text, &portable));
                }
            }
        }
    }
    Ok(())
}
