//! Releases of Xen.

use std::fmt;
use std::str::FromStr;

use error::Error;

/// A release of Xen, `4.17`; patch levels change no language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The number in front of the dot.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

impl Release {
    /// The first release that is known here.
    pub const OLDEST: Release = Release::new(4, 2);
    /// The last one.
    pub const NEWEST: Release = Release::new(4, 22);

    /// Release `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Release { major, minor }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Release {
    type Err = Error;

    /// Reads `4.17`, and as much as is needed of `4.17.3` and `4.17-unstable`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for what does not begin with two numbers and a dot between them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::usage(format!("invalid release of Xen '{text}', expected 4.17"));
        let (major, rest) = text.split_once('.').ok_or_else(invalid)?;
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let minor = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Release { major, minor }),
            _ => Err(invalid()),
        }
    }
}
