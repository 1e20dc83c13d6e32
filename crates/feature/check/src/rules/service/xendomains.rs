//! Guests that should start with the host, and nothing that starts them.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// What starts the guests in /etc/xen/auto.
const NAMES: [&str; 1] = ["xendomains"];

pub(crate) const RULE: Rule = Rule {
    id: "service-xendomains",
    title: "what starts the guests in /etc/xen/auto starts with the host",
    looks_at: "/etc/xen/auto, and the service xendomains",
    versions: Versions::All,
    why: "A configuration in /etc/xen/auto does nothing by itself: the service xendomains starts those guests, and stops or \
          saves all guests when the host stops.",
    source: &["xen.git tools/hotplug/Linux/xendomains.in"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz --\n-- usr/sbin/xl --\n-- etc/init.d/xendomains --\n-- etc/runlevels/default/sshd -> /etc/init.d/sshd --\n-- etc/xen/web.cfg --\nname = \"web\"\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/auto/web.cfg -> ../web.cfg --\n",
            &[
                "warning etc/init.d/xendomains: xendomains does not start with the host, and so these guests of /etc/xen/auto stay off: web",
            ],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- usr/sbin/xl --\n-- etc/init.d/xendomains --\n-- etc/runlevels/default/xendomains -> /etc/init.d/xendomains --\n-- etc/xen/web.cfg --\nname = \"web\"\nkernel = \"/srv/vmlinuz\"\n-- etc/xen/auto/web.cfg -> ../web.cfg --\n",
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- usr/sbin/xl --\n-- etc/init.d/xendomains --\n-- etc/runlevels/default/sshd -> /etc/init.d/sshd --\n-- etc/xen/web.cfg --\nname = \"web\"\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    let started = guests.xl.iter().filter(|guest| guest.autostart.is_some());
    let started: Vec<_> = started.map(|guest| guest.name()).collect();
    if started.is_empty() || !facts.has_xen()? {
        return Ok(());
    }
    let services = facts.services()?;
    let Some((name, file)) = services
        .definition(&NAMES)
        .filter(|_| !services.starts(&NAMES))
    else {
        return Ok(());
    };
    if services.is_unknown() {
        return Err(NotKnown::new("services", "the init system cannot be told"));
    }
    let message = format!(
        "{name} does not start with the host, and so these guests of /etc/xen/auto stay off: {}",
        started.join(", ")
    );
    let finding = found.warning(Place::file(file), message);
    finding.hint(services.enabling(name));
    Ok(())
}
