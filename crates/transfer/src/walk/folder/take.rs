//! Taking one file of a folder.

use std::ops::ControlFlow::{self, Continue};
use std::sync::Arc;

use diskimage::{Format, How};
use extent::{BlockRead, ByteSource, Lookahead, SparseRead};
use report::Result;
use unpack::manifest::Hashed;

use super::files::{self, Files};
use super::manifests::Manifests;
use super::plan::Meant;
use crate::classify::HEAD;
use crate::inspect::What;
use crate::intake::{Intake, Passing};
use crate::names::shortened;
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
        self.control.check()?;
        let member = meant.path.to_string_lossy().into_owned();
        let name = shortened(&member, NAMED);
        let taken = || -> Result<ControlFlow<()>> {
            let source = files.open(&meant.path)?;
            let file = File {
                member,
                size: source.size(),
                raw: meant.raw,
                ..File::default()
            };
            let how = files::how(&self.opening.how, files, &meant.path);
            match source.is_far() {
                false => self.take_near(source, &file, &how, meant, manifests),
                true => self.take_far(source, &file, &how, meant, manifests),
            }
        };
        taken().map_err(|error| error.within(&name))
    }

    fn take_near(
        &mut self,
        source: Box<dyn ByteSource>,
        file: &File,
        how: &How,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        let open = source.at_any_offset();
        let bytes = open.map_or(Ok(None), |open| open())?;
        if let Some(bytes) = bytes {
            let head = files::head_of(&*bytes)?;
            let hashes = !manifests.algorithms(&meant.path).is_empty();
            let looks = self.sink.looker().is_some();
            // One that is hashed is read from front to back in any case.
            let pass = |format| hashes && !looks && passes_well(format, &head);
            if let Some(format) = self.plain(&head, file)?
                && !pass(format)
            {
                return self.take_image(format, bytes, file, how);
            }
        }
        let intake = Intake::start(source, Passing::idle(), self.control)?;
        self.pass_through(intake, file, meant, manifests)
    }

    /// Each read is a way to another machine: only a format that needs it is read at any offset.
    fn take_far(
        &mut self,
        source: Box<dyn ByteSource>,
        file: &File,
        how: &How,
        meant: &Meant,
        manifests: &mut Manifests,
    ) -> Result<ControlFlow<()>> {
        let open = source.at_any_offset();
        let intake = Intake::start(source, Passing::idle(), self.control)?;
        let mut stream = Lookahead::new(intake);
        let head = stream.head(HEAD)?;
        let looks = self.sink.looker().is_some();
        if let Some(format) = self.plain(head, file)?
            && (looks || !passes_well(format, head))
            && let Some(open) = open
            && let Some(bytes) = open()?
        {
            drop(stream);
            return self.take_image(format, bytes, file, how);
        }
        self.pass_through(stream, file, meant, manifests)
    }

    fn take_image(
        &mut self,
        format: Format,
        bytes: Arc<dyn BlockRead>,
        file: &File,
        how: &How,
    ) -> Result<ControlFlow<()>> {
        if !self.may_take(&file.member, file.size) {
            self.note(&file.member, file.size, What::Disk(format));
            return Ok(Continue(()));
        }
        self.image(format, bytes, file, how)
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
