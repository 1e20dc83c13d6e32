//! Preferred CPUs that are not allowed.

use vmconfig::xl::cpus::Topology;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-soft",
    title: "guests prefer CPUs on which they may run",
    looks_at: "cpus= and cpus_soft= of guests",
    versions: Versions::since(5),
    why: "cpus= says where a vCPU may run, cpus_soft= where it runs best. What is in the second and not in the first has no \
          effect; where they have nothing in common, cpus_soft= has none at all.",
    source: &["xen.git 3d00662816", "xl.cfg(5), cpus_soft"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"0-3\"\ncpus_soft = \"4-7\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["warning etc/xen/web.cfg:4:13: cpus_soft \"4-7\" has no CPU in common with cpus \"0-3\": it has no effect"],
        )
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"0-7\"\ncpus_soft = \"4-7\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n")
            .to_xen("4.17"),
    ],
};

/// A host large enough for every mask; masks with nodes are passed over.
const LARGE: Topology = Topology {
    cpus: 4096,
    nodes: Vec::new(),
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        let hard = guest.masks("cpus", release).unwrap_or_default();
        let soft = guest.masks("cpus_soft", release).unwrap_or_default();
        for (index, (soft, text)) in soft.iter().enumerate() {
            let one = if guest.is_list("cpus") { index } else { 0 };
            let Some((hard, allowed)) = hard.get(one) else {
                continue;
            };
            let (preferred, may) = (soft.resolve(&LARGE).cpus, hard.resolve(&LARGE).cpus);
            let is_told = soft.names_nodes() || hard.names_nodes() || may.is_empty();
            if is_told || preferred.iter().any(|cpu| may.contains(cpu)) {
                continue;
            }
            let message = format!(
                "cpus_soft \"{}\" has no CPU in common with cpus \"{}\": it has no effect",
                text.text, allowed.text
            );
            found.warning(guest.text(text).1, message);
        }
    }
    Ok(())
}
