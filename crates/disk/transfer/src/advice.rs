//! What can be done about an error, where that is for the user of this crate to put into words.

/// A remedy that only the caller can name, because it is a setting of the request: a program has an option
/// for it, and may call that option something else in each of its commands. Errors carry it by
/// [`error::Error::advise`]; a remedy that no setting is part of is a plain hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Select one of several disks by its member's name, for instance this one; a pattern may be needed where
    /// that is `None`.
    SelectMember {
        /// The name of the first of them, as the archive has it.
        example: Option<String>,
    },
    /// Select fewer disks by a pattern.
    SelectFewer,
    /// Select one of the disks that the message names.
    SelectOneOfThese,
    /// Select a disk, or give one of the descriptions of guests as the source.
    SelectOrGiveDescription,
    /// Put the file that is missing there, or select another disk.
    SelectOrPutThere,
    /// Select the disk, or pack the description of the guest before it.
    SelectOrPackDescription,
    /// Select one disk at a time, or pack the descriptors before the parts of the disks.
    SelectOrPackDescriptors,
    /// Select one disk at a time, or pack the parts of each disk together.
    SelectOrPackParts,
    /// Select the guest.
    SelectGuest,
    /// Select one of the deployments, or none for the default.
    SelectDeployment,
    /// Give every disk a place of its own, by a pattern.
    PlaceEach,
    /// Give the source as a file, or declare it VHD.
    DeclareVhd,
    /// Declare the source raw, if it is to be written as it is.
    DeclareRaw,
    /// Select a member and declare it raw, if it is a disk all the same.
    DeclareMemberRaw,
    /// Save the source with the files beside it, and keep and check nothing of it.
    SaveWithDisks,
    /// Accept an archive whose end mark is missing or not its end.
    AcceptEnd,
    /// Give the whole disk, or accept that it is truncated.
    AcceptTruncated,
    /// Raise the limit of a disk's size.
    RaiseMaxSize,
    /// Raise the limit of memory, or write to something that can be written in any order.
    RaiseMemory,
    /// Write to a file, or choose a format that needs no second pass.
    ChooseOnePass,
    /// Write to a file, or choose qcow2.
    ChooseQcow2,
    /// Describe the guest in a file.
    DescribeGuest,
    /// Do not read the target back.
    SkipVerify,
    /// Unpack the source first, or make no digest.
    SkipDigest,
    /// Give what this command writes to its standard output as the source.
    Pipe {
        /// The command, as a shell takes it.
        command: String,
    },
    /// Join the parts of the file; where each is a whole disk, give each as a source without a name.
    JoinParts {
        /// Their names in their order, as a shell takes them, where that is short.
        pattern: Option<String>,
    },
}
