//! Changes to a machine: planned, journalled, applied, and taken back.
//!
//! A [`Step`] names a [`Resource`] and the state that it should have. Planning reads the state that it has now, so that
//! a planned step holds its own inverse as data, which another process can carry out. Setting a state twice is the
//! same as setting it once; therefore an undo that was cut short is completed by another one.
//!
//! ```text
//! plan     for each step: read before; check and complete after        (all checks; changes nothing)
//! apply    lock; write every step with its inverse to the journal, flush
//!          stage every step; start the guard, if the change waits to be confirmed, and wait until it is ready
//!          for each step: still before? ─ journal "begun", flush ─ commit ─ read back
//!          failure: restore what was begun, newest first
//! undo     each step is before or after, or refuse; restore newest first
//! ```
//!
//! ```text
//! machine ── apply ── undo ── journal ── record ── plan ── resources ── file, knob, kinds of other crates
//!    └────── guard (link: client's end, process: the guard, control: confirm and undo)
//! ```

mod apply;
mod event;
pub mod file;
mod guard;
mod journal;
pub mod knob;
mod machine;
mod plan;
mod record;
mod resource;
mod resources;
mod step;
mod undo;

pub use apply::Applied;
pub use event::{Event, Watch};
pub use guard::Guarding;
pub use journal::Journal;
pub use machine::Machine;
pub use plan::Plan;
pub use record::{Record, State, UndoneBy};
pub use resource::{Ready, Resource};
pub use resources::{Open, Resources};
pub use step::{Planned, Step};
