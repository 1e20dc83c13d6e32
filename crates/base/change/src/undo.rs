//! Taking a change back.

use error::{Error, Result};
use serde_json::Value;

use crate::event::{Event, Watch};
use crate::plan::joined;
use crate::record::Record;
use crate::resources::Resources;
use crate::step::Planned;

/// What a temporary file is for. The guard's lie beside those of the client, and outlive them.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Apply,
    Undo,
    Guard,
}

/// The name of a change's temporary files; see [`crate::Resource::prepare`].
pub(crate) fn tag(id: u64, purpose: Purpose) -> String {
    let purpose = match purpose {
        Purpose::Apply => "new",
        Purpose::Undo => "old",
        Purpose::Guard => "guard",
    };
    format!("{id}-{purpose}")
}

/// Checks that each step is either as it was before the change or as the change left it.
///
/// # Errors
/// Refused, when others have altered something since; all of it is named.
pub(crate) fn check(resources: &Resources, record: &Record) -> Result<()> {
    let mut errors = Vec::new();
    for (_, step) in record.changed() {
        let resource = resources.open(&step.kind, &step.target)?;
        let now = resource.read()?;
        if now != step.before && now != step.after {
            let show = |state: &Value| resource.show(state);
            let message = format!("altered since the change: {} now", show(&now));
            let states = format!(
                "the change found {} and left {}",
                show(&step.before),
                show(&step.after)
            );
            errors.push(Error::refused(message).cause(states).at(&step.target));
        }
    }
    joined(format!("{} steps were altered since", errors.len()), errors)
}

/// Sets every changed step to the state before, newest first; a step that fails does not stop the others.
///
/// # Errors
/// Some steps could not be restored.
pub(crate) fn restore(resources: &Resources, record: &Record, watch: &mut Watch<'_>) -> Result<()> {
    let mut errors = Vec::new();
    for (index, step) in record.changed().rev() {
        match restore_step(resources, record.id, step) {
            Ok(()) => {
                let _ = watch(Event::Undone(index));
            }
            Err(error) => errors.push(error),
        }
    }
    joined(format!("{} steps cannot be undone", errors.len()), errors)
}

/// Sets one step to the state before, and reads it back.
///
/// # Errors
/// The state cannot be set.
pub(crate) fn restore_step(resources: &Resources, id: u64, step: &Planned) -> Result<()> {
    let resource = resources.open(&step.kind, &step.target)?;
    if resource.read()? == step.before {
        return Ok(());
    }
    let mut inverse = resource.prepare(&step.before, &tag(id, Purpose::Undo))?;
    inverse.commit()?;
    let now = resource.read()?;
    if now == step.before {
        return Ok(());
    }
    let message = format!(
        "reads {} after {} was restored",
        resource.show(&now),
        resource.show(&step.before)
    );
    Err(Error::io(message, "the system ignored or altered the value").at(&step.target))
}

/// Removes the temporary files that killed processes left.
///
/// # Errors
/// One cannot be removed.
pub(crate) fn clean(resources: &Resources, record: &Record) -> Result<()> {
    for step in &record.plan.steps {
        let resource = resources.open(&step.kind, &step.target)?;
        for purpose in [Purpose::Apply, Purpose::Undo, Purpose::Guard] {
            resource.clean(&tag(record.id, purpose))?;
        }
    }
    Ok(())
}
