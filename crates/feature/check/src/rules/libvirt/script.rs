//! Scripts of network cards that libvirt may not run.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-script",
    title: "network cards of libvirt's guests need no script",
    looks_at: "<script> of the network cards of libvirt's guests",
    versions: Versions::All,
    why: "libvirt takes <script> for cards of a few types only (ethernet, and bridge for Xen), and newer releases refuse it for others. What \
          a script did is better done by the bridge or the network itself.",
    source: &[
        "libvirt.org, Domain XML format, network interfaces",
        "QubesOS 7029",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/libvirt/libxl/web.xml --\n<domain type='xen'>\n  <name>web</name>\n  <devices>\n    <interface type='ethernet'>\n      <script path='vif-route-qubes'/>\n    </interface>\n  </devices>\n</domain>\n",
            &[
                "info etc/libvirt/libxl/web.xml:5:7: script vif-route-qubes: newer releases of libvirt refuse scripts of some cards",
            ],
        ),
        Example::good(
            "-- etc/libvirt/libxl/web.xml --\n<domain type='xen'>\n  <name>web</name>\n  <devices>\n    <interface type='ethernet'/>\n  </devices>\n</domain>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for domain in &facts.domains()?.all {
        for script in domain
            .devices("interface")
            .filter_map(|card| card.child("script"))
        {
            let path = script.attribute("path").unwrap_or_default();
            let message =
                format!("script {path}: newer releases of libvirt refuse scripts of some cards");
            found.info(domain.place(script), message);
        }
    }
    Ok(())
}
