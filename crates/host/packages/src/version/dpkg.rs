//! dpkg's order of versions: deb-version(7), `lib/dpkg/version.c`.

use std::cmp::Ordering;

use super::{leading, numbers};

/// Compares `[EPOCH:]UPSTREAM[-REVISION]`.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    numbers(a.epoch, b.epoch)
        .then_with(|| part(a.upstream, b.upstream))
        .then_with(|| part(a.revision, b.revision))
}

struct Parts<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Parts {
            epoch: epoch.as_bytes(),
            upstream: upstream.as_bytes(),
            revision: revision.as_bytes(),
        }
    }
}

/// Compares upstream versions, or revisions: pieces that are no digits and pieces that are, by turns. A missing number is
/// 0, a missing revision is as good as `0`.
fn part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, rest_a) = leading(a, |byte| !byte.is_ascii_digit());
        let (text_b, rest_b) = leading(b, |byte| !byte.is_ascii_digit());
        let (number_a, rest_a) = leading(rest_a, |byte| byte.is_ascii_digit());
        let (number_b, rest_b) = leading(rest_b, |byte| byte.is_ascii_digit());
        let order = text(text_a, text_b).then_with(|| numbers(number_a, number_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

/// Compares pieces without digits: `~` comes before the end, letters after it, everything else after letters.
fn text(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |text: &[u8], at: usize| match text.get(at) {
        None => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    };
    let longest = a.len().max(b.len());
    let orders = (0..longest).map(|at| rank(a, at).cmp(&rank(b, at)));
    orders
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let cases = [
            ("1.0", "1.0", Ordering::Equal),
            ("1.0", "1.0-0", Ordering::Equal),
            ("0:1.0", "1.0", Ordering::Equal),
            ("1.00", "1.0", Ordering::Equal),
            ("1.0~", "1.0", Ordering::Less),
            ("1.0~~", "1.0~", Ordering::Less),
            ("1.0~~a", "1.0~", Ordering::Less),
            ("1.0", "1.0a", Ordering::Less),
            ("1.0a", "1.0+", Ordering::Less),
            ("1.0+b", "1.0.1", Ordering::Less),
            ("1.9", "1.10", Ordering::Less),
            ("2.0", "1:1.0", Ordering::Less),
            ("4.17.3+10-1", "4.17.3+36-g54dacb5c02-1", Ordering::Less),
            (
                "4.17.5+23-ga4e5191dc0-1~deb12u1",
                "4.17.5+23-ga4e5191dc0-1",
                Ordering::Less,
            ),
            ("4.14.6-1", "4.17~rc1-1", Ordering::Less),
            ("1.2-1-1", "1.2-1-2", Ordering::Less),
            (
                "18446744073709551617",
                "18446744073709551616",
                Ordering::Greater,
            ),
            ("6.1.0-18", "6.1.0-9", Ordering::Greater),
            ("1:7.2+dfsg-7+deb12u5", "1:7.2+dfsg-7", Ordering::Greater),
        ];
        for (a, b, order) in cases {
            assert_eq!(compare(a, b), order, "{a} {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} {a}");
        }
    }
}
