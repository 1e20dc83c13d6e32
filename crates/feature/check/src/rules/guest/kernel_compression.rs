//! Kernels that Xen's tools cannot unpack.

use std::path::Path;

use crate::facts::Compression;
use crate::{Example, Facts, Findings, NotKnown, Release, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "guest-kernel-compression",
    title: "Xen's tools can unpack the kernels of guests",
    looks_at: "kernel= of PV and PVH guests, by the header of the file",
    versions: Versions::All,
    why: "Xen's tools unpack the kernel of a guest themselves. They know zstd since 4.15; kernels of distributions use it since Linux 5.9. \
          Xen before 4.15 ends with 'unknown compression format'. The guest may use another compression, or boot by GRUB for Xen.",
    source: &["xen.git d6627cf1b6, 8169f82049", "NixOS/nixpkgs 121087"],
    check,
    examples: &[
        Example::bad(
            "-- hex srv/vmlinuz --\n1f1: 01\n202: 48 64 72 53 0f 02\n236: 01\n248: 20\n420: 28 b5 2f fd\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
            &["error etc/xen/web.cfg:3:10: /srv/vmlinuz is compressed with zstd, which Xen 4.14 cannot unpack"],
        )
        .to_xen("4.14"),
        Example::good(
            "-- hex srv/vmlinuz --\n1f1: 01\n202: 48 64 72 53 0f 02\n236: 01\n248: 20\n420: 28 b5 2f fd\n-- etc/xen/web.cfg --\nname = \"web\"\nmemory = 512\nkernel = \"/srv/vmlinuz\"\n",
        )
        .to_xen("4.15"),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for guest in facts.guests()?.xl.iter().filter(|guest| !guest.is("hvm")) {
        let Some((file, place)) = guest.value("kernel") else {
            continue;
        };
        let kernel = facts.kernel(Path::new(file));
        let Some(compression) = kernel.and_then(|kernel| kernel.compression) else {
            continue;
        };
        let first = first(compression);
        if first > Release::OLDEST && facts.xen_release()? < first {
            let release = facts.xen_release()?;
            let name = compression.name();
            let message =
                format!("{file} is compressed with {name}, which Xen {release} cannot unpack");
            found
                .error(place, message)
                .hint("use a kernel that is compressed with gzip or xz");
        }
    }
    Ok(())
}

/// The first release whose tools unpack it.
fn first(compression: Compression) -> Release {
    match compression {
        Compression::Zstd => Release::new(4, 15),
        Compression::Lz4 => Release::new(4, 4),
        _ => Release::new(4, 2),
    }
}
