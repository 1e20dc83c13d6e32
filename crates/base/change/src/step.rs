//! The steps of a change, before and after they were checked against the machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step of a change: a resource and the state that it should have.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does, in words: `set vm.swappiness to 10`.
    pub what: String,
    /// The kind of the resource.
    pub kind: String,
    /// The resource, as its kind names it: a path, an interface.
    pub target: String,
    /// The wanted state, as far as the step cares.
    pub wanted: Value,
    /// Whether its failure undoes the change. A step that is not required is undone alone, told as a finding,
    /// and the change goes on.
    pub required: bool,
}

impl Step {
    /// The same step, whose failure does not undo the change.
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}

/// A step that was checked: the state that it replaces and the one that it leaves.
///
/// It holds its own inverse, which is to set `before`. Both directions can be repeated: a state that is there
/// already stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What it does, in words.
    pub what: String,
    /// The kind of the resource.
    pub kind: String,
    /// The resource.
    pub target: String,
    /// The state that it replaces.
    pub before: Value,
    /// The state that it leaves.
    pub after: Value,
    /// Whether its failure undoes the change.
    pub required: bool,
    /// Both states in a few words.
    pub preview: String,
}
