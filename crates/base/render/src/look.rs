//! What the reader can show, and what parts of a text mean.

use std::env;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// Columns where a stream does not tell.
const WIDTH: usize = 80;

/// What a part of a text means; a [`Look`] decides how that shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing in particular.
    #[default]
    Plain,
    /// A title, the head of a column.
    Heading,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Error,
    /// What to do about it.
    Hint,
    /// Less important than what is around it.
    Faint,
}

impl Role {
    /// The SGR parameters (ECMA-48, 8.3.117) of the colour.
    fn parameters(self) -> Option<&'static str> {
        match self {
            Role::Plain => None,
            Role::Heading => Some("1"),
            Role::Good => Some("32"),
            Role::Warning => Some("33"),
            Role::Error => Some("1;31"),
            Role::Hint => Some("36"),
            Role::Faint => Some("2"),
        }
    }
}

/// What the reader of a text can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether colours show.
    pub colour: bool,
    /// Columns in a line; `None` where lines may be of any length.
    pub width: Option<usize>,
}

impl Look {
    /// No colours, lines of any length: a file, a pipe.
    pub const PLAIN: Look = Look {
        colour: false,
        width: None,
    };

    /// What `stream` shows: colours and a width on a terminal, neither elsewhere. `NO_COLOR`
    /// (no-color.org), if it is set to something, turns colours off.
    pub fn of(stream: &(impl AsFd + IsTerminal)) -> Self {
        if !stream.is_terminal() {
            return Look::PLAIN;
        }
        let width = tcgetwinsize(stream).map(|size| usize::from(size.ws_col));
        Look {
            colour: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            width: Some(width.ok().filter(|width| *width > 0).unwrap_or(WIDTH)),
        }
    }

    /// `text` as `role` shows.
    pub fn paint(&self, role: Role, text: &str) -> String {
        match role
            .parameters()
            .filter(|_| self.colour && !text.is_empty())
        {
            Some(parameters) => format!("\x1b[{parameters}m{text}\x1b[0m"),
            None => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_show_only_where_they_can() {
        let colourful = Look {
            colour: true,
            width: None,
        };
        assert_eq!(colourful.paint(Role::Error, "bad"), "\x1b[1;31mbad\x1b[0m");
        assert_eq!(colourful.paint(Role::Plain, "bad"), "bad");
        assert_eq!(colourful.paint(Role::Error, ""), "");
        assert_eq!(Look::PLAIN.paint(Role::Error, "bad"), "bad");
    }

    #[test]
    fn what_is_no_terminal_is_plain() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(Look::of(&file), Look::PLAIN);
    }
}
