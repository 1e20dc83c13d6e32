//! What lies in an archive. Strangers choose how much that is, so what is kept is bounded.

use diskimage::Format;
use recognise::foreign::Known;

use crate::classify::Class;
use crate::config::ConfigKind;
use crate::names::shortened;

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, outermost archive first, shortened where it is very long.
    pub name: String,
    /// Its size in bytes once unpacked, where known.
    pub size: Option<u64>,
    /// What it is.
    pub what: What,
    /// How it is compressed inside the archive, outermost first.
    pub packing: Vec<&'static str>,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A disk in this format.
    Disk(Format),
    /// A guest's configuration.
    Config(ConfigKind),
    /// An appliance's manifest.
    Manifest,
    /// The certificate that signs a manifest.
    Certificate,
    /// An archive, whose members follow.
    Archive(&'static str),
    /// Text.
    Text,
    /// Something else that is known by name.
    Foreign(&'static Known),
    /// A directory.
    Directory,
    /// A hard or symbolic link.
    Link,
    /// Anything else.
    Other,
}

impl What {
    /// What a file without layers is that is not taken for a disk.
    pub(crate) fn of(class: Class) -> Self {
        match class {
            Class::Disk(format) => What::Disk(format),
            Class::Blank => What::Disk(Format::Raw),
            Class::Config(kind) => What::Config(kind),
            Class::Text => What::Text,
            Class::Foreign(known) => What::Foreign(known),
            Class::Other => What::Other,
        }
    }

    /// What it is, in one word, as a script reads it.
    pub fn name(self) -> &'static str {
        match self {
            What::Disk(_) => "disk",
            What::Config(_) => "config",
            What::Manifest => "manifest",
            What::Certificate => "certificate",
            What::Archive(_) => "archive",
            What::Text => "text",
            What::Foreign(known) => known.kind.name(),
            What::Directory => "directory",
            What::Link => "link",
            What::Other => "other",
        }
    }

    /// Of which kind: a disk's format, a configuration's language, an archive's kind.
    pub fn kind(self) -> Option<&'static str> {
        match self {
            What::Disk(format) => Some(format.name()),
            What::Config(kind) => Some(kind.name()),
            What::Archive(kind) => Some(kind),
            What::Foreign(known) => Some(known.name()),
            _ => None,
        }
    }
}

/// The first members of an archive, and a count of all.
#[derive(Debug, Default)]
pub struct Members {
    /// The first ones, in the order in which they lie there.
    pub entries: Vec<Entry>,
    /// How many there are.
    pub count: u64,
}

impl Members {
    const KEPT: usize = 1000;
    const LENGTH: usize = 300;

    /// Remembers a member that lies in these `layers`, outermost first.
    pub(crate) fn push(
        &mut self,
        name: &str,
        size: Option<u64>,
        what: What,
        layers: &[&'static str],
    ) {
        self.count += 1;
        if self.entries.len() < Self::KEPT {
            let inner = layers.iter().rposition(|layer| holds_files(layer));
            let inner = inner.map_or(0, |i| i + 1);
            self.entries.push(Entry {
                name: shortened(name, Self::LENGTH),
                size,
                what,
                packing: layers.get(inner..).unwrap_or_default().to_vec(),
            });
        }
    }
}

/// Whether the layer is one of files: an archive, a directory, or a description with files beside it.
fn holds_files(layer: &str) -> bool {
    matches!(layer, "tar" | "zip" | "directory")
        || ConfigKind::ALL.iter().any(|kind| kind.name() == layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_everything_is_counted() {
        let mut members = Members::default();
        let long = "ä".repeat(1 << 16);
        for _ in 0..3000 {
            members.push(&long, Some(1), What::Other, &["tar", "gzip"]);
        }
        assert_eq!((members.entries.len(), members.count), (1000, 3000));
        assert_eq!(members.entries[0].name.chars().count(), 301);
        assert_eq!(members.entries[0].packing, ["gzip"]);
    }
}
