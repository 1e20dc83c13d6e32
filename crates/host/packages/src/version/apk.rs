//! apk's order of versions: `NUMBER{.NUMBER}…{LETTER}{_SUFFIX{NUMBER}}…{~HASH}{-rNUMBER}`, as `src/version.c` of
//! apk-tools 2.14 and 3 reads and compares it.

use std::cmp::Ordering;

use super::{leading, numbers};

/// Suffixes that come before the version without them, oldest first.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
/// Suffixes that come after it.
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// What a part of a version is; in the order in which parts may follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    First,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    /// What follows is not part of a version.
    Invalid,
}

/// A version that is being read.
struct Reader<'a> {
    token: Token,
    /// The text of the part, without its mark.
    value: &'a [u8],
    /// Of a suffix: negative before the version without it, positive after.
    suffix: i32,
    rest: &'a [u8],
}

/// Compares two versions. As apk does it, what follows an invalid part is not looked at.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (Reader::new(a), Reader::new(b));
    while a.token == b.token && a.token < Token::End {
        let order = a.order(&b);
        if order.is_ne() {
            return order;
        }
        a.advance();
        b.advance();
    }
    let is_before = |reader: &Reader| reader.token == Token::Suffix && reader.suffix < 0;
    if a.token == b.token {
        Ordering::Equal
    } else if is_before(&a) {
        Ordering::Less
    } else if is_before(&b) {
        Ordering::Greater
    } else {
        // What ends first is older.
        b.token.cmp(&a.token)
    }
}

impl<'a> Reader<'a> {
    fn new(version: &'a str) -> Self {
        let mut reader = Reader {
            token: Token::First,
            value: &[],
            suffix: 0,
            rest: version.as_bytes(),
        };
        reader.take_number(Token::First);
        reader
    }

    /// Goes on to the next part.
    fn advance(&mut self) {
        let Some((&first, behind)) = self.rest.split_first() else {
            self.token = Token::End;
            return;
        };
        let token = self.token;
        match first {
            b'a'..=b'z' if token <= Token::Number => {
                (self.value, self.rest) = self.rest.split_at(1);
                self.token = Token::Letter;
            }
            b'.' if token <= Token::Number => {
                self.rest = behind;
                self.take_number(Token::Number);
            }
            b'0'..=b'9' if token <= Token::Number => self.take_number(Token::Number),
            b'0'..=b'9' if token == Token::Suffix => self.take_number(Token::SuffixNumber),
            b'_' if token <= Token::SuffixNumber => self.take_suffix(behind),
            b'~' if token <= Token::SuffixNumber => {
                (self.value, self.rest) = leading(behind, is_hash);
                self.found(Token::Hash);
            }
            b'-' if token <= Token::Hash && behind.first() == Some(&b'r') => {
                self.rest = &behind[1..];
                self.take_number(Token::Revision);
            }
            _ => self.token = Token::Invalid,
        }
    }

    fn take_number(&mut self, token: Token) {
        (self.value, self.rest) = leading(self.rest, |byte| byte.is_ascii_digit());
        self.found(token);
    }

    fn take_suffix(&mut self, rest: &'a [u8]) {
        (self.value, self.rest) = leading(rest, |byte| byte.is_ascii_lowercase());
        let place = |all: &[&str]| all.iter().position(|name| name.as_bytes() == self.value);
        let before = place(&BEFORE).map(|at| at as i32 - BEFORE.len() as i32);
        let after = place(&AFTER).map(|at| at as i32 + 1);
        self.suffix = before.or(after).unwrap_or(0);
        self.token = if self.suffix == 0 {
            Token::Invalid
        } else {
            Token::Suffix
        };
    }

    fn found(&mut self, token: Token) {
        self.token = if self.value.is_empty() {
            Token::Invalid
        } else {
            token
        };
    }

    /// Compares parts of one kind.
    fn order(&self, other: &Self) -> Ordering {
        let has_zero = |value: &[u8]| value.first() == Some(&b'0');
        match self.token {
            // As fractions, where one begins with 0.
            Token::Number if has_zero(self.value) || has_zero(other.value) => {
                self.value.cmp(other.value)
            }
            Token::First | Token::Number | Token::SuffixNumber | Token::Revision => {
                numbers(self.value, other.value)
            }
            Token::Suffix => self.suffix.cmp(&other.suffix),
            Token::Letter | Token::Hash | Token::End | Token::Invalid => {
                self.value.cmp(other.value)
            }
        }
    }
}

fn is_hash(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_apk_orders_them() {
        let cases = [
            ("4.6.1-r0", "4.6.1-r0", Ordering::Equal),
            ("4.4.1-r9", "4.4.1-r10", Ordering::Less),
            ("4.4.1-r10", "4.6.0-r0", Ordering::Less),
            ("1.0", "1.0-r0", Ordering::Less),
            ("1.0", "1.0.0", Ordering::Less),
            ("1.0a", "1.0b", Ordering::Less),
            ("1.0", "1.0a", Ordering::Less),
            ("1.0_rc1", "1.0", Ordering::Less),
            ("1.0_alpha", "1.0_beta", Ordering::Less),
            ("1.0_alpha2", "1.0_alpha10", Ordering::Less),
            ("1.0_alpha", "1.0_alpha2", Ordering::Less),
            ("1.0_alpha_pre2", "1.0_alpha", Ordering::Less),
            ("1.0_p1", "1.0", Ordering::Greater),
            ("1.0_git20240101", "1.0_p1", Ordering::Less),
            ("1.06-r6", "006", Ordering::Less),
            ("1.02", "1.1", Ordering::Less),
            ("1.010", "1.01", Ordering::Greater),
            ("1.3_pre1-r1", "1.3.2", Ordering::Less),
            ("1.0_p10-r0", "1.0_p9-r0", Ordering::Greater),
            ("20060720", "3.0.20060720", Ordering::Greater),
            ("1.0~abc-r0", "1.0~abd-r0", Ordering::Less),
            ("6b-r7", "6.1", Ordering::Less),
            (
                "1.0_pre20191002222144-r0",
                "1.0_pre20210530193627-r0",
                Ordering::Less,
            ),
            // Neither is a version behind what they share.
            ("1.0?", "1.0!", Ordering::Equal),
            ("1.0bc", "1.0", Ordering::Greater),
            ("1.0_foo", "1.0", Ordering::Less),
        ];
        for (a, b, order) in cases {
            assert_eq!(compare(a, b), order, "{a} {b}");
            assert_eq!(compare(b, a), order.reverse(), "{b} {a}");
        }
    }
}
