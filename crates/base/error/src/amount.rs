//! Numbers of bytes as a user reads and writes them.

use crate::{Error, Result};

/// `bytes` in the largest binary unit that leaves at least 1, with one decimal: `8.0 GiB`.
pub fn amount(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let power = bytes.ilog2() / 10;
    let unit = UNITS.get(power as usize - 1).copied().unwrap_or("EiB");
    format!("{:.1} {unit}", bytes as f64 / (1u64 << (10 * power)) as f64)
}

/// Two numbers to compare: exact to the byte when rounding would make them look alike.
pub fn amounts(one: u64, other: u64) -> (String, String) {
    let (a, b) = (amount(one), amount(other));
    if one != other && a == b {
        return (format!("{one} bytes"), format!("{other} bytes"));
    }
    (a, b)
}

/// Reads what a user writes: `8G`, `1.5TiB`, `512 MiB`, `4096`. One letter and `iB` mean powers of
/// 1024, as in every tool for disks; `kB`, `MB`, `GB` mean powers of 1000.
///
/// # Errors
/// [`crate::Kind::Usage`] for anything else, and for 2^63 bytes or more.
pub fn parse_amount(text: &str) -> Result<u64> {
    let wrong =
        || Error::usage(format!("invalid size '{text}'")).hint("for instance 8G, 512M or 4096");
    let text_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(text_end);
    let factor = factor(unit.trim_start()).ok_or_else(wrong)?;
    let bytes = match number.split_once('.') {
        None => number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor)),
        // Fractions of a byte are rejected.
        Some((whole, part)) if !whole.is_empty() && !part.is_empty() && factor > 1 => {
            let number: f64 = number.parse().map_err(|_| wrong())?;
            Some((number * factor as f64) as u64)
        }
        Some(_) => None,
    };
    bytes.filter(|&bytes| bytes < 1 << 63).ok_or_else(wrong)
}

fn factor(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let (letter, base) = match unit.as_bytes() {
        [] | b"b" => return Some(1),
        [letter] | [letter, b'i', b'b'] => (*letter, 1024u64),
        [letter, b'b'] => (*letter, 1000),
        _ => return None,
    };
    let power = b"kmgtpe".iter().position(|&known| known == letter)? as u32 + 1;
    base.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_round_unless_that_hides_the_difference() {
        assert_eq!(amount(0), "0 bytes");
        assert_eq!(amount(1023), "1023 bytes");
        assert_eq!(amount(1536), "1.5 KiB");
        assert_eq!(amount(8 << 30), "8.0 GiB");
        assert_eq!(amount(u64::MAX), "16.0 EiB");
        assert_eq!(
            amounts(4 << 30, 8 << 30),
            ("4.0 GiB".into(), "8.0 GiB".into())
        );
        assert_eq!(
            amounts(8 << 30, (8 << 30) + 1),
            ("8589934592 bytes".into(), "8589934593 bytes".into())
        );
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let cases = [
            ("4096", Some(4096)),
            ("8G", Some(8 << 30)),
            ("8g", Some(8 << 30)),
            ("8 GiB", Some(8 << 30)),
            ("8GB", Some(8_000_000_000)),
            ("1.5T", Some(3 << 39)),
            ("0", Some(0)),
            ("", None),
            ("G", None),
            ("-1", None),
            ("1.", None),
            (".5G", None),
            ("1.5", None),
            ("1..5G", None),
            ("8X", None),
            ("16E", None),
            ("99999999999999999999", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_amount(text).ok(), bytes, "{text}");
        }
    }
}
