//! Names that xl does not know.

use std::path::Path;

use vmconfig::xen::{Standing, keys};

use crate::{Example, Facts, Findings, Guest, NotKnown, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-key-unknown",
    title: "xl knows the names of all settings of guests",
    looks_at: "every xl.cfg of the host",
    versions: Versions::All,
    why: "xl passes over a setting whose name it does not know, without a message. With initrd= instead of ramdisk= the guest starts \
          without its initrd, with maxcpus= instead of maxvcpus= it gets no more vCPUs. Settings that only xm had do no harm.",
    source: &["xl.cfg(5)", "xen.git tools/xl/xl_parse.c"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- boot/initrd --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ninitrd = \"/boot/initrd\"\nmaxcpus = 4\non_xend_stop = \"shutdown\"\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/web.cfg:3:1: xl does not know initrd and ignores it",
                "warning etc/xen/web.cfg:4:1: xl does not know maxcpus and ignores it",
                "info etc/xen/web.cfg:5:1: on_xend_stop was a setting of xm: xl ignores it",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- boot/initrd --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nramdisk = \"/boot/initrd\"\nmaxvcpus = 4\nkernel = \"/srv/vmlinuz\"\n",
        ),
        Example::bad(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nvcpus = 8\nmaxcpus = 4\ninitrd = \"/boot/gone\"\nkernel = \"/srv/vmlinuz\"\n",
            &[
                "warning etc/xen/web.cfg:4:1: xl does not know maxcpus and ignores it",
                "warning etc/xen/web.cfg:5:1: xl does not know initrd and ignores it",
            ],
        ),
    ],
};

/// Names that can be replaced without a second thought.
const OBVIOUS: [(&str, &str); 2] = [("initrd", "ramdisk"), ("maxcpus", "maxvcpus")];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        for setting in &guest.config.settings {
            let name = setting.name.as_str();
            if keys::standing(name, Release::NEWEST) != Standing::Unknown {
                continue;
            }
            let place = guest.setting(setting);
            if keys::is_dead(name) {
                found.info(place, format!("{name} was a setting of xm: xl ignores it"));
                continue;
            }
            let finding = found.warning(place, format!("xl does not know {name} and ignores it"));
            let Some(nearest) = keys::nearest(name) else {
                continue;
            };
            finding.hint(format!("write {nearest} if that is meant"));
            let is_free = OBVIOUS.contains(&(name, nearest)) && guest.config.get(nearest).is_none();
            if is_free && starts_then(facts, guest, name)? {
                finding.fix(guest.rename(name, nearest));
            }
        }
    }
    Ok(())
}

/// Whether the guest still starts when xl no longer ignores this setting.
fn starts_then(facts: &Facts, guest: &Guest, name: &str) -> Result<bool, NotKnown> {
    let text = |name| guest.value(name).map(|(text, _)| text);
    let number = |name| text(name).and_then(|text| text.trim().parse::<u32>().ok());
    match name {
        "initrd" => text(name).map_or(Ok(false), |file| facts.has(Path::new(file))),
        _ => Ok(number(name).is_some_and(|most| most >= number("vcpus").unwrap_or(1))),
    }
}
