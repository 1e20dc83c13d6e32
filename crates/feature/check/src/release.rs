//! Releases, and what a host is to become.

use std::fmt;
use std::str::FromStr;

use error::{Error, Result};

/// A release by its first two numbers, as Xen's and distributions' are: 4.17, 12.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The first number.
    pub major: u32,
    /// The second number; 0 where there is none.
    pub minor: u32,
}

impl Release {
    /// The release `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Release { major, minor }
    }

    /// The release that a longer version begins with: 4.17 of `4.17.5+23-ga4e5191dc0-1`, 4.6 of `4.6.1-r3`. An epoch
    /// (`1:`) is passed over. `None` for what does not begin with a number.
    pub fn of_version(version: &str) -> Option<Self> {
        let version = version
            .rsplit_once(':')
            .map_or(version, |(_, behind)| behind);
        let mut numbers = version.split(|c: char| !c.is_ascii_digit());
        let major = numbers.next()?.parse().ok()?;
        let minor = match version
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .strip_prefix('.')
        {
            Some(_) => numbers.next()?.parse().ok()?,
            None => 0,
        };
        Some(Release { major, minor })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Release {
    type Err = Error;

    /// # Errors
    /// [`error::Kind::Usage`] for what is no release.
    fn from_str(text: &str) -> Result<Self> {
        let whole = text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let release = Release::of_version(text).filter(|_| whole);
        release.ok_or_else(|| {
            Error::usage(format!("invalid release '{text}'")).hint("for example 4.17")
        })
    }
}

/// What a host is to become: a release of Xen or of its distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What is released: `xen`, or a distribution as its os-release calls it (`debian`, `alpine`, `xcp-ng`).
    pub of: String,
    /// The release.
    pub release: Release,
}

impl FromStr for Target {
    type Err = Error;

    /// Reads `xen=4.17`, `debian=13`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for anything else.
    fn from_str(text: &str) -> Result<Self> {
        let Some((of, release)) = text.split_once('=').filter(|(of, _)| !of.is_empty()) else {
            return Err(Error::usage(format!("invalid target '{text}'"))
                .hint("for example xen=4.17 or debian=13"));
        };
        Ok(Target {
            of: of.to_lowercase(),
            release: release.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_packages_versions() {
        let of = |version| Release::of_version(version).map(|release| release.to_string());
        assert_eq!(of("4.17.5+23-ga4e5191dc0-1").as_deref(), Some("4.17"));
        assert_eq!(of("1:4.6.1-r3").as_deref(), Some("4.6"));
        assert_eq!(of("13").as_deref(), Some("13.0"));
        assert_eq!(of("4.4_rc1").as_deref(), Some("4.4"));
        assert_eq!(of("unstable"), None);
        assert_eq!(of(""), None);
        assert_eq!(of("4."), None);
        assert_eq!(of("99999999999.1"), None);
    }

    #[test]
    fn targets_name_what_is_released() {
        let target: Target = "xen=4.17".parse().unwrap();
        assert_eq!(
            (target.of.as_str(), target.release),
            ("xen", Release::new(4, 17))
        );
        assert_eq!("Debian=13".parse::<Target>().unwrap().of, "debian");
        for bad in ["4.17", "xen", "xen=", "=4.17", "xen=new", "xen=4.17-rc1"] {
            assert_eq!(
                bad.parse::<Target>().unwrap_err().kind(),
                error::Kind::Usage,
                "{bad}"
            );
        }
    }

    #[test]
    fn releases_are_ordered_by_number() {
        assert!(Release::new(4, 9) < Release::new(4, 10));
    }
}
