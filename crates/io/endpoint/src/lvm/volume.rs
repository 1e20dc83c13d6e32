//! The names LVM allows.

use std::fmt;

use error::{Error, Result};

/// A logical volume's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    /// The volume group.
    pub group: String,
    /// The thin pool it is to be created in, or that it has to be in.
    pub pool: Option<String>,
    /// The volume itself.
    pub name: String,
}

/// Longest name in bytes; the device mapper holds 128 with the end mark.
const LONGEST: usize = 127;

/// What LVM keeps for the hidden parts of volumes (lvm(8), "VALID NAMES").
const RESERVED_STARTS: [&str; 2] = ["snapshot", "pvmove"];
const RESERVED_PARTS: [&str; 14] = [
    "_cdata", "_cmeta", "_corig", "_cvol", "_imeta", "_iorig", "_mimage", "_mlog", "_pmspare",
    "_rimage", "_rmeta", "_tdata", "_tmeta", "_vdata",
];

impl Volume {
    /// Understands `VG/NAME` and `VG/POOL/NAME`.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] for another shape and for names that break the rules of lvm(8).
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (group, pool, name) = match parts[..] {
            [group, name] => (group, None, name),
            [group, pool, name] => (group, Some(pool), name),
            _ => {
                return Err(Error::usage(
                    "give a volume as lv:VG/NAME or lv:VG/POOL/NAME",
                ));
            }
        };
        check("volume group", group)?;
        for name in pool.into_iter().chain([name]) {
            check("volume", name)?;
            check_reserved(name)?;
        }
        check_mapped(group, name)?;
        Ok(Volume {
            group: group.to_owned(),
            pool: pool.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// `VG/NAME`, as LVM's commands take it.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Volume { group, pool, name } = self;
        match pool {
            Some(pool) => write!(f, "lv:{group}/{pool}/{name}"),
            None => write!(f, "lv:{group}/{name}"),
        }
    }
}

fn not_allowed(what: &str, name: &str, why: &str) -> Error {
    Error::usage(format!("{what} name {name:?} is not allowed: {why}"))
}

fn check(what: &str, name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+_.-".contains(c);
    let why = if name.is_empty() {
        "it is empty"
    } else if name == "." || name == ".." {
        "it names a directory"
    } else if name.starts_with('-') {
        "it starts with -"
    } else if name.len() > LONGEST {
        "it is longer than 127 characters"
    } else if !name.chars().all(allowed) {
        "only letters, digits and + _ . - are"
    } else {
        return Ok(());
    };
    Err(not_allowed(what, name, why))
}

fn check_reserved(name: &str) -> Result<()> {
    let starts = RESERVED_STARTS.iter().find(|word| name.starts_with(**word));
    let holds = RESERVED_PARTS.iter().find(|word| name.contains(**word));
    match starts.or(holds) {
        Some(word) => Err(not_allowed(
            "volume",
            name,
            &format!("LVM keeps {word} for itself"),
        )),
        None => Ok(()),
    }
}

/// The device mapper's name is `VG-NAME` with every `-` of the two doubled.
fn check_mapped(group: &str, name: &str) -> Result<()> {
    let doubled = |text: &str| text.len() + text.matches('-').count();
    if doubled(group) + 1 + doubled(name) > LONGEST {
        let why = "with its group's name it is longer than 127 characters";
        return Err(not_allowed("volume", name, why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str) -> String {
        let error = Volume::parse(text).unwrap_err();
        assert_eq!(error.kind(), error::Kind::Usage);
        error.to_string()
    }

    #[test]
    fn names_that_break_the_rules_are_refused() {
        let long = "a".repeat(128);
        let cases = [
            (
                "vg 0/a",
                "volume group name \"vg 0\" is not allowed: only letters, digits and + _ . - are",
            ),
            (
                "vg0/..",
                "volume name \"..\" is not allowed: it names a directory",
            ),
            (
                "vg0/-rf",
                "volume name \"-rf\" is not allowed: it starts with -",
            ),
            (
                "vg0/snapshot1",
                "volume name \"snapshot1\" is not allowed: LVM keeps snapshot for itself",
            ),
            (
                "vg0/p_tdata/x",
                "volume name \"p_tdata\" is not allowed: LVM keeps _tdata for itself",
            ),
            (
                &format!("vg0/{long}"),
                &format!("volume name \"{long}\" is not allowed: it is longer than 127 characters"),
            ),
        ];
        for (text, message) in cases {
            assert_eq!(refusal(text), message);
        }
    }

    #[test]
    fn hyphens_count_twice_in_the_mapped_name() {
        let name = "-".repeat(61);
        Volume::parse(&format!("vg0/a{}", &name[1..])).unwrap();
        let long = format!("a{name}{name}");
        assert_eq!(
            refusal(&format!("vg0/{long}")),
            format!(
                "volume name {long:?} is not allowed: \
                 with its group's name it is longer than 127 characters"
            )
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_taken_is_shown_the_same(text in "[a-z_.+/-]{1,20}|\\PC{0,20}") {
            if let Ok(volume) = Volume::parse(&text) {
                prop_assert_eq!(volume.to_string(), format!("lv:{text}"));
                prop_assert!(!volume.path().contains("//"));
            }
        }
    }
}
