//! Tools that do not fit the hypervisor that runs.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "package-running",
    title: "the installed tools are of the release of Xen that runs",
    looks_at: "the packages of Xen's tools, and xl info",
    versions: Versions::All,
    why: "After an upgrade of the packages the old hypervisor runs until the host is started again, and the new tools cannot \
          speak to it: guests cannot be started, shut down or migrated. Plan the restart together with the upgrade.",
    source: &["Debian bug 932759", "salsa debian-xen 8"],
    check,
    examples: &[
        Example::bad(
            "-- $ xl info --\nxen_version            : 4.10.4\n-- lib/apk/db/installed --\nP:xen\nV:4.11.1-r0\n\nP:xen-hypervisor\nV:4.11.1-r0\n\n",
            &[
                "warning: Xen's tools are of release 4.11, and Xen 4.10 runs until the host is started again",
            ],
        ),
        Example::good(
            "-- $ xl info --\nxen_version            : 4.11.1\n-- lib/apk/db/installed --\nP:xen\nV:4.11.1-r0\n\nP:xen-hypervisor\nV:4.11.1-r0\n\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let Some(tools) = facts.installed_tools()? else {
        return Ok(());
    };
    let running = facts.running_xen()?;
    if let Some(xen) = running.as_ref()
        && xen.release != tools
    {
        let running = xen.release;
        found
            .warning(None, format!("Xen's tools are of release {tools}, and Xen {running} runs until the host is started again"))
            .hint("move the guests away or shut them down by the old tools first, and start the host again soon");
    }
    Ok(())
}
