//! Telling the sink of files and members, whether or not it takes their disks.

use std::ops::ControlFlow::{self, Continue};

use diskimage::{Format, OpenOptions};
use error::Error;
use unpack::archive::MemberKind;

use super::{File, Walk};
use crate::classify::Class;
use crate::disk::{Disk, Taken};
use crate::members::What;
use crate::sink::{Described, DiskFile};

impl Walk<'_> {
    /// Tells the sink of a member; of the source itself only its layers count.
    pub(super) fn note(&mut self, member: &str, size: Option<u64>, what: What) {
        self.sink.member(member, size, what, &self.nesting.layers);
    }

    /// Tells the sink of a member that is no file.
    pub(super) fn note_kind(&mut self, member: &str, kind: &MemberKind) {
        let what = match kind {
            MemberKind::Directory => What::Directory,
            MemberKind::Link { .. } => What::Link,
            MemberKind::File | MemberKind::Other => What::Other,
        };
        self.note(member, None, what);
    }

    /// `file` as the sink may describe it: it begins as a disk in `format`, is of this `class`, and is opened
    /// in this way. `part` says why it is only a part of a disk, if it is.
    pub(super) fn disk_file<'h>(
        &self,
        file: &File,
        format: Format,
        class: Class,
        how: &'h OpenOptions,
        part: Option<Error>,
    ) -> DiskFile<'h> {
        DiskFile {
            disk: Disk {
                member: file.member.clone(),
                size: file.size,
                format,
                variant: String::new(),
            },
            part,
            basis: self.basis(file, class),
            how,
            means: self.options.opening.means,
        }
    }

    /// Remembers a disk in a file that was described.
    pub(super) fn was_described(&mut self, described: Described) -> ControlFlow<()> {
        let Described {
            disk,
            size,
            kept,
            again,
        } = described;
        self.summary.again |= again;
        self.note(&disk.member, size, What::Disk(disk.format));
        if kept {
            self.remember_taken(disk);
        }
        Continue(())
    }

    pub(super) fn remember_taken(&mut self, disk: Disk) {
        let layers = self.nesting.layers.clone();
        self.summary.taken.push(Taken { disk, layers });
    }
}
