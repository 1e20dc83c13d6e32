//! Sizes as xl's commands and xl.conf write them (`parse_mem_size_kb` of xl_parse.c). In xl.cfg sizes are plain numbers
//! of MiB.

/// The amount in KiB: a number with `t`, `g`, `m`, `k` or `b` behind it in either case, MiB without; `None` for what xl
/// refuses.
pub fn kib(text: &str) -> Option<i64> {
    let blanks = text.len() - text.trim_start().len();
    let signs = text.get(blanks..)?.starts_with(['+', '-']);
    let from = blanks + usize::from(signs);
    let digits = text.get(from..)?;
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let end = from + end.unwrap_or(digits.len());
    let number: i64 = match text.get(blanks..end)? {
        "" | "+" | "-" => 0,
        number => number.parse().ok()?,
    };
    let factor = match text.get(end..)?.to_ascii_lowercase().as_str() {
        "t" => 1 << 30,
        "g" => 1 << 20,
        "" | "m" => 1 << 10,
        "k" => 1,
        "b" => return Some(number >> 10),
        _ => return None,
    };
    number.checked_mul(factor)
}
