//! What an image says about itself.

/// What an image says about itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The format's variant as its users know it: `version 3`, `streamOptimized`, `dynamic`.
    pub variant: String,
    /// Bytes in a cluster, a block or a grain, where there is such a unit.
    pub unit: Option<u64>,
    /// How units are compressed, where they may be: `zlib`, `zstd`, `deflate`.
    pub compression: Option<&'static str>,
    /// Internal snapshots.
    pub snapshots: Vec<Snapshot>,
    /// Other files that it names.
    pub refers: Vec<Reference>,
    /// Bytes in a sector of the disk, where the format says so.
    pub sector: Option<u32>,
    /// Whatever else a user may want to know: `log` `replayed`, `creator` `qemu`.
    pub notes: Vec<(&'static str, String)>,
}

/// An internal snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The disk's size in it, in bytes.
    pub size: u64,
}

/// A file that an image names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it is to the image: `backing file`, `parent`, `extent`, `data file`.
    pub what: &'static str,
    /// Its name as stored.
    pub name: String,
}
