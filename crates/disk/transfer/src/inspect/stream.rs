//! Describing a disk that passes by as a stream.

use std::sync::Arc;

use diskimage::streaming::{Passing, StreamLimits, TableCache, pass};
use diskimage::{FileAccess, Format, OpenOptions, VmdkStream};
use error::Result;
use sparse::{BlockRead, DiskRead, InOrder, Lookahead, SparseRead, drain};

use super::inspector::Inspector;
use super::{InspectedDisk, survey};
use crate::disk::Disk;
use crate::guard::{Claim, Guarded};
use crate::sink::DiskFile;
use crate::witness::{Witness, is_about_content};

/// Passes through a source before what is not known by then stays unknown.
const PASSES: usize = 5;
/// Bytes at the front of an image that are kept in any case: there is much that is asked for late.
const FRONT: u64 = 1 << 20;

/// What a stream has shown.
pub(super) struct Shown {
    /// The disk in it.
    pub(super) disk: InspectedDisk,
    /// Bytes of the whole stream.
    pub(super) size: u64,
    /// Whether another pass will show more.
    pub(super) again: bool,
}

impl Inspector {
    /// Describes the disk in `file`, whose bytes are `stream`, and reads those to their end. A member that
    /// cannot be described has that said of it.
    ///
    /// # Errors
    /// Those of reading, and why the source itself cannot be described.
    pub(super) fn stream(
        &mut self,
        file: &DiskFile<'_>,
        stream: &mut dyn SparseRead,
    ) -> Result<Shown> {
        let mut witness = Witness::new(stream);
        let described = match file.part.clone() {
            Some(part) => Err(part),
            None => self.shown(file, &mut witness),
        };
        let (failed, passed) = (witness.failed, witness.passed);
        let (disk, again) = match described {
            Err(error) if failed || file.disk.member.is_empty() || !is_about_content(&error) => {
                return Err(error);
            }
            Err(error) => {
                let disk = &file.disk;
                let trouble = InspectedDisk::in_trouble(disk.member.clone(), disk.format, error);
                (trouble, false)
            }
            Ok(described) => described,
        };
        // The size of a stream shows at its end.
        let size = passed + drain(stream)?;
        Ok(Shown { disk, size, again })
    }

    /// What `stream` shows of the disk in it, and whether another pass will show more.
    fn shown(
        &mut self,
        file: &DiskFile<'_>,
        stream: &mut Witness<'_>,
    ) -> Result<(InspectedDisk, bool)> {
        let (disk, size) = (&file.disk, file.disk.size);
        let known = self.known(&disk.member);
        if let Some(known) = known.filter(|known| known.survey.is_some()) {
            return Ok((known.clone(), false));
        }
        if disk.format == Format::Raw {
            let stream = &mut InOrder::new(stream, size);
            let described = self.raw(disk.clone(), stream, Some(file.basis))?;
            return Ok((described, false));
        }
        let mut stream = Lookahead::new(stream as &mut dyn SparseRead);
        if disk.format == Format::Vmdk && diskimage::vmdk_is_stream(stream.head(diskimage::HEAD)?) {
            let stream = VmdkStream::new(stream, file.means.threads)?;
            return Ok((self.vmdk_stream(disk, stream)?, false));
        }
        self.by_tables(file, stream)
    }

    /// Reads a VMDK that is made to pass by.
    fn vmdk_stream<R: SparseRead>(
        &self,
        disk: &Disk,
        mut stream: VmdkStream<R>,
    ) -> Result<InspectedDisk> {
        let about = stream.about().clone();
        let size = DiskRead::size(&stream).unwrap_or(0);
        let mut stream = Guarded::looked_at(&mut stream, Claim::default());
        let survey = survey::of_packed(&mut stream, size, &self.control)?;
        let disk = Disk {
            size: Some(size),
            variant: about.variant.clone(),
            ..disk.clone()
        };
        Ok(InspectedDisk {
            refusal: stream.trouble.take(),
            survey: Some(survey),
            about,
            ..InspectedDisk::new(disk)
        })
    }

    /// Lets the image pass by and keeps its tables; its data does not matter. Where the tables lie in
    /// such an order that they are not all known then, the next pass goes on.
    fn by_tables(
        &mut self,
        file: &DiskFile<'_>,
        stream: Lookahead<&mut dyn SparseRead>,
    ) -> Result<(InspectedDisk, bool)> {
        let (disk, means) = (&file.disk, file.means);
        let waiting = self.sieves.len().min(16);
        let sieve = self.sieves.entry(disk.member.clone());
        let sieve = Arc::clone(sieve.or_insert_with(|| Arc::new(TableCache::new(disk.size))));
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
            ..file.how.clone()
        };
        let passed = pass(disk.format, stream, &sieve, &looking, share);
        let more = matches!(passed, Ok(Passing::Again)) && means.again && self.pass < PASSES;
        let bytes: Arc<dyn BlockRead> = sieve;
        let how = OpenOptions {
            // Nothing lies beside a stream, whatever lies where it comes from.
            access: FileAccess::none(),
            in_file_order: true,
            ..file.how.clone()
        };
        let described = match (self.image(&disk.member, disk.format, &bytes, &how), passed) {
            (Ok(mut described), passed) => {
                let unknown = described.survey.is_none() && described.refusal.is_none();
                described.refusal = described.refusal.or(passed.err().filter(|_| unknown));
                described
            }
            (Err(_), Err(error)) => return Err(error),
            (Err(_), Ok(_)) => InspectedDisk::new(Disk {
                size: None,
                ..disk.clone()
            }),
        };
        let again = described.survey.is_none() && more;
        if !again {
            self.sieves.remove(&disk.member);
        }
        Ok((described, again))
    }
}
