//! The descriptor: the text that says which extents make the disk.

use error::{Error, Result};

use super::header::Header;
use super::text::{self, access, decoded, pair};
use crate::FileAccess;
use crate::file_access::shown;

/// The content id of no image: nothing is below.
pub(super) const NO_PARENT: u32 = u32::MAX;

/// Extents that are taken at most; a disk of 8 TiB in pieces of 2 GiB has as many.
const EXTENTS: usize = 4096;

/// What a descriptor says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// The content's id, which changes with the content.
    pub cid: Option<u32>,
    /// The content id of the image below.
    pub parent_cid: u32,
    /// The variant: `monolithicSparse`, `streamOptimized`.
    pub create_type: String,
    /// Where the image below may be found.
    pub parent: Option<String>,
    /// The file that says what has changed, which is not needed to read the disk.
    pub change_track: Option<String>,
    /// Keys that are not known, which say nothing about where bytes are; the first few.
    pub unknown: Vec<String>,
    /// The extents, in their order.
    pub extents: Vec<ExtentLine>,
}

/// Kinds of disks that are no files, in small letters.
const DEVICES: [&str; 7] = [
    "fulldevice",
    "partitioneddevice",
    "vmfsraw",
    "vmfsrawdevicemap",
    "vmfspassthroughrawdevicemap",
    "vmfsrdm",
    "vmfsrdmp",
];

/// Unknown keys that are remembered.
const UNKNOWN: usize = 8;

/// A line that describes an extent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExtentLine {
    /// Its size in sectors.
    pub sectors: u64,
    /// What it is.
    pub kind: Kind,
}

/// What an extent is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: it reads as zeros.
    Zero,
    /// The bytes of the file from a sector on.
    Flat { name: String, sector: u64 },
    /// A sparse extent, the file of that name.
    Sparse { name: String },
}

impl Descriptor {
    /// Reads a descriptor, which may be padded with NULs.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for lines that no known program writes and names that are more than
    /// names, [`error::Kind::Unsupported`] for extents that are not read here,
    /// [`error::Kind::Corrupt`] for what contradicts the format.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = decoded(bytes);
        let mut lines = Lines::default();
        text::lines(&text).try_for_each(|line| lines.take(line))?;
        lines.finish()
    }

    /// What the descriptor of an extent says that has none and is a whole disk.
    pub(super) fn of(header: &Header) -> Self {
        let name = String::new();
        Descriptor {
            cid: None,
            parent_cid: NO_PARENT,
            create_type: if header.compressed {
                "streamOptimized".into()
            } else {
                "monolithicSparse".into()
            },
            parent: None,
            change_track: None,
            unknown: Vec::new(),
            extents: vec![ExtentLine {
                sectors: header.capacity,
                kind: Kind::Sparse { name },
            }],
        }
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Lines {
    version: Option<String>,
    cid: Option<String>,
    parent_cid: Option<String>,
    create_type: Option<String>,
    parent: Option<String>,
    change_track: Option<String>,
    native: Option<String>,
    encoding: Option<String>,
    unknown: Vec<String>,
    extents: Vec<ExtentLine>,
}

impl Lines {
    fn take(&mut self, line: &str) -> Result<()> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(access) = access(line) {
            if self.extents.len() == EXTENTS {
                let message = format!("has a descriptor of more than {EXTENTS} extents");
                return Err(Error::unsupported(message));
            }
            self.extents.push(extent(line, access)?);
            return Ok(());
        }
        let (key, value) = pair(line).ok_or_else(|| unknown(line))?;
        if key == "createtype" && DEVICES.iter().any(|kind| value.eq_ignore_ascii_case(kind)) {
            return Err(Error::unsupported(format!(
                "describes a physical disk ({value}), whose content is not in files"
            )));
        }
        let place = match key.as_str() {
            "version" => &mut self.version,
            "encoding" => &mut self.encoding,
            "cid" => &mut self.cid,
            "parentcid" => &mut self.parent_cid,
            "createtype" => &mut self.create_type,
            "parentfilenamehint" => &mut self.parent,
            "changetrackpath" => &mut self.change_track,
            "isnativesnapshot" => &mut self.native,
            // The disk database is about hardware, and says nothing about where bytes are.
            key if key.starts_with("ddb.") => return Ok(()),
            key if ["encryption", "crypt", "keysafe"]
                .iter()
                .any(|it| key.starts_with(it)) =>
            {
                return Err(Error::unsupported("is encrypted, which is not read here"));
            }
            key => return self.not_known(key, line),
        };
        match place.replace(value.to_owned()) {
            Some(before) if before != value => {
                let key = line.split('=').next().unwrap_or_default().trim_end();
                Err(Error::corrupt(format!(
                    "has a descriptor that says {key} twice"
                )))
            }
            _ => Ok(()),
        }
    }

    /// A line with a key that no program is known to write: no key says where bytes are.
    fn not_known(&mut self, key: &str, line: &str) -> Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if key.is_empty() || !key.chars().all(plain) {
            return Err(unknown(line));
        }
        let key = shown(key);
        if self.unknown.len() < UNKNOWN && !self.unknown.contains(&key) {
            self.unknown.push(key);
        }
        Ok(())
    }

    fn finish(self) -> Result<Descriptor> {
        match self.version.as_deref() {
            None | Some("1" | "2" | "3") => {}
            Some(other) => {
                return Err(Error::unsupported(format!(
                    "has a descriptor of version {other:?}, and only 1 to 3 are read here"
                )));
            }
        }
        if self.native.is_some_and(|native| native != "no") {
            return Err(Error::unsupported(
                "is a snapshot that the storage system holds (isNativeSnapshot), which is not read here",
            ));
        }
        if self.extents.is_empty() {
            return Err(Error::corrupt("has a descriptor without extents"));
        }
        Ok(Descriptor {
            cid: self.cid.map(|cid| number("CID", &cid)).transpose()?,
            parent_cid: match self.parent_cid {
                None => NO_PARENT,
                Some(cid) => number("parentCID", &cid)?,
            },
            create_type: self.create_type.unwrap_or_default(),
            parent: self.parent.filter(|name| !name.is_empty()),
            change_track: self.change_track,
            unknown: self.unknown,
            extents: self.extents,
        })
    }
}

/// Reads `ACCESS SECTORS TYPE "NAME" OFFSET`; some types have no name, some no offset.
fn extent(line: &str, access: &str) -> Result<ExtentLine> {
    let (words, name, rest) = quoted(line).ok_or_else(|| unknown(line))?;
    let mut words = words.split_ascii_whitespace().skip(1);
    let sectors = words.next().and_then(|word| word.parse().ok());
    let (Some(sectors), Some(kind), None) = (sectors, words.next(), words.next()) else {
        return Err(unknown(line));
    };
    let kind = match (kind.to_ascii_uppercase().as_str(), name) {
        ("ZERO", _) => Kind::Zero,
        ("FLAT" | "VMFS", Some(name)) => Kind::Flat {
            sector: match rest {
                "" => 0,
                rest => rest.parse().map_err(|_| unknown(line))?,
            },
            name: plain(name)?,
        },
        ("SPARSE", Some(name)) if rest.is_empty() => Kind::Sparse { name: plain(name)? },
        ("FLAT" | "VMFS" | "SPARSE", _) => return Err(unknown(line)),
        (kind, _) => {
            return Err(Error::unsupported(format!(
                "has an extent of type {}, which is not read here",
                shown(kind)
            ))
            .hint("export the machine as OVA, which writes streamOptimized disks"));
        }
    };
    match access {
        "NOACCESS" => Err(Error::unsupported(
            "has an extent that may not be read (NOACCESS)",
        )),
        _ => Ok(ExtentLine { sectors, kind }),
    }
}

/// What stands before, within and behind the quotes of `line`; `None` when one is missing.
fn quoted(line: &str) -> Option<(&str, Option<&str>, &str)> {
    match line.split_once('"') {
        None => Some((line, None, "")),
        Some((before, rest)) => {
            let (name, rest) = rest.split_once('"')?;
            Some((before, Some(name), rest.trim()))
        }
    }
}

/// The name, if the gate has nothing against it, whether it will be opened or not.
fn plain(name: &str) -> Result<String> {
    FileAccess::looking().extent(name)?;
    Ok(name.to_owned())
}

fn number(key: &str, text: &str) -> Result<u32> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u32::from_str_radix(digits, 16).map_err(|_| {
        let text = shown(text);
        Error::corrupt(format!(
            "has a descriptor that says {key}={text}, which is not a number"
        ))
    })
}

fn unknown(line: &str) -> Error {
    Error::refused(format!(
        "has a descriptor with a line that is not understood: {:?}",
        shown(line)
    ))
}
