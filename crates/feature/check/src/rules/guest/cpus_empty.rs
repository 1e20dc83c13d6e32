//! CPU masks with no CPU in them.

use vmconfig::xl::cpus::{self, Mask, Topology};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-cpus-empty",
    title: "no vCPU is bound to an empty set of CPUs",
    looks_at: "cpus= of guests, and the CPUs of the host where they are known",
    versions: Versions::All,
    why: "Each mask starts empty and is read from left to right, each element of a list for one vCPU. Before Xen 4.5 \
          cpus=[\"^0,^1\"] bound vCPU 0 to CPU 0; since then the mask is empty: 'vcpu hard affinity map is empty', and the \
          guest does not start. Write all,^0,^1, which every release since 4.4 understands.",
    source: &["xen.git af589e1a9c, 3d00662816", "xl.cfg(5), cpus"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = [\"^0,^1\"]\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["error etc/xen/web.cfg:3:9: the CPU mask \"^0,^1\" is empty: the guest does not start"],
        )
        .from_xen("4.4")
        .to_xen("4.6"),
        Example::bad(
            "-- srv/vmlinuz --\n-- sys/devices/system/cpu/present --\n0-3\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = \"4-7\"\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["error etc/xen/web.cfg:3:8: the CPU mask \"4-7\" is empty on this host with 4 CPUs: the guest does not start"],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- sys/devices/system/cpu/present --\n0\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = [\"^0\"]\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
            &["error etc/xen/web.cfg:3:9: the CPU mask \"^0\" is empty: the guest does not start"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ncpus = [\"^0,^1,2-7\", \"all,^0,^1\", 3]\nkernel = \"/srv/vmlinuz\"\nvcpus = 4\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    let mut not_known = Ok(());
    for guest in &facts.guests()?.xl {
        let masks = guest.masks("cpus", release).unwrap_or_default();
        if masks.is_empty() {
            continue;
        }
        let host = facts.topology();
        let host = host.map_err(|reason| not_known = Err(reason)).ok();
        let host = host.as_deref().and_then(Option::as_ref);
        let mut told = Vec::new();
        for (mask, text) in masks {
            let Some(where_empty) = where_empty(&mask, host) else {
                continue;
            };
            if told.contains(&&text.text) {
                continue;
            }
            told.push(&text.text);
            let message = format!(
                "the CPU mask \"{}\" is empty{where_empty}: the guest does not start",
                text.text
            );
            let finding = found.error(guest.text(text).1, message);
            let right = mask.portable().filter(|portable| {
                let mask = cpus::mask(portable, release);
                mask.is_ok_and(|mask| self::where_empty(&mask, host).is_none())
            });
            match right {
                Some(right) => finding
                    .hint(format!("write \"{right}\""))
                    .fix(guest.rewrite("cpus", &text.text, &right)),
                None => finding.hint("name CPUs that this host has"),
            };
        }
    }
    not_known
}

/// Where a mask is empty: everywhere (nothing to add), or on this host.
fn where_empty(mask: &Mask, host: Option<&Topology>) -> Option<String> {
    if mask.is_always_empty() {
        return Some(String::new());
    }
    let host = host.filter(|host| !mask.names_nodes() || !host.nodes.is_empty())?;
    let is_empty = mask.resolve(host).is_empty();
    is_empty.then(|| format!(" on this host with {} CPUs", host.cpus))
}
