//! What can be done about an error, where that is for the user of this crate to put into words.

/// A remedy that only the caller can name, because it is one of the options that an image is opened or written
/// with: a program calls them by names of its own. Errors carry it by [`error::Error::advise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Give the image as a file, which is not read from front to back: keep and check nothing of it.
    GiveFile,
    /// Save the image with its other files beside it, give its descriptor, and keep and check nothing of it.
    SaveTogether,
    /// Raise the limit of memory, or unpack the image first.
    RaiseMemory,
    /// Allow that an image below this one is opened, in the directory that it is in.
    AllowBacking,
    /// Choose the snapshot by its id.
    ChooseSnapshotById,
    /// Choose no snapshot.
    NoSnapshot,
    /// Write to a file, or choose VMDK.
    ChooseVmdk,
    /// Choose qcow2.
    ChooseQcow2,
    /// Choose qcow2 or VMDK.
    ChooseQcow2OrVmdk,
    /// Choose larger clusters.
    RaiseClusterSize,
    /// Choose larger clusters, or write to a file.
    RaiseClusterSizeOrWriteFile,
    /// Choose a compression: it has levels.
    ChooseCompression,
}
