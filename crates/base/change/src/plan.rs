//! Planning: every check, and the preview.

use std::collections::BTreeSet;

use error::{Error, Kind, Result, printable};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resources::Resources;
use crate::step::{Planned, Step};

/// A change whose checks all passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What the change is for, in words.
    pub title: String,
    /// The steps, in order, without those that have nothing to do.
    pub steps: Vec<Planned>,
}

impl Plan {
    /// Runs the checks of all `steps` and reads what they would replace. Nothing is changed.
    ///
    /// # Errors
    /// A step cannot be done, or two steps set the same resource; all such steps are named.
    pub fn new(title: impl Into<String>, steps: &[Step], resources: &Resources) -> Result<Self> {
        let (mut planned, mut errors) = (Vec::new(), Vec::new());
        let mut targets = BTreeSet::new();
        for step in steps {
            if !targets.insert((&step.kind, &step.target)) {
                errors.push(Error::usage("set by two steps of one change").at(&step.target));
                continue;
            }
            match check(step, resources) {
                Ok(step) if step.before == step.after => {}
                Ok(step) => planned.push(step),
                Err(error) => errors.push(error),
            }
        }
        let message = format!("{} of {} steps cannot be done", errors.len(), steps.len());
        joined(message, errors)?;
        Ok(Plan {
            title: title.into(),
            steps: planned,
        })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The plan as text: the title, then a numbered line for each step and a line with its states.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", printable(&self.title));
        for (number, step) in (1..).zip(&self.steps) {
            let optional = if step.required { "" } else { " (optional)" };
            let (what, preview) = (printable(&step.what), printable(&step.preview));
            text += &format!("{number:>3}. {what}{optional}\n     {preview}\n");
        }
        if self.is_empty() {
            text += "nothing to do\n";
        }
        text
    }

    /// The plan as JSON: `title` and `steps[]` with `what`, `kind`, `target`, `before`, `after`, `required`,
    /// `preview`.
    pub fn to_json(&self) -> Value {
        json!({ "title": self.title, "steps": self.steps })
    }
}

fn check(step: &Step, resources: &Resources) -> Result<Planned> {
    let cannot = |error: Error| error.within(&step.target);
    let resource = resources.open(&step.kind, &step.target).map_err(cannot)?;
    let before = resource.read().map_err(cannot)?;
    let after = resource.resolve(&before, &step.wanted).map_err(cannot)?;
    let preview = format!("{} → {}", resource.show(&before), resource.show(&after));
    Ok(Planned {
        what: step.what.clone(),
        kind: step.kind.clone(),
        target: step.target.clone(),
        before,
        after,
        required: step.required,
        preview,
    })
}

/// No error, the only error, or an error with this message and all of them as causes.
pub(crate) fn joined(message: String, mut errors: Vec<Error>) -> Result<()> {
    if errors.len() > 1 {
        let kind = errors.first().map_or(Kind::Io, Error::kind);
        return Err(errors
            .into_iter()
            .fold(Error::new(kind, message), Error::because));
    }
    errors.pop().map_or(Ok(()), Err)
}
