//! Disks in a source.

use diskimage::Format;
use serde::Serialize;

/// A disk in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The member's name, outermost archive first; empty when the source itself is the disk.
    pub member: String,
    /// Its size in bytes, where known before it is read.
    pub size: Option<u64>,
    /// Its format's name.
    #[serde(serialize_with = "format_name")]
    pub format: Format,
    /// The format's variant, `version 3` or `dynamic`; empty where there is none.
    pub variant: String,
}

fn format_name<S: serde::Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}

/// A disk that was taken, and the layers around it, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) disk: Disk,
    pub(crate) layers: Vec<&'static str>,
}
