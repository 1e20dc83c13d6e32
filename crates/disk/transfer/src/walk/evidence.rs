//! Whether a file is taken for a disk, and why.

use std::ops::ControlFlow;
use std::sync::Arc;

use diskimage::{Format, Image};
use error::{Error, Result};
use recognise::holding;
use recognise::reach;
use sparse::zero::is_zero;
use sparse::{BlockRead, DiskRead};

use super::{File, NAMED, Walk};
use crate::basis::{Basis, Says, no_disk, nothing_recognised, taken_all_the_same};
use crate::classify::{Class, HEAD};
use crate::disk::Disk;
use crate::guard::{Claim, Guarded, GuardedMixed, Watch};
use crate::guest::names_as_raw;
use crate::mixed::Mixed;
use crate::names::shortened;
use crate::open::{Content, Footer, format_by_end};

/// Bytes that are read at a time to see whether a disk holds anything.
const STEP: usize = 1 << 20;

impl Walk<'_> {
    /// The format of `file`, which is of this `class`, if it is to be taken for a disk.
    ///
    /// # Errors
    /// Why the source itself is none; of a member it is remembered.
    pub(super) fn format(&mut self, file: &File, class: Class) -> Result<Option<Format>> {
        let alone = file.member.is_empty();
        match class {
            Class::Disk(format) => return Ok(Some(format)),
            Class::Blank => return Ok(Some(Format::Raw)),
            _ => {}
        }
        if self.says_raw(file).is_some() {
            return Ok(Some(Format::Raw));
        }
        // A text alone may be a description of disks.
        if alone && matches!(class, Class::Text | Class::Config(_)) {
            return Ok(None);
        }
        let error = match self.options.selection.format {
            Some(declared) => Error::refused(format!("is declared {declared}, its content is not")),
            None => no_disk(class, file.size),
        };
        if alone {
            // Whoever looks is told what can be told.
            let looks = !self.sink.wants_content() && self.options.selection.format.is_none();
            return match class {
                Class::Other if looks => Ok(Some(Format::Raw)),
                _ => Err(error),
            };
        }
        self.no_disk(file, class, error);
        Ok(None)
    }

    /// Remembers why a member is no disk, if it was asked for or may hold one.
    fn no_disk(&mut self, file: &File, class: Class, error: Error) {
        let error = error.within(&shortened(&file.member, NAMED));
        if self.options.selection.names(&file.member) {
            self.summary.no_disk.get_or_insert(error);
            return;
        }
        match class {
            Class::Foreign(known) if known.kind.may_hold_a_disk() => {
                self.summary.trouble.get_or_insert(error);
            }
            _ => {}
        }
    }

    /// Who says that `file` is a raw disk, whatever it looks like.
    pub(super) fn says_raw(&self, file: &File) -> Option<Says> {
        let alone = file.member.is_empty();
        let meant = alone || self.options.selection.names(&file.member);
        if let (true, Some(format @ (Format::Raw | Format::Vhd))) =
            (meant, self.options.selection.format)
        {
            Some(Says::User(format))
        } else if alone && self.nesting.layers.is_empty() && self.options.opening.device.is_some() {
            Some(Says::Device)
        } else if file.raw || (!alone && names_as_raw(&self.summary.configs, &file.member)) {
            Some(Says::Description)
        } else {
            None
        }
    }

    /// Why `file`, which is of this `class`, is taken for a raw disk.
    pub(super) fn basis(&self, file: &File, class: Class) -> Basis {
        match (self.says_raw(file), class) {
            (Some(says), _) => Basis::Said(says),
            (None, Class::Disk(_)) => Basis::Evidence,
            (None, Class::Blank) => Basis::Blank,
            (None, _) => Basis::Nothing,
        }
    }

    /// What `bytes`, all of `file`, are by what is not in their head, and the format they turn out to have.
    /// A disk that seems to be blank is looked at as a whole.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn whole_class(&self, class: Class, bytes: &dyn BlockRead) -> Result<Class> {
        let unclear = matches!(class, Class::Blank | Class::Foreign(_) | Class::Other);
        let Some(size) = bytes.size().filter(|_| unclear) else {
            return Ok(class);
        };
        match format_by_end(bytes, Footer::of(self.options.selection.format))? {
            Format::Raw => {}
            format => return Ok(Class::Disk(format)),
        }
        if matches!(class, Class::Foreign(_)) || !size.is_multiple_of(512) {
            return Ok(class);
        }
        let read = |offset: u64, buffer: &mut [u8]| bytes.read_at(offset, buffer).map(drop);
        if holding::find_behind(HEAD as u64, size, read)?.is_some() {
            return Ok(Class::Disk(Format::Raw));
        }
        Ok(class)
    }

    /// Sees to it that `image`, a raw disk that begins with zeros, holds nothing else.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it does, and those of reading it.
    fn is_blank(&self, image: &mut Image) -> Result<()> {
        let (size, mut at) = (image.size(), 0);
        let mut buffer = vec![0; STEP];
        while at < size {
            self.options.control.check()?;
            let stretch = image.lookup(at)?;
            at += match stretch.location {
                diskimage::Location::Plain { file, offset } => {
                    let file = image.files().get(file).map(Arc::clone);
                    let len = usize::try_from(stretch.len).map_or(STEP, |len| len.min(STEP));
                    let room = buffer.get_mut(..len).unwrap_or_default();
                    let read = file.map_or(Ok(0), |file| file.read_at(offset, room))?;
                    if !is_zero(room.get(..read).unwrap_or_default()) {
                        return Err(nothing_recognised());
                    }
                    len as u64
                }
                _ => stretch.len,
            };
        }
        Ok(())
    }

    /// Hands on the disk that `file` holds, which is of this `class`.
    ///
    /// # Errors
    /// As [`Walk::hand_over`], and [`error::Kind::Refused`] when it is not what it seemed to be.
    pub(super) fn hand_over_raw(
        &mut self,
        disk: Disk,
        content: Content<'_>,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        let basis = self.basis(file, class);
        if let Basis::Said(says) = basis
            && let Some(warning) = taken_all_the_same(class, says)
        {
            self.warn(file, warning);
        }
        self.guarded(disk, content, Some(basis))
    }

    /// Hands on a disk, and sees to it that all of it is there.
    ///
    /// # Errors
    /// Those of the sink, and [`error::Kind::Refused`] when the disk is not what it seemed to be.
    pub(super) fn guarded(
        &mut self,
        disk: Disk,
        content: Content<'_>,
        basis: Option<Basis>,
    ) -> Result<ControlFlow<()>> {
        let claim = Claim {
            basis,
            may_be_cut: self.options.selection.may_be_cut,
        };
        match content {
            Content::Image(image) => self.guarded_image(disk, image, claim),
            Content::Stream(stream) => self.guarded_stream(disk, stream, claim),
        }
    }

    fn guarded_image(
        &mut self,
        disk: Disk,
        mut image: Image,
        claim: Claim,
    ) -> Result<ControlFlow<()>> {
        if claim.basis == Some(Basis::Blank) {
            self.is_blank(&mut image)?;
        }
        // What cannot be read will be told by whoever reads all of it.
        let head = image.head(reach::HEAD).unwrap_or_default();
        let mut watch = Watch::new(Claim {
            basis: None,
            ..claim
        });
        watch.see(0, &head)?;
        watch.fits(image.size())?;
        let declared = image.about().sector;
        self.tell_sector(&watch, declared);
        self.warn_of(&disk, watch.warning(image.size()));
        self.deliver(disk, Content::Image(image))
    }

    fn guarded_stream(
        &mut self,
        disk: Disk,
        stream: &mut dyn DiskRead,
        claim: Claim,
    ) -> Result<ControlFlow<()>> {
        let mut stream = Guarded::new(stream, claim);
        stream.begin()?;
        let declared = self.sector.take();
        self.tell_sector(&stream.watch, declared);
        self.begin_disk(&disk)?;
        self.take_guarded(&disk, &mut stream)
    }

    fn take_guarded(&mut self, disk: &Disk, stream: &mut Guarded<'_>) -> Result<ControlFlow<()>> {
        let content = Content::Stream(stream);
        let flow = self.sink.take(disk, &self.summary.configs, content)?;
        if flow.is_continue() {
            let warning = stream.warning();
            self.warn_of(disk, warning);
        }
        Ok(flow)
    }

    /// Hands on a disk that is remembered as taken already, and sees to it that all of it is there.
    ///
    /// # Errors
    /// As [`Walk::hand_over`].
    pub(super) fn watched(
        &mut self,
        disk: &Disk,
        stream: &mut dyn DiskRead,
    ) -> Result<ControlFlow<()>> {
        let mut stream = Guarded::new(stream, self.own_claim());
        stream.begin()?;
        self.tell_sector(&stream.watch, None);
        self.take_guarded(disk, &mut stream)
    }

    /// The same for several disks whose pieces lie between each other's.
    ///
    /// # Errors
    /// As [`Walk::hand_over`].
    pub(super) fn all_watched(
        &mut self,
        disks: &[Disk],
        mixed: &mut dyn Mixed,
    ) -> Result<ControlFlow<()>> {
        let mut mixed = GuardedMixed::new(disks, mixed, self.own_claim());
        let configs = &self.summary.configs;
        let flow = self.sink.take_mixed(disks, configs, &mut mixed)?;
        if flow.is_continue() {
            for (disk, warning) in mixed.warnings() {
                let name = shortened(&disk.member, NAMED);
                self.summary.warn(warning.within(&name));
            }
        }
        Ok(flow)
    }

    /// What a disk has to be like that needs no other evidence than its format.
    fn own_claim(&self) -> Claim {
        Claim {
            basis: None,
            may_be_cut: self.options.selection.may_be_cut,
        }
    }

    /// Tells the sink how many bytes the disk's sectors have: a GPT shows it by where it lies, whatever was
    /// `declared`.
    fn tell_sector(&mut self, watch: &Watch, declared: Option<u32>) {
        let device = self
            .options
            .opening
            .device
            .filter(|_| self.nesting.layers.is_empty());
        let declared = declared.or(device.and_then(|device| device.sector));
        let sector = match (watch.sector(), declared) {
            (None, Some(512) | None) => watch.is_partitioned().then_some(512),
            (shown, declared) => shown.or(declared),
        };
        self.sink.sector(sector);
    }

    fn warn_of(&mut self, disk: &Disk, warning: Option<Error>) {
        if let Some(warning) = warning {
            let name = shortened(&disk.member, NAMED);
            self.summary.warn(warning.within(&name));
        }
    }
}
