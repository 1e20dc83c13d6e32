//! A descriptor's text: how it is written, and how it is told from other text.
//!
//! VMware begins it with `# Disk DescriptorFile`, VirtualBox takes four spellings of that line, QEMU takes any
//! comment before `version=1`, and several converters write none or one of their own.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Bytes that show that a file is no text.
const LOOKED_AT: usize = 512;

/// The lines of a descriptor in `bytes`, which may be padded with NULs. Lines end as in any system, and are
/// without spaces around them; comments and empty lines are among them.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
        return up_to_nul(text.0);
    }
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => stated(bytes).decode_without_bom_handling(bytes).0,
    }
}

fn up_to_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.find('\0') {
        None => text,
        Some(end) => text.get(..end).unwrap_or_default().to_owned().into(),
    }
}

/// The encoding that the descriptor says it is in. A machine of VMware's writes its own.
fn stated(bytes: &[u8]) -> &'static Encoding {
    let mut lines = bytes.split(|byte| b"\r\n".contains(byte));
    let label = lines.find_map(|line| {
        let at = line.iter().position(|&byte| byte == b'=')?;
        let (key, value) = line.split_at_checked(at)?;
        let label = value.get(1..)?.trim_ascii();
        let label = label.strip_prefix(b"\"").unwrap_or(label);
        let found = key.trim_ascii().eq_ignore_ascii_case(b"encoding");
        found.then(|| label.strip_suffix(b"\"").unwrap_or(label))
    });
    let stated = label.and_then(Encoding::for_label);
    stated
        .filter(|&stated| stated != UTF_8)
        .unwrap_or(WINDOWS_1252)
}

/// The lines of `text`, without the spaces around them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).map(str::trim)
}

/// The key and the value of a line that has both. Keys are written in any case.
pub(super) fn pair(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once('=')?;
    let value = value.trim_start();
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    Some((key.trim_end().to_ascii_lowercase(), inner.unwrap_or(value)))
}

/// How an extent may be used, where the line describes one: `RW`, `RDONLY` or `NOACCESS`.
pub(super) fn access(line: &str) -> Option<&'static str> {
    let word = line.split_ascii_whitespace().next()?;
    let known = ["RW", "RDONLY", "NOACCESS"];
    known
        .into_iter()
        .find(|known| word.eq_ignore_ascii_case(known))
}

/// Whether `head`, the first bytes of a file, begins a descriptor in a file of its own.
pub fn is_descriptor(head: &[u8]) -> bool {
    let odd = |&byte: &u8| byte < b' ' && !b"\t\n\r\x0c".contains(&byte);
    let first = head.get(..LOOKED_AT).unwrap_or(head);
    if Encoding::for_bom(head).is_none()
        && first
            .split(|&byte| byte == 0)
            .next()
            .is_none_or(|text| text.iter().any(odd))
    {
        return false;
    }
    let text = decoded(head);
    let mut lines = lines(&text).filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_some_and(|line| is_heading(line)) {
        return true;
    }
    let mut telling = 0;
    let mut known = 0;
    for line in lines.filter(|line| !line.starts_with('#')) {
        match pair(line) {
            _ if is_extent(line) => telling += 1,
            Some((key, _)) if key == "createtype" => telling += 1,
            Some((key, _)) if ["version", "cid", "parentcid"].contains(&key.as_str()) => known += 1,
            _ => {}
        }
    }
    telling > 0 && telling + known > 1
}

/// The first line as VMware writes it, and as VirtualBox takes it.
fn is_heading(line: &str) -> bool {
    let Some(text) = line.strip_prefix('#') else {
        return false;
    };
    let mut words = text.split_whitespace().flat_map(str::chars);
    "diskdescriptorfile".chars().all(|c| {
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(&c))
    }) && words.next().is_none()
}

/// Whether the line describes an extent: `RW 4192256 SPARSE "vm-s001.vmdk"`.
fn is_extent(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().skip(1);
    let sectors = words.next().is_some_and(|word| word.parse::<u64>().is_ok());
    let kind = words
        .next()
        .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    access(line).is_some() && sectors && kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_told_from_other_text() {
        let rest = "version=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 8 FLAT \"a\" 0\n";
        for head in [
            "",
            "# Disk DescriptorFile\n",
            "# Disk Descriptor File\n",
            "#Disk Descriptor File\n",
            "#Disk DescriptorFile\n",
            "# disk descriptorfile\r\n",
            "# Description file created by VMDK stream converter\n",
            "\n \n\t\n# a\n",
            "\u{feff}",
            "\u{feff}# a\r",
            "encoding=\"UTF-8\"\n",
        ] {
            assert!(
                is_descriptor(format!("{head}{rest}").as_bytes()),
                "{head:?}"
            );
            let old = format!("{head}{rest}").replace('\n', "\r");
            assert!(is_descriptor(old.as_bytes()), "{old:?}");
        }
        for text in [
            "# Disk DescriptorFile",
            "RW 8 FLAT \"a\" 0\ncid=1",
            "CREATETYPE = vmfs\nVersion = \"1\"\n\0\0\x01",
        ] {
            assert!(is_descriptor(text.as_bytes()), "{text}");
        }
        let utf16: Vec<u8> = format!("\u{feff}{rest}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(is_descriptor(&utf16));
        for text in [
            "",
            "#",
            "# Disk DescriptorFiles\n",
            "version=1\nCID=2\n",
            "createType=\"a\"\n",
            "RW 8 rabbits\n",
            "RW 8 FLAT a\n",
            "name = 'web01'\nmemory = 512\n",
            "\x01RW 8 FLAT\ncid=1",
            "\0RW 8 FLAT\ncid=1",
        ] {
            assert!(!is_descriptor(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn text_is_decoded_as_it_says() {
        assert_eq!(decoded(b"a\xc3\xa4\0b"), "aä");
        assert_eq!(
            decoded(b"CID=1\nEncoding = \"GBK\"\nx=\xd6\xd0"),
            "CID=1\nEncoding = \"GBK\"\nx=中"
        );
        assert_eq!(
            decoded(b"encoding=Shift_JIS\r\x93\xfa"),
            "encoding=Shift_JIS\r日"
        );
        assert_eq!(decoded(b"\xe4"), "ä");
        assert_eq!(
            decoded(b"encoding=\"UTF-8\"\n\xe4"),
            "encoding=\"UTF-8\"\nä"
        );
        assert_eq!(decoded(b"\xff\xfea\0\xe4\0\0\0b\0"), "aä");
        assert_eq!(decoded(b"\xef\xbb\xbfa"), "a");
    }
}
