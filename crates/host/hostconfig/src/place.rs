//! Places in the host's files, and facts that those do not tell.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use error::{Error, Position};

/// A place in a file of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the host calls it: `/boot/grub/grub.cfg`.
    pub file: Arc<Path>,
    /// The line and the column in it.
    pub position: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{}:{line}:{column}", self.file.display())
    }
}

/// Most reasons for doubt that are kept.
const MOST_DOUBTS: usize = 100;

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// The reason, as part of a sentence: "the variable 'x' is set when GRUB runs".
    pub why: String,
    /// The place that is the reason, where there is one.
    pub place: Option<Place>,
}

/// A fact that the files tell, or the reason why they do not.
pub type Known<T> = std::result::Result<T, Unknown>;

impl Unknown {
    /// Not known because of `why`.
    pub fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        Unknown { why, place: None }
    }

    /// Adds it to reasons for doubt, of which each is kept once, and no more than a hundred.
    pub fn add_to(self, doubts: &mut Vec<Unknown>) {
        if doubts.len() < MOST_DOUBTS && !doubts.contains(&self) {
            doubts.push(self);
        }
    }

    /// The same, because of what is at `place`.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        let place = Some(place);
        Unknown { place, ..self }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// It is beyond what is looked at.
impl From<Unknown> for Error {
    fn from(unknown: Unknown) -> Self {
        let error = Error::unsupported(unknown.why);
        match unknown.place {
            Some(place) => error.at(place),
            None => error,
        }
    }
}
