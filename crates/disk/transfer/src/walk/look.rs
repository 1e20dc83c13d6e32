//! Disks and members that are only looked at.

use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use diskimage::streaming::{Passing, StreamLimits, TableCache, pass};
use diskimage::{FileAccess, Format, OpenOptions, VmdkStream};
use error::Result;
use sparse::{BlockRead, DiskRead, InOrder, Lookahead, SparseRead, drain};
use unpack::archive::MemberKind;

use super::witness::{Witness, is_about_content};
use super::{File, Walk};
use crate::classify::{Class, HEAD};
use crate::control::interrupted;
use crate::guard::{Claim, Guarded};
use crate::inspect::{InspectedDisk, What, survey};
use crate::seen::{Disk, Taken};

/// Passes through a source before what is not known by then stays unknown.
const PASSES: usize = 5;
/// Bytes at the front of an image that are kept in any case: there is much that is asked for late.
const FRONT: u64 = 1 << 20;

impl Walk<'_> {
    /// Tells whoever looks of a member; the source itself only has layers.
    pub(super) fn note(&mut self, member: &str, size: Option<u64>, what: What) {
        match self.sink.looker() {
            Some(looker) if member.is_empty() => looker.layers.clone_from(&self.layers),
            Some(looker) => looker.members.push(member, size, what, &self.layers),
            None => {}
        }
    }

    /// Tells whoever looks of a member that is no file.
    pub(super) fn note_kind(&mut self, member: &str, kind: &MemberKind) {
        let what = match kind {
            MemberKind::Directory => What::Directory,
            MemberKind::Link { .. } => What::Link,
            MemberKind::File | MemberKind::Other => What::Other,
        };
        self.note(member, None, what);
    }

    /// Describes the image in `bytes`, all of `file`. What is wrong with a file of a folder is said of it, and
    /// the walk goes on.
    pub(super) fn look_at(
        &mut self,
        format: Format,
        bytes: &Arc<dyn BlockRead>,
        class: Class,
        file: &File,
        how: &OpenOptions,
    ) -> Result<ControlFlow<()>> {
        self.seen.at_any_offset = true;
        let basis = self.basis(file, class);
        let Some(looker) = self.sink.looker() else {
            return Ok(Continue(()));
        };
        let mut described = match looker.image(&file.member, format, bytes, how) {
            Err(error) if !file.member.is_empty() && is_about_content(&error) => {
                let member = file.member.clone();
                InspectedDisk::in_trouble(member, format, error)
            }
            described => described?,
        };
        if format == Format::Raw {
            described.refuse(basis, file.size);
        }
        let disk = described.disk.clone();
        if looker.has_room_for(&disk.member) {
            looker.describe(described);
            self.remember_taken(disk);
        }
        if !file.member.is_empty() {
            self.note(&file.member, file.size, What::Disk(format));
        }
        Ok(Continue(()))
    }

    /// Describes the disk in `format` that `stream` holds. A member that cannot be described has that
    /// said of it, and the walk goes on.
    pub(super) fn look(
        &mut self,
        format: Format,
        mut stream: Lookahead<&mut dyn SparseRead>,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        let whole = self.is_no_extent(stream.head(HEAD)?, file);
        let mut witness = Witness::new(&mut stream);
        let described = whole.and_then(|()| self.described(format, &mut witness, file, class));
        let (failed, passed) = (witness.failed, witness.passed);
        let described = match described {
            Err(error) if failed || file.member.is_empty() || !is_about_content(&error) => {
                return Err(error);
            }
            Err(error) => InspectedDisk::in_trouble(file.member.clone(), format, error),
            Ok(described) => described,
        };
        // The size of a stream shows at its end.
        let size = passed + drain(&mut stream)?;
        let disk = described.disk.clone();
        self.note(&file.member, Some(size), What::Disk(disk.format));
        let looker = self.sink.looker();
        if let Some(looker) = looker.filter(|looker| looker.has_room_for(&disk.member)) {
            looker.describe(described);
            self.remember_taken(disk);
        }
        Ok(Continue(()))
    }

    pub(super) fn remember_taken(&mut self, disk: Disk) {
        let layers = self.layers.clone();
        self.seen.taken.push(Taken { disk, layers });
    }

    fn described(
        &mut self,
        format: Format,
        stream: &mut Witness<'_>,
        file: &File,
        class: Class,
    ) -> Result<InspectedDisk> {
        let basis = self.basis(file, class);
        let known = self.sink.looker().and_then(|looker| {
            let known = looker.known(&file.member)?;
            known.survey.is_some().then(|| known.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let disk = |size, variant| Disk {
            member: file.member.clone(),
            size,
            format,
            variant,
        };
        let Some(looker) = self.sink.looker() else {
            return Ok(InspectedDisk::new(disk(file.size, String::new())));
        };
        if format == Format::Raw {
            let found = disk(file.size, String::new());
            let disk = &mut InOrder::new(stream, file.size);
            return looker.raw(found, disk, Some(basis));
        }
        let mut stream = Lookahead::new(stream as &mut dyn SparseRead);
        if format == Format::Vmdk && diskimage::vmdk_is_stream(stream.head(diskimage::HEAD)?) {
            let mut stream = VmdkStream::new(stream, self.opening.means.threads)?;
            let about = stream.about().clone();
            let size = DiskRead::size(&stream).unwrap_or(0);
            let mut stream = Guarded::looked_at(&mut stream, Claim::default());
            let survey = survey::of_packed(&mut stream, size, self.control)?;
            return Ok(InspectedDisk {
                refusal: stream.trouble.take(),
                survey: Some(survey),
                about: about.clone(),
                ..InspectedDisk::new(disk(Some(size), about.variant))
            });
        }
        self.by_tables(format, stream, file)
    }

    /// Lets the image pass by and keeps its tables; its data does not matter. Where the tables lie in
    /// such an order that they are not all known then, the next pass goes on.
    fn by_tables(
        &mut self,
        format: Format,
        stream: Lookahead<&mut dyn SparseRead>,
        file: &File,
    ) -> Result<InspectedDisk> {
        let (means, waiting) = (self.opening.means, self.sieves.len().min(16));
        let sieve = self
            .sieves
            .entry(file.member.clone())
            .or_insert_with(|| Arc::new(TableCache::new(file.size)));
        let sieve: Arc<TableCache> = Arc::clone(sieve);
        let share = StreamLimits {
            // The tables of others may have to be kept until the next pass.
            memory: means.memory >> waiting,
            again: true,
            ..means
        };
        let front = FRONT.min(share.memory / 4);
        sieve.will_need(std::slice::from_ref(&(0..front)));
        let looking = OpenOptions {
            access: FileAccess::looking(),
            ..self.opening.how.clone()
        };
        let passed = pass(format, stream, &sieve, &looking, share);
        let more = matches!(passed, Ok(Passing::Again));
        let bytes: Arc<dyn BlockRead> = sieve;
        let how = OpenOptions {
            // Nothing lies beside a stream, whatever lies where it comes from.
            access: FileAccess::none(),
            in_file_order: true,
            ..self.opening.how.clone()
        };
        let Some(looker) = self.sink.looker() else {
            return Err(interrupted());
        };
        let more = more && means.again && looker.pass < PASSES;
        let described = match (looker.image(&file.member, format, &bytes, &how), passed) {
            (Ok(mut described), passed) => {
                let unknown = described.survey.is_none() && described.refusal.is_none();
                described.refusal = described.refusal.or(passed.err().filter(|_| unknown));
                described
            }
            (Err(_), Err(error)) => return Err(error),
            (Err(_), Ok(_)) => InspectedDisk::new(Disk {
                member: file.member.clone(),
                size: None,
                format,
                variant: String::new(),
            }),
        };
        match described.survey.is_none() && more {
            true => self.seen.again = true,
            false => drop(self.sieves.remove(&file.member)),
        }
        Ok(described)
    }
}
