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

/// A number at the beginning of a text, as C's `strtoul` reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leading {
    /// The number: `u64::MAX` for one that is larger, and a negative one counted from 2^64 downwards.
    pub value: u64,
    /// The bytes that it takes, with blanks in front; 0 where there is no number.
    pub len: usize,
}

/// The number that `text` begins with: in base 10, in base 16 (where `0x` may be in front), or, where `base` is 0, in the
/// base that it shows as in C.
pub(super) fn leading(text: &str, mut base: u32) -> Leading {
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let signed = text.trim_start_matches(is_blank);
    let mut digits = signed.strip_prefix(['+', '-']).unwrap_or(signed);
    if (base == 16 || base == 0)
        && let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X"))
        && hex.starts_with(|c: char| c.is_ascii_hexdigit())
    {
        digits = hex;
        base = 16;
    }
    if base == 0 {
        base = if digits.starts_with('0') { 8 } else { 10 };
    }
    let count = digits
        .find(|c: char| !c.is_digit(base))
        .unwrap_or(digits.len());
    if count == 0 {
        return Leading { value: 0, len: 0 };
    }
    let read = digits.get(..count).unwrap_or_default();
    let value = match u64::from_str_radix(read, base) {
        Ok(value) if signed.starts_with('-') => value.wrapping_neg(),
        Ok(value) => value,
        Err(_) => u64::MAX,
    };
    let len = text.len() - digits.len() + count;
    Leading { value, len }
}

/// The number that `text` begins with, 0 where there is none, as C's `atoi` reads it.
pub(super) fn atoi(text: &str) -> i32 {
    // glibc's is `(int) strtol(…)`: saturated to 64 bits, then cut to 32.
    let wide = match leading(text, 10).value {
        u64::MAX if !text.trim_start().starts_with('-') => i64::MAX,
        value => value.cast_signed(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "as C does")]
    let cut = wide as i32;
    cut
}
