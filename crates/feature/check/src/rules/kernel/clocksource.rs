//! dom0's clock.

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

/// Where the kernel shows its clock sources.
const DIRECTORY: &str = "/sys/devices/system/clocksource/clocksource0";

pub(crate) const RULE: Rule = Rule {
    id: "kernel-clocksource",
    title: "dom0's clock source is a fast one",
    looks_at: "/sys/devices/system/clocksource of a dom0",
    versions: Versions::All,
    why: "Reading the time through the clock source xen costs a call into Xen on some machines, where tsc is read by one \
          instruction. Which one is right depends on the processor: tsc may jump after the host has slept, or differ between \
          sockets. So this is told, and never to be corrected without a reason.",
    source: &["QubesOS 7404", "Linux Documentation/timers"],
    check,
    examples: &[
        Example::bad(
            "-- sys/hypervisor/type --\nxen\n-- sys/devices/system/clocksource/clocksource0/current_clocksource --\nxen\n-- sys/devices/system/clocksource/clocksource0/available_clocksource --\nxen tsc hpet acpi_pm\n",
            &[
                "info sys/devices/system/clocksource/clocksource0/current_clocksource: dom0's clock source is xen; there are xen, tsc, hpet, acpi_pm",
            ],
        ),
        Example::good(
            "-- sys/hypervisor/type --\nxen\n-- sys/devices/system/clocksource/clocksource0/current_clocksource --\ntsc\n-- sys/devices/system/clocksource/clocksource0/available_clocksource --\nxen tsc\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let file = format!("{DIRECTORY}/current_clocksource");
    let hypervisor = facts.text("/sys/hypervisor/type")?.unwrap_or_default();
    let current = facts.text(&file)?.unwrap_or_default();
    let current = current.trim();
    if hypervisor.trim() != "xen" || current.is_empty() || current == "tsc" {
        return Ok(());
    }
    let available = facts
        .text(format!("{DIRECTORY}/available_clocksource"))?
        .unwrap_or_default();
    let available: Vec<_> = available.split_whitespace().collect();
    let message = format!(
        "dom0's clock source is {current}; there are {}",
        available.join(", ")
    );
    found.info(Place::file(file), message);
    Ok(())
}
