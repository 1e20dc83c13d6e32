//! Memory that xl takes from dom0, or does not.

use std::path::Path;

use vmconfig::xl;

use crate::{Example, Facts, Findings, NotKnown, Place, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "dom0-autoballoon",
    title: "xl takes memory from dom0 only where that is meant",
    looks_at: "autoballoon= in /etc/xen/xl.conf, and dom0_mem",
    versions: Versions::All,
    why: "autoballoon=\"on\" takes memory from dom0 for each guest that starts, although dom0_mem reserves it: dom0 runs short. \
          autoballoon=\"off\" without dom0_mem leaves no memory for any guest. \"auto\", the default, is on where dom0_mem is not set and off \
          where it is.",
    source: &["xl.conf(5), autoballoon"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xen/xl.conf --\nautoballoon=\"on\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "warning etc/xen/xl.conf:1:13: autoballoon is on although dom0_mem is set: dom0 shrinks below it",
            ],
        ),
        Example::bad(
            "-- etc/xen/xl.conf --\nautoballoon=\"off\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
            &[
                "error etc/xen/xl.conf:1:13: autoballoon is off and dom0_mem is not set: no memory is left for guests",
                "warning boot/grub/grub.cfg:2:2: dom0_mem is not set: dom0 owns all memory, and every guest that starts takes it from there",
            ],
        ),
        Example::good(
            "-- etc/xen/xl.conf --\nautoballoon=\"auto\"\n-- boot/xen.gz --\n-- boot/vmlinuz --\n-- boot/grub/grub.cfg --\nmenuentry 'Xen' {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=2G,max:2G \n\tmodule2 /boot/vmlinuz placeholder root=/dev/sda1\n}\n",
        ),
    ],
};

const FILE: &str = "/etc/xen/xl.conf";

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let not_known = |error: error::Error| NotKnown::new("xl.conf", error.to_string());
    let Some(text) = facts.host().files().text(FILE).map_err(not_known)? else {
        return Ok(());
    };
    let config = xl::parse(&text).map_err(not_known)?;
    let Some(xl::Node::Text(value)) = config.get("autoballoon").map(|setting| &setting.value)
    else {
        return Ok(());
    };
    let boot = facts.boot()?;
    let Some(xen) = boot.main().and_then(crate::facts::xen_image) else {
        return Ok(());
    };
    let set = !xen.options.all("dom0_mem").is_empty();
    let place = Place::at(Path::new(FILE), value.position, value.span.len());
    match value.text.as_str() {
        "on" | "1" if set => {
            found
                .warning(
                    place,
                    "autoballoon is on although dom0_mem is set: dom0 shrinks below it",
                )
                .hint("write autoballoon=\"auto\"");
        }
        "off" | "0" if !set && !facts.keeps_memory_for_guests()? => {
            found
                .error(
                    place,
                    "autoballoon is off and dom0_mem is not set: no memory is left for guests",
                )
                .hint("write dom0_mem=4G,max:4G into Xen's options, or autoballoon=\"auto\"");
        }
        _ => {}
    }
    Ok(())
}
