//! Settings that a later one replaces.

use hostconfig::defaults::GrubDefaults;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "boot-overridden",
    title: "what is written for the boot menu counts",
    looks_at: "variables in /etc/default/grub and its drop-ins that are set more than once",
    versions: Versions::All,
    why: "/etc/default/grub is read by a shell: the last assignment counts, and one further down in the same file is easily overlooked. A \
          drop-in that replaces a variable is meant so as a rule.",
    source: &["QubesOS/qubes-issues 8737"],
    check,
    examples: &[
        Example::bad(
            "-- etc/default/grub --\nGRUB_CMDLINE_XEN=\"smt=on\"\nGRUB_TIMEOUT=5\nGRUB_CMDLINE_XEN=\"smt=off\"\n",
            &[
                "warning etc/default/grub:1:1: GRUB_CMDLINE_XEN is set again in line 3, which counts",
            ],
        ),
        Example::bad(
            "-- etc/default/grub --\nGRUB_TIMEOUT=5\n-- etc/default/grub.d/local.cfg --\nGRUB_TIMEOUT=1\n",
            &[
                "info etc/default/grub:1:1: GRUB_TIMEOUT is set again in /etc/default/grub.d/local.cfg, which counts",
            ],
        ),
        Example::good(
            "-- etc/default/grub --\nGRUB_CMDLINE_XEN=\"smt=on\"\nGRUB_CMDLINE_XEN=\"$GRUB_CMDLINE_XEN loglvl=all\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let defaults = GrubDefaults::read(facts.host().files());
    for assignment in &defaults.variables.all {
        let Some(by) = &assignment.overridden_by else {
            continue;
        };
        let name = &assignment.name;
        let place = Place::of(&assignment.place, name.len());
        if by.file == assignment.place.file {
            let line = by.position.line;
            found.warning(
                place,
                format!("{name} is set again in line {line}, which counts"),
            );
        } else {
            let file = by.file.display();
            found.info(
                place,
                format!("{name} is set again in {file}, which counts"),
            );
        }
    }
    match defaults.errors.first() {
        Some(error) => Err(NotKnown::new(
            "what the boot menu is made from",
            error.to_string(),
        )),
        None => Ok(()),
    }
}
