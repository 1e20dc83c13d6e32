//! Numbers of bytes as a person reads them.

/// `bytes` in the largest binary unit that leaves at least 1, with one decimal: `8.0 GiB`.
pub(crate) fn amount(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let power = bytes.ilog2() / 10;
    let unit = UNITS.get(power as usize - 1).copied().unwrap_or("EiB");
    format!("{:.1} {unit}", bytes as f64 / (1u64 << (10 * power)) as f64)
}

/// Two numbers to compare: exact to the byte when rounding would make them look alike.
pub(crate) fn amounts(one: u64, other: u64) -> (String, String) {
    let (a, b) = (amount(one), amount(other));
    if one != other && a == b {
        return (format!("{one} bytes"), format!("{other} bytes"));
    }
    (a, b)
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
}
