//! The places of one command, none of which may be two things at once: `--force` overwrites what was
//! there before, and never what the same command reads or writes.

use std::sync::{Arc, Mutex, PoisonError};

use endpoint::Place;
use error::{Error, Result};
use host::Host;

/// What the place of a disk is.
pub(super) const TARGET: &str = "a target";
/// What the place is that disks come from.
pub(super) const SOURCE: &str = "the source";
/// What the files are that an image names: extents, backing files, parents.
const PART: &str = "a part of the source";

/// A place, and what it is.
type Role = (Place, &'static str);

/// The places that are given away so far; copies share them.
#[derive(Clone)]
pub(in crate::commands) struct Taken {
    host: Host,
    places: Arc<Mutex<Vec<Role>>>,
}

impl Taken {
    /// None yet, on `host`.
    pub(in crate::commands) fn on(host: &Host) -> Self {
        Taken {
            host: host.clone(),
            places: Arc::default(),
        }
    }

    /// The host that the places are on.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Adds a place, if it is none of the others and shares no bytes with them.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when it is or does.
    pub(super) fn add(&self, place: Place, role: &'static str) -> Result<()> {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let others = taken.iter().filter(|(other, of)| match other {
            // Standard input is not standard output.
            Place::Stdio => *of == role,
            // One image may name another twice, and itself.
            _ => !(role == PART && [SOURCE, PART].contains(of)),
        });
        for (other, of) in others {
            if other.is_same(&place, &self.host) {
                return Err(twice(&place, role, of));
            }
            if other.overlaps(&place, &self.host) {
                return Err(Error::usage(format!(
                    "{place} is {role} and shares its bytes with {other}, which is {of}"
                )));
            }
        }
        taken.push((place, role));
        Ok(())
    }

    /// Adds a file that the source's image names.
    ///
    /// # Errors
    /// [`error::Kind::Usage`] when it is also to be written.
    pub(super) fn add_part(&self, place: Place) -> Result<()> {
        self.add(place, PART)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        taken.len()
    }

    /// Gives targets back that were added after the first `count`.
    pub(super) fn give_back(&self, count: usize) {
        let mut taken = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = 0;
        taken.retain(|(_, role)| {
            number += 1;
            number <= count || *role != TARGET
        });
    }
}

fn twice(place: &Place, role: &'static str, of: &'static str) -> Error {
    if role == TARGET && of == TARGET {
        let error = Error::usage(format!("{place} is given as a target twice"));
        return error.hint("where several disks are meant, write {disk} into the place");
    }
    Error::usage(format!("{place} is {of} and {role} at once"))
}
