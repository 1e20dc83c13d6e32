//! What a file without layers is: a disk, a guest's configuration, or something else.
//!
//! Told by content alone; a name can lie, and the same archive may call its disk `system` or `xvda`.

use diskimage::Format;
use extent::zero::is_zero;
use place::signature;
use report::Result;
use serde::Serialize;

/// Bytes from the start of a file that [`classify`] wants to see.
pub(crate) const HEAD: usize = 68 * 1024;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A disk in this format.
    Disk(Format),
    /// A disk nobody has partitioned yet, by all that shows: long, in whole sectors, and it begins
    /// with zeros.
    Blank,
    /// A guest's configuration.
    Config(ConfigKind),
    /// Text.
    Text,
    /// A kernel or another program.
    Program,
    /// Anything else.
    Other,
}

/// The language of a guest's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigKind {
    /// xl.cfg, also xm's.
    Xl,
    /// Open Virtualization Format.
    Ovf,
    /// XenServer's and XCP-ng's ova.xml.
    Xapi,
    /// A libvirt domain.
    Libvirt,
    /// VMware's .vmx.
    Vmx,
    /// VirtualBox's .vbox.
    Vbox,
    /// Proxmox VE's configuration of a guest.
    Proxmox,
}

impl ConfigKind {
    /// All of them.
    pub(crate) const ALL: [ConfigKind; 6] = [
        ConfigKind::Xl,
        ConfigKind::Ovf,
        ConfigKind::Xapi,
        ConfigKind::Libvirt,
        ConfigKind::Vmx,
        ConfigKind::Vbox,
    ];

    /// The language's name, as people say it.
    pub fn name(self) -> &'static str {
        match self {
            ConfigKind::Xl => "xl",
            ConfigKind::Ovf => "OVF",
            ConfigKind::Xapi => "XVA",
            ConfigKind::Libvirt => "libvirt",
            ConfigKind::Vmx => "VMX",
            ConfigKind::Vbox => "VirtualBox",
            ConfigKind::Proxmox => "Proxmox VE",
        }
    }
}

/// Tells what a file is from `head`, its first [`HEAD`] bytes (or all of it), and its `size` in
/// bytes where that is known.
///
/// # Errors
/// As [`diskimage::decide`].
pub(crate) fn classify(head: &[u8], size: Option<u64>, declared: Option<Format>) -> Result<Class> {
    let format = diskimage::decide(head, None)?;
    // A fixed VHD begins as its disk does; whoever reads it looks at its end.
    let declared = declared.filter(|&declared| (declared, format) != (Format::Vhd, Format::Raw));
    if format != Format::Raw {
        return Ok(Class::Disk(diskimage::decide(head, declared)?));
    }
    if let Some(text) = as_text(head) {
        return Ok(config_kind(text).map_or(Class::Text, Class::Config));
    }
    if is_program(head) {
        return Ok(Class::Program);
    }
    if signature::in_head(head).is_some() {
        return Ok(Class::Disk(diskimage::decide(head, declared)?));
    }
    // What comes out of a compression may be of any size.
    let like_a_disk = size.is_none_or(|size| size >= 1 << 20 && size.is_multiple_of(512));
    Ok(match like_a_disk && head.len() == HEAD && is_zero(head) {
        true => Class::Blank,
        false => Class::Other,
    })
}

/// A Linux kernel ends its first sector as a boot sector does, and an EFI program begins as one;
/// neither is a disk.
fn is_program(head: &[u8]) -> bool {
    let magic: [&[u8]; 2] = [b"MZ", b"\x7fELF"];
    head.get(514..518) == Some(b"HdrS") || magic.iter().any(|magic| head.starts_with(magic))
}

fn as_text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end in the middle of a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c');
    (!text.is_empty() && text.chars().all(printable)).then_some(text)
}

fn config_kind(text: &str) -> Option<ConfigKind> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('<') {
        return xml_kind(text);
    }
    let keys = || {
        text.lines().filter_map(|line| {
            let (key, _) = line.split_once('=')?;
            Some(key.trim().trim_start_matches('#').trim())
        })
    };
    let xl = [
        "memory",
        "vcpus",
        "maxmem",
        "disk",
        "vif",
        "kernel",
        "bootloader",
        "builder",
        "type",
    ];
    if keys().any(|key| key == "virtualHW.version" || key == "config.version") {
        Some(ConfigKind::Vmx)
    } else if keys().any(|key| xl.contains(&key))
        && keys().any(|key| ["name", "memory", "disk", "vif"].contains(&key))
    {
        Some(ConfigKind::Xl)
    } else if vmconfig::proxmox::is_likely(text) {
        Some(ConfigKind::Proxmox)
    } else {
        None
    }
}

fn xml_kind(text: &str) -> Option<ConfigKind> {
    let has = |tag: &str| text.contains(tag);
    if has("<Envelope") || has(":Envelope") {
        Some(ConfigKind::Ovf)
    } else if has("<VirtualBox") {
        Some(ConfigKind::Vbox)
    } else if has("<domain") {
        Some(ConfigKind::Libvirt)
    } else if has("<value>") && (has("xapi") || has("<name>version</name>")) {
        Some(ConfigKind::Xapi)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(head: &[u8], size: u64) -> Class {
        classify(head, Some(size), None).unwrap()
    }

    #[test]
    fn disks_are_told_from_kernels() {
        let mut sector = vec![0u8; 4096];
        sector[510..512].copy_from_slice(b"\x55\xaa");
        sector[446 + 4] = 0x83;
        sector[446 + 8] = 1;
        sector[446 + 12] = 1;
        assert_eq!(class(&sector, 1 << 20), Class::Disk(Format::Raw));
        sector[514..518].copy_from_slice(b"HdrS");
        assert_eq!(class(&sector, 1 << 20), Class::Program);
    }

    #[test]
    fn a_blank_disk_is_blank_and_small_binaries_are_not() {
        assert_eq!(class(&[0; HEAD], 1 << 30), Class::Blank);
        assert_eq!(class(&[0; HEAD], (1 << 30) + 1), Class::Other);
        assert_eq!(class(&[0; 512], 512), Class::Other);
        assert_eq!(class(b"\x7fELF\x02\x01\0\0", 8), Class::Program);
    }

    #[test]
    fn configurations_are_told_by_their_language() {
        let kind = |text: &str| match class(text.as_bytes(), text.len() as u64) {
            Class::Config(kind) => Some(kind),
            _ => None,
        };
        assert_eq!(kind("name = 'web01'\nmemory = 512\n"), Some(ConfigKind::Xl));
        assert_eq!(
            kind("<?xml version='1.0'?>\n<domain type='xen'>"),
            Some(ConfigKind::Libvirt)
        );
        assert_eq!(kind("<ovf:Envelope xmlns:ovf='…'>"), Some(ConfigKind::Ovf));
        assert_eq!(
            kind(".encoding = \"UTF-8\"\nvirtualHW.version = \"10\"\n"),
            Some(ConfigKind::Vmx)
        );
        assert_eq!(
            kind("name: web01\nmemory: 512\nscsi0: local-lvm:vm-100-disk-0\n"),
            Some(ConfigKind::Proxmox)
        );
        assert_eq!(kind("name: a service\nmemory: 512\n"), None);
        assert_eq!(kind("Read me first. a=b\n"), None);
        assert_eq!(class(b"Read me first.\n", 15), Class::Text);
    }

    #[test]
    fn a_declared_format_is_held_against_the_content() {
        let error = classify(b"QFI\xfb", None, Some(Format::Raw)).unwrap_err();
        assert_eq!(error.message(), "is declared raw, its content is qcow2");
    }
}
