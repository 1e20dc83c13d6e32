//! CPUs and nodes that the host does not have.

use vmconfig::xl::cpus::{Step, Topology, What};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-absent",
    title: "CPU masks name CPUs and NUMA nodes that the host has",
    looks_at: "cpus= and cpus_soft= of guests, and the CPUs of the host where they are known",
    versions: Versions::All,
    why: "Xen passes over CPUs that a mask names and the host does not have: the guest has fewer CPUs to run on than was \
          meant. Where none is left, it does not start.",
    source: &["xl.cfg(5), cpus", "xen.git tools/libs/light/libxl_sched.c"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- sys/devices/system/cpu/present --\n0-3\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"2-7\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["warning etc/xen/web.cfg:3:9: \"2-7\" names CPUs up to 7: the host has 0 to 3"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- sys/devices/system/cpu/present --\n0-3\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"all,^0\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        for key in ["cpus", "cpus_soft"] {
            for (mask, text) in guest.masks(key, release).unwrap_or_default() {
                let host = facts.topology()?;
                let Some(host) = host.as_ref() else {
                    return Ok(());
                };
                if mask.resolve(host).is_empty() {
                    // Another rule says so.
                    continue;
                }
                for step in mask.steps.iter().filter(|step| !step.exclude) {
                    let Some(message) = absent(step, host) else {
                        continue;
                    };
                    let place = guest.at(text.place(step.at), step.word.chars().count());
                    found.warning(place, message);
                }
            }
        }
    }
    Ok(())
}

/// What a word names that the host does not have.
fn absent(step: &Step, host: &Topology) -> Option<String> {
    let (kind, last, count) = match step.what {
        What::Everything => return None,
        What::Cpus(_, last) => ("CPUs", last, host.cpus),
        What::Nodes(_, last) => ("nodes", last, host.nodes.len()),
    };
    let has = count.checked_sub(1)?;
    let reaches = usize::try_from(last).map_or(true, |last| last > has);
    reaches.then(|| {
        format!(
            "\"{}\" names {kind} up to {last}: the host has 0 to {has}",
            step.word
        )
    })
}
