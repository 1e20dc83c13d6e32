//! dom0's entry in xenstore.

use exec::Tool;

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "service-dom0-entry",
    title: "dom0 has its entry in xenstore",
    looks_at: "the name of dom0 that xl list reads from xenstore, where Xen runs",
    versions: Versions::All,
    why: "xen-init-dom0 runs once when the host starts and writes dom0's entry into xenstore. Without it xl list shows dom0 as (null), \
          the first CPU pool has no name, and libvirt does not find the host. After an upgrade it may be a service of its \
          own that nothing starts.",
    source: &[
        "void-packages 54751",
        "xen.git tools/helpers/xen-init-dom0.c",
    ],
    check,
    examples: &[
        Example::bad(
            "-- $ xl info --\nxen_version : 4.17.3\n-- $ xl list 0 --\nName ID Mem VCPUs State Time(s)\n(null) 0 2048 2 r----- 10.0\n",
            &["warning: dom0 has no name in xenstore: xen-init-dom0 has not run"],
        ),
        Example::good(
            "-- $ xl info --\nxen_version : 4.17.3\n-- $ xl list 0 --\nName ID Mem VCPUs State Time(s)\nDomain-0 0 2048 2 r----- 10.0\n",
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let running = match facts.running_xen() {
        Ok(running) => running,
        Err(reason) if facts.host().is_live() => return Err(reason),
        // In a directory nothing runs.
        Err(_) => return Ok(()),
    };
    if running.is_none() {
        return Ok(());
    }
    let tool = Tool::new("xl").args(["list", "0"]);
    let tool = tool.time_limit(facts.question().limit);
    let not_known = |error: error::Error| NotKnown::new("dom0's name", error.to_string());
    let output = tool
        .succeed(facts.host(), &exec::never)
        .map_err(not_known)?;
    let text = output.text().map_err(not_known)?;
    if text
        .lines()
        .any(|line| line.trim_start().starts_with("(null) "))
    {
        found
            .warning(None, "dom0 has no name in xenstore: xen-init-dom0 has not run")
            .hint("run xen-init-dom0 (in Xen's directory of programs), and have its service start with the host");
    }
    Ok(())
}
