//! Grants for many disks and network cards.

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Release, Rule, Severity, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-grant-frames",
    title: "guests have grants enough for their disks and network cards",
    looks_at: "disk=, vif=, vcpus= and max_grant_frames= of guests, gnttab_max_frames in the boot entry with Xen",
    versions: Versions::All,
    why: "A guest shares pages with dom0 by grants, 512 in a frame. A network card takes 512 for each of its queues, a disk 352 to \
          1056, and there are as many queues as vCPUs (at most 8 and 4). Where max_grant_frames is too few (32 by default before Xen \
          4.13, 64 since), disks and cards at the end of the list do not come up. More than Xen's own gnttab_max_frames is refused.",
    source: &["xen-command-line(7), gnttab_max_frames", "xl.cfg(5), max_grant_frames", "xcp-ng/xcp 289, QubesOS 5519"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 8\nmax_grant_frames = 32\nvif = ['', '', '', '', '']\nkernel = \"/srv/vmlinuz\"\n",
            &["warning etc/xen/web.cfg: its 0 disks and 5 network cards need 20480 grants or more, max_grant_frames=32 allows 16384"],
        )
        .to_xen("4.17"),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nmax_grant_frames = 256\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:20: max_grant_frames=256 is above Xen's gnttab_max_frames=64: the guest does not start"],
        )
        .to_xen("4.17"),
        Example::good("-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 4\nvif = ['', '']\nkernel = \"/srv/vmlinuz\"\n").to_xen("4.17"),
    ],
};

/// Grants in a frame of 4 KiB.
const IN_FRAME: u64 = 512;

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let release = facts.language();
    for guest in &facts.guests()?.xl {
        let set = guest.number("max_grant_frames");
        let (disks, vifs) = (guest.disks().len() as u64, guest.vifs().len() as u64);
        if set.is_none() && disks + vifs < 4 {
            continue;
        }
        let limit = limit(facts, release)?;
        if let Some((frames, place)) = set.clone().filter(|(frames, _)| *frames > limit) {
            let message = format!(
                "max_grant_frames={frames} is above Xen's gnttab_max_frames={limit}: the guest does not start"
            );
            found.error(place, message).hint(format!(
                "write gnttab_max_frames={frames} into Xen's options"
            ));
            continue;
        }
        let default = if release < Release::new(4, 13) {
            32
        } else {
            64
        };
        let frames = set.map_or(default.min(limit), |(frames, _)| frames);
        let (least, most) = needed(guest, disks, vifs);
        let allowed = frames * IN_FRAME;
        let (severity, grants) = match allowed {
            allowed if allowed < least => (Severity::Warning, format!("{least} grants or more")),
            allowed if allowed < most => (Severity::Info, format!("up to {most} grants")),
            _ => continue,
        };
        let message = format!(
            "its {disks} disks and {vifs} network cards need {grants}, max_grant_frames={frames} allows {allowed}"
        );
        let enough = (most / IN_FRAME + 1).next_power_of_two();
        found
            .add(severity, Place::file(&guest.file), message)
            .hint(format!("write max_grant_frames = {enough}"));
    }
    Ok(())
}

/// The most frames that Xen gives a guest.
fn limit(facts: &Facts, release: Release) -> Result<u64, NotKnown> {
    let default = if release < Release::new(4, 10) {
        32
    } else {
        64
    };
    let names = ["gnttab_max_frames", "gnttab_max_nr_frames"];
    for line in facts.xen_options()? {
        let set = names.iter().find_map(|name| line.last(name).ok().flatten());
        if let Some(Ok(frames)) = set.map(|set| set.value_text().parse()) {
            return Ok(frames);
        }
    }
    Ok(default)
}

/// The grants that a guest needs at least and at most.
fn needed(guest: &Guest, disks: u64, vifs: u64) -> (u64, u64) {
    let vcpus = guest
        .number("vcpus")
        .map_or(1, |(vcpus, _)| vcpus.clamp(1, 512));
    let cards = vifs.saturating_mul(vcpus.min(8)).saturating_mul(512);
    let least = cards + disks * 352;
    (least, cards + disks * vcpus.min(4) * 1056)
}
