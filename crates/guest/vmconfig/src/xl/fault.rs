//! What is wrong with a configuration, and where.

use std::fmt;

use error::{Error, Position};

/// Something libxlutil refuses, in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it begins.
    pub position: Position,
    /// The text it is near.
    pub near: String,
    /// What libxlutil says about it.
    pub message: String,
}

/// More of a text than a message needs, in characters.
const NEAR: usize = 60;

impl Fault {
    /// A fault at `position`, near `near`.
    pub(super) fn new(position: Position, near: &str, message: impl Into<String>) -> Self {
        Fault {
            position,
            near: near.chars().take(NEAR).collect(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.position)?;
        match self.near.as_str() {
            "" => f.write_str(&self.message),
            near => write!(f, "near `{near}': {}", self.message),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::corrupt(fault.to_string())
    }
}
