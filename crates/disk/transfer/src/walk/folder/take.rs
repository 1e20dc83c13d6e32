//! Taking one file of a folder.

use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use diskimage::{Format, OpenOptions};
use error::Result;
use sparse::{BlockRead, ByteSource, Lookahead, SparseRead};
use unpack::layer::sniff;
use unpack::manifest::Hashed;

use super::files::{self, Files};
use super::manifests::Manifests;
use super::meant::Meant;
use crate::classify::{Class, HEAD};
use crate::members::What;
use crate::names::shortened;
use crate::source_reader::{ReaderOptions, SourceReader};
use crate::walk::leaf::passes_well;
use crate::walk::{File, Located, NAMED, Walk};

impl Walk<'_> {
    /// Takes the file that is `meant`, at any offset where that is better, and hashes it where a manifest
    /// names it and it passes from its beginning to its end.
    pub(super) fn take_file(
        &mut self,
        files: &Arc<Files>,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        self.options.control.check()?;
        let member = meant.path.to_string_lossy().into_owned();
        let name = shortened(&member, NAMED);
        let taken = || -> Result<ControlFlow<()>> {
            let source = files.open_meant(meant)?;
            let file = File {
                member,
                size: source.size(),
                raw: meant.raw,
                ..File::default()
            };
            if source.is_far() {
                self.take_far(source, &file, files, meant, manifests)
            } else {
                self.take_near(source, &file, files, meant, manifests)
            }
        };
        let flow = taken().map_err(|error| error.within(&name))?;
        for file in meant.files() {
            manifests.taken(file);
        }
        Ok(flow)
    }

    fn take_near(
        &mut self,
        source: Box<dyn ByteSource>,
        file: &File,
        files: &Arc<Files>,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        let open = source.at_any_offset();
        let bytes = open.map_or(Ok(None), |open| open())?;
        let Some(bytes) = bytes else {
            let reader = SourceReader::start(source, ReaderOptions::idle(), self.options.control)?;
            return self.pass_through(reader, file, meant, manifests);
        };
        let head = files::head_of(&*bytes)?;
        let hashes = !manifests.algorithms(&meant.path).is_empty();
        let looks = !self.sink.wants_content();
        // One that is hashed is read from front to back in any case.
        let pass = |format| hashes && !looks && passes_well(format, &head);
        let plain = self.plain(&head, file, Some(&*bytes))?;
        let packed = sniff(&head).is_some();
        if (plain.is_some() || packed)
            && meant.chunks.is_none()
            && self.options.selection.wants(&file.member)
            && let Err(refusal) = files.is_whole(&meant.path)
        {
            let name = shortened(&file.member, NAMED);
            self.sink.refused(refusal.within(&name))?;
        }
        if let Some((format, class)) = plain.filter(|&(format, _)| !pass(format)) {
            let how = files::how(&self.options.opening.how, files, &meant.path);
            return self.take_image(format, bytes, class, file, &how);
        }
        let reader = SourceReader::start(source, ReaderOptions::idle(), self.options.control)?;
        self.pass_through(reader, file, meant, manifests)
    }

    /// Each read is a way to another machine: only a format that needs it is read at any offset.
    fn take_far(
        &mut self,
        source: Box<dyn ByteSource>,
        file: &File,
        files: &Arc<Files>,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        let open = source.at_any_offset();
        let reader = SourceReader::start(source, ReaderOptions::idle(), self.options.control)?;
        let mut stream = Lookahead::new(reader);
        let head = stream.head(HEAD)?;
        let looks = !self.sink.wants_content();
        if let Some((format, class)) = self.plain(head, file, None)?
            && (looks || !passes_well(format, head))
            && let Some(open) = open
            && let Some(bytes) = open()?
        {
            drop(stream);
            let how = files::how(&self.options.opening.how, files, &meant.path);
            return self.take_image(format, bytes, class, file, &how);
        }
        self.pass_through(stream, file, meant, manifests)
    }

    fn take_image(
        &mut self,
        format: Format,
        bytes: Arc<dyn BlockRead>,
        class: Class,
        file: &File,
        how: &OpenOptions,
    ) -> Result<ControlFlow<()>> {
        if !self.may_take(&file.member, file.size)? {
            self.note(&file.member, file.size, What::Disk(format));
            return Ok(Continue(()));
        }
        self.image(format, bytes, class, file, how)
    }

    /// Lets the file pass from its beginning to its end.
    fn pass_through(
        &mut self,
        stream: impl SparseRead,
        file: &File,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        let name = shortened(&file.member, NAMED);
        let mut stream = Located::new(stream, &name);
        let algorithms = manifests.algorithms(&meant.path);
        if algorithms.is_empty() {
            return self.file(&mut stream, file);
        }
        let mut hashed = Hashed::new(stream, &algorithms);
        let flow = self.file(&mut hashed, file)?;
        if flow.is_continue() {
            manifests.hashed(&meant.path, &hashed.finish()?);
        }
        Ok(flow)
    }
}
