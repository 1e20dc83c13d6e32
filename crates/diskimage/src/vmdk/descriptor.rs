//! The descriptor: the text that says which extents make the disk.

use report::{Error, Result};

use crate::Gate;

/// The content id of no image: nothing lies below.
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
    /// The file that says what has changed, which nobody needs to read the disk.
    pub change_track: Option<String>,
    /// The extents, in their order.
    pub extents: Vec<Extent>,
}

/// A line that describes an extent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extent {
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
    /// [`report::Kind::Refused`] for lines that no known program writes and names that are more than
    /// names, [`report::Kind::Unsupported`] for extents that are not read here,
    /// [`report::Kind::Corrupt`] for what contradicts the format.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        if !text.starts_with("# Disk DescriptorFile") {
            return Err(Error::corrupt(
                "has a descriptor that does not begin with \"# Disk DescriptorFile\"",
            ));
        }
        let mut lines = Lines::default();
        text.lines().try_for_each(|line| lines.take(line.trim()))?;
        lines.finish()
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
    extents: Vec<Extent>,
}

impl Lines {
    fn take(&mut self, line: &str) -> Result<()> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let access = line.split_ascii_whitespace().next().unwrap_or_default();
        if let "RW" | "RDONLY" | "NOACCESS" = access {
            if self.extents.len() == EXTENTS {
                let message = format!("has a descriptor of more than {EXTENTS} extents");
                return Err(Error::unsupported(message));
            }
            self.extents.push(extent(line, access)?);
            return Ok(());
        }
        let (key, value) = line.split_once('=').ok_or_else(|| unknown(line))?;
        let (key, value) = (key.trim_end(), unquoted(value.trim_start()));
        let place = match key {
            "version" => &mut self.version,
            "encoding" => &mut self.encoding,
            "CID" => &mut self.cid,
            "parentCID" => &mut self.parent_cid,
            "createType" => &mut self.create_type,
            "parentFileNameHint" => &mut self.parent,
            "changeTrackPath" => &mut self.change_track,
            "isNativeSnapshot" => &mut self.native,
            // The disk database is about hardware, and says nothing about where bytes lie.
            key if key.starts_with("ddb.") => return Ok(()),
            key if key.starts_with("encryption") => {
                return Err(Error::unsupported("is encrypted, which is not read here"));
            }
            _ => return Err(unknown(line)),
        };
        match place.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(Error::corrupt(format!(
                "has a descriptor that says {key} twice"
            ))),
        }
    }

    fn finish(self) -> Result<Descriptor> {
        match self.version.as_deref() {
            Some("1" | "2" | "3") => {}
            Some(other) => {
                return Err(Error::unsupported(format!(
                    "has a descriptor of version {other:?}, and only 1 to 3 are read here"
                )));
            }
            None => return Err(missing("version")),
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
            create_type: self.create_type.ok_or_else(|| missing("createType"))?,
            parent: self.parent.filter(|name| !name.is_empty()),
            change_track: self.change_track,
            extents: self.extents,
        })
    }
}

/// Reads `ACCESS SECTORS TYPE "NAME" OFFSET`; some types have no name, some no offset.
fn extent(line: &str, access: &str) -> Result<Extent> {
    let (words, name, rest) = quoted(line).ok_or_else(|| unknown(line))?;
    let mut words = words.split_ascii_whitespace().skip(1);
    let sectors = words.next().and_then(|word| word.parse().ok());
    let (Some(sectors), Some(kind), None) = (sectors, words.next(), words.next()) else {
        return Err(unknown(line));
    };
    let kind = match (kind, name) {
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
        _ => Ok(Extent { sectors, kind }),
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
    Gate::looking().extent(name)?;
    Ok(name.to_owned())
}

fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    inner.unwrap_or(value)
}

fn number(key: &str, text: &str) -> Result<u32> {
    u32::from_str_radix(text, 16).map_err(|_| {
        let text = shown(text);
        Error::corrupt(format!(
            "has a descriptor that says {key}={text}, which is no number"
        ))
    })
}

fn missing(key: &str) -> Error {
    Error::corrupt(format!("has a descriptor that does not say {key}"))
}

fn unknown(line: &str) -> Error {
    Error::refused(format!(
        "has a descriptor with a line that is not understood: {:?}",
        shown(line)
    ))
}

/// As much of a stranger's text as a message should hold.
fn shown(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
