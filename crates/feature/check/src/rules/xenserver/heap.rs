//! Xen's heap on old XenServers.

use bootconfig::Image;

use crate::{Example, Facts, Findings, NotKnown, Place, Release, Rule, Versions};

/// The first XenServer whose Xen takes its memory from everywhere: a 64-bit Xen has no heap of a fixed size.
const FIRST_WITHOUT: Release = Release::new(6, 0);

/// MiB of heap if nothing is said.
const DEFAULT: u64 = 16;

pub(crate) const RULE: Rule = Rule {
    id: "xenserver-heap",
    title: "Xen's heap is large enough for the guests of an old XenServer",
    looks_at: "xenheap_megabytes= in the boot configuration, and the guests in /var/xapi/state.db",
    versions: Versions::All,
    why: "The 32-bit Xen of XenServer up to 5.6 keeps what it knows of guests in a heap of 16 MB. When that is full, no more \
          guests start. For N guests it needs 12 + N/10 MB.",
    source: &["Citrix knowledge base, xenheap_megabytes"],
    check,
    examples: &[
        Example::bad(
            "-- etc/xensource-inventory --\nPRODUCT_BRAND='XenServer'\nPRODUCT_VERSION='5.5.0'\n-- boot/extlinux.conf --\ndefault xe\nlabel xe\n  kernel mboot.c32\n  append /boot/xen.gz xenheap_megabytes=12 dom0_mem=752M --- /boot/vmlinuz-2.6-xen ro --- /boot/initrd-2.6-xen.img\n-- boot/xen.gz --\n-- boot/vmlinuz-2.6-xen --\n-- boot/initrd-2.6-xen.img --\n-- var/xapi/state.db --\n<database><table name=\"VM\"><row is_a_template=\"false\" is_control_domain=\"false\"/><row is_control_domain=\"true\"/></table></database>\n",
            &[
                "warning boot/extlinux.conf:4:10: 1 guest needs a Xen heap of 13 MB (12 + guests/10), and xenheap_megabytes is 12",
            ],
        ),
        Example::good(
            "-- etc/xensource-inventory --\nPRODUCT_BRAND='XenServer'\nPRODUCT_VERSION='5.5.0'\n-- boot/extlinux.conf --\ndefault xe\nlabel xe\n  kernel mboot.c32\n  append /boot/xen.gz dom0_mem=752M --- /boot/vmlinuz-2.6-xen ro --- /boot/initrd-2.6-xen.img\n-- boot/xen.gz --\n-- boot/vmlinuz-2.6-xen --\n-- boot/initrd-2.6-xen.img --\n-- var/xapi/state.db --\n<database><table name=\"VM\"><row is_a_template=\"false\" is_control_domain=\"false\"/></table></database>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    let distribution = facts.distribution()?;
    let distribution = distribution
        .as_ref()
        .as_ref()
        .filter(|known| known.id == "xenserver");
    let version = distribution.and_then(|known| known.version.as_deref());
    let is_old = version
        .and_then(crate::release_of)
        .is_some_and(|release| release < FIRST_WITHOUT);
    let Some(xapi) = facts.xapi()?.filter(|_| is_old) else {
        return Ok(());
    };
    let boot = facts.boot()?;
    let Some(boot) = boot.main() else {
        return Ok(());
    };
    let entry = match boot.default_entry() {
        Ok(entry) => Some(entry),
        Err(unknown) => {
            facts.miss(NotKnown::new("the boot configuration", unknown.to_string()));
            boot.with_xen().next()
        }
    };
    let Some(xen) = entry.and_then(|entry| entry.hypervisor.as_ref()) else {
        return Ok(());
    };
    let needed = 12 + xapi.guests.div_ceil(10);
    let (heap, is_set) = match heap(xen)? {
        Some(heap) => (heap, "xenheap_megabytes is"),
        None => (DEFAULT, "the default is"),
    };
    if heap < needed {
        let (guests, need) = match xapi.guests {
            1 => ("guest", "needs"),
            _ => ("guests", "need"),
        };
        let path = xen.path().as_str();
        let place = xen.path().place();
        let place = place.map(|place| Place::at(&place.file, place.position, path.len()));
        let message = format!(
            "{} {guests} {need} a Xen heap of {needed} MB (12 + guests/10), and {is_set} {heap}",
            xapi.guests
        );
        let finding = found.warning(place, message);
        finding.hint(format!("write xenheap_megabytes={needed} behind xen.gz"));
    }
    Ok(())
}

/// The heap in MB that Xen is told.
fn heap(xen: &Image) -> Result<Option<u64>, NotKnown> {
    let option = xen.option("xenheap_megabytes");
    let option = option.map_err(|unknown| NotKnown::new("Xen's options", unknown.why))?;
    Ok(option.and_then(|option| option.value_text().parse().ok()))
}
