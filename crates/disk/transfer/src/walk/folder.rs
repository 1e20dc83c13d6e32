//! Folders: like an archive whose members can be read at any offset.
//!
//! Where a description of a guest names files that lie there, its disks are those files, and nothing
//! else in the folder is. Otherwise every file may be a disk, as in an archive, but for those of which
//! an image says that it is made of them or lies on them. A description that is the source itself is
//! a folder too, in which only the files count that it names.

mod files;
mod find;
mod joined;
mod manifests;
mod meant;
mod plan;
mod take;

use std::collections::HashSet;
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Error, Result};
use sparse::{EntryKind, Folder, FolderEntry, SparseRead, drain};

use super::{File, NAMED, Walk};
use crate::advice::Advice;
use crate::classify::{Class, classify};
use crate::config::ConfigKind;
use crate::members::What;
use crate::names::shortened;
use files::Files;
use manifests::{Manifests, is_signed_list};
use meant::Meant;
use plan::{Description, Named};

/// What the layer is called that a directory is.
const DIRECTORY: &str = "directory";
/// The largest file that is read as a description of a guest, in bytes.
const DESCRIPTION: u64 = vmconfig::TEXT as u64;
/// Descriptions of guests in one folder that are read.
const DESCRIPTIONS: usize = 100;

impl Walk<'_> {
    /// Walks through the files of `folder`.
    ///
    /// # Errors
    /// As [`Walk::run`].
    pub(crate) fn folder(&mut self, folder: &Arc<dyn Folder>) -> Result<ControlFlow<()>> {
        let files = Files::new(folder);
        self.enter_folder(DIRECTORY);
        let descriptions = self.descriptions(&files)?;
        let flow = match plan::choose(&descriptions, self.options.selection) {
            Ok(Some(one)) => self.named_disks(&files, one)?,
            Ok(None) => self.disks_among_all(&files, &descriptions)?,
            Err(error) => {
                self.sink.refused(error)?;
                self.disks_among_all(&files, &descriptions)?
            }
        };
        self.nesting.leave();
        Ok(flow)
    }

    fn enter_folder(&mut self, layer: &'static str) {
        self.nesting.layers.push(layer);
        self.summary.archive = true;
        self.summary.at_any_offset = true;
        self.note("", None, What::Archive(layer));
    }

    /// Takes the disks beside `stream`, a description of a guest that is the source itself.
    pub(super) fn beside(
        &mut self,
        stream: &mut dyn SparseRead,
        kind: ConfigKind,
        size: Option<u64>,
    ) -> Result<ControlFlow<()>> {
        let Some(beside) = self.options.opening.beside.clone() else {
            return Err(Error::refused(format!(
                "is a description of a guest ({}), and the files with its disks cannot be reached from here",
                kind.name()
            ))
            .advise(Advice::SaveWithDisks));
        };
        let member = beside.file.to_string_lossy().into_owned();
        let file = File {
            member,
            size,
            ..File::default()
        };
        self.enter_folder(kind.name());
        self.remember(stream, &file, kind)?;
        drain(stream)?;
        self.note(&file.member, size, What::Config(kind));
        self.summary.rest.push(&file.member, size);
        let files = Files::new(&beside.folder);
        let config = self.summary.configs.last();
        let read = config.map(|config| Description::read(config, &beside.file, &files));
        let flow = match read {
            Some(Ok(description)) => self.named_disks(&files, &description)?,
            Some(Err(error)) => {
                self.sink.refused(error)?;
                Continue(())
            }
            None => Continue(()),
        };
        self.nesting.leave();
        Ok(flow)
    }

    /// The descriptions of guests in a folder; what they say is remembered.
    fn descriptions(&mut self, files: &Arc<Files>) -> Result<Vec<Description>> {
        let mut found = Vec::new();
        for entry in files.entries()? {
            let file = entry.kind == EntryKind::File && (1..=DESCRIPTION).contains(&entry.size);
            if !file || is_old(&entry.path) || found.len() == DESCRIPTIONS {
                continue;
            }
            self.options.control.check()?;
            // What cannot be read shows when it is wanted.
            let Ok(head) = files.head(&entry.path) else {
                continue;
            };
            if !matches!(
                classify(&head, Some(entry.size), None, false),
                Ok(Class::Config(_))
            ) {
                continue;
            }
            let known = self.summary.configs.len();
            let meant = Meant::file(entry.path.clone());
            if self
                .take_file(files, &meant, &mut Manifests::default())?
                .is_break()
            {
                break;
            }
            if let Some(config) = self.summary.configs.get(known) {
                let nothing = || Description::nothing(&entry.path);
                let read = Description::read(config, &entry.path, files);
                found.push(read.unwrap_or_else(|_| nothing()));
            }
        }
        Ok(found)
    }

    /// Takes the disks that `description` names.
    fn named_disks(
        &mut self,
        files: &Arc<Files>,
        description: &Description,
    ) -> Result<ControlFlow<()>> {
        for Named { reference, found } in &description.disks {
            if let Err(error) = found
                && self.options.selection.wants(&reference.name)
            {
                let name = shortened(&description.path.to_string_lossy(), NAMED);
                self.sink.refused(error.clone().within(&name))?;
            }
        }
        let mut manifests = Manifests::default();
        self.manifest_of(files, &description.path, &mut manifests)?;
        let meant = plan::without_parts(files, description.meant());
        for one in &meant {
            self.warn_of_older(one);
            let rivals = self.summary.rivals.count;
            if self.take_file(files, one, &mut manifests)?.is_break() {
                return Ok(Break(()));
            }
            if self.summary.rivals.count == rivals {
                self.is_met(&one.path, &description.path)?;
            }
        }
        let taken: HashSet<_> = meant.iter().flat_map(Meant::files).collect();
        for entry in files.listed() {
            let met = taken.contains(&entry.path) || manifests.is_one(&entry.path);
            if entry.path != description.path && !met {
                self.list_entry(files, entry);
            }
        }
        self.judge_manifests(files, manifests)?;
        Ok(Continue(()))
    }

    /// Says that older versions of a disk are not taken.
    fn warn_of_older(&mut self, meant: &Meant) {
        let newest = shortened(&meant.path.to_string_lossy(), NAMED);
        for older in &meant.older {
            let message = format!("is passed by: {newest} is the newest version of the disk");
            let older = shortened(&older.to_string_lossy(), NAMED);
            self.summary.warn(Error::refused(message).within(&older));
        }
    }

    /// Sees to it that the file at `path`, which `description` names as a disk, was one.
    fn is_met(&mut self, path: &Path, description: &Path) -> Result<()> {
        let member = path.to_string_lossy();
        let met = |met: &str| {
            met.strip_prefix(&*member)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        let met = self
            .summary
            .taken
            .iter()
            .any(|taken| met(&taken.disk.member));
        if met || !self.options.selection.wants(&member) || !self.sink.wants_content() {
            return Ok(());
        }
        if let Some(trouble) = &self.summary.trouble {
            return Err(trouble.clone());
        }
        let error = Error::refused(format!(
            "is a disk by the description of the guest ({}), and its content is not recognised as one",
            shortened(&description.to_string_lossy(), NAMED)
        ));
        Err(error.within(&shortened(&member, NAMED)))
    }

    /// Takes what is a disk among the files of a folder, as out of an archive.
    fn disks_among_all(
        &mut self,
        files: &Arc<Files>,
        descriptions: &[Description],
    ) -> Result<ControlFlow<()>> {
        let mut manifests = Manifests::default();
        for description in descriptions {
            self.manifest_of(files, &description.path, &mut manifests)?;
        }
        let read: HashSet<_> = descriptions.iter().map(|one| &one.path).collect();
        let entries = files.entries()?;
        let parts = self.parts_in(files, entries)?;
        for entry in entries {
            if read.contains(&entry.path) || manifests.is_one(&entry.path) {
                continue;
            }
            let known = parts.contains(&entry.path) || is_signed_list(&entry.path);
            let named = self.options.selection.names(&entry.path.to_string_lossy());
            if entry.kind != EntryKind::File || (known && !named) {
                self.list_entry(files, entry);
                continue;
            }
            let meant = Meant::file(entry.path.clone());
            if self.take_file(files, &meant, &mut manifests)?.is_break() {
                return Ok(Break(()));
            }
        }
        self.judge_manifests(files, manifests)?;
        Ok(Continue(()))
    }

    /// What the images among `entries` are made of, or lie on.
    fn parts_in(&self, files: &Files, entries: &[FolderEntry]) -> Result<HashSet<PathBuf>> {
        let mut parts = HashSet::new();
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File) {
            self.options.control.check()?;
            // What is wrong with an image is told when it is taken.
            parts.extend(files.parts(&entry.path).unwrap_or_default());
        }
        Ok(parts)
    }

    /// Lists what is not meant.
    fn list_entry(&mut self, files: &Files, entry: &FolderEntry) {
        let member = entry.path.to_string_lossy();
        let what = match entry.kind {
            EntryKind::Folder => What::Directory,
            EntryKind::Link => What::Link,
            EntryKind::Other => What::Other,
            EntryKind::File => {
                self.summary.rest.push(&member, Some(entry.size));
                if self.sink.wants_content() {
                    return;
                }
                let head = files.head(&entry.path).unwrap_or_default();
                let class = classify(&head, Some(entry.size), None, false);
                class.map_or(What::Other, What::of)
            }
        };
        let size = (entry.kind == EntryKind::File).then_some(entry.size);
        self.note(&member, size, what);
    }
}

/// Whether a program that describes guests keeps what it wrote before under this name.
fn is_old(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    [".vbox-prev", ".vbox-tmp", ".vmx~", "~", ".bak", ".orig"]
        .iter()
        .any(|ending| name.ends_with(ending))
}
