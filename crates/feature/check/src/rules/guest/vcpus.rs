//! Numbers of vCPUs.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-vcpus",
    title: "guests have at most maxvcpus vCPUs",
    looks_at: "vcpus= and maxvcpus= of guests",
    versions: Versions::All,
    why: "xl refuses a configuration with more vcpus than maxvcpus ('maxvcpus < vcpus'). Without maxvcpus, vcpus is the limit.",
    source: &["xen.git tools/xl/xl_parse.c", "xl.cfg(5), vcpus"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 4\nmaxvcpus = 2\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:9: vcpus=4 is above maxvcpus=2: xl refuses it"],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 0\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:9: vcpus=0: a guest needs a vCPU"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 2\nmaxvcpus = 4\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let Some((vcpus, place)) = guest.number("vcpus") else {
            continue;
        };
        if vcpus == 0 {
            found.error(place, "vcpus=0: a guest needs a vCPU");
        } else if let Some((most, _)) = guest.number("maxvcpus")
            && most < vcpus
        {
            found
                .error(
                    place,
                    format!("vcpus={vcpus} is above maxvcpus={most}: xl refuses it"),
                )
                .hint(format!("write maxvcpus = {vcpus}"));
        }
    }
    Ok(())
}
