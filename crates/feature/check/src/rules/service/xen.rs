//! Xen's services that do not start.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Severity, Versions};

/// A service that a dom0 needs.
struct Need {
    /// What it is called where it is a service of its own, and what starts it elsewhere: Debian's and other systems' one
    /// script for all, systemd's socket.
    names: &'static [&'static str],
    /// What goes wrong without it.
    without: &'static str,
    severity: Severity,
}

const NEEDS: [Need; 3] = [
    Need {
        names: &[
            "xenstored",
            "oxenstored",
            "xencommons",
            "xen",
            "xenstored.socket",
        ],
        without: "no guest can be started, and xl waits for it",
        severity: Severity::Error,
    },
    Need {
        names: &["xenconsoled", "xencommons", "xen"],
        without: "guests have no console, and pygrub cannot be started",
        severity: Severity::Warning,
    },
    Need {
        names: &["xen-init-dom0", "xencommons", "xen"],
        without: "dom0 has no entry in xenstore, and libvirt does not find the host",
        severity: Severity::Warning,
    },
];

pub(crate) const RULE: Rule = Rule {
    id: "service-xen",
    title: "the services that a dom0 needs start with the host",
    looks_at: "xenstored, xenconsoled and xen-init-dom0 in OpenRC, systemd, System V's levels and runit",
    versions: Versions::All,
    why: "xl talks to guests through xenstored, and their consoles through xenconsoled. After an upgrade services may be \
          called otherwise, or be units of systemd instead of a script, and those that were enabled by hand are not any \
          more. What an enabled service needs starts with it and counts.",
    source: &[
        "void-packages 54751",
        "xen.git tools/hotplug/Linux/systemd",
        "Debian xen.init",
    ],
    check,
    examples: &[
        Example::bad(
            "-- usr/sbin/xl --\n-- etc/init.d/xenstored --\n-- etc/init.d/xenconsoled --\n-- etc/runlevels/default/sshd -> /etc/init.d/sshd --\n-- etc/runlevels/default/xenconsoled -> /etc/init.d/xenconsoled --\n",
            &[
                "error etc/init.d/xenstored: xenstored does not start with the host: no guest can be started, and xl waits for it",
            ],
        ),
        Example::bad(
            "-- usr/sbin/xl --\n-- run/systemd/system/none --\n-- usr/lib/systemd/system/xenconsoled.service --\n-- usr/lib/systemd/system/xen-init-dom0.service --\nRequires=xenstored.service\n-- usr/lib/systemd/system/xenstored.service --\n-- etc/systemd/system/multi-user.target.wants/xen-init-dom0.service -> /usr/lib/systemd/system/xen-init-dom0.service --\n",
            &[
                "warning usr/lib/systemd/system/xenconsoled.service: xenconsoled does not start with the host: guests have no console, and pygrub cannot be started",
            ],
        ),
        Example::good(
            "-- usr/sbin/xl --\n-- etc/init.d/xenstored --\n-- etc/init.d/xenconsoled --\ndepend() {\n\tneed xenstored\n}\n-- etc/runlevels/default/xenconsoled -> /etc/init.d/xenconsoled --\n",
        ),
        Example::good(
            "-- boot/xen-4.17-amd64.gz --\n-- etc/init.d/xen --\n-- etc/rc2.d/S03xen -> ../init.d/xen --\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    if !facts.has_xen()? {
        return Ok(());
    }
    let services = facts.services()?;
    for need in NEEDS {
        let Some((name, file)) = services.definition(need.names) else {
            continue;
        };
        if services.starts(need.names) {
            continue;
        }
        if services.is_unknown() {
            return Err(NotKnown::new("services", "the init system cannot be told"));
        }
        let without = need.without;
        let message = format!("{name} does not start with the host: {without}");
        let finding = found.add(need.severity, Place::file(file), message);
        finding.hint(services.enabling(name));
    }
    Ok(())
}
