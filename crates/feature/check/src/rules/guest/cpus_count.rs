//! Masks for vCPUs that a guest does not have.

use vmconfig::xl::Node;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-count",
    title: "CPU masks are for vCPUs that the guest has",
    looks_at: "cpus= and cpus_soft= of guests",
    versions: Versions::since(5),
    why: "Element i of the list is the mask of vCPU i; xl passes over those that are left. Where the list was meant as one \
          mask for all vCPUs, it has to be a string. Where neither vcpus nor maxvcpus is set, the guest gets one vCPU, and xl \
          applies no mask to it.",
    source: &["xen.git tools/xl/xl_parse.c, parse_vcpu_affinity", "xl.cfg(5), cpus"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 2\ncpus = [2, 3, 4]\nkernel = \"/srv/vmlinuz\"\n",
            &["info etc/xen/web.cfg:4:1: cpus has 3 masks, the guest at most 2 vCPUs: xl ignores the last 1"],
        )
        .to_xen("4.17"),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"2-3\"\nkernel = \"/srv/vmlinuz\"\n",
            &["warning etc/xen/web.cfg:3:1: neither vcpus nor maxvcpus is set: xl applies cpus to no vCPU"],
        )
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 2\ncpus = [2, 3]\nkernel = \"/srv/vmlinuz\"\n").to_xen("4.17"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let vcpus = guest.config.masked_vcpus();
        for key in ["cpus", "cpus_soft"] {
            let Some(setting) = guest.config.get(key) else {
                continue;
            };
            if vcpus == 0 {
                let message =
                    format!("neither vcpus nor maxvcpus is set: xl applies {key} to no vCPU");
                let finding = found.warning(guest.setting(setting), message);
                finding.hint("write \"vcpus = 1\" too");
                continue;
            }
            let masks = match setting.value {
                Node::Text(_) => 1,
                Node::List(_) => guest.texts(key).len() as u64,
            };
            if masks > vcpus {
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
