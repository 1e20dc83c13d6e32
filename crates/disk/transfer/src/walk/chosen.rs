//! Which disks belong to the guest that is meant.

use error::{Error, Result};
use vmconfig::Choice;

use super::Walk;
use crate::advice::Advice;
use crate::guest::{Guest, is_same_file};

impl Walk<'_> {
    /// Whether the disk called `member` belongs to the guest that is meant, by the descriptions before it.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when one guest has to be meant and none is, or when nothing in front of the
    /// disk describes the one that is.
    pub(super) fn is_of_guest(&mut self, member: &str) -> Result<bool> {
        let selection = self.options.selection;
        let chosen = selection.choice != Choice::default();
        if !chosen && !selection.one_guest {
            return Ok(true);
        }
        let guest = self.described_guest();
        if let Some(error) = &guest.undecided {
            // It is about the description, which it names.
            return Err(error.clone().within(""));
        }
        match &guest.vm {
            _ if !chosen => Ok(true),
            Some(vm) => {
                let sources = vm.disks.iter().filter_map(|disk| disk.source.as_deref());
                Ok(sources
                    .into_iter()
                    .any(|source| is_same_file(member, source)))
            }
            None => Err(undescribed(&selection.choice, member)),
        }
    }

    /// The guest by the descriptions so far; they are read again only when there are more of them.
    fn described_guest(&mut self) -> &Guest {
        let count = self.summary.configs.len();
        let known = self.guest.take().filter(|(known, _)| *known == count);
        let (_, guest) = self.guest.insert(known.unwrap_or_else(|| {
            let guest = Guest::described_by(&self.summary.configs, &self.options.selection.choice);
            (count, guest)
        }));
        guest
    }
}

fn undescribed(choice: &Choice, member: &str) -> Error {
    let what = match (&choice.guest, &choice.deployment) {
        (Some(guest), _) => format!("the guest '{guest}'"),
        (None, Some(deployment)) => format!("the deployment '{deployment}'"),
        (None, None) => "the guest".to_owned(),
    };
    let error = match member {
        "" => Error::refused(format!("nothing describes {what}")),
        member => Error::refused(format!("nothing in front of {member} describes {what}"))
            .advise(Advice::SelectOrPackDescription),
    };
    error.within("")
}
