//! Amounts of memory.

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-memory",
    title: "guests say how much memory they have, at most maxmem",
    looks_at: "memory= and maxmem= of guests",
    versions: Versions::All,
    why: "memory is what a guest starts with, maxmem what it may grow to, both in MiB. Where memory is above maxmem, the guest \
          does not have what it is to start with. Without either it has 32 MiB, in which no system of today starts.",
    source: &[
        "xl.cfg(5), memory",
        "xen.git tools/libs/light/libxl_create.c",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 2048\nmaxmem = 1024\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:2:10: memory=2048 is above maxmem=1024"],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nvcpus = 1\nkernel = \"/srv/vmlinuz\"\n",
            &["info etc/xen/web.cfg: there is no memory=: the guest has 32 MiB"],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 0\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:2:10: memory=0: the guest does not start"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 1024\nmaxmem = 2048\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        let (memory, most) = (guest.number("memory"), guest.number("maxmem"));
        match (memory, most) {
            (Some((0, place)), _) => {
                found
                    .error(place, "memory=0: the guest does not start")
                    .hint("write the amount in MiB");
            }
            (Some((memory, place)), Some((most, _))) if memory > most => {
                found
                    .error(place, format!("memory={memory} is above maxmem={most}"))
                    .hint(format!("write maxmem = {memory}"));
            }
            (None, None) if is_whole(guest) => {
                found
                    .info(
                        Place::file(&guest.file),
                        "there is no memory=: the guest has 32 MiB",
                    )
                    .hint("write memory = and the amount in MiB");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether it is a configuration of a guest that says nothing of its memory: with a name, without faults, vNUMA nodes or a
/// setting that could not be read.
fn is_whole(guest: &Guest) -> bool {
    let has = |key| guest.config.get(key).is_some();
    has("name")
        && !has("vnuma")
        && !has("memory")
        && !has("maxmem")
        && guest.config.faults.is_empty()
}
