//! Masks for vCPUs that a guest does not have.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-count",
    title: "a list of CPU masks has no more elements than the guest vCPUs",
    looks_at: "cpus= and cpus_soft= of guests",
    versions: Versions::since(5),
    why: "Element i of the list is the mask of vCPU i; xl passes over those that are left. Where the list was meant as one \
          mask for all vCPUs, it has to be a string.",
    source: &["xen.git tools/xl/xl_parse.c, parse_vcpu_affinity", "xl.cfg(5), cpus"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 2\ncpus = [2, 3, 4]\nkernel = \"/srv/vmlinuz\"\n",
            &["info etc/xen/web.cfg:4:1: cpus has 3 masks, the guest at most 2 vCPUs: xl ignores the last 1"],
        )
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 2\ncpus = [2, 3]\nkernel = \"/srv/vmlinuz\"\n").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        let Some(vcpus) = guest.max_vcpus() else {
            continue;
        };
        for key in ["cpus", "cpus_soft"] {
            let masks = guest.masks(key, release).unwrap_or_default().len() as u64;
            if let Some(setting) = guest.config.get(key)
                && masks > vcpus
            {
                let left = masks - vcpus;
                let message = format!(
                    "{key} has {masks} masks, the guest at most {vcpus} vCPUs: xl ignores the last {left}"
                );
                found.info(guest.setting(setting), message);
            }
        }
    }
    Ok(())
}
