//! Names, UUIDs and MAC addresses that two guests have.

use std::collections::BTreeMap;

use crate::{Example, Facts, Findings, Guest, NotKnown, Place, Rule, Severity, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-duplicate",
    title: "no two guests have the same name, UUID or MAC address",
    looks_at: "name=, uuid= and mac= in vif= of guests",
    versions: Versions::All,
    why: "Xen starts no second guest with a name or UUID that a running one has. Two cards with one MAC address in one network \
          take each other's frames. Two configurations for one guest by one name (one to install it, one to run it) are in \
          order as long as only one of them starts with the host.",
    source: &[
        "xl.cfg(5), name and uuid",
        "xl-network-configuration(5), mac",
    ],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/a.cfg --\nname = \"a\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:01']\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/b.cfg --\nname = \"b\"\nmemory = 512\nvif = ['mac=00:16:3E:0:0:1']\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/b.cfg:3:8: MAC address 00:16:3e:00:00:01 is that of guest a as well (etc/xen/a.cfg:3:8)",
            ],
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/auto/a.cfg --\nname = \"a\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/auto/b.cfg --\nname = \"a\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "error etc/xen/auto/b.cfg:1:8: name a is that of another guest that starts with the host as well (etc/xen/auto/a.cfg:1:8)",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/auto/a.cfg -> ../a.cfg --\n-- etc/xen/a.cfg --\nname = \"a\"\nmemory = 512\nuuid = \"3b7b1f0c-9d0a-4b8e-8a55-0c8f0a6d1e11\"\nvif = ['mac=00:16:3e:00:00:01']\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/b.cfg --\nname = \"b\"\nmemory = 512\nvif = ['mac=00:16:3e:00:00:02', '']\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let mut known: BTreeMap<(&str, String), (&Guest, Place)> = BTreeMap::new();
    for guest in &guests.xl {
        for (kind, value, place) in unique(guest) {
            if let Some((other, at)) = known.get(&(kind, value.clone())) {
                tell(found, (kind, &value), (guest, place), (other, at));
            } else {
                known.insert((kind, value), (guest, place));
            }
        }
    }
    Ok(())
}

/// What no other guest should have: its kind, its value in one spelling, and its place.
fn unique(guest: &Guest) -> Vec<(&'static str, String, Place)> {
    let mut all = Vec::new();
    if let Some((name, place)) = guest.value("name") {
        all.push(("name", name.to_owned(), place));
    }
    if let Some((uuid, place)) = guest.value("uuid") {
        all.push(("UUID", uuid.to_lowercase(), place));
    }
    for (vif, place) in guest.vifs() {
        all.extend(vif.mac.map(|mac| ("MAC address", mac, place)));
    }
    all
}

fn tell(
    found: &mut Findings,
    (kind, value): (&str, &str),
    (guest, place): (&Guest, Place),
    (other, at): (&Guest, &Place),
) {
    let both = guest.autostart.is_some() && other.autostart.is_some();
    let at = at.name();
    if kind != "name" && guest.file == other.file {
        found.error(
            place,
            format!("{kind} {value} is that of another card of this guest as well ({at})"),
        );
    } else if kind == "name" && both {
        let message = format!(
            "{kind} {value} is that of another guest that starts with the host as well ({at})"
        );
        found.error(place, message);
    } else if kind != "name" && other.name() != guest.name() {
        let severity = if both {
            Severity::Error
        } else {
            Severity::Warning
        };
        let message = format!(
            "{kind} {value} is that of guest {} as well ({at})",
            other.name()
        );
        found.add(severity, place, message);
    }
}
