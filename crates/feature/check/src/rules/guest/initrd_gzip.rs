//! Initrds that the kernel has to unpack itself.

use std::path::Path;

use crate::facts::Compression;
use crate::{Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-initrd-gzip",
    title: "kernels of guests can unpack their initrds",
    looks_at: "ramdisk= of PV and PVH guests, and config-VERSION beside the kernel",
    versions: Versions::since(20),
    why: "Until 4.19 Xen's tools unpacked an initrd that is compressed with gzip. Since 4.20 the kernel has to: one that is built \
          without CONFIG_RD_GZIP finds no initrd.",
    source: &["xen.git d17b7562d4"],
    check,
    examples: &[
        Example::bad(
            "-- srv/vmlinuz-6.1 --\n-- srv/config-6.1 --\nCONFIG_BLK_DEV_INITRD=y\n# CONFIG_RD_GZIP is not set\n-- hex srv/initrd --\n0: 1f 8b 08\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz-6.1\"\nramdisk = \"/srv/initrd\"\n",
            &["error etc/xen/web.cfg:4:11: /srv/initrd is compressed with gzip, and /srv/config-6.1 has no CONFIG_RD_GZIP"],
        )
        .to_xen("4.20"),
        Example::good(
            "-- srv/vmlinuz-6.1 --\n-- srv/config-6.1 --\nCONFIG_RD_GZIP=y\n-- hex srv/initrd --\n0: 1f 8b 08\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz-6.1\"\nramdisk = \"/srv/initrd\"\n",
        )
        .to_xen("4.20"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in facts.guests()?.xl.iter().filter(|guest| !guest.is("hvm")) {
        let (Some((kernel, _)), Some((initrd, place))) =
            (guest.value("kernel"), guest.value("ramdisk"))
        else {
            continue;
        };
        let Some((directory, version)) = kernel.rsplit_once("/vmlinuz-") else {
            continue;
        };
        let config = format!("{directory}/config-{version}");
        let Some(text) = facts.text(&config)? else {
            continue;
        };
        let has_gzip = text.lines().any(|line| line.trim() == "CONFIG_RD_GZIP=y");
        if !has_gzip && facts.compression(Path::new(initrd)) == Some(Compression::Gzip) {
            let message =
                format!("{initrd} is compressed with gzip, and {config} has no CONFIG_RD_GZIP");
            found
                .error(place, message)
                .hint("unpack the initrd, or compress it in a way that the kernel knows");
        }
    }
    Ok(())
}
