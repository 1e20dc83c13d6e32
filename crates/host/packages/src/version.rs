//! Which of two versions is newer: each system compares in a way of its own.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod rpm;

/// The digits, or what else `is` holds for, at the start of `text`, and what follows.
fn leading(text: &[u8], is: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|&&byte| is(byte)).count();
    text.split_at(length)
}

/// Compares two numbers that are written in decimal, however many digits they have.
fn numbers(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let (_, a) = leading(a, |byte| byte == b'0');
    let (_, b) = leading(b, |byte| byte == b'0');
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
