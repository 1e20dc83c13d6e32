//! rpm's order of versions: `rpmverCmp` and `rpmvercmp` of rpm's `rpmio/rpmver.c` and `rpmio/rpmvercmp.c`.

use std::cmp::Ordering;

use super::{leading, numbers};

/// Compares `[EPOCH:]VERSION[-RELEASE]`. A missing epoch is 0, a missing release is older than any.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    part(a.epoch, b.epoch)
        .then_with(|| part(a.version, b.version))
        .then_with(|| part(a.release, b.release))
}

struct Parts<'a> {
    epoch: &'a [u8],
    version: &'a [u8],
    release: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let is_number = |epoch: &str| epoch.bytes().all(|byte| byte.is_ascii_digit());
        let (epoch, rest) = match text.split_once(':') {
            Some(("", rest)) => ("0", rest),
            Some((epoch, rest)) if is_number(epoch) => (epoch, rest),
            _ => ("0", text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Parts {
            epoch: epoch.as_bytes(),
            version: version.as_bytes(),
            release: release.as_bytes(),
        }
    }
}

/// Compares versions, or releases: segments of digits and of letters; what is neither only separates them, but for `~`
/// (before the end) and `^` (after the end, before everything else).
fn part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    loop {
        (_, a) = leading(a, is_separator);
        (_, b) = leading(b, is_separator);
        if let Some(order) = marks(a, b, b'~', Ordering::Less) {
            return order;
        }
        if let Some(order) = carets(a, b) {
            return order;
        }
        let has_mark = |text: &[u8]| matches!(text.first(), Some(b'~' | b'^'));
        if has_mark(a) && has_mark(b) {
            (a, b) = (&a[1..], &b[1..]);
            continue;
        }
        if a.is_empty() || b.is_empty() {
            // More segments are newer.
            return a.len().cmp(&b.len());
        }
        let order = match segments(&mut a, &mut b) {
            Ordering::Equal => continue,
            order => order,
        };
        return order;
    }
}

/// The order where only one side has the mark `mark` now: the side with it is `with`.
fn marks(a: &[u8], b: &[u8], mark: u8, with: Ordering) -> Option<Ordering> {
    match (a.first() == Some(&mark), b.first() == Some(&mark)) {
        (true, false) => Some(with),
        (false, true) => Some(with.reverse()),
        _ => None,
    }
}

/// The order where only one side has `^` now: newer than the end, older than anything else.
fn carets(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let other_ends = a.is_empty() || b.is_empty();
    let with = if other_ends {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    marks(a, b, b'^', with)
}

/// Takes a segment from both and compares them. A number is newer than a word.
fn segments(a: &mut &[u8], b: &mut &[u8]) -> Ordering {
    let is_number = a.first().is_some_and(u8::is_ascii_digit);
    let is_same = |byte: u8| {
        if is_number {
            byte.is_ascii_digit()
        } else {
            byte.is_ascii_alphabetic()
        }
    };
    let (one, rest) = leading(a, is_same);
    *a = rest;
    let (two, rest) = leading(b, is_same);
    *b = rest;
    match (two.is_empty(), is_number) {
        (true, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) => numbers(one, two),
        (false, false) => one.cmp(two),
    }
}

fn is_separator(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'~' && byte != b'^'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_rpm_orders_them() {
        let cases = [
            ("1.0", "1.0", Ordering::Equal),
            ("2.0", "2.0.1", Ordering::Less),
            ("2.0.1a", "2.0.1", Ordering::Greater),
            ("5.5p1", "5.5p10", Ordering::Less),
            ("10xyz", "10.1xyz", Ordering::Less),
            ("xyz10", "xyz10.1", Ordering::Less),
            ("xyz.4", "8", Ordering::Less),
            ("6.0.rc1", "6.0", Ordering::Greater),
            ("10b2", "10a1", Ordering::Greater),
            ("1.0aa", "1.0a", Ordering::Greater),
            ("10.0001", "10.1", Ordering::Equal),
            ("4.999.9", "5.0", Ordering::Less),
            ("2_0", "2.0", Ordering::Equal),
            ("a+", "a_", Ordering::Equal),
            ("+a", "_a", Ordering::Equal),
            ("20101121", "20101122", Ordering::Less),
            ("1.0~rc1", "1.0", Ordering::Less),
            ("1.0~rc1~git123", "1.0~rc1", Ordering::Less),
            ("1.0~rc1", "1.0~rc2", Ordering::Less),
            ("1.0^", "1.0", Ordering::Greater),
            ("1.0^git1", "1.0^git2", Ordering::Less),
            ("1.0^git1", "1.01", Ordering::Less),
            ("1.0^20160101", "1.0.1", Ordering::Less),
            ("1.0~rc1^git1", "1.0~rc1", Ordering::Greater),
            ("1.0^git1~pre", "1.0^git1", Ordering::Less),
            ("1:1.0-1", "2.0-1", Ordering::Greater),
            ("0:1.0-1", "1.0-1", Ordering::Equal),
            ("1.0", "1.0-1", Ordering::Less),
            ("4.17.5-13.xcpng8.3", "4.17.5-3.xcpng8.3", Ordering::Greater),
            (
                "4.19.19-8.0.37.xcpng8.3",
                "4.19.19-8.0.9.xcpng8.3",
                Ordering::Greater,
            ),
        ];
        for (a, b, order) in cases {
            assert_eq!(compare(a, b), order, "{a} {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} {a}");
        }
    }
}
