//! Sizes: a number and a unit in the words of DSP0004, or in those that products use.

use report::{Error, Result};

use crate::limits::shown;

/// The number of bytes that `number` of `unit` are; `what` is called so in errors.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what is no number, for an unknown unit, and for 2^64 bytes and more.
pub(super) fn bytes(what: &str, number: &str, unit: Option<&str>, default: u64) -> Result<u64> {
    let wrong = |why: &str| {
        let unit = unit.map_or(String::new(), |unit| format!(" of {unit:?}"));
        Error::corrupt(format!("{what}: {}{unit} {why}", shown(number)))
    };
    let unit = match unit {
        Some(unit) => factor(unit).ok_or_else(|| wrong("is in no unit that is known"))?,
        None => default,
    };
    let count = whole(number).ok_or_else(|| wrong("is no number below 2^64"))?;
    let bytes = count.checked_mul(unit);
    bytes.ok_or_else(|| wrong("are more than 2^64 bytes"))
}

/// A number; some products write it with a fraction of zeros.
pub(super) fn whole(number: &str) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && fraction.bytes().all(|byte| byte == b'0'))
        .then(|| whole.parse().ok())
        .flatten()
}

/// The bytes in one `unit`.
fn factor(unit: &str) -> Option<u64> {
    let unit: String = unit.chars().filter(|c| !c.is_whitespace()).collect();
    let unit = unit.to_ascii_lowercase();
    if let Some(power) = unit.strip_prefix("byte*") {
        return match power.split_once('^') {
            Some((base, exponent)) => {
                let base: u64 = base.parse().ok()?;
                base.checked_pow(exponent.parse().ok()?)
            }
            None => power.parse().ok(),
        };
    }
    match unit.as_str() {
        "" | "byte" | "bytes" => Some(1),
        "kb" | "kib" | "kilobytes" => Some(1 << 10),
        "mb" | "mib" | "megabytes" => Some(1 << 20),
        "gb" | "gib" | "gigabytes" => Some(1 << 30),
        "tb" | "tib" | "terabytes" => Some(1 << 40),
        _ => None,
    }
}
