//! CPU masks that xl refuses.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-refused",
    title: "xl accepts the CPU masks of guests",
    looks_at: "cpus= and cpus_soft= of guests",
    versions: Versions::All,
    why: "A mask is words with commas between: numbers, ranges, all, nodes:N, each with ^ in front to take CPUs away again. \
          xl ends at the first word that it does not understand, blanks included.",
    source: &[
        "xen.git tools/xl/xl_parse.c, parse_cpurange",
        "xl.cfg(5), cpus",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"0-3,^x\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["error etc/xen/web.cfg:3:13: xl refuses cpus: Invalid pcpu range, near '^x'"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = [\"all,^0\", 3]\ncpus_soft = \"nodes:1\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        for key in ["cpus", "cpus_soft"] {
            if let Err(fault) = guest.masks(key, release) {
                let place = guest.at(fault.position, fault.near.chars().count().max(1));
                let message = format!("xl refuses {key}: {}, near '{}'", fault.message, fault.near);
                found.error(place, message);
            }
        }
    }
    Ok(())
}
