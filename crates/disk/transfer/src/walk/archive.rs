//! Archives: members one after another, and the two appliances that are archives.

use std::ops::ControlFlow::{self, Break, Continue};

use diskimage::Format;
use error::{Error, Result};
use sparse::{Lookahead, SparseRead};
use unpack::archive::{Archive, Member, MemberKind};
use unpack::layer::{ArchiveKind, Layer};
use unpack::manifest::{Checking, Digests, Hashed, LONGEST, Verdict, Verified};
use unpack::xva;

use super::{File, Located, NAMED, Walk};
use crate::classify::HEAD;
use crate::config::ConfigKind;
use crate::disk::Disk;
use crate::members::What;
use crate::names::shortened;
use crate::open::Content;

/// What the names of an OVA's manifest and its certificate end in.
pub(super) const MANIFEST: [&str; 2] = [".mf", ".cert"];

/// Where a walk is in an archive.
pub(super) struct Inside<'a> {
    /// The archive itself.
    pub(super) file: &'a File,
    /// What messages call it.
    pub(super) place: &'a str,
    /// The archive's manifest and the digests of its files.
    pub(super) checking: Checking,
}

/// What follows a member.
pub(super) enum Next {
    /// A member that was read already.
    Member(Option<Member>),
    /// The walk ends here.
    Break,
}

impl Walk<'_> {
    pub(super) fn archive(
        &mut self,
        kind: ArchiveKind,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        self.summary.archive = true;
        let what = Layer::Archive(kind).name();
        self.note(&file.member, file.size, What::Archive(what));
        let place = shortened(&file.member, NAMED);
        let mut archive = kind.reader(
            file.offset,
            stream,
            &self.nesting.share(self.options.limits),
        );
        let xva = std::mem::take(&mut self.nesting.xva);
        let mut inside = Inside {
            file,
            place: &place,
            checking: self.checking(file),
        };
        let mut first = true;
        let mut next = inside.next(&mut *archive)?;
        while let Some(member) = next {
            self.options.control.check()?;
            if std::mem::take(&mut first) && is_named(&member.name, &[".ovf", ".mf"]) {
                inside.checking.hash_ahead();
            }
            first |= member.kind != MemberKind::File;
            next = match self.member(&mut *archive, member, &mut inside)? {
                Next::Member(next) => next,
                Next::Break => return Ok(Break(())),
            };
        }
        // An XVA leaves out what is zeros: one that was cut looks whole, also to whoever compressed it.
        let holes = !self.nesting.xva.is_empty();
        self.nesting.xva = xva;
        self.all_began(file)?;
        let verified = self
            .judge(inside.checking, file)
            .map_err(|error| error.within(&place))?;
        if let Some(doubt) = archive.doubt().filter(|_| !self.summary.again) {
            // What is around it has ended as it should, or is going to be refused.
            let enclosed = self.nesting.layers.len() > 1 && !holes;
            self.doubted(doubt, verified || enclosed, file)
                .map_err(|error| error.within(&place))?;
        }
        Ok(Continue(()))
    }

    /// Takes one member, or the members that are one disk, and says what follows.
    fn member(
        &mut self,
        archive: &mut dyn Archive,
        member: Member,
        inside: &mut Inside<'_>,
    ) -> Result<Next> {
        if member.kind != MemberKind::File {
            self.note_kind(&inside.file.inside(&member).member, &member.kind);
            return inside.next(archive).map(Next::Member);
        }
        if let Some(refusal) = &member.refusal {
            self.refused(refusal, &member, inside)?;
            return inside.next(archive).map(Next::Member);
        }
        if let Some((reference, _)) = xva::reference(&member.name) {
            let known = self
                .nesting
                .xva
                .iter()
                .find(|(known, _)| known == reference);
            if let Some((reference, size)) = known.cloned() {
                return self.xva_disk(archive, member, &reference, size, inside.file);
            }
        }
        let member = match self.part(archive, member, inside)? {
            Ok(next) => return Ok(next),
            Err(member) => member,
        };
        let inner = inside.file.inside(&member);
        let name = shortened(&inner.member, NAMED);
        let costly = archive.is_costly();
        let content = Located::new(archive.content(), inside.place);
        self.nesting.decoders += usize::from(costly);
        let flow = self.checked(content, &member.name, &inner, &mut inside.checking);
        self.nesting.decoders -= usize::from(costly);
        let told = |error: Error| Walk::perhaps_a_part(error.within(&name), &inner.member);
        match flow.map_err(told)? {
            Break(()) => Ok(Next::Break),
            Continue(()) => inside.next(archive).map(Next::Member),
        }
    }

    /// Passes by a member that the archive's reader cannot read, if nobody asked for it.
    fn refused(&mut self, refusal: &Error, member: &Member, inside: &mut Inside<'_>) -> Result<()> {
        let inner = inside.file.inside(member);
        if self.options.selection.names(&inner.member) {
            return Err(refusal.clone().within(inside.place));
        }
        self.note(&inner.member, inner.size, What::Other);
        self.pass_by(refusal.clone(), &inner);
        inside.checking.member(&member.name, Digests::default());
        Ok(())
    }

    /// What an earlier pass knows about the manifest of the archive `file`, if anything.
    fn checking(&self, file: &File) -> Checking {
        let known = self.earlier.manifests.get(&file.member);
        known
            .cloned()
            .map_or_else(Checking::default, Checking::with)
    }

    /// Takes a member: hashes it where a manifest may name it, or reads what its hash should be.
    fn checked(
        &mut self,
        content: impl SparseRead,
        name: &str,
        inner: &File,
        checking: &mut Checking,
    ) -> Result<ControlFlow<()>> {
        let mut content = Lookahead::new(content);
        if self.manifest(&mut content, name, inner, checking)? {
            return Ok(Continue(()));
        }
        // An appliance may have its manifest at the end, and there is no second pass to compare it in.
        if !self.options.opening.means.again && !diskimage::probe(content.head(HEAD)?).is_empty() {
            checking.hash_ahead();
        }
        let algorithms = checking.algorithms(name);
        if algorithms.is_empty() {
            let flow = self.file(&mut content, inner)?;
            checking.member(name, Digests::default());
            return Ok(flow);
        }
        let mut hashed = Hashed::new(content, &algorithms);
        let flow = self.file(&mut hashed, inner)?;
        if flow.is_continue() {
            checking.member(name, hashed.finish()?);
        }
        Ok(flow)
    }

    /// Reads `content`, member `name` of an archive, if that is a manifest or a certificate.
    pub(super) fn manifest<R: SparseRead>(
        &mut self,
        content: &mut Lookahead<R>,
        name: &str,
        inner: &File,
        checking: &mut Checking,
    ) -> Result<bool> {
        if !is_named(name, &MANIFEST) {
            return Ok(false);
        }
        // One byte more than a manifest may have shows that it has more.
        let text = String::from_utf8_lossy(content.head(LONGEST + 1)?);
        let what = if !is_named(name, &[".mf"]) {
            checking.certificate(name, &text);
            What::Certificate
        } else if checking.manifest(name, &text)? {
            What::Manifest
        } else {
            return Ok(false);
        };
        self.note(&inner.member, inner.size, what);
        self.summary.rest.push(&inner.member, inner.size);
        Ok(true)
    }

    /// What became of the manifest, if there was one; whether it shows that all files are there.
    pub(super) fn judge(&mut self, checking: Checking, file: &File) -> Result<bool> {
        if self.parts.is_ahead() {
            return Ok(false);
        }
        let certificate = checking
            .has_certificate()
            .inspect(|certificate| {
                let warning = Error::refused(format!("the certificate is {certificate}"));
                self.warn(file, warning.within(&certificate.name));
            })
            .map(|certificate| format!("; certificate {certificate}"));
        let verdict = checking.verdict();
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => return self.sink.manifest_failed(error).map(|()| false),
        };
        let whole = matches!(verdict, Verdict::Verified(_));
        let told = match verdict {
            Verdict::Verified(verified) => self.verified(&verified, file),
            Verdict::Unhashed(found) if self.options.opening.means.again => {
                self.earlier.manifests.insert(file.member.clone(), found);
                self.summary.again = true;
                return Ok(false);
            }
            Verdict::Unhashed(found) => {
                let message = "comes after files that it names, and the source can be read only once: \
                               the digests were not checked";
                self.warn(file, Error::refused(message).at(found.name()));
                "not checked".to_owned()
            }
            Verdict::Foreign(found) => {
                let message = "names none of the files beside it: nothing was checked";
                self.warn(file, Error::refused(message).at(found.name()));
                "not used".to_owned()
            }
            Verdict::None if certificate.is_none() && !self.is_appliance() => return Ok(false),
            Verdict::None => "none".to_owned(),
        };
        self.summary.manifest = Some(told + &certificate.unwrap_or_default());
        Ok(whole)
    }

    /// Whether an OVF description came along, which may have a manifest.
    fn is_appliance(&self) -> bool {
        let mut configs = self.summary.configs.iter();
        configs.any(|config| config.kind == ConfigKind::Ovf)
    }

    /// What is told of a manifest that holds.
    fn verified(&mut self, verified: &Verified, file: &File) -> String {
        if let Some(first) = verified.unnamed.first() {
            let more = match verified.unnamed_count {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let message = format!("the manifest does not list {first}{more}: not checked");
            self.warn(file, Error::refused(message));
        }
        format!("{} files agree ({})", verified.files, verified.algorithm)
    }

    /// Takes the disk that begins with the member `first`, or passes by its members.
    fn xva_disk(
        &mut self,
        archive: &mut dyn Archive,
        first: Member,
        reference: &str,
        size: u64,
        file: &File,
    ) -> Result<Next> {
        let named = Member {
            name: reference.to_owned(),
            ..first.clone()
        };
        let member = file.inside(&named).member;
        let name = shortened(&member, NAMED);
        self.note(&member, Some(size), What::Disk(Format::Raw));
        if !self.may_take(&member, Some(size))? {
            let next = pass_by(archive, reference);
            return next.map(Next::Member).map_err(|error| error.within(&name));
        }
        let taken = || -> Result<Next> {
            let mut disk = xva::Disk::start(archive, first, size)?;
            let found = Disk {
                member: member.clone(),
                size: Some(size),
                format: Format::Raw,
                variant: "XVA".into(),
            };
            match self.hand_over(found, Content::Stream(&mut disk))? {
                Break(()) => Ok(Next::Break),
                Continue(()) => disk.next().map(Next::Member),
            }
        };
        taken().map_err(|error| error.within(&name))
    }
}

/// Moves past the pieces of the disk called `reference`.
fn pass_by(archive: &mut dyn Archive, reference: &str) -> Result<Option<Member>> {
    loop {
        let next = archive.next_member()?;
        let same = |member: &Member| {
            member
                .name
                .strip_prefix(reference)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        match next {
            Some(member) if same(&member) => {}
            other => return Ok(other),
        }
    }
}

/// Whether `name` ends in one of these, in whatever case.
pub(super) fn is_named(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

impl Inside<'_> {
    pub(super) fn next(&self, archive: &mut dyn Archive) -> Result<Option<Member>> {
        let next = archive.next_member();
        next.map_err(|error: Error| error.within(self.place))
    }
}

impl File {
    /// The file that `member` is in the archive that this file is.
    pub(super) fn inside(&self, member: &Member) -> File {
        let outer = match self.member.as_str() {
            "" => String::new(),
            outer => format!("{outer}:"),
        };
        File {
            within: Some(outer.len()),
            member: outer + &member.name,
            size: member.size,
            raw: false,
            offset: 0,
        }
    }
}
