//! What a walk through a source sees.

use error::{Error, Kind, Result};
use vmconfig::Choice;

use crate::config::Config;
use crate::disk::Taken;
use crate::guest::{Guest, is_same_file};
use crate::names::Names;

/// Warnings that are kept: the rest only repeats them.
const WARNINGS: usize = 100;

/// What a walk saw.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Whether any layer was an archive.
    pub(crate) archive: bool,
    /// The disks that were taken: one, unless several were asked for.
    pub(crate) taken: Vec<Taken>,
    /// The first of them, and how long its file is.
    pub(crate) first: Names,
    /// Further disks that may be the one that is meant.
    pub(crate) rivals: Names,
    /// Whether a disk that is meant has the name of one that was taken.
    pub(crate) twice: bool,
    /// Guest configurations.
    pub(crate) configs: Vec<Config>,
    /// Everything that is not meant.
    pub(crate) rest: Names,
    /// What the manifest of an appliance says, as a person reads it.
    pub(crate) manifest: Option<String>,
    /// Why a packed member was passed by that may hold what is meant.
    pub(crate) trouble: Option<Error>,
    /// Why a member that was asked for by its name was not taken for a disk.
    pub(crate) no_disk: Option<Error>,
    /// What was not used or not checked, a line each; at most [`WARNINGS`].
    pub(crate) warnings: Vec<Error>,
    /// Whether the source has to be read once more, because tables lie behind data.
    pub(crate) again: bool,
    /// Whether the disk was read at any offset, and not out of the stream.
    pub(crate) at_any_offset: bool,
}

impl Summary {
    /// Puts these warnings before the others.
    pub(crate) fn warn_first(&mut self, warnings: Vec<Error>) {
        let later = std::mem::replace(&mut self.warnings, warnings);
        later.into_iter().for_each(|warning| self.warn(warning));
    }

    /// Remembers that something was not used or not checked, once.
    pub(crate) fn warn(&mut self, warning: Error) {
        if self.warnings.len() < WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Reads the guest's descriptions, and says what of them could not be used, and which disks that were
    /// taken are none of the guest's.
    pub(crate) fn describe_guest(&mut self, choice: &Choice) -> Guest {
        let mut guest = Guest::described_by(&self.configs, choice);
        for warning in guest.warnings.drain(..).chain(guest.undecided.clone()) {
            self.warn(warning);
        }
        let images = guest.vm.iter().flat_map(|vm| &vm.unplugged);
        // That the guest's hardware has a memory is no surprise.
        let images: Vec<_> = images
            .filter(|image| !image.is_state && self.has_taken(&image.source))
            .collect();
        for image in images {
            let what = format!("{}, which is not plugged into the guest", image.what);
            self.warn(Error::refused(format!("is {what}")).at(&image.source));
        }
        guest
    }

    /// Whether a disk was taken that a description calls `source`.
    fn has_taken(&self, source: &str) -> bool {
        let taken = self.taken.iter().map(|taken| &taken.disk.member);
        taken.into_iter().any(|member| is_same_file(member, source))
    }

    /// What `--strict` asks for.
    ///
    /// # Errors
    /// The only warning, or all of them as causes.
    pub(crate) fn no_warnings(&self) -> Result<()> {
        let Some((first, rest)) = self.warnings.split_first() else {
            return Ok(());
        };
        let kind = match first.kind() {
            Kind::Corrupt => Kind::Corrupt,
            Kind::Unsupported => Kind::Unsupported,
            _ => Kind::Refused,
        };
        if rest.is_empty() {
            return Err(Error::new(kind, first.to_string()).because_of(first.clone()));
        }
        let count = self.warnings.len();
        let all = Error::new(kind, format!("{count} things were not used or not checked"));
        let warnings = self.warnings.iter();
        Err(warnings.fold(all, |error, warning| error.cause(warning)))
    }
}
