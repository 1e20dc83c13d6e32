//! Names that this release of xl does not know.

use vmconfig::xen::{Standing, keys};

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-key-release",
    title: "this release of xl knows the settings of guests",
    looks_at: "every xl.cfg of the host",
    versions: Versions::All,
    why: "xl passes over a setting that came with a later release, or that was dropped, without a message: the guest runs without it. So \
          it goes where a host is set back to an older release, or a configuration is copied from a newer host.",
    source: &["xen.git tools/xl/xl_parse.c", "xl.cfg(5)"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\nhvm_pirq = 1\n",
            &["warning etc/xen/web.cfg:4:1: hvm_pirq came with Xen 4.19: xl 4.17 ignores it"],
        )
        .to_xen("4.17"),
        Example::good(
            "-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\ntype = \"hvm\"\nhvm_pirq = 1\n",
        )
        .to_xen("4.19"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let guests = facts.guests()?;
    if guests.xl.is_empty() {
        return Ok(());
    }
    let release = facts.xen_release()?;
    for guest in &guests.xl {
        // What pvh= was is another rule's matter.
        for setting in guest
            .config
            .settings
            .iter()
            .filter(|setting| setting.name != "pvh")
        {
            let name = setting.name.as_str();
            let message = match keys::standing(name, release) {
                Standing::NotYet(first) => {
                    format!("{name} came with Xen {first}: xl {release} ignores it")
                }
                Standing::Gone(last) => {
                    format!("{name} left Xen after {last}: xl {release} ignores it")
                }
                _ => continue,
            };
            found.warning(guest.setting(setting), message);
        }
    }
    Ok(())
}
