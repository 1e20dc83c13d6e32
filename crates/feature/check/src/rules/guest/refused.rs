//! Configurations that xl refuses.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-refused",
    title: "xl accepts the configurations of guests",
    looks_at: "every xl.cfg of the host",
    versions: Versions::All,
    why: "xl reads all of a configuration or nothing: with one fault in it the guest does not start. Configurations \
          of xm are Python; xl reads settings only: names in lower case, strings, numbers and lists.",
    source: &[
        "xen.git tools/libs/util/libxlu_cfg_y.y, libxlu_cfg_l.l",
        "xl.cfg(5)",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nvcpus = True\n",
            &["error etc/xen/web.cfg:2:9: xl refuses it: lexical error"],
        ),
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\r\nvcpus = 2\r\n",
            &["error etc/xen/web.cfg:1:13: xl refuses it: its lines end with CR and LF"],
        ),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"; vcpus = 2\ndisk = [\n  'phy:/dev/vg/web,xvda,w',\n]\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    for guest in &guests.xl {
        let Some(fault) = guest.config.faults.first() else {
            continue;
        };
        let place = guest.at(fault.position, fault.near.chars().count().max(1));
        if guest.text.contains("\r\n") {
            found
                .error(place, "xl refuses it: its lines end with CR and LF")
                .hint("save it with line ends of Unix")
                .fix(guest.change("end its lines with LF alone", |text| {
                    let unix = text.replace("\r\n", "\n");
                    Ok((unix != text).then_some(unix))
                }));
            continue;
        }
        found.error(place, format!("xl refuses it: {}", fault.message));
    }
    match guests.unread.first() {
        Some(unread) => Err(NotKnown::new("guests", &unread.reason)),
        None => Ok(()),
    }
}
