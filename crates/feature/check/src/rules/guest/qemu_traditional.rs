//! The old device model.

use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-qemu-traditional",
    title: "no guest needs qemu-xen-traditional",
    looks_at: "device_model_version= and device_model_override= of guests",
    versions: Versions::since(16),
    why: "Since Xen 4.16 qemu-xen-traditional is not built unless it is asked for, and since 4.21 xl does not know the \
          word and refuses the configuration. qemu-xen is the device model; a Windows guest may want to activate itself \
          again because its devices change. Stub domains need qemu-xen-traditional.",
    source: &["xen.git faddd16e36, 19ab8356ab", "xl.cfg(5), device_model_version"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/win.cfg --\ntype = \"hvm\"\ndevice_model_version = \"qemu-xen-traditional\"\n",
            &["error etc/xen/win.cfg:2:24: qemu-xen-traditional is not built since Xen 4.16"],
        )
        .to_xen("4.16"),
        Example::good("-- etc/xen/win.cfg --\ntype = \"hvm\"\ndevice_model_version = \"qemu-xen\"\n").to_xen("4.16"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in &facts.guests()?.xl {
        if let Some(("qemu-xen-traditional", place)) = guest.value("device_model_version") {
            found
                .error(place, "qemu-xen-traditional is not built since Xen 4.16")
                .hint("write device_model_version = \"qemu-xen\", and try the guest before the upgrade");
        }
    }
    Ok(())
}
