//! The text that the bytes of a description stand for.
//!
//! Descriptions come in the encoding of the system that wrote them: XML declares it (W3C XML 1.0,
//! appendix F), VMware's products write a line `.encoding = "…"`, a byte order mark says it of UTF-8 and
//! UTF-16. Names of encodings are those of the WHATWG's Encoding Standard and some of Windows' own.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use error::Error;

use crate::limits::shown;

/// How far into a file an encoding is looked for, in bytes.
const DECLARED: usize = 4096;

/// A description's text.
#[derive(Debug)]
pub struct Decoded {
    /// The text; what stands for no character is U+FFFD.
    pub text: String,
    /// The name of its encoding.
    pub encoding: &'static str,
    /// Why it may read wrong.
    pub warning: Option<Error>,
    /// Whether something in the file says what its encoding is.
    pub declared: bool,
}

/// The text in all the `bytes` of a file.
pub fn decode(bytes: &[u8]) -> Decoded {
    decoded(bytes, true)
}

/// The text in the first `bytes` of a file; a character that is cut at their end is left out.
pub fn decode_beginning(bytes: &[u8]) -> Decoded {
    decoded(bytes, false)
}

fn decoded(bytes: &[u8], whole: bool) -> Decoded {
    let (encoding, declared, doubt) = match encoding(bytes) {
        Said::Known(encoding) => (encoding, true, None),
        Said::Unknown(name) => {
            let doubt = format!("its encoding {} is not known", shown(&name));
            (undeclared(bytes), false, Some(doubt))
        }
        Said::Nothing => (undeclared(bytes), false, None),
    };
    let (text, broken) = text(encoding, bytes, whole);
    let name = encoding.name();
    let trouble = match (doubt, broken) {
        (Some(doubt), _) => Some(format!("{doubt}: it is read as {name}")),
        (None, true) => Some(format!("it holds bytes that are not {name}")),
        (None, false) if !declared && encoding == WINDOWS_1252 => Some(format!(
            "it does not name its encoding: it is read as {name}"
        )),
        (None, false) => None,
    };
    Decoded {
        text,
        encoding: name,
        warning: trouble.map(Error::corrupt),
        declared,
    }
}

/// What a file says about its encoding.
enum Said {
    Known(&'static Encoding),
    /// In an unknown word.
    Unknown(String),
    Nothing,
}

fn encoding(bytes: &[u8]) -> Said {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Said::Known(encoding);
    }
    match bytes {
        [b'<', 0, b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', 0, ..] => return Said::Known(UTF_16LE),
        [0, b'<', 0, b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', ..] => return Said::Known(UTF_16BE),
        _ => {}
    }
    let Some(name) = declared(&bytes[..bytes.len().min(DECLARED)]) else {
        return Said::Nothing;
    };
    match of_name(&name) {
        // What can be read byte by byte is not UTF-16: its declaration was left from another file.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Said::Known(UTF_8),
        Some(encoding) => Said::Known(encoding),
        None => Said::Unknown(name),
    }
}

/// The name that a declaration of XML or a line of VMX gives. Both are ASCII.
fn declared(bytes: &[u8]) -> Option<String> {
    let ascii = |byte: &u8| {
        if byte.is_ascii() {
            char::from(*byte)
        } else {
            '?'
        }
    };
    let text: String = bytes.iter().map(ascii).collect();
    let text = text.trim_start();
    if let Some(declaration) = text.strip_prefix("<?xml") {
        let declaration = declaration.split("?>").next()?;
        return quoted(declaration.split_once("encoding")?.1);
    }
    let line = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let key = key.trim();
        key.eq_ignore_ascii_case(".encoding").then_some(value)
    })?;
    quoted(&format!("={line}"))
}

/// The word between the quotes of `= "word"`.
fn quoted(text: &str) -> Option<String> {
    let text = text.trim_start().strip_prefix('=')?.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = text[1..].split(quote).next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The encoding called `name`, also by the names of Windows' and IBM's code pages.
fn of_name(name: &str) -> Option<&'static Encoding> {
    let lower = name.to_ascii_lowercase();
    let number = ["windows-", "cp", "ms", "ibm-", "x-windows-", "x-ms"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix));
    let label = match number {
        Some("932" | "943") => "shift_jis",
        Some("936") => "gbk",
        Some("949") => "euc-kr",
        Some("950") => "big5",
        Some("54936") => "gb18030",
        Some("65001") => "utf-8",
        _ => lower.as_str(),
    };
    Encoding::for_label(label.as_bytes())
}

/// What a file that says nothing is most likely in.
fn undeclared(bytes: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(bytes) {
        // It may end in the middle of a character.
        Err(error) if error.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    }
}

/// The text, and whether some bytes stand for no character.
fn text(encoding: &'static Encoding, bytes: &[u8], whole: bool) -> (String, bool) {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let most = decoder.max_utf8_buffer_length(bytes.len());
    let mut text = String::with_capacity(most.unwrap_or(bytes.len()));
    // There is room for all of it.
    let (_, _, broken) = decoder.decode_to_string(bytes, &mut text, whole);
    text.shrink_to_fit();
    (text, broken)
}

/// `text` without its `%20`; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let code = behind
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match (code.filter(|_| byte == b'%'), behind.get(2..)) {
            (Some(code), Some(behind)) => {
                bytes.push(code);
                rest = behind;
            }
            _ => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, the encoding and the warning that `bytes` give.
    fn read(bytes: &[u8]) -> (String, &'static str, Option<String>) {
        let Decoded {
            text,
            encoding,
            warning,
            ..
        } = decode(bytes);
        (text, encoding, warning.map(|warning| warning.to_string()))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn what_a_file_declares_is_believed() {
        let cases: &[(&[u8], &str, &str)] = &[
            (
                b"<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\xe9</a>",
                "windows-1252",
                "café",
            ),
            (
                b"<?xml version=\"1.0\" encoding = \"windows-1251\"?><a>\xe4\xe0</a>",
                "windows-1251",
                "да",
            ),
            (
                b".encoding = \"windows-1252\"\ndisplayName = \"b\xfcro\"",
                "windows-1252",
                "büro",
            ),
            (
                b"config.version = \"8\"\n.Encoding=\"GBK\"\nx = \"\xd6\xd0\xce\xc4\"",
                "GBK",
                "中文",
            ),
            (
                b".encoding = \"Shift_JIS\"\nx = \"\x93\xfa\x96{\"",
                "Shift_JIS",
                "日本",
            ),
            (
                b".encoding = \"windows-936\"\nx = \"\xd6\xd0\"",
                "GBK",
                "中",
            ),
            (b".encoding = \"cp949\"\nx = \"\xc7\xd1\"", "EUC-KR", "한"),
            (b".encoding = \"Big5\"\nx = \"\xa4\xa4\"", "Big5", "中"),
            (
                b".encoding = \"UTF-8\"\nx = \"b\xc3\xbcro\"",
                "UTF-8",
                "büro",
            ),
            (
                b"<?xml version='1.0' encoding='utf-16'?><a>caf\xc3\xa9</a>",
                "UTF-8",
                "café",
            ),
            (
                b"\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?>caf\xc3\xa9",
                "UTF-8",
                "café",
            ),
        ];
        for (bytes, encoding, part) in cases {
            let (text, known, warning) = read(bytes);
            assert_eq!((known, warning), (*encoding, None), "{text}");
            assert!(text.contains(part) && !text.contains('\u{feff}'), "{text}");
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let xml = "<?xml version='1.0' encoding='UTF-16'?><a>é𝄞</a>";
        for (order, name) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], "UTF-16LE"),
            (u16::to_be_bytes, "UTF-16BE"),
        ] {
            let marked = [order(0xfeff).to_vec(), utf16(xml, order)].concat();
            assert_eq!(read(&marked), (xml.to_owned(), name, None));
            assert_eq!(read(&utf16(xml, order)), (xml.to_owned(), name, None));
        }
    }

    #[test]
    fn what_may_read_wrong_is_said() {
        let (text, encoding, warning) = read(b"name = 'caf\xe9'\n");
        assert_eq!(
            (text.as_str(), encoding),
            ("name = 'café'\n", "windows-1252")
        );
        assert_eq!(
            warning.as_deref(),
            Some("it does not name its encoding: it is read as windows-1252")
        );
        let (text, _, warning) = read(b"<?xml version='1.0' encoding='UTF-8'?><a>caf\xe9</a>");
        assert!(text.contains("caf\u{fffd}"));
        assert_eq!(
            warning.as_deref(),
            Some("it holds bytes that are not UTF-8")
        );
        let (text, _, warning) = read(b".encoding = \"EBCDIC\"\nx = \"caf\xe9\"");
        assert!(text.contains("café"));
        assert_eq!(
            warning.as_deref(),
            Some("its encoding EBCDIC is not known: it is read as windows-1252")
        );
    }

    #[test]
    fn a_character_that_is_cut_is_left_out() {
        let whole = "café".as_bytes();
        let beginning = decode_beginning(&whole[..4]);
        assert_eq!(beginning.text, "caf");
        assert!(beginning.warning.is_none());
        let cut = [&[0xff, 0xfe], &utf16("a𝄞", u16::to_le_bytes)[..4]].concat();
        assert_eq!(decode_beginning(&cut).text, "a");
        assert_eq!(decode(b"").text, "");
    }
}
