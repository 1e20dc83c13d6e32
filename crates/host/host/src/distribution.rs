//! Which distribution a host has: os-release(5).

use std::collections::BTreeMap;

use error::{Error, Kind, Result};

use crate::Host;

/// Where os-release(5) is; the first that is there counts.
const FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// XenServer's own, which those before 7.0 have alone.
const INVENTORY: &str = "/etc/xensource-inventory";

/// Most bytes of such a file.
const LARGEST: u64 = 64 << 10;

/// A distribution as it names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its `ID` in small letters: `debian`, `alpine`, `opensuse-leap`. XCP-ng and XenServer share one, and are told
    /// apart here: `xcp-ng`, `xenserver`.
    pub id: String,
    /// Its `VERSION_ID`: `12`, `3.19.1`. A release that is still being made has none.
    pub version: Option<String>,
    /// The distributions it is like, nearest first (`ID_LIKE`).
    pub like: Vec<String>,
    /// Its name for a reader: `Debian GNU/Linux 12 (bookworm)`.
    pub name: String,
}

/// Distributions that name packages alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Debian and those made from it: Ubuntu, Devuan, Proxmox VE.
    Debian,
    /// Alpine.
    Alpine,
    /// Fedora, Red Hat Enterprise Linux and those made from it, XCP-ng and XenServer among them.
    Fedora,
    /// openSUSE and SUSE Linux Enterprise.
    Suse,
}

impl Distribution {
    /// The family it belongs to; `None` for one of another kind.
    pub fn family(&self) -> Option<Family> {
        let ids = std::iter::once(&self.id).chain(&self.like);
        ids.into_iter().find_map(|id| match id.as_str() {
            "debian" | "ubuntu" | "devuan" => Some(Family::Debian),
            "alpine" | "postmarketos" => Some(Family::Alpine),
            "fedora" | "rhel" | "centos" | "xcp-ng" | "xenserver" => Some(Family::Fedora),
            "suse" | "opensuse" | "sles" => Some(Family::Suse),
            id if id.starts_with("opensuse-") => Some(Family::Suse),
            _ => None,
        })
    }
}

impl Host {
    /// Its distribution, by os-release(5), and for an old XenServer by its inventory.
    ///
    /// # Errors
    /// Those of [`crate::Files::text`]; [`Kind::Io`] when it has none of the files, [`Kind::Corrupt`] when the file
    /// names no distribution.
    pub fn distribution(&self) -> Result<Distribution> {
        for path in FILES {
            if let Some(text) = self.short_text(path)? {
                let named = |error: Error| error.at(self.files().real(path.as_ref()).display());
                return from_release(&assignments(&text)).map_err(named);
            }
        }
        if let Some(text) = self.short_text(INVENTORY)?
            && let Some(found) = from_inventory(&assignments(&text))
        {
            return Ok(found);
        }
        let text = format!("no {}, no {}", FILES[0], FILES[1]);
        Err(Error::new(Kind::Io, "the distribution cannot be told").cause(text))
    }

    fn short_text(&self, path: &str) -> Result<Option<String>> {
        let bytes = self.files().read_within(path, LARGEST)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn from_release(values: &BTreeMap<String, String>) -> Result<Distribution> {
    let value = |key: &str| values.get(key).filter(|value| !value.is_empty()).cloned();
    let id = value("ID").ok_or_else(|| Error::corrupt("has no ID"))?;
    let name = value("NAME");
    let id = match (id.as_str(), name.as_deref()) {
        ("xenenterprise", Some("XCP-ng")) => "xcp-ng".to_owned(),
        ("xenenterprise", _) => "xenserver".to_owned(),
        _ => id.to_ascii_lowercase(),
    };
    let like = value("ID_LIKE").unwrap_or_default();
    Ok(Distribution {
        version: value("VERSION_ID"),
        like: like.split_whitespace().map(str::to_lowercase).collect(),
        name: value("PRETTY_NAME").or(name).unwrap_or_else(|| id.clone()),
        id,
    })
}

fn from_inventory(values: &BTreeMap<String, String>) -> Option<Distribution> {
    let brand = values.get("PRODUCT_BRAND")?;
    let version = values.get("PRODUCT_VERSION").cloned();
    Some(Distribution {
        id: brand.to_lowercase(),
        name: match &version {
            Some(version) => format!("{brand} {version}"),
            None => brand.clone(),
        },
        version,
        like: ["centos", "rhel", "fedora"].map(str::to_owned).to_vec(),
    })
}

/// Assignments as a shell reads them, as far as os-release(5) allows them: one a line, comments, quotes of both
/// kinds, backslashes. Nothing is expanded. Lines of another shape are left out; of two values the last counts.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.is_empty() || !key.chars().all(is_key) {
            return None;
        }
        Some((key.to_owned(), unquoted(value)?))
    });
    lines.collect()
}

/// The value that a shell would assign; `None` where a quote has no end.
fn unquoted(value: &str) -> Option<String> {
    let mut plain = String::new();
    let mut quote = None;
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '\\') => plain.push(rest.next()?),
            (Some('"'), '\\') => match rest.next()? {
                escaped @ ('"' | '$' | '`' | '\\') => plain.push(escaped),
                other => plain.extend(['\\', other]),
            },
            // The value ends here; what follows is a comment as a rule.
            (None, c) if c.is_whitespace() || c == ';' => break,
            (_, c) => plain.push(c),
        }
    }
    quote.is_none().then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::FakeHost;

    fn found(release: &str) -> Distribution {
        let fake = FakeHost::new();
        fake.write("etc/os-release", release);
        Host::at(fake.root()).unwrap().distribution().unwrap()
    }

    #[test]
    fn distributions_are_told_by_their_own_words() {
        let cases = [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
                ("debian", Some("12"), Some(Family::Debian)),
            ),
            (
                "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nID=debian\n",
                ("debian", None, Some(Family::Debian)),
            ),
            (
                "ID=alpine\nVERSION_ID=3.19.1\n",
                ("alpine", Some("3.19.1"), Some(Family::Alpine)),
            ),
            (
                "NAME=\"openSUSE Leap\"\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"\n",
                ("opensuse-leap", Some("15.6"), Some(Family::Suse)),
            ),
            (
                "NAME=\"XCP-ng\"\nID=\"xenenterprise\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"8.2.1\"\n",
                ("xcp-ng", Some("8.2.1"), Some(Family::Fedora)),
            ),
            (
                "NAME=\"XenServer\"\nID=\"xenenterprise\"\nVERSION_ID=\"8.4.0\"\n",
                ("xenserver", Some("8.4.0"), Some(Family::Fedora)),
            ),
            (
                "ID=rocky\nID_LIKE='rhel centos fedora'\n",
                ("rocky", None, Some(Family::Fedora)),
            ),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                ("linuxmint", None, Some(Family::Debian)),
            ),
            ("ID=void\n", ("void", None, None)),
        ];
        for (release, (id, version, family)) in cases {
            let found = found(release);
            assert_eq!(
                (found.id.as_str(), found.version.as_deref(), found.family()),
                (id, version, family)
            );
        }
    }

    #[test]
    fn values_are_read_as_a_shell_reads_them() {
        let text = "# ID=no\nA=plain\nB=\"a \\\"b\\\" \\$c \\d\"\nC='it\\s'\nD=a\\ b\nE=\"open\nF=x # y\n\
                    no=t a key\nG-H=1\nA=last\r\nI=\n  J=a\"b\"'c'\n";
        let expected = [
            ("A", "last"),
            ("B", "a \"b\" $c \\d"),
            ("C", "it\\s"),
            ("D", "a b"),
            ("F", "x"),
            ("I", ""),
            ("J", "abc"),
            ("no", "t"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(assignments(text), BTreeMap::from(expected));
    }

    proptest::proptest! {
        #[test]
        fn a_quoted_value_is_read_as_it_was(value in "[ -~]{0,40}") {
            let mut quoted = String::from("K=\"");
            for c in value.chars() {
                if "\"$`\\".contains(c) {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
            quoted.push('"');
            let read = assignments(&quoted);
            proptest::prop_assert_eq!(read.get("K"), Some(&value));
        }

        #[test]
        fn whatever_stands_in_a_release_file_is_read(text: String) {
            let keys = assignments(&text).into_keys().all(|key| !key.contains('='));
            proptest::prop_assert!(keys);
        }
    }

    #[test]
    fn the_file_below_usr_counts_where_there_is_no_other() {
        let fake = FakeHost::new();
        fake.write("usr/lib/os-release", "ID=fedora\nVERSION_ID=43\n");
        fake.link("etc/os-release", "../usr/lib/os-release");
        let host = Host::at(fake.root()).unwrap();
        assert_eq!(host.distribution().unwrap().id, "fedora");
        std::fs::remove_file(fake.root().join("etc/os-release")).unwrap();
        assert_eq!(host.distribution().unwrap().name, "fedora");
    }

    #[test]
    fn an_old_xenserver_is_told_by_its_inventory() {
        let fake = FakeHost::new();
        let inventory = "PRODUCT_BRAND='XenServer'\nPRODUCT_VERSION='6.5.0'\n";
        fake.write("etc/xensource-inventory", inventory);
        let found = Host::at(fake.root()).unwrap().distribution().unwrap();
        assert_eq!(found.name, "XenServer 6.5.0");
        assert_eq!(found.family(), Some(Family::Fedora));
    }

    #[test]
    fn a_host_that_does_not_name_its_distribution_is_unknown() {
        let fake = FakeHost::new();
        let host = Host::at(fake.root()).unwrap();
        let error = host.distribution().unwrap_err();
        assert_eq!(error.to_string(), "the distribution cannot be told");
        fake.write("etc/os-release", "PRETTY_NAME=\"Mine\"\nID=\n");
        let error = host.distribution().unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (Kind::Corrupt, "has no ID")
        );
        fake.write("etc/os-release", &"#\n".repeat(40_000));
        let error = host.distribution().unwrap_err();
        assert_eq!(error.message(), "is larger than 64.0 KiB");
    }
}
