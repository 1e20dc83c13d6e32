//! A machine that is changed: the calls that other crates make.

use std::path::Path;

use error::{Error, Result};

use crate::apply::{Applied, apply};
use crate::event::Watch;
use crate::guard::{Control, Guarding, serve};
use crate::journal::Journal;
use crate::plan::Plan;
use crate::record::{Entry, Record, State, UndoneBy};
use crate::resources::Resources;
use crate::step::Step;
use crate::undo::{check, clean, restore};

/// The resources of a machine, and the journal of its changes.
pub struct Machine {
    /// The kinds of resources.
    pub resources: Resources,
    /// The journal.
    pub journal: Journal,
}

impl Machine {
    /// The machine below `root`, with the basic kinds of resources and the usual journal.
    pub fn new(root: &Path) -> Self {
        // The guard leaves its working directory.
        let root = std::path::absolute(root).unwrap_or_else(|_| root.into());
        Machine {
            journal: Journal::of(&root),
            resources: Resources::new(root),
        }
    }

    /// Runs all checks; see [`Plan::new`]. Nothing is changed, and no journal is needed.
    ///
    /// # Errors
    /// A step cannot be done.
    pub fn plan(&self, title: impl Into<String>, steps: &[Step]) -> Result<Plan> {
        Plan::new(title, steps, &self.resources)
    }

    /// Makes a planned change: all of it, or nothing. With a guard it stays only if it is confirmed.
    ///
    /// # Errors
    /// Refused, while another process makes or undoes a change or an earlier one is open; otherwise why a
    /// step failed, when everything is as it was before unless causes say otherwise.
    pub fn apply(
        &self,
        plan: &Plan,
        guarding: Option<&Guarding>,
        watch: &mut Watch<'_>,
    ) -> Result<Applied> {
        let lock = self.journal.lock()?;
        self.refuse_if_open(None)?;
        if plan.is_empty() {
            return Err(Error::usage("the change has nothing to do"));
        }
        apply(
            (&self.resources, &self.journal),
            &lock,
            plan,
            guarding,
            watch,
        )
    }

    /// The change that waits for confirmation, or is half done; there is one at most.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn open_change(&self) -> Result<Option<Record>> {
        let records = self.journal.records()?;
        Ok(records
            .into_iter()
            .rev()
            .find(|record| record.state.is_open()))
    }

    /// Refuses while another change than this one is open.
    fn refuse_if_open(&self, but: Option<u64>) -> Result<()> {
        match self.open_change()? {
            Some(open) if Some(open.id) != but => {
                let state = match open.state {
                    State::Pending(_) => "waits for confirmation",
                    _ => "is half done",
                };
                Err(Error::refused(format!("change {} {state}", open.id)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a guard watches over this change now.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn is_guarded(&self, id: u64) -> Result<bool> {
        Ok(Control::of(&self.journal, id)?.is_some())
    }

    /// Takes a change back: this one, or else the one that is open, or else the last one that is done.
    ///
    /// # Errors
    /// Refused, where there is none, it is undone already, another one is open, or something that it would restore was
    /// altered since: then nothing is restored.
    pub fn undo(&self, id: Option<u64>, watch: &mut Watch<'_>) -> Result<Record> {
        let _lock = self.journal.lock()?;
        let record = self.to_undo(id)?;
        self.refuse_if_open(Some(record.id))?;
        if let Some(control) = Control::of(&self.journal, record.id)? {
            control.undo();
            let after = self.record(record.id)?;
            if !after.state.is_open() {
                return Ok(after);
            }
        }
        self.undo_here(record.id, watch)
    }

    /// The change that [`Machine::undo`] would take back, after the same checks. Nothing is changed.
    ///
    /// # Errors
    /// As there, but for those of restoring.
    pub fn preview_undo(&self, id: Option<u64>) -> Result<Record> {
        let record = self.to_undo(id)?;
        self.refuse_if_open(Some(record.id))?;
        check(&self.resources, &record)?;
        Ok(record)
    }

    fn undo_here(&self, id: u64, watch: &mut Watch<'_>) -> Result<Record> {
        let record = self.record(id)?;
        check(&self.resources, &record)?;
        let mut log = self.journal.open(id)?;
        log.append(&Entry::Undoing { error: None })?;
        if let Err(error) = restore(&self.resources, &record, watch) {
            let text = Some(error.to_text());
            log.append(&Entry::Undoing { error: text })?;
            return Err(error);
        }
        clean(&self.resources, &record)?;
        log.append(&Entry::Undone { by: UndoneBy::User })?;
        self.forget_guard(id);
        self.record(id)
    }

    fn to_undo(&self, id: Option<u64>) -> Result<Record> {
        let record = match id {
            Some(id) => self.record(id)?,
            None => {
                let records = self.journal.records()?;
                let open = records.iter().rev().find(|record| record.state.is_open());
                let done = || {
                    let undone = |record: &&Record| record.state == State::Done;
                    records.iter().rev().find(undone)
                };
                open.or_else(done)
                    .cloned()
                    .ok_or_else(|| Error::refused("there is no change to undo"))?
            }
        };
        match record.state {
            State::Undone(_) => Err(Error::refused(format!(
                "change {} is undone already",
                record.id
            ))),
            _ => Ok(record),
        }
    }

    /// Confirms the change that waits for it: it stays.
    ///
    /// # Errors
    /// Refused, when no change waits, or when it was undone before the confirmation came.
    pub fn confirm(&self) -> Result<Record> {
        let _lock = self.journal.lock()?;
        let pending = self.open_change()?;
        let pending = pending.filter(|record| matches!(record.state, State::Pending(_)));
        let id = pending
            .ok_or_else(|| Error::refused("no change waits for confirmation"))?
            .id;
        if let Some(control) = Control::of(&self.journal, id)? {
            control.confirm();
        }
        let record = self.record(id)?;
        match record.state {
            State::Done => Ok(record),
            State::Pending(_) => self.confirm_here(record),
            _ => Err(Error::refused(format!(
                "change {id} was undone before it was confirmed"
            ))),
        }
    }

    /// Confirms a change whose guard is gone, unless the guard had begun to undo it.
    fn confirm_here(&self, record: Record) -> Result<Record> {
        for (_, step) in record.changed() {
            let now = self.resources.open(&step.kind, &step.target)?.read()?;
            if now == step.before {
                let message = format!("change {} is undone in part, or entirely", record.id);
                return Err(Error::refused(message).at(&step.target));
            }
        }
        self.journal.open(record.id)?.append(&Entry::Confirmed)?;
        clean(&self.resources, &record)?;
        self.forget_guard(record.id);
        self.record(record.id)
    }

    /// The guard of change `id`, as a process of its own, started by [`Machine::apply`]; returns when it has
    /// ended. The process must have no other thread that changes anything.
    ///
    /// # Errors
    /// It cannot hold what it needs, of which the client knows, or cannot undo the change.
    pub fn guard(&self, id: u64, watch: &mut Watch<'_>) -> Result<()> {
        serve(&self.resources, &self.journal, id, watch)
    }

    fn record(&self, id: u64) -> Result<Record> {
        let record = self.journal.record(id)?;
        record.ok_or_else(|| Error::refused(format!("there is no change {id}")))
    }

    /// Removes the pipe of a guard that was killed.
    fn forget_guard(&self, id: u64) {
        let _ = std::fs::remove_file(self.journal.control(id));
    }
}
