//! Errors and warnings as users read them.

use error::{Error, printable};

use crate::look::{Look, Role};

/// `error` in lines: what, its causes, the hint. Without a line's end behind the last.
pub fn error_text(error: &Error, look: &Look) -> String {
    lines("error", Role::Error, error, look)
}

/// The same of something that is no reason to stop.
pub fn warning_text(warning: &Error, look: &Look) -> String {
    lines("warning", Role::Warning, warning, look)
}

fn lines(word: &str, role: Role, error: &Error, look: &Look) -> String {
    let mut text = look.paint(role, word) + ": " + &printable(&error.to_string());
    for cause in error.causes() {
        text += &format!("\n  because: {}", printable(cause));
    }
    if let Some(hint) = error.hint_text() {
        text += &format!("\n{}: {}", look.paint(Role::Hint, "hint"), printable(hint));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble() -> Error {
        Error::io("cannot be read", "Input/output error: twice")
            .hint("check the disk")
            .at("disk: img")
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_its_hint() {
        assert_eq!(
            error_text(&trouble(), &Look::PLAIN),
            "error: disk: img: cannot be read\n  because: Input/output error: twice\nhint: check the disk"
        );
        assert_eq!(error_text(&trouble(), &Look::PLAIN), trouble().to_text());
        assert_eq!(
            warning_text(&trouble(), &Look::PLAIN),
            trouble().to_warning()
        );
    }

    #[test]
    fn only_the_words_are_coloured() {
        let colourful = Look {
            colour: true,
            width: None,
        };
        assert_eq!(
            warning_text(&trouble(), &colourful),
            "\x1b[33mwarning\x1b[0m: disk: img: cannot be read\n  because: Input/output error: twice\n\
             \x1b[36mhint\x1b[0m: check the disk"
        );
    }
}
