//! What a file without layers is: a disk, a guest's configuration, or something else.
//!
//! Told by content alone; a name can lie, and the same archive may call its disk `system` or `xvda`.

use diskimage::Format;
use error::{Error, Result};
use recognise::foreign::{Kind, Known};
use recognise::{Verdict, foreign, holding, judge};

use crate::config::ConfigKind;

/// Bytes from the start of a file that [`classify`] wants to see.
pub(crate) const HEAD: usize = recognise::HEAD;

/// Bytes at the start of an image that are its headers, and in which nothing of a disk is by accident.
const HEADERS: usize = 2048;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A disk in this format.
    Disk(Format),
    /// A disk without data, by all that shows: in whole sectors, and it begins with zeros.
    Blank,
    /// A guest's configuration.
    Config(ConfigKind),
    /// Text.
    Text,
    /// Something else that is known by name.
    Foreign(&'static Known),
    /// Anything else.
    Other,
}

/// Tells what a file is from `head`, its first [`HEAD`] bytes (or all of it), and its `size` in
/// bytes where that is known. `raw` when somebody says that it is a raw disk: then it cannot be something
/// else as well.
///
/// # Errors
/// As [`diskimage::decide`], and [`error::Kind::Refused`] for what is a disk and something else at once.
pub(crate) fn classify(
    head: &[u8],
    size: Option<u64>,
    declared: Option<Format>,
    raw: bool,
) -> Result<Class> {
    let format = diskimage::decide(head, None)?;
    // A fixed VHD begins as its disk does; whoever reads it looks at its end.
    let declared = declared.filter(|&declared| (declared, format) != (Format::Vhd, Format::Raw));
    if format != Format::Raw {
        let headers = head.get(..HEADERS).unwrap_or(head);
        return match holding::in_head(headers) {
            Some(found) => two_at_once(format.name(), &format!("a disk with {}", found.what)),
            None => Ok(Class::Disk(diskimage::decide(head, declared)?)),
        };
    }
    if let Some(text) = as_text(head) {
        return Ok(text_class(head, text));
    }
    if let Some(kind) = foreign_text(head) {
        return Ok(Class::Config(kind));
    }
    Ok(match judge(head, size) {
        Verdict::Disk(_) => Class::Disk(diskimage::decide(head, declared)?),
        Verdict::Blank => Class::Blank,
        Verdict::Foreign(known) => Class::Foreign(known),
        Verdict::Both(..) if raw => Class::Disk(Format::Raw),
        Verdict::Both(known, found) => {
            return two_at_once(known.name(), &format!("a disk with {}", found.what));
        }
        Verdict::Unknown => Class::Other,
    })
}

/// Two things at once, made to be read in two ways.
///
/// # Errors
/// Always [`error::Kind::Refused`].
pub(crate) fn two_at_once<T>(one: &str, other: &str) -> Result<T> {
    Err(Error::refused(format!(
        "reads as {one} and as {other} at once"
    )))
}

/// Text may be a document or an encrypted message; a few letters are no reason to think so.
fn text_class(head: &[u8], text: &str) -> Class {
    let telling = |known: &&Known| known.telling() > 4 && known.kind != Kind::Program;
    match (foreign::in_head(head).filter(telling), config_kind(text)) {
        (_, Some(kind)) => Class::Config(kind),
        (Some(known), None) => Class::Foreign(known),
        (None, None) => Class::Text,
    }
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
    is_printable(text).then_some(text)
}

/// Whether `text` is one that somebody reads.
fn is_printable(text: &str) -> bool {
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c');
    !text.is_empty() && text.chars().all(printable)
}

/// The language of a configuration in another encoding than UTF-8: UTF-16, or a code page of Windows.
fn foreign_text(head: &[u8]) -> Option<ConfigKind> {
    let is_wide = matches!(
        head,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'<', 0, ..] | [0, b'<', ..]
    );
    let begin = head.get(..256).unwrap_or(head);
    let is_control = |byte: &u8| byte.is_ascii_control() && !b"\t\n\r".contains(byte);
    if !is_wide && begin.iter().any(is_control) {
        return None;
    }
    let text = vmconfig::decode_beginning(head).text;
    is_printable(&text).then(|| config_kind(&text)).flatten()
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
        classify(head, Some(size), None, false).unwrap()
    }

    fn boot_sector() -> Vec<u8> {
        let mut sector = vec![0u8; 4096];
        sector[510..512].copy_from_slice(b"\x55\xaa");
        sector[446 + 4] = 0x83;
        sector[446 + 8] = 1;
        sector[446 + 12] = 1;
        sector
    }

    fn foreign(class: Class) -> Option<&'static str> {
        match class {
            Class::Foreign(known) => Some(known.what),
            _ => None,
        }
    }

    #[test]
    fn disks_are_told_from_kernels() {
        let mut sector = boot_sector();
        assert_eq!(class(&sector, 1 << 20), Class::Disk(Format::Raw));
        sector[514..518].copy_from_slice(b"HdrS");
        assert_eq!(foreign(class(&sector, 1 << 20)), Some("a Linux kernel"));
    }

    #[test]
    fn a_blank_disk_is_blank_and_small_binaries_are_not() {
        assert_eq!(class(&[0; HEAD], 1 << 30), Class::Blank);
        assert_eq!(class(&[0; HEAD], (1 << 30) + 1), Class::Other);
        assert_eq!(class(&[0; 512], 512), Class::Blank);
        assert_eq!(class(&[7; 512], 512), Class::Other);
        let program = class(b"\x7fELF\x02\x01\0\0", 8);
        assert_eq!(foreign(program), Some("an ELF program"));
    }

    #[test]
    fn text_is_a_document_only_where_it_says_so_at_length() {
        let told = |text: &str| foreign(class(text.as_bytes(), text.len() as u64));
        assert_eq!(
            told("-----BEGIN PGP MESSAGE-----\n"),
            Some("an OpenPGP encrypted message")
        );
        assert_eq!(told("{\\rtf1 Hello}"), Some("an RTF document"));
        assert_eq!(told("FORM of address\n"), None);
        assert_eq!(told("MOOO\n"), None);
    }

    #[test]
    fn what_reads_in_two_ways_is_refused() {
        let refused = |head: &[u8]| {
            let error = classify(head, Some(1 << 20), None, false).unwrap_err();
            error.message().to_owned()
        };
        let mut both = boot_sector();
        both[..4].copy_from_slice(b"QFI\xfb");
        let message = "reads as qcow2 and as a disk with an MBR partition table at once";
        assert_eq!(refused(&both), message);
        both[..6].copy_from_slice(b"7z\xbc\xaf\x27\x1c");
        let message = "reads as 7-Zip archive and as a disk with an MBR partition table at once";
        assert_eq!(refused(&both), message);
        let raw = classify(&both, Some(1 << 20), None, true).unwrap();
        assert_eq!(raw, Class::Disk(Format::Raw));
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
        let error = classify(b"QFI\xfb", None, Some(Format::Raw), true).unwrap_err();
        assert_eq!(error.message(), "is declared raw, its content is qcow2");
    }
}
