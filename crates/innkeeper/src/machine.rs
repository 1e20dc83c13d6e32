//! The machine whose changes the program keeps, and what there is to say about them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use change::{Applied, Machine, Plan, Record, State, UndoneBy};
use error::{Error, Kind, Result, printable};
use job::{Job, Unsettled, Watch};

use crate::options::RootArgs;
use crate::output::{tell, warn};

/// Makes a planned change. A signal takes back what has been made of it by then.
///
/// # Errors
/// Those of [`Machine::apply`], and of [`job::run`].
pub(crate) fn make(machine: Machine, plan: Plan) -> Result<Applied> {
    let job = Arc::new(Job::default());
    let asked = Arc::clone(&job);
    job::run(&job, &mut Quiet, move || {
        asked.change()?;
        let name = format!("the change '{}'", plan.title);
        asked.opened(Unsettled {
            name: name.clone(),
            temporary: None,
            lasting: true,
        });
        let applied = machine.apply(&plan, None, &mut |_| {
            if asked.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        asked.settled(&name);
        applied
    })
}

/// Shows nothing of the work but what has to be said.
struct Quiet;

impl Watch for Quiet {
    fn show(&mut self) {}

    fn say(&mut self, text: &str) {
        tell(text);
    }

    fn finish(&mut self) {}
}

/// Says on standard error that a change waits for confirmation or is half done, if one is.
pub(crate) fn tell_open_change() {
    match RootArgs::default()
        .machine()
        .and_then(|machine| warning(&machine))
    {
        Ok(Some(warning)) => warn(&warning),
        // A user who may not read the journal cannot confirm either.
        Err(error) if error.kind() == Kind::Corrupt => warn(&error),
        _ => {}
    }
}

fn warning(machine: &Machine) -> Result<Option<Error>> {
    let Some(record) = machine.open_change()? else {
        return Ok(None);
    };
    let Record { id, plan, .. } = &record;
    let state = state(machine, &record)?;
    let hint = match record.state {
        State::Pending(_) => "innkeeper confirm keeps it, innkeeper undo takes it back".into(),
        _ => format!("innkeeper undo {id} takes it back"),
    };
    let message = format!("change {id} ({}): {state}", printable(&plan.title));
    Ok(Some(Error::refused(message).hint(hint)))
}

/// Where a change stands, in words.
///
/// # Errors
/// The journal's directory cannot be read.
pub(crate) fn state(machine: &Machine, record: &Record) -> Result<String> {
    let at_work = || machine.journal.is_busy();
    let guarded = || machine.is_guarded(record.id);
    Ok(match record.state {
        State::Done => "done".into(),
        State::Undone(UndoneBy::User) => "undone".into(),
        State::Undone(UndoneBy::Guard) => "undone by its guard".into(),
        State::Undone(UndoneBy::Failure) => "undone, because a step failed".into(),
        State::Applying if at_work()? => "being made".into(),
        State::Applying if guarded()? => "being undone by its guard".into(),
        State::Applying => "half done".into(),
        State::Undoing if at_work()? => "being undone".into(),
        State::Undoing => "half undone".into(),
        State::Pending(until) if guarded()? => {
            format!("waits for confirmation, {} s left", left(until))
        }
        State::Pending(_) => {
            "waits for confirmation; its guard is gone (killed, or the host was restarted), so that it stays until \
             it is undone"
                .into()
        }
    })
}

/// The seconds until then.
pub(crate) fn left(until: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    until.saturating_sub(now.map_or(0, |now| now.as_secs()))
}
