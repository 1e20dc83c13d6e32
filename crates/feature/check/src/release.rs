//! Releases, and what a host is to become.

use std::str::FromStr;

use error::{Error, Result};
use vmconfig::xen::Release;

/// The release that a version begins with: 4.17 of `4.17.5+23-ga4e5191dc0-1`, 4.6 of `4.6.1-r3`, 13.0 of `13`. An epoch
/// (`1:`) is passed over. `None` for what does not begin with a number.
pub fn release_of(version: &str) -> Option<Release> {
    let version = version
        .rsplit_once(':')
        .map_or(version, |(_, behind)| behind);
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (major, rest) = version.split_at_checked(digits(version))?;
    let minor = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at_checked(digits(rest))?.0.parse().ok()?,
        None => 0,
    };
    Some(Release::new(major.parse().ok()?, minor))
}

/// Reads a release: `4.17`, `13`.
///
/// # Errors
/// [`error::Kind::Usage`] for what is none.
pub fn parse_release(text: &str) -> Result<Release> {
    let whole = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let release = release_of(text).filter(|_| whole);
    release
        .ok_or_else(|| Error::usage(format!("invalid release '{text}'")).hint("for example 4.17"))
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
            release: parse_release(release)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_packages_versions() {
        let of = |version| release_of(version).map(|release| release.to_string());
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
}
