//! Sizes: a number and a unit in the words of DSP0004, or in those that products use.

use error::{Error, Result};

use crate::limits::shown;

/// Digits that are read behind a point; a byte has no more.
const FRACTION: usize = 18;

/// The number of bytes that `number` of `unit` are; `what` is called so in errors.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not a number, for an unknown unit, and for 2^64 bytes and more.
pub(super) fn bytes(what: &str, number: &str, unit: Option<&str>, default: u64) -> Result<u64> {
    let wrong = |why: &str| {
        let unit = unit.map_or(String::new(), |unit| format!(" of {:?}", shown(unit)));
        Error::corrupt(format!("{what}: {}{unit} {why}", shown(number)))
    };
    let unit = match unit {
        Some(unit) => factor(unit).ok_or_else(|| wrong("is in no unit that is known"))?,
        None => default,
    };
    let number = Decimal::of(number).ok_or_else(|| wrong("is not a number below 2^64"))?;
    let bytes = number.times(unit);
    bytes.ok_or_else(|| wrong("are more than 2^64 bytes"))
}

/// A number; some products write it with a fraction of zeros.
pub(super) fn whole(number: &str) -> Option<u64> {
    let number = Decimal::of(number)?;
    (number.fraction == 0).then_some(number.whole)
}

/// A number that is not negative.
struct Decimal {
    whole: u64,
    /// What is behind the point, in units of 10^-18.
    fraction: u64,
}

impl Decimal {
    /// `16`, `1.5`, and `1.0E10` as Java writes it.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => {
                let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
                (number, exponent.parse::<u8>().ok()?)
            }
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        // The point moves behind as many digits as the exponent says.
        let moved = usize::from(exponent);
        let mut before = format!("{whole}{}", fraction.get(..moved).unwrap_or(fraction));
        before.extend(std::iter::repeat_n(
            '0',
            moved.saturating_sub(fraction.len()),
        ));
        let before = before.trim_start_matches('0');
        let behind = fraction.get(moved..).unwrap_or_default();
        let behind = behind.get(..FRACTION).unwrap_or(behind);
        Some(Decimal {
            whole: if before.is_empty() {
                0
            } else {
                before.parse().ok()?
            },
            fraction: format!("{behind:0<FRACTION$}").parse().ok()?,
        })
    }

    /// So many `units`, rounded down.
    fn times(&self, unit: u64) -> Option<u64> {
        let part = u128::from(self.fraction) * u128::from(unit) / 10u128.pow(FRACTION as u32);
        let whole = self.whole.checked_mul(unit)?;
        whole.checked_add(u64::try_from(part).ok()?)
    }
}

/// The bytes in one `unit`: `byte * 2^20`, `MegaBytes`, `2^10 * bytes`.
fn factor(unit: &str) -> Option<u64> {
    let unit: String = unit.chars().filter(|c| !c.is_whitespace()).collect();
    let unit = unit.to_ascii_lowercase();
    if unit.is_empty() {
        return Some(1);
    }
    let mut parts = unit.split(['*', '×']).map(part);
    parts.try_fold(1u64, |product, part| product.checked_mul(part?))
}

/// A number, a power or a word.
fn part(part: &str) -> Option<u64> {
    let number = |text: &str| text.parse::<u64>().ok();
    match part.split_once('^') {
        Some((base, exponent)) => number(base)?.checked_pow(exponent.parse().ok()?),
        None => number(part).or_else(|| word(part)),
    }
}

/// What products call a unit; to all of them a kilobyte has 1024 bytes.
fn word(word: &str) -> Option<u64> {
    let word = word.strip_suffix('s').unwrap_or(word);
    let power = match word {
        "byte" | "b" => 0,
        "kb" | "kib" | "kbyte" | "kilobyte" | "kibibyte" => 1,
        "mb" | "mib" | "mbyte" | "megabyte" | "mebibyte" => 2,
        "gb" | "gib" | "gbyte" | "gigabyte" | "gibibyte" => 3,
        "tb" | "tib" | "tbyte" | "terabyte" | "tebibyte" => 4,
        _ => return None,
    };
    1024u64.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_in_many_words() {
        let cases = [
            ("byte * 2^20", 1 << 20),
            ("bytes * 2^20", 1 << 20),
            ("byte*2^30", 1 << 30),
            ("2^10 * byte", 1 << 10),
            ("byte * 10^6", 1_000_000),
            ("byte * 1024 * 1024", 1 << 20),
            ("MegaBytes", 1 << 20),
            ("MB", 1 << 20),
            ("MiB", 1 << 20),
            ("KB", 1 << 10),
            ("Kilobytes", 1 << 10),
            ("GigaBytes", 1 << 30),
            ("GB", 1 << 30),
            ("TB", 1 << 40),
            ("byte", 1),
            ("", 1),
        ];
        for (unit, bytes) in cases {
            assert_eq!(factor(unit), Some(bytes), "{unit}");
        }
        for unit in [
            "pint",
            "byte * 2^64",
            "byte * 2^",
            "hertz * 10^6",
            "byte **",
        ] {
            assert_eq!(factor(unit), None, "{unit}");
        }
    }

    #[test]
    fn numbers_have_fractions_and_exponents() {
        let cases = [
            ("16", 1 << 30, Some(16 << 30)),
            ("1.5", 1 << 30, Some(3 << 29)),
            ("2048.0", 1 << 20, Some(2 << 30)),
            ("1.0E10", 1, Some(10_000_000_000)),
            ("1.2345E2", 1, Some(123)),
            (".5", 1 << 10, Some(512)),
            ("18446744073709551615", 1, Some(u64::MAX)),
            ("18446744073709551615.9", 1, Some(u64::MAX)),
            ("17592186044416", 1 << 20, None),
        ];
        for (number, unit, bytes) in cases {
            let read = Decimal::of(number).unwrap().times(unit);
            assert_eq!(read, bytes, "{number}");
        }
        for number in [
            "",
            ".",
            "-1",
            "1e",
            "1e300",
            "1,5",
            "0x10",
            "18446744073709551616",
        ] {
            assert!(Decimal::of(number).is_none(), "{number}");
        }
    }
}
