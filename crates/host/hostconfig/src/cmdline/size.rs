//! Numbers and sizes as Xen reads them: `simple_strtoull` and `parse_size_and_unit` of xen/common/lib.c.

/// The number at the start of `text` (decimal, octal after `0`, hexadecimal after `0x`) and what is behind it. No
/// digit is 0; a number of more than 64 bits wraps, as in Xen.
pub(super) fn number(text: &str) -> (u64, &str) {
    let is_hex = |text: &str| text.starts_with(|c: char| c.is_ascii_hexdigit());
    let hex = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let (base, digits) = match hex {
        Some(digits) if is_hex(digits) => (16, digits),
        _ if text.starts_with('0') => (8, text),
        _ => (10, text),
    };
    let mut value = 0u64;
    for (at, char) in digits.char_indices() {
        let Some(digit) = char.to_digit(base) else {
            return (value, &digits[at..]);
        };
        value = value
            .wrapping_mul(u64::from(base))
            .wrapping_add(u64::from(digit));
    }
    (value, "")
}

/// The size in bytes at the start of `text` and what is behind it: a number with `B`, `K`, `M`, `G` or `T` in either
/// case, KiB without one. `%` is left for the caller, and its number as it is.
pub fn size_and_unit(text: &str) -> (u64, &str) {
    let (value, rest) = number(text);
    let power = match rest.chars().next().map(|unit| unit.to_ascii_uppercase()) {
        Some('T') => 4,
        Some('G') => 3,
        Some('M') => 2,
        Some('K') => 1,
        Some('B') => 0,
        Some('%') => return (value, rest),
        _ => return (value.wrapping_shl(10), rest),
    };
    (value.wrapping_shl(10 * power), &rest[1..])
}
