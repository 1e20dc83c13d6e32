//! Guests that are to start with the host and cannot.

use std::path::{Path, PathBuf};

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-autostart",
    title: "what is to start with the host is there",
    looks_at: "/etc/xen/auto",
    versions: Versions::All,
    why: "xendomains starts what is in /etc/xen/auto. A link to a configuration that was moved or removed starts nothing.",
    source: &["xen.git tools/hotplug/Linux/xendomains.in"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/auto/web.cfg -> ../web.cfg --\n",
            &["error etc/xen/auto/web.cfg: it links to ../web.cfg, which is not there"],
        ),
        Example::good(
            "-- srv/vmlinuz --\n-- etc/xen/auto/web.cfg -> ../web.cfg --\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        ),
    ],
};

const AUTO: &str = "/etc/xen/auto";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let files = facts.host().files();
    let not_known = |error: error::Error| NotKnown::new("guests", error.to_string());
    for name in files.list(AUTO).map_err(not_known)?.unwrap_or_default() {
        let path: PathBuf = Path::new(AUTO).join(name);
        let target = files.link(&path).map_err(not_known)?;
        if let Some(target) = target
            && !facts.has(&path)?
        {
            let message = format!("it links to {}, which is not there", target.display());
            found.error(Place::file(&path), message);
        }
    }
    Ok(())
}
