//! What is known, and where it was said.

use std::fmt;

use error::printable;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was said.
    Stated {
        /// The file it was said in.
        file: String,
        /// Where in the file: `line 3`, `VirtualHardwareSection, item 2`.
        at: String,
    },
    /// A guess.
    Guess {
        /// What makes it likely.
        why: String,
    },
}

impl Origin {
    /// Said in `file`, at the place `at`.
    pub fn stated(file: &str, at: impl Into<String>) -> Self {
        Origin::Stated {
            file: file.to_owned(),
            at: at.into(),
        }
    }

    /// Said nowhere; `why` it is likely.
    pub fn guess(why: impl Into<String>) -> Self {
        Origin::Guess { why: why.into() }
    }

    /// Whether it was said and not guessed.
    pub fn is_stated(&self) -> bool {
        matches!(self, Origin::Stated { .. })
    }
}

/// As it ends a line: `from web.cfg: line 3`, `a guess: most guests boot by BIOS`. One line, whatever
/// the file is called.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Stated { file, at } => {
                write!(f, "from {}: {}", printable(file), printable(at))
            }
            Origin::Guess { why } => write!(f, "a guess: {}", printable(why)),
        }
    }
}

/// A value that knows where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<T> {
    /// What is known.
    pub value: T,
    /// Who said so.
    pub from: Origin,
}

impl<T> Value<T> {
    /// `value`, as said at `from`.
    pub fn new(value: T, from: &Origin) -> Self {
        Value {
            value,
            from: from.clone(),
        }
    }

    /// `value`, which is a guess.
    pub fn guess(value: T, why: impl Into<String>) -> Self {
        Value {
            value,
            from: Origin::guess(why),
        }
    }
}

/// Something that must not be shown: a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` to itself.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The secret; for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
