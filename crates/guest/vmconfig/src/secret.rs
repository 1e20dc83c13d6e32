//! Passwords in descriptions of guests, wherever they are written: settings of their own (`vncpasswd`), words of a list
//! (`vfb`, `device_model_args`), attributes (`PASSWD`), parts of an address (`key=` of a Ceph volume).

use std::collections::BTreeSet;

/// What is shown instead.
pub const HIDDEN: &str = "(hidden)";

/// What the name of a password has in it.
const NAMES: [&str; 4] = ["passw", "passphrase", "secret", "vnc_pass"];

const BLANKS: [char; 2] = [' ', '\t'];

/// Whether `name` is that of a setting that holds a password.
pub fn is_secret(name: &str) -> bool {
    find(name).is_some()
}

/// `text` without the passwords that are in it: what is behind `passwd=` up to the next comma, blank or quote. Where a password
/// is named and no value is set off from it, all that follows.
pub fn hide(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = find(rest) {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '"' | '\'');
        let behind = rest[at..].trim_start_matches(is_of_name);
        let Some(value) = behind.trim_start_matches(BLANKS).strip_prefix(['=', ':']) else {
            shown += &rest[..at];
            shown += HIDDEN;
            return shown;
        };
        let value = value.trim_start_matches(BLANKS);
        // A value in quotes goes up to the quote, any other to the next word.
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = value.trim_start_matches(['"', '\'']);
        let start = rest.len() - value.len();
        let len = match quote {
            Some(quote) => value.find(quote),
            None => value.find([',', ';', ' ', '\t', '\n', '"', '\'', ']']),
        };
        let len = len.unwrap_or(value.len());
        shown += &rest[..start];
        shown += HIDDEN;
        rest = &value[len..];
    }
    shown + rest
}

/// `value` of the setting `name`, as far as it may be shown.
pub fn shown(name: &str, value: &str) -> String {
    if is_secret(name) {
        HIDDEN.to_owned()
    } else {
        hide(value)
    }
}

/// The lines, counted from 0, in which a password may be: those that name one, and what follows where the statement goes on.
pub fn lines(text: &str) -> BTreeSet<usize> {
    let mut secret = BTreeSet::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        if !goes_on && !is_secret(line) {
            continue;
        }
        secret.insert(index);
        let code = line.split('#').next().unwrap_or_default();
        goes_on = code.trim_end().ends_with(['=', '[', ',', '\\', '(']);
    }
    secret
}

/// The first byte of the first name of a password in `text`.
fn find(text: &str) -> Option<usize> {
    // Lower case has other lengths beyond ASCII.
    let small = text.to_ascii_lowercase();
    let names = NAMES.iter().filter_map(|name| small.find(name));
    names.chain(ceph_key(&small)).min()
}

/// `key=` or `:key=` as a word of its own, as QEMU has it in the name of a Ceph volume.
fn ceph_key(small: &str) -> Option<usize> {
    let is_rbd = small.contains("rbd:");
    let at = small.find(":key=").filter(|_| is_rbd)?;
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_passwords_are_hidden() {
        for (text, shown) in [
            (
                "vnc=1,vncpasswd=hunter2,sdl=0",
                "vnc=1,vncpasswd=(hidden),sdl=0",
            ),
            ("vncpasswd = \"a b\"", "vncpasswd = \"(hidden)\""),
            (
                "root=/dev/xvda PASSWD=x quiet",
                "root=/dev/xvda PASSWD=(hidden) quiet",
            ),
            (
                "port=5900,password=x,secret:y",
                "port=5900,password=(hidden),secret:(hidden)",
            ),
            ("the password is x", "the (hidden)"),
            (
                "rbd:pool/image:id=admin:key=AQ==:conf=x",
                "rbd:pool/image:id=admin:key=(hidden)",
            ),
            ("keymap=de,key=x", "keymap=de,key=x"),
            ("plain ü text", "plain ü text"),
        ] {
            assert_eq!(hide(text), shown);
        }
        assert_eq!(shown("PASSWD", "x y"), HIDDEN);
        let text = "a = 1\nvncpasswd = [ # why\n 'x',\n 'y' ]\nb = 2\n";
        assert_eq!(lines(text), BTreeSet::from([1, 2, 3]));
        assert!(is_secret("MYPASSWORD") && is_secret("vncpasswd") && !is_secret("keymap"));
    }
}
