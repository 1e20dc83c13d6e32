//! What an inspection does with what the walk tells: it remembers it, and takes nothing.

use std::ops::ControlFlow;

use error::{Error, Result};

use super::inspector::Inspector;
use super::stream::Shown;
use super::{InspectedDisk, ON};
use crate::config::Config;
use crate::disk::Disk;
use crate::members::{Members, What};
use crate::mixed::Mixed;
use crate::open::Content;
use crate::sink::{Described, DiskFile, DiskSink, FileContent};

impl DiskSink for Inspector {
    /// The disks that the walk has opened itself: those of an XVA.
    fn take(
        &mut self,
        found: &Disk,
        _configs: &[Config],
        content: Content<'_>,
    ) -> Result<ControlFlow<()>> {
        if let Content::Stream(disk) = content {
            let described = self.raw(found.clone(), disk, None)?;
            self.remember(described);
        }
        Ok(ON)
    }

    /// Never called: the walk describes the disks of a backup by its headers.
    fn take_mixed(
        &mut self,
        _found: &[Disk],
        _configs: &[Config],
        _mixed: &mut dyn Mixed,
    ) -> Result<ControlFlow<()>> {
        Ok(ON)
    }

    fn begin_pass(&mut self) {
        self.members = Members::default();
        self.pass += 1;
    }

    fn wants_content(&self) -> bool {
        false
    }

    fn describe(
        &mut self,
        file: &DiskFile<'_>,
        content: FileContent<'_>,
    ) -> Result<Option<Described>> {
        let (found, size, again) = match content {
            FileContent::Bytes(bytes) => (self.bytes(file, bytes)?, file.disk.size, false),
            FileContent::Stream(stream) => {
                let Shown { disk, size, again } = self.stream(file, stream)?;
                (disk, Some(size), again)
            }
            FileContent::Stored(data) => (self.stored(&file.disk, data), file.disk.size, false),
        };
        let disk = found.disk.clone();
        let kept = self.has_room_for(&disk.member);
        if kept {
            self.remember(found);
        }
        Ok(Some(Described {
            disk,
            size,
            kept,
            again,
        }))
    }

    fn member(&mut self, member: &str, size: Option<u64>, what: What, layers: &[&'static str]) {
        if member.is_empty() {
            self.layers = layers.to_vec();
        } else {
            self.members.push(member, size, what, layers);
        }
    }

    fn refused(&mut self, refusal: Error) -> Result<()> {
        self.refusal.get_or_insert(refusal);
        Ok(())
    }

    fn disk_refused(&mut self, disk: &Disk, refusal: Error) -> Result<()> {
        let mut known = self.disks.iter_mut();
        match known.find(|known| known.disk.member == disk.member) {
            Some(known) => drop(known.refusal.get_or_insert(refusal)),
            None => self.disks.push(InspectedDisk {
                refusal: Some(refusal),
                ..InspectedDisk::new(disk.clone())
            }),
        }
        Ok(())
    }

    fn manifest_failed(&mut self, error: Error) -> Result<()> {
        self.manifest = Some(error);
        Ok(())
    }
}
