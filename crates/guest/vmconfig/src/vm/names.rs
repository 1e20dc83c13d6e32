//! Names that hosts accept.

/// The longest name Linux gives a network interface (`IFNAMSIZ`), in bytes.
const INTERFACE: usize = 15;

/// The longest name of a guest that is kept, in bytes; files on the host are named after it.
const NAME: usize = 128;

/// Number `index`, counted from 0, in the letters that Linux numbers disks with: a … z, aa, ab …
pub(crate) fn letters(index: usize) -> String {
    let mut rest = index;
    let mut letters = Vec::new();
    loop {
        letters.push(b'a' + (rest % 26) as u8);
        match (rest / 26).checked_sub(1) {
            Some(more) => rest = more,
            None => break,
        }
    }
    letters.iter().rev().map(|&byte| char::from(byte)).collect()
}

/// Whether `name` can be a network interface or a bridge, and nothing else.
pub(crate) fn is_interface(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=INTERFACE).contains(&name.len()) && name.bytes().all(fits) && !matches!(name, "." | "..")
}

/// Whether `text` is a MAC address with colons in lower case.
pub(crate) fn is_mac(text: &str) -> bool {
    let is_byte = |part: &str| {
        part.len() == 2 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    text.split(':').count() == 6 && text.split(':').all(is_byte)
}

/// The MAC address that `text` spells: with colons, dashes, dots or nothing between its digits.
pub(crate) fn mac_address(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | '-' | '.'))
        .collect();
    let is_hex = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let digits = digits.to_ascii_lowercase();
    is_hex.then(|| {
        let bytes = (0..6).filter_map(|byte| digits.get(2 * byte..2 * byte + 2));
        bytes.collect::<Vec<_>>().join(":")
    })
}

/// Whether `text` is a UUID with dashes in lower case.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Whether `name` can name a guest: log files are called after it, and a number would be taken for a
/// domain's.
pub(super) fn is_guest_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && !name.contains(|c: char| c == '/' || c.is_control())
        && !name.starts_with(['.', '-', ' '])
        && !name.ends_with(' ')
        && !name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The nearest to `name` that can name a guest.
pub(super) fn guest_name(name: &str) -> String {
    let fits = |c: char| match c {
        c if c.is_alphanumeric() || "._-+ ".contains(c) => c,
        _ => '-',
    };
    let mut nearest: String = name.chars().map(fits).collect();
    while nearest.len() > NAME {
        nearest.pop();
    }
    let nearest = nearest.trim_matches(['.', '-', ' ']);
    if is_guest_name(nearest) {
        nearest.to_owned()
    } else {
        format!("guest{nearest}")
    }
}
