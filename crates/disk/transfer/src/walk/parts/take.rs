//! Taking a disk in several members, or passing it by.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use diskimage::{FileAccess, Format};
use error::{Error, Result};
use sparse::{Lookahead, SliceSource};
use unpack::archive::{Archive, Member};
use unpack::layer::sniff;
use unpack::manifest::Checking;

use super::content;
use super::disk::{self, Between};
use super::known::{Fate, Set};
use crate::advice::Advice;
use crate::disk::Disk;
use crate::names::shortened;
use crate::open::Content;
use crate::walk::archive::{Inside, Next};
use crate::walk::{File, NAMED, Walk};

impl Walk<'_> {
    /// Takes `member`, if it is a part of a disk whose descriptor is known.
    pub(in crate::walk) fn part(
        &mut self,
        archive: &mut dyn Archive,
        member: Member,
        inside: &mut Inside<'_>,
    ) -> Result<std::result::Result<Next, Member>> {
        let inner = inside.file.inside(&member);
        if let Some((index, number)) = self.parts.chunk(&inner.key()) {
            let name = shortened(&inner.member, NAMED);
            let next = self.chunk(archive, &member, index, number, inside);
            return next.map(Ok).map_err(|error| error.within(&name));
        }
        let declared = self
            .options
            .selection
            .format
            .is_some_and(|format| format != Format::Vmdk);
        let found = self.parts.find(&inner.key());
        let Some(known) = found.filter(|_| !declared || self.parts.is_ahead()) else {
            return Ok(Err(member));
        };
        if self.parts.is_ahead() {
            return inside.next(archive).map(Next::Member).map(Ok);
        }
        let name = shortened(&inner.member, NAMED);
        if let Some(set) = self.begins(known).map_err(|error| error.within(&name))? {
            return self.disk_of_parts(archive, &member, &set, inside).map(Ok);
        }
        let members = content::Members::new(archive, inside.place, &mut inside.checking);
        content::Content::of(members, &member.name).end()?;
        inside.next(archive).map(Next::Member).map(Ok)
    }

    /// The disk with this number, if its first part has come and it is to be taken.
    fn begins(&mut self, number: usize) -> Result<Option<Arc<Set>>> {
        let taken = !self.summary.taken.is_empty();
        let Some(known) = self.parts.sets.get_mut(number) else {
            return Ok(None);
        };
        match known.fate {
            Fate::Taken => return Err(Error::corrupt("is there twice")),
            Fate::PassedBy => return Ok(None),
            Fate::Open => {}
        }
        if taken && !self.options.selection.several {
            known.fate = Fate::PassedBy;
            let (name, size) = (&known.set.descriptor, known.set.disk.size);
            self.summary.rivals.push(name, Some(size));
            return Ok(None);
        }
        known.fate = Fate::Taken;
        let set = Arc::clone(&known.set);
        if self.summary.first.count == 0 {
            self.summary
                .first
                .push(&set.descriptor, Some(set.disk.size));
        }
        Ok(Some(set))
    }

    fn disk_of_parts(
        &mut self,
        archive: &mut dyn Archive,
        first: &Member,
        set: &Arc<Set>,
        inside: &mut Inside<'_>,
    ) -> Result<Next> {
        let name = shortened(&set.descriptor, NAMED);
        let mut taken = || -> Result<_> {
            self.options.opening.how.suits(Format::Vmdk)?;
            let members = content::Members::new(archive, inside.place, &mut inside.checking);
            let means = self.options.opening.means;
            let mut disk = disk::Disk::start(Arc::clone(set), inside.file, members, first, means)?;
            let found = Disk {
                member: set.descriptor.clone(),
                size: Some(set.disk.size),
                format: Format::Vmdk,
                variant: set.disk.variant.clone(),
            };
            match self.hand_over(found, Content::Stream(&mut disk))? {
                Break(()) => Ok(None),
                Continue(()) => disk.end().map(Some),
            }
        };
        let Some((next, between)) = taken().map_err(|error| error.within(&name))? else {
            return Ok(Next::Break);
        };
        for between in between {
            let inner = shortened(&between.file.member, NAMED);
            let flow = self.was_between(between, set, &mut inside.checking);
            if !flow.map_err(|error| error.within(&inner))? {
                return Ok(Next::Break);
            }
        }
        Ok(Next::Member(next))
    }

    /// Takes a member that lay between the parts of the disk of `set`; `false` ends the walk.
    fn was_between(
        &mut self,
        between: Between,
        set: &Set,
        checking: &mut Checking,
    ) -> Result<bool> {
        let Between { file, bytes, whole } = between;
        if let Some(number) = self.parts.find(&file.key()) {
            return match self.begins(number)? {
                None => Ok(true),
                Some(_) => Err(lies_between(set)),
            };
        }
        let stream = SliceSource::new(&bytes);
        if whole {
            let mut stream = Lookahead::new(stream);
            if self.manifest(&mut stream, file.inner(), &file, checking)? {
                return Ok(true);
            }
            return self.file(&mut stream, &file).map(|flow| flow.is_continue());
        }
        if !self.options.selection.wants(&file.member) {
            self.summary.rest.push(&file.member, file.size);
            return Ok(true);
        }
        if sniff(&bytes).is_some() {
            return Err(lies_between(set));
        }
        let class = self.class(&bytes, &file)?;
        match self.format(&file, class)? {
            None => self.summary.rest.push(&file.member, file.size),
            Some(_) if self.may_take(&file.member, file.size)? => return Err(lies_between(set)),
            Some(_) => {}
        }
        Ok(true)
    }

    /// The archive `file` is over: no disk may be left of which no part has come.
    pub(in crate::walk) fn all_began(&mut self, file: &File) -> Result<()> {
        if self.parts.is_ahead() {
            return Ok(());
        }
        self.none_was_a_part(file)?;
        let taken = !self.summary.taken.is_empty() && !self.options.selection.several;
        for known in &mut self.parts.sets {
            let here = known.met && known.set.archive == file.member;
            if !here || known.fate != Fate::Open {
                continue;
            }
            known.fate = Fate::PassedBy;
            let set = &known.set;
            if taken {
                self.summary
                    .rivals
                    .push(&set.descriptor, Some(set.disk.size));
            } else if let Some(part) = set.disk.files.first() {
                let name = shortened(&set.descriptor, NAMED);
                let missing = FileAccess::none().extent(&part.name);
                missing.map_err(|error| error.within(&name))?;
            }
        }
        Ok(())
    }
}

fn lies_between(set: &Set) -> Error {
    Error::unsupported(format!(
        "may be a disk and is between the parts of {}",
        shortened(&set.descriptor, NAMED)
    ))
    .advise(Advice::SelectOrPackParts)
}
