//! What is wrong inside of a value.

use std::borrow::Cow;
use std::fmt;

/// Something that xl or libxlutil refuses in a value, in its words where it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The byte of the value it begins at, counted from 0.
    pub at: usize,
    /// The text it is near; empty when it is the whole.
    pub near: String,
    /// What is said about it.
    pub message: Cow<'static, str>,
}

impl Wrong {
    /// A fault at byte `at`, near `near`.
    pub(super) fn new(at: usize, near: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Wrong {
            at,
            near: near.to_owned(),
            message: message.into(),
        }
    }

    /// A fault of the value as a whole.
    pub(super) fn whole(message: impl Into<Cow<'static, str>>) -> Self {
        Wrong::new(0, "", message)
    }
}

/// A parameter of a value, and the byte that it begins at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    pub at: usize,
    pub text: &'t str,
}

impl<'t> Part<'t> {
    /// The name, and behind its `=` the value.
    pub fn pair(&self) -> Option<(&'t str, Part<'t>)> {
        let (name, value) = self.text.split_once('=')?;
        let at = self.at + name.len() + 1;
        Some((name, Part { at, text: value }))
    }

    /// A fault at this part.
    pub fn wrong(&self, message: impl Into<Cow<'static, str>>) -> Wrong {
        Wrong::new(self.at, self.text, message)
    }
}

/// What is between the commas of `text`, without the blanks in front, as `strtok` finds it: empty parts do not count.
/// Tabs are no blanks to xl.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut at = 0;
    text.split(',').filter_map(move |part| {
        let start = at;
        at += part.len() + 1;
        let trimmed = part.trim_start_matches(' ');
        (!part.is_empty()).then_some(Part {
            at: start + part.len() - trimmed.len(),
            text: trimmed,
        })
    })
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.near.as_str() {
            "" => f.write_str(&self.message),
            near => write!(f, "near `{near}': {}", self.message),
        }
    }
}
