//! A disk in several members of an archive: a VMDK whose descriptor names its parts, a file in chunks that an
//! OVF lists, and parts that nothing names but their numbers.
//!
//! Where the descriptor or the OVF comes first, the parts are put together as they pass ([`disk`], [`chunks`]).
//! Where a part comes first, nobody knows yet what it is a part of: then the rest of the pass only looks for
//! descriptions, and the next one takes the disk. What [`Parts`] knows outlives a pass for that.

mod chunks;
mod content;
mod described;
mod disk;
mod known;
mod numbered;
mod take;

use diskimage::{Format, VmdkPartKind, VmdkParts};
use error::{Error, Result};
use sparse::{Lookahead, SparseRead};

use super::{File, NAMED, Walk};
use crate::advice::Advice;
use crate::classify::HEAD;
use crate::names::shortened;
pub(crate) use known::Parts;
use known::{Set, Stage};
use numbered::is_extent_name;

impl Walk<'_> {
    /// Whether `stream`, the whole file, belongs to a disk in several members, and is dealt with.
    pub(super) fn belongs(
        &mut self,
        stream: &mut Lookahead<&mut dyn SparseRead>,
        file: &File,
    ) -> Result<bool> {
        if file.inner().is_empty() {
            return Ok(false);
        }
        let looks = !self.sink.wants_content();
        if !looks && diskimage::vmdk_is_descriptor(stream.head(HEAD)?) {
            return self.descriptor(stream, file);
        }
        self.parts.pass(&file.key());
        if self.parts.is_ahead() {
            self.look_for_files(stream, file)?;
            return Ok(true);
        }
        if looks {
            return Ok(false);
        }
        let head = stream.head(HEAD)?;
        self.comes_early(diskimage::vmdk_is_part(head), file)
    }

    /// Whether the file is a part whose descriptor has not come; `sparse` when it shows that itself.
    fn comes_early(&mut self, sparse: bool, file: &File) -> Result<bool> {
        let number = flat_number(file.inner());
        let part =
            sparse || (number.is_some() && self.options.selection.format != Some(Format::Raw));
        let first = self.parts.stage == Stage::First;
        if !part || !first || !self.options.selection.wants(&file.member) {
            return Ok(false);
        }
        let begun = !self.summary.taken.is_empty();
        if begun && !(sparse && self.options.selection.several) {
            return Ok(false);
        }
        if !begun && self.options.opening.means.again {
            self.look_ahead();
            return Ok(true);
        }
        // One flat part alone is a raw disk, and a sparse one that is not called so is a whole disk, unless a
        // descriptor comes that names it.
        if number.unwrap_or(1) != 1 || (sparse && is_extent_name(file.inner())) {
            Err(self.early(
                "is one of several parts of a disk, and comes before the descriptor that names it",
            ))
        } else {
            Ok(false)
        }
    }

    /// Takes nothing more before the next pass.
    fn look_ahead(&mut self) {
        self.parts.stage = Stage::Ahead;
        self.summary.again = true;
    }

    /// A disk that has its descriptor in the wrong place.
    fn early(&self, what: &str) -> Error {
        if self.options.opening.means.again {
            Error::unsupported(format!("{what}, and another disk was begun already"))
                .advise(Advice::SelectOrPackDescriptors)
        } else {
            Error::unsupported(format!("{what}, and this source can be read only once"))
                .hint("save it first and give the file, or pack the descriptor first")
        }
    }

    /// Takes the descriptor in `file`, if it is one that names its parts.
    fn descriptor(
        &mut self,
        stream: &mut Lookahead<&mut dyn SparseRead>,
        file: &File,
    ) -> Result<bool> {
        // One byte more shows that there is more.
        let text = stream.head(VmdkParts::DESCRIPTOR + 1)?;
        let wanted = self.options.selection.wants(&file.member);
        let rival = !self.options.selection.several && !self.summary.taken.is_empty();
        let disk = match VmdkParts::read(text) {
            Ok(disk) if !disk.files.is_empty() => disk,
            Err(error) if wanted && !rival => return Err(error),
            _ => return Ok(self.parts.is_ahead()),
        };
        let set = Set::new(file, disk);
        if !wanted && !set.keys().any(|key| self.options.selection.names(key)) {
            return Ok(self.parts.is_ahead());
        }
        if wanted {
            let head = stream.head(HEAD)?;
            self.class(head, file)?;
        }
        self.meet(set, file)?;
        Ok(true)
    }

    fn meet(&mut self, set: Set, file: &File) -> Result<()> {
        let mut sets = self.parts.sets.iter_mut();
        if let Some(known) = sets.find(|known| known.set.descriptor == set.descriptor) {
            if *known.set != set {
                return Err(if known.met {
                    Error::refused("is there twice")
                } else {
                    Error::io("changed between two passes", "it is another descriptor")
                });
            }
            if std::mem::replace(&mut known.met, true) {
                return Err(Error::refused("is there twice"));
            }
            return Ok(());
        }
        if self.parts.is_ahead() {
            return self.parts.add(set);
        }
        let passed = set.keys().find(|key| self.parts.has_passed(key));
        let Some(passed) = passed.map(str::to_owned) else {
            return self.parts.add(set);
        };
        if self.was_taken_whole(&set) {
            self.summary.rest.push(&file.member, file.size);
            return Ok(());
        }
        if self.summary.taken.is_empty() && self.options.opening.means.again {
            self.look_ahead();
            return self.parts.add(set);
        }
        let taken = self.parts.was_taken(&passed);
        if !taken && !self.options.selection.several && !self.summary.taken.is_empty() {
            self.summary.rivals.push(&file.member, Some(set.disk.size));
            return Ok(());
        }
        let passed = shortened(&passed, NAMED);
        Err(self.early(&if taken {
            format!("comes after its part {passed}, which was taken for a whole disk")
        } else {
            format!("comes after its part {passed}")
        }))
    }

    /// Whether the disk of `set` is nothing but a member that was taken for a raw disk.
    fn was_taken_whole(&self, set: &Set) -> bool {
        let [part] = &set.disk.files[..] else {
            return false;
        };
        let whole = part.kind == VmdkPartKind::Flat { offset: 0 } && part.len == set.disk.size;
        whole && set.keys().any(|key| self.parts.raw(key) == Some(part.len))
    }
}

/// The number of the part that a flat file is by the name that programs give it: `web-flat.vmdk` is the
/// only one, `web-f002.vmdk` the second.
fn flat_number(name: &str) -> Option<u32> {
    let stem = name.strip_suffix(".vmdk")?;
    let (_, last) = stem.rsplit_once('-')?;
    match last.strip_prefix('f')? {
        "lat" => Some(1),
        digits if digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    }
}

impl File {
    /// The name in the archive that the file lies in; empty for the source itself.
    pub(super) fn inner(&self) -> &str {
        self.within
            .and_then(|at| self.member.get(at..))
            .unwrap_or_default()
    }

    /// The archive's name; empty where the source itself is the archive.
    fn archive(&self) -> &str {
        let at = self.within.unwrap_or(0).saturating_sub(1);
        self.member.get(..at).unwrap_or_default()
    }

    /// The name without what does not matter in it.
    pub(super) fn key(&self) -> String {
        let inner = self.inner();
        let outer = self.member.strip_suffix(inner).unwrap_or_default();
        format!("{outer}{}", inner.strip_prefix("./").unwrap_or(inner))
    }

    /// What the keys of the files beside this one begin with.
    fn stem(&self) -> String {
        let mut key = self.key();
        let from = self.within.unwrap_or(0);
        let slash = key.get(from..).and_then(|inner| inner.rfind('/'));
        key.truncate(from + slash.map_or(0, |slash| slash + 1));
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_parts_have_usual_names() {
        for (name, number) in [
            ("web-flat.vmdk", Some(1)),
            ("d/web-1-f001.vmdk", Some(1)),
            ("web-f012.vmdk", Some(12)),
            ("web-f12.vmdk", None),
            ("web-f.vmdk", None),
            ("web-s001.vmdk", None),
            ("web.vmdk", None),
            ("-flat.raw", None),
            ("web-f99999999999.vmdk", None),
        ] {
            assert_eq!(flat_number(name), number, "{name}");
        }
    }

    #[test]
    fn parts_lie_beside_their_descriptor() {
        let file = |member: &str, within| File {
            member: member.into(),
            within,
            ..File::default()
        };
        for (member, within, archive, key, stem) in [
            ("a.vmdk", Some(0), "", "a.vmdk", ""),
            ("./a.vmdk", Some(0), "", "a.vmdk", ""),
            ("./d/a.vmdk", Some(0), "", "d/a.vmdk", "d/"),
            (
                "o.tar:d:e/a.vmdk",
                Some(6),
                "o.tar",
                "o.tar:d:e/a.vmdk",
                "o.tar:d:e/",
            ),
            (
                "o/o.tar:./a.vmdk",
                Some(8),
                "o/o.tar",
                "o/o.tar:a.vmdk",
                "o/o.tar:",
            ),
        ] {
            let file = file(member, within);
            assert_eq!(file.archive(), archive, "{member}");
            assert_eq!(file.key(), key, "{member}");
            assert_eq!(file.stem(), stem, "{member}");
        }
        assert_eq!(file("", None).inner(), "");
    }
}
