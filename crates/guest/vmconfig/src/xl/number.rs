//! Numbers of xl.cfg.

use error::{Error, Result};

use crate::limits::shown;

/// The number `text` stands for: as `strtol` with base 0 reads it, so `0x10` is 16 and `010` is 8.
/// Quoted numbers are numbers too.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is no number, is negative or is 2^63 or more.
pub fn number(text: &str) -> Result<u64> {
    let digits = text.trim_start();
    let (digits, base) = match digits.strip_prefix('+').unwrap_or(digits) {
        hex if hex.starts_with("0x") || hex.starts_with("0X") => (hex.get(2..), 16),
        octal if octal.len() > 1 && octal.starts_with('0') => (octal.get(1..), 8),
        decimal => (Some(decimal), 10),
    };
    let digits = digits.unwrap_or_default();
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(Error::corrupt(format!(
            "\"{}\" is not a valid number",
            shown(text)
        )));
    }
    match i64::from_str_radix(digits, base).map(u64::try_from) {
        Ok(Ok(number)) => Ok(number),
        _ => Err(Error::corrupt(format!(
            "\"{}\" is too large a number",
            shown(text)
        ))),
    }
}
