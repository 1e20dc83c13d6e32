//! Screens that Enterprise Linux 9 does not have.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-spice",
    title: "QEMU has the screens of guests",
    looks_at: "<graphics type='spice'>, qxl and spicevmc of libvirt's guests on Enterprise Linux",
    versions: Versions::All,
    why: "Since release 9 Enterprise Linux builds QEMU without SPICE and QXL: 'spice graphics are not supported with this QEMU'. The \
          guest does not start. VNC and the model virtio or vga take their place.",
    source: &[
        "RHEL 9, considerations in adopting, virtualization",
        "terraform-libvirt-vm 30, kcli 447",
    ],
    check,
    examples: &[
        Example::bad(
            "-- etc/os-release --\nID=rocky\nVERSION_ID=\"9.6\"\nID_LIKE=\"rhel centos fedora\"\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <graphics type='spice'/>\n    <video>\n      <model type='qxl'/>\n    </video>\n  </devices>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/web.xml:4:5: QEMU of Enterprise Linux 9 has no spice",
                "error etc/libvirt/qemu/web.xml:6:7: QEMU of Enterprise Linux 9 has no qxl",
            ],
        ),
        Example::good(
            "-- etc/os-release --\nID=rocky\nVERSION_ID=\"9.6\"\nID_LIKE=\"rhel centos fedora\"\n-- etc/libvirt/qemu/web.xml --\n<domain type='kvm'>\n  <name>web</name>\n  <devices>\n    <graphics type='vnc'/>\n    <video>\n      <model type='virtio'/>\n    </video>\n  </devices>\n</domain>\n",
        ),
    ],
};

/// Enterprise Linux as os-release(5) calls it.
const ENTERPRISE: [&str; 6] = ["rhel", "centos", "rocky", "almalinux", "ol", "eurolinux"];

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let domains = facts.domains()?;
    if domains.all.is_empty() {
        return Ok(());
    }
    let distribution = facts.distribution()?;
    let Some(distribution) = distribution
        .as_ref()
        .as_ref()
        .filter(|it| ENTERPRISE.contains(&it.id.as_str()))
    else {
        return Ok(());
    };
    let now = distribution.version.as_deref().and_then(crate::release_of);
    let Some(release) = facts
        .target(&distribution.id)
        .or(now)
        .filter(|release| release.major >= 9)
    else {
        return Ok(());
    };
    for domain in domains.all.iter().filter(|domain| !domain.is_of_xen()) {
        let graphics = domain.devices("graphics");
        let models = domain
            .devices("video")
            .filter_map(|video| video.child("model"));
        let channels = ["channel", "redirdev", "audio"]
            .into_iter()
            .flat_map(|kind| domain.devices(kind));
        for element in graphics.chain(models).chain(channels) {
            if let Some(kind @ ("spice" | "qxl" | "spicevmc")) = element.attribute("type") {
                let message = format!("QEMU of Enterprise Linux {} has no {kind}", release.major);
                found.error(domain.place(element), message);
            }
        }
    }
    Ok(())
}
