//! Members whose names count: parts of one file, or versions of a disk.

use error::{Error, Kind, Result};
use unpack::layer::Layer;
use unpack::xva;

use super::known::Stage;
use crate::disk::Disk;
use crate::members::What;
use crate::names::shortened;
use crate::siblings::{Like, PartName, Series};
use crate::walk::{File, NAMED, Walk};

/// What a member whose name counts is.
enum Numbered {
    /// Nothing out of the ordinary.
    Whole,
    /// A part of a file.
    Part(Error),
    /// Another version of a disk than the one that is meant, and which that is.
    PassedBy(Error),
}

/// Whether the name is one that VMware gives to an extent, `vm-s001.vmdk`.
pub(super) fn is_extent_name(name: &str) -> bool {
    PartName::parse(name).is_some_and(|part| part.series == Series::Extents)
}

impl Walk<'_> {
    /// Whether the member `file`, which begins with `head`, is dealt with because of the number in its name:
    /// there is a newer version of it, or the pass goes on without taking anything.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it is only a part of a file, by all that shows.
    pub(in crate::walk) fn is_numbered(
        &mut self,
        head: &[u8],
        layer: Option<Layer>,
        file: &File,
    ) -> Result<bool> {
        let (key, inner) = (file.key(), file.inner());
        let part = PartName::parse(&key).filter(|_| !inner.is_empty());
        let Some(part) = part.filter(|_| xva::reference(inner).is_none()) else {
            return Ok(false);
        };
        // What lies in a part that is compressed by itself comes along here too.
        if part.is_packed() && matches!(layer, Some(Layer::Compression(_))) {
            return Ok(false);
        }
        self.parts.families.add(&key, file.size, Like::of(head));
        if self.parts.is_ahead() || !self.may_be_taken(head, layer, file)? {
            return Ok(false);
        }
        let looks = !self.sink.wants_content();
        let first = self.parts.stage == Stage::First && (looks || self.summary.taken.is_empty());
        // The others will show what it is.
        let telling = match part.series {
            Series::Letters(_) => part.is_first(),
            Series::VirtualPc => !part.is_first(),
            Series::Digits | Series::Extents => part.sure,
        };
        if first && telling && self.options.opening.means.again {
            self.look_ahead();
            return Ok(true);
        }
        match self.numbered(&part, &key, file)? {
            Numbered::Whole => {
                self.parts.numbered.push(file.clone());
                Ok(false)
            }
            Numbered::PassedBy(why) => {
                self.warn(file, why);
                self.summary.rest.push(&file.member, file.size);
                Ok(true)
            }
            Numbered::Part(refusal) => self.describe_part(head, file, refusal),
        }
    }

    /// Whether the file is meant and looks like a disk or like something that may hold one.
    fn may_be_taken(&mut self, head: &[u8], layer: Option<Layer>, file: &File) -> Result<bool> {
        if !self.options.selection.wants(&file.member) {
            return Ok(false);
        }
        if layer.is_some() {
            return Ok(true);
        }
        let class = self.class(head, file)?;
        Ok(self.format(file, class)?.is_some())
    }

    fn numbered(&self, part: &PartName<'_>, key: &str, file: &File) -> Result<Numbered> {
        let Some(family) = self.parts.families.of(key) else {
            return Ok(Numbered::Whole);
        };
        if let Some(base) = self.version_of(part)
            && family.files().all(|file| file.like == Like::Whole)
        {
            return self.version(&base, part, file);
        }
        Ok(if family.is_split() {
            Numbered::Part(family.refusal())
        } else {
            Numbered::Whole
        })
    }

    /// The key of the file that an OVF lists, of which the part is a version by its name: VMware packs a disk with
    /// snapshots as `disk.vmdk.000000000` and lists `disk.vmdk`.
    fn version_of(&self, part: &PartName<'_>) -> Option<String> {
        let base = part.before.strip_suffix('.')?;
        let plain = part.series == Series::Digits && part.after.is_empty();
        let listed =
            plain && self.options.selection.member.is_none() && self.parts.whole.contains(base);
        listed.then(|| base.to_owned())
    }

    /// Of the versions of a disk the one is taken that is called as the OVF says, else the newest, as virt-v2v
    /// does.
    fn version(&self, base: &str, part: &PartName<'_>, file: &File) -> Result<Numbered> {
        let Some(family) = self.parts.families.of(&file.key()) else {
            return Ok(Numbered::Whole);
        };
        let passed_by = |meant: &str| {
            let meant = shortened(meant, NAMED);
            let message = format!("is passed by: {meant} is the newest version of the disk");
            Numbered::PassedBy(Error::refused(message))
        };
        let key = file.key();
        let newest = family.files().next_back().map(|newest| &newest.name);
        if self.parts.is_there(base) {
            return Ok(passed_by(base));
        }
        if let Some(newest) = newest.filter(|&newest| *newest != key) {
            return Ok(passed_by(newest));
        }
        let older = |taken: &File| {
            let key = taken.key();
            PartName::parse(&key).is_some_and(|other| other.before == part.before)
        };
        match self.parts.numbered.iter().find(|taken| older(taken)) {
            None => Ok(Numbered::Whole),
            Some(taken) => Err(self.early(&format!(
                "is a newer version of {}, which was taken",
                shortened(&taken.member, NAMED)
            ))),
        }
    }

    /// Tells whoever only looks of a part, or refuses it.
    fn describe_part(&mut self, head: &[u8], file: &File, refusal: Error) -> Result<bool> {
        if self.sink.wants_content() {
            return Err(refusal);
        }
        let class = self.class(head, file)?;
        let Some(format) = self.format(file, class)? else {
            return Err(refusal);
        };
        let disk = Disk {
            member: file.member.clone(),
            size: None,
            format,
            variant: String::new(),
        };
        self.note(&file.member, file.size, What::Disk(format));
        self.sink.disk_refused(&disk, refusal)?;
        self.remember_taken(disk);
        Ok(true)
    }

    /// The archive `file` is over: no member may have been taken of which it shows now that it is a part.
    pub(super) fn none_was_a_part(&mut self, file: &File) -> Result<()> {
        for numbered in &self.parts.numbered {
            let mut taken = self.summary.taken.iter().map(|taken| &taken.disk);
            let disk = taken.find(|disk| disk.member == numbered.member);
            let Some(disk) = disk.filter(|_| numbered.archive() == file.member) else {
                continue;
            };
            let family = self.parts.families.of(&numbered.key());
            let Some(family) = family.filter(|family| family.is_split()) else {
                continue;
            };
            let refused = self.sink.disk_refused(disk, family.refusal());
            refused.map_err(|error| error.within(&shortened(&disk.member, NAMED)))?;
        }
        Ok(())
    }

    /// Sees to it that the file, which begins with `head`, is not one of several extents by its name: without a
    /// descriptor inside it looks like a whole disk.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it is.
    pub(in crate::walk) fn is_no_extent(&self, head: &[u8], file: &File) -> Result<()> {
        let name = match file.member.as_str() {
            "" => &self.options.opening.name,
            name => name,
        };
        if is_extent_name(name) && diskimage::vmdk_is_part(head) {
            Err(diskimage::vmdk_no_descriptor())
        } else {
            Ok(())
        }
    }

    /// `error`, which came of the member called `member`, with what its name has to do with it.
    pub(in crate::walk) fn perhaps_a_part(error: Error, member: &str) -> Error {
        let telling = matches!(error.kind(), Kind::Corrupt) && !error.is_advised();
        match PartName::parse(member).filter(|part| part.sure && telling) {
            Some(part) if part.series != Series::VirtualPc => error.hint(
                "its name is that of one part of a file: if there are more, unpack them and join them with cat",
            ),
            _ => error,
        }
    }
}
