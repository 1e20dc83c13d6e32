//! Making a change.

use std::ops::ControlFlow;

use error::{Error, Kind, Result};

use crate::event::{Event, Watch};
use crate::guard::{Guarding, Link};
use crate::journal::{Journal, Lock, Log, now};
use crate::plan::Plan;
use crate::record::{Entry, Record, State, UndoneBy};
use crate::resource::{Ready, Resource};
use crate::resources::Resources;
use crate::step::Planned;
use crate::undo::{Purpose, clean, restore, restore_step, tag};

/// A change that was made.
#[derive(Debug)]
pub struct Applied {
    /// What the journal says about it: done, or pending.
    pub record: Record,
    /// Why optional steps failed.
    pub findings: Vec<Error>,
}

/// A change in the making.
pub(crate) struct Attempt<'a> {
    resources: &'a Resources,
    record: Record,
    log: Log,
    link: Option<Link>,
    findings: Vec<Error>,
    watch: &'a mut Watch<'a>,
}

/// Makes the change, or leaves everything as it was.
///
/// # Errors
/// Why not; with a cause for each step that could not be undone.
pub(crate) fn apply(
    (resources, journal): (&Resources, &Journal),
    lock: &Lock,
    plan: &Plan,
    guarding: Option<&Guarding>,
    watch: &mut Watch<'_>,
) -> Result<Applied> {
    let within = guarding.map(|guarding| guarding.within.as_secs().max(1));
    let (record, log) = journal.begin(lock, plan, within)?;
    let mut attempt = Attempt {
        resources,
        record,
        log,
        link: None,
        findings: Vec::new(),
        watch,
    };
    match attempt.run(guarding) {
        Ok(()) => Ok(Applied {
            record: attempt.record,
            findings: attempt.findings,
        }),
        Err(error) => Err(attempt.take_back(error)),
    }
}

impl Attempt<'_> {
    fn run(&mut self, guarding: Option<&Guarding>) -> Result<()> {
        let steps = self.record.plan.steps.clone();
        let mut prepared = Vec::new();
        for step in &steps {
            let resource = self.resources.open(&step.kind, &step.target)?;
            let ready = resource.prepare(&step.after, &tag(self.record.id, Purpose::Apply))?;
            prepared.push((step, resource, ready));
        }
        if let Some(guarding) = guarding {
            let link = Link::start(guarding, self.record.id)?;
            let pid = link.pid();
            self.link = Some(link);
            self.tell(Event::Guarded(pid))?;
        }
        let until = self.record.within.map(|within| now() + within);
        for (index, (step, resource, ready)) in prepared.iter_mut().enumerate() {
            self.step(index, step, resource.as_ref(), ready.as_mut())?;
        }
        self.log.append(&Entry::Applied { until })?;
        if let Some(link) = &mut self.link {
            link.settle()?;
        }
        self.record.state = until.map_or(State::Done, State::Pending);
        Ok(())
    }

    fn step(
        &mut self,
        index: usize,
        step: &Planned,
        resource: &dyn Resource,
        ready: &mut dyn Ready,
    ) -> Result<()> {
        if resource.read()? != step.before {
            return Err(Error::refused("altered since the check").at(&step.target));
        }
        self.log.append(&Entry::Begun(index))?;
        self.record.begun = index + 1;
        if let Some(link) = &mut self.link {
            link.begin()?;
        }
        self.tell(Event::Begun(index))?;
        match set(step, resource, ready) {
            Ok(()) => self.tell(Event::Applied(index)),
            Err(error) if step.required => Err(error),
            Err(error) => self.give_up(index, step, error),
        }
    }

    fn tell(&mut self, event: Event) -> Result<()> {
        match (self.watch)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(Kind::Interrupted, "interrupted")),
        }
    }

    /// Undoes an optional step that failed.
    fn give_up(&mut self, index: usize, step: &Planned, error: Error) -> Result<()> {
        restore_step(self.resources, self.record.id, step)?;
        let why = error.to_string();
        self.log.append(&Entry::Failed(index, why.clone()))?;
        self.record.failed.push((index, why));
        self.findings.push(error);
        Ok(())
    }

    /// Undoes the steps that were begun, newest first. The guard is dismissed only after that succeeded:
    /// otherwise the end of the link makes it try as well.
    fn take_back(mut self, error: Error) -> Error {
        if let Err(other) = restore(self.resources, &self.record, self.watch) {
            return error.because(other);
        }
        if let Some(link) = self.link.take() {
            link.dismiss();
        }
        let by = UndoneBy::Failure;
        let told = clean(self.resources, &self.record)
            .and_then(|()| self.log.append(&Entry::Undone { by }));
        match told {
            Ok(()) => error,
            Err(other) => error.because(other),
        }
    }
}

/// Applies a step and reads it back.
fn set(step: &Planned, resource: &dyn Resource, ready: &mut dyn Ready) -> Result<()> {
    ready.commit()?;
    let now = resource.read()?;
    if now == step.after {
        return Ok(());
    }
    let message = format!(
        "reads {} after {} was set",
        resource.show(&now),
        resource.show(&step.after)
    );
    Err(Error::io(message, "the system ignored or altered the value").at(&step.target))
}
