//! What a description of a guest may cost.

use error::{Error, Result, printable};

/// The longest description that is read, in bytes.
pub const TEXT: usize = 4 << 20;

/// The most disks, and the most network cards, a guest may have.
pub(crate) const DEVICES: usize = 1024;

/// Refuses text that is too long to be a description.
///
/// # Errors
/// [`error::Kind::Unsupported`]
pub(crate) fn check_text(text: &str) -> Result<()> {
    match text.len() {
        len if len <= TEXT => Ok(()),
        len => Err(Error::unsupported(format!(
            "it has {len} bytes, more than {TEXT}"
        ))),
    }
}

/// Refuses more devices than any guest has.
///
/// # Errors
/// [`error::Kind::Unsupported`]
pub(crate) fn check_devices(what: &str, count: usize) -> Result<()> {
    match count {
        count if count <= DEVICES => Ok(()),
        count => Err(Error::unsupported(format!(
            "the guest has {count} {what}, more than {DEVICES}"
        ))),
    }
}

/// The longest part of a foreign text that a message repeats, in characters.
const SHOWN: usize = 80;

/// `text` as a message shows it: one line, cut where it is long.
pub(crate) fn shown(text: &str) -> String {
    one_line(text, SHOWN)
}

/// `text` in one line of at most `most` characters, and a mark where it was cut. What cannot be shown
/// counts as it is written instead.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut room = most;
    for character in text.chars() {
        let shown = printable(character.encode_utf8(&mut [0; 4]));
        let Some(left) = room.checked_sub(shown.chars().count()) else {
            line.push('…');
            break;
        };
        room = left;
        line += &shown;
    }
    line
}
