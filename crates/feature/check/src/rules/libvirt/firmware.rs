//! Firmware and kernels that are not there.

use std::path::Path;

use vmconfig::xml::Element;

use crate::{Domain, Example, Facts, Findings, NotKnown, Rule, Versions};

pub(crate) const RULE: Rule = Rule {
    id: "libvirt-firmware",
    title: "the firmware, the kernels and the initrds of libvirt's guests are there",
    looks_at: "<loader>, <nvram>, <kernel>, <initrd> and <dtb> of libvirt's guests",
    versions: Versions::All,
    why: "A guest whose firmware is not there does not start. The OVMF images of 2 MB left Debian and Ubuntu with edk2 2023.11; those \
          of 4 MB take their place. CODE and VARS change together: variables of 2 MB do not fit firmware of 4 MB, so that the \
          guest's NVRAM has to be made anew. The template of the NVRAM is needed only as long as the NVRAM is not there.",
    source: &[
        "edk2 2023.11-2, NEWS.Debian",
        "canonical/packer-maas 216, stackhpc/ansible-role-libvirt-vm 100",
        "libvirt.org, Domain XML format, BIOS bootloader",
    ],
    check,
    examples: &[
        Example::bad(
            "-- usr/share/OVMF/OVMF_CODE_4M.fd --\n-- etc/libvirt/qemu/win.xml --\n<domain type='kvm'>\n  <name>win</name>\n  <os>\n    <type>hvm</type>\n    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>\n    <nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/win_VARS.fd</nvram>\n  </os>\n</domain>\n",
            &["error etc/libvirt/qemu/win.xml:5:5: /usr/share/OVMF/OVMF_CODE.fd is not there"],
        ),
        Example::bad(
            "-- usr/share/OVMF/OVMF_CODE_4M.fd --\n-- etc/libvirt/qemu/win.xml --\n<domain type='kvm'>\n  <name>win</name>\n  <os>\n    <type>hvm</type>\n    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>\n    <nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/win_VARS.fd</nvram>\n  </os>\n</domain>\n",
            &[
                "error etc/libvirt/qemu/win.xml:6:5: neither /var/lib/libvirt/qemu/nvram/win_VARS.fd nor its template /usr/share/OVMF/OVMF_VARS.fd is there",
            ],
        ),
        Example::good(
            "-- usr/share/OVMF/OVMF_CODE_4M.fd --\n-- usr/share/OVMF/OVMF_VARS_4M.fd --\n-- etc/libvirt/qemu/win.xml --\n<domain type='kvm'>\n  <name>win</name>\n  <os>\n    <type>hvm</type>\n    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>\n    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/win_VARS.fd</nvram>\n  </os>\n</domain>\n",
        ),
    ],
};

fn check(facts: &Facts, found: &mut Findings) -> Result<(), NotKnown> {
    for domain in &facts.domains()?.all {
        let Some(os) = domain.root.child("os") else {
            continue;
        };
        let mut whole = true;
        for name in ["loader", "kernel", "initrd", "dtb"] {
            if let Some(element) = os.child(name) {
                whole &= is_there(facts, domain, element, found)?;
            }
        }
        if let Some(nvram) = os.child("nvram").filter(|_| whole) {
            variables(facts, domain, nvram, found)?;
        }
    }
    Ok(())
}

/// Whether the file that is the text of `element` is there.
fn is_there(
    facts: &Facts,
    domain: &Domain,
    element: &Element,
    found: &mut Findings,
) -> Result<bool, NotKnown> {
    let file = element.text.as_str();
    // libvirt finds a firmware of Xen by its name.
    if !file.starts_with('/') || facts.has(Path::new(file))? {
        return Ok(true);
    }
    let finding = found.error(domain.place(element), format!("{file} is not there"));
    let larger = file.replace("CODE", "CODE_4M");
    if larger != file && facts.has(Path::new(&larger))? {
        finding.hint(format!(
            "write {larger}, the template of the NVRAM with VARS_4M, and make the NVRAM anew: variables of 2 MB do not fit"
        ));
    }
    Ok(false)
}

/// The guest's variables, or what they are made from.
fn variables(
    facts: &Facts,
    domain: &Domain,
    nvram: &Element,
    found: &mut Findings,
) -> Result<(), NotKnown> {
    let Some(template) = nvram.attribute("template") else {
        return Ok(());
    };
    let own = nvram.text.as_str();
    if facts.has(Path::new(template))? || (!own.is_empty() && facts.has(Path::new(own))?) {
        return Ok(());
    }
    found.error(
        domain.place(nvram),
        format!("neither {own} nor its template {template} is there"),
    );
    Ok(())
}
