//! Memory for the guests that are to start.

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-memory-free",
    title: "there is memory for the guests that start with the host",
    looks_at: "memory=, maxmem= and vcpus= of guests in /etc/xen/auto that do not run, and xl info",
    versions: Versions::All,
    why: "Xen gives a guest all its memory when it starts; for one that is not PV, 1 MiB for each vCPU and a page for each MiB have \
          to be free beside. Where they are not, it does not start. Where dom0 gives memory away (autoballoon), this is not looked \
          at.",
    source: &[
        "xen.git tools/libs/light/libxl_mem.c, libxl_create.c; measured on Xen 4.17",
        "xl.conf(5), autoballoon",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- $ xl info --\nxen_version : 4.20.1\nfree_memory : 1023\nvirt_caps : pv hvm hap\nxen_commandline : dom0_mem=2G,max:2G\n-- $ xl list --\nName ID Mem VCPUs State Time(s)\nDomain-0 0 2048 2 r----- 10.0\n-- etc/xen/auto/web.cfg --\nname = \"web\"\nmemory = 1024\nvcpus = 2\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/auto/web.cfg:2:10: the guest needs 1024 MiB to start, 1023 MiB are free",
            ],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- $ xl info --\nxen_version : 4.20.1\nfree_memory : 1100\nxen_commandline : dom0_mem=2G,max:2G\n-- $ xl list --\nName ID Mem VCPUs State Time(s)\nDomain-0 0 2048 2 r----- 10.0\n-- etc/xen/auto/a.cfg --\nname = \"a\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/auto/b.cfg --\nname = \"b\"\nmemory = 640\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/auto/b.cfg:2:10: the 2 guests that start with the host need 1152 MiB together, 1100 MiB are free",
            ],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- $ xl info --\nxen_version : 4.20.1\nfree_memory : 1024\nxen_commandline : dom0_mem=2G,max:2G\n-- $ xl list --\nName ID Mem VCPUs State Time(s)\nDomain-0 0 2048 2 r----- 10.0\n-- etc/xen/auto/web.cfg --\nname = \"web\"\nmemory = 1024\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/auto/web.cfg:2:10: the guest needs all 1024 MiB that are free: it may not start",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- $ xl info --\nxen_version : 4.20.1\nfree_memory : 1025\nxen_commandline : dom0_mem=2G,max:2G\n-- $ xl list --\nName ID Mem VCPUs State Time(s)\nDomain-0 0 2048 2 r----- 10.0\nb 1 640 1 -b---- 1.0\n-- etc/xen/auto/web.cfg --\nname = \"web\"\nmemory = 1024\nvcpus = 2\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/auto/b.cfg --\nname = \"b\"\nmemory = 640\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let asked = &facts.question().guests;
    let mut starting: Vec<_> = guests
        .xl
        .iter()
        .filter(|guest| guest.autostart.is_some() || asked.contains(&guest.file))
        .collect();
    // A directory has no memory.
    if starting.is_empty() || !facts.can_run_xen() {
        return Ok(());
    }
    let running = facts.running_xen()?;
    let Some(xen) = running.as_ref() else {
        return Ok(());
    };
    let Some(free) = xen.number("free_memory") else {
        return Err(NotKnown::new("free memory", "xl info does not print it"));
    };
    if facts.takes_from_dom0(xen)? {
        return Ok(());
    }
    let names = facts.running_guests()?;
    starting.retain(|guest| !names.0.contains(guest.name()));
    let needs = |guest: &&Guest| {
        guest
            .demand(xen)
            .map_or(0, |demand| demand.needed().div_ceil(1024))
    };
    let mut fit = true;
    for guest in &starting {
        let needed = needs(guest);
        if needed > free {
            fit = false;
            let message = format!("the guest needs {needed} MiB to start, {free} MiB are free");
            found
                .error(place(guest), message)
                .hint("lower its memory, or stop another guest before");
        } else if needed == free {
            // xl info leaves out what is less than a mebibyte, and Xen needs some of that for each guest.
            let message = format!("the guest needs all {free} MiB that are free: it may not start");
            found
                .warning(place(guest), message)
                .hint("lower its memory by 1 MiB");
        }
    }
    let all: u64 = starting.iter().map(needs).fold(0, u64::saturating_add);
    if let Some(last) = starting.last().filter(|_| fit && all > free) {
        let message = format!(
            "the {} guests that start with the host need {all} MiB together, {free} MiB are free",
            starting.len()
        );
        found.warning(place(last), message);
    }
    Ok(())
}

/// Where a guest says how much memory it has.
fn place(guest: &Guest) -> Place {
    let memory = guest.value("memory").map(|(_, place)| place);
    memory.unwrap_or_else(|| Place::file(&guest.file))
}
