//! `rate=` of a network card (libxlu_vif.c): `10Mb/s`, `250KB/s@20ms`.

use super::Wrong;
use crate::xl::number::leading;
use crate::xl::wrong::Part;

/// How much a network card may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bytes in a second.
    pub bytes_per_second: u64,
    /// After how many microseconds the credit is filled up again.
    pub interval: u32,
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}B/s@{}us", self.bytes_per_second, self.interval)
    }
}

/// libxlutil's interval where none is given: 50 ms.
const INTERVAL: u32 = 50_000;

/// Reads a rate.
///
/// # Errors
/// What libxlutil refuses.
pub(super) fn parse(value: Part<'_>) -> Result<Rate, Wrong> {
    let (bytes, interval) = match value.text.split_once('@') {
        Some((bytes, interval)) => (bytes, Some(interval)),
        None => (value.text, None),
    };
    if bytes.is_empty() {
        return Err(value.wrong("no rate specified"));
    }
    let bytes_per_second = rate(bytes).map_err(|message| value.wrong(message))?;
    let interval = match interval {
        Some(text) => {
            let at = value.at + bytes.len() + 1;
            micros(text).map_err(|message| Part { at, text }.wrong(message))?
        }
        None => INTERVAL,
    };
    if interval != 0 && bytes_per_second > u64::MAX / u64::from(interval) {
        return Err(value.wrong("rate overflow"));
    }
    Ok(Rate {
        bytes_per_second,
        interval,
    })
}

/// The number, which may be octal as C's are, and what is behind its digits.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (_, unit) = text.split_at_checked(digits.unwrap_or(text.len()))?;
    let number = leading(text, 0);
    let is_whole = number.len + unit.len() == text.len();
    // Of `08` C reads the 0 alone.
    Some((if is_whole { number.value } else { 0 }, unit))
}

fn rate(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = number(text).ok_or("invalid rate")?;
    let (factor, unit) = match unit.split_at_checked(1) {
        Some(("G", unit)) => (1_000_000_000, unit),
        Some(("M", unit)) => (1_000_000, unit),
        Some(("K", unit)) => (1000, unit),
        _ => (1, unit),
    };
    let bits = match unit {
        "b/s" => 8,
        "B/s" => 1,
        _ => return Err("invalid rate"),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("invalid rate");
    }
    if number == 0 || number > u64::from(u32::MAX) {
        return Err("rate overflow");
    }
    Ok(number * factor / bits)
}

fn micros(text: &str) -> Result<u32, &'static str> {
    let invalid = "invalid replenishment interval";
    let overflow = "replenishment interval overflow";
    let (number, unit) = number(text).ok_or(invalid)?;
    let factor = match unit {
        "" | "s" => 1_000_000,
        "m" | "ms" => 1000,
        "u" | "us" => 1,
        _ => return Err(invalid),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(invalid);
    }
    if number == 0 || number > u64::from(u32::MAX) {
        return Err(overflow);
    }
    u32::try_from(number * factor).map_err(|_| overflow)
}
