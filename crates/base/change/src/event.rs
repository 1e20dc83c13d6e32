//! What happens while a change is made or undone.

use std::ops::ControlFlow;

/// Is told of every event. To break while a change is made ends it: everything is undone.
pub type Watch<'a> = dyn FnMut(Event) -> ControlFlow<()> + 'a;

/// Something that just happened; steps are named by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The guard is ready; its process number.
    Guarded(u32),
    /// The journal says that the step begins; nothing of it is done yet.
    Begun(usize),
    /// The step is applied and was read back.
    Applied(usize),
    /// The step is undone.
    Undone(usize),
}
