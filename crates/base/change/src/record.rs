//! What the journal says about one change: its entries, and the state that they add up to.
//!
//! ```text
//! Planned ─ Begun… ─┬─ Applied ────────────────► done ──────┐
//!                   ├─ Applied until T ─► pending ┬─ Confirmed ► done
//!                   └── failure, crash ──┐        │         │
//!                                        ▼        ▼         ▼
//!                                 Undoing ─────────────► Undone
//! ```

use error::{Error, Result, printable};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::step::Planned;

/// One line of a journal file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Entry {
    /// The first line: every step with its inverse.
    Planned {
        /// When, in seconds since 1970.
        time: u64,
        plan: Plan,
        /// How many seconds the change waits for confirmation, if it does.
        within: Option<u64>,
    },
    /// This step is about to be applied.
    Begun(usize),
    /// This optional step failed and was undone; why.
    Failed(usize, String),
    /// All steps are applied. With a time, in seconds since 1970, the change waits for confirmation until then.
    Applied { until: Option<u64> },
    /// The change stays.
    Confirmed,
    /// Undoing has begun, or did not succeed.
    Undoing { error: Option<String> },
    /// Every step is as it was before.
    Undone { by: UndoneBy },
}

/// What had a change undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UndoneBy {
    /// A step failed.
    Failure,
    /// The guard: the deadline, or the end of the process that made the change.
    Guard,
    /// The user.
    User,
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Steps are being applied, or were when the process died.
    Applying,
    /// Applied, waiting for confirmation until this time in seconds since 1970.
    Pending(u64),
    /// Applied for good.
    Done,
    /// Steps are being undone, or were when the process died.
    Undoing,
    /// As before.
    Undone(UndoneBy),
}

impl State {
    /// Whether something remains to be done: confirm, or undo.
    pub fn is_open(self) -> bool {
        !matches!(self, State::Done | State::Undone(_))
    }

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            State::Applying => "applying",
            State::Pending(_) => "pending",
            State::Done => "done",
            State::Undoing => "undoing",
            State::Undone(_) => "undone",
        }
    }
}

/// A change as the journal knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its number, counted from 1.
    pub id: u64,
    /// When it began, in seconds since 1970.
    pub time: u64,
    /// What it does.
    pub plan: Plan,
    /// How many seconds it waits for confirmation, if it does.
    pub within: Option<u64>,
    /// Where it stands.
    pub state: State,
    /// How many steps were begun.
    pub begun: usize,
    /// The optional steps that failed, by index, and why.
    pub failed: Vec<(usize, String)>,
    /// Why an undo did not succeed.
    pub error: Option<String>,
}

impl Record {
    /// Adds up the lines of a journal file. A last line without its end was torn by a crash before it was
    /// flushed, and so before what it announces; it is ignored.
    ///
    /// Returns nothing where not even the first line is whole: nothing was done.
    ///
    /// # Errors
    /// Corrupt, when another line is not an entry or comes where it must not.
    pub(crate) fn read(id: u64, bytes: &[u8]) -> Result<Option<Self>> {
        let mut record = None;
        for (number, line) in (1..).zip(bytes[..whole(bytes)].split(|&byte| byte == b'\n')) {
            if line.is_empty() {
                continue;
            }
            let invalid = |cause: String| {
                let error = Error::corrupt(format!("line {number} of the journal is invalid"));
                let hint = "move the file out of the journal to use the other changes; look at it \
                            first, for what it recorded cannot be undone without it";
                error.cause(cause).hint(hint)
            };
            let entry = serde_json::from_slice(line).map_err(|cause| invalid(cause.to_string()))?;
            match (&mut record, entry) {
                (none @ None, Entry::Planned { time, plan, within }) => {
                    *none = Some(Record::new(id, time, plan, within));
                }
                (Some(record), entry) => {
                    let added = record.add(entry);
                    added.ok_or_else(|| invalid("it is out of order".into()))?;
                }
                (None, _) => return Err(invalid("it is out of order".into())),
            }
        }
        Ok(record)
    }

    pub(crate) fn new(id: u64, time: u64, plan: Plan, within: Option<u64>) -> Self {
        Record {
            id,
            time,
            plan,
            within,
            state: State::Applying,
            begun: 0,
            failed: Vec::new(),
            error: None,
        }
    }

    /// Adds an entry, if it may follow.
    fn add(&mut self, entry: Entry) -> Option<()> {
        match entry {
            Entry::Planned { .. } => return None,
            Entry::Begun(step) if step >= self.plan.steps.len() => return None,
            Entry::Begun(step) => self.begun = self.begun.max(step + 1),
            Entry::Failed(step, why) => self.failed.push((step, why)),
            Entry::Applied { until } => self.state = until.map_or(State::Done, State::Pending),
            Entry::Confirmed => self.state = State::Done,
            Entry::Undoing { error } => {
                self.state = State::Undoing;
                self.error = error;
            }
            Entry::Undone { by } => self.state = State::Undone(by),
        }
        Some(())
    }

    /// The steps that may have changed something, with their indices, in order: those that were begun and are not
    /// undone already because they failed.
    pub fn changed(&self) -> impl DoubleEndedIterator<Item = (usize, &Planned)> {
        let failed = |index| self.failed.iter().any(|(failed, _)| *failed == index);
        let begun = self.plan.steps.iter().enumerate().take(self.begun);
        begun.filter(move |(index, _)| !failed(*index))
    }

    /// The undo as text: the title, then a line for each step that would be restored, in order.
    pub fn undo_to_text(&self) -> String {
        let mut text = format!("undo change {}: {}\n", self.id, printable(&self.plan.title));
        for (number, (_, step)) in (1..).zip(self.changed().rev()) {
            let (what, preview) = (printable(&step.what), printable(&step.preview));
            text += &format!("{number:>3}. take back: {what}\n     was {preview}\n");
        }
        text
    }

    /// As JSON: `id`, `title`, `state`, `time`, `until` (where it is pending), `undone_by`, `error`, and `steps[]`
    /// with `what`, `kind`, `target`, `required`, `preview`, `begun`, `failed`.
    pub fn to_json(&self) -> Value {
        let steps = self.plan.steps.iter().enumerate().map(|(index, step)| {
            let failed = self.failed.iter().find(|(failed, _)| *failed == index);
            json!({
                "what": step.what,
                "kind": step.kind,
                "target": step.target,
                "required": step.required,
                "preview": step.preview,
                "begun": index < self.begun,
                "failed": failed.map(|(_, why)| why),
            })
        });
        let until = match self.state {
            State::Pending(until) => Some(until),
            _ => None,
        };
        let undone_by = match self.state {
            State::Undone(by) => Some(by),
            _ => None,
        };
        json!({
            "id": self.id,
            "title": self.plan.title,
            "state": self.state.name(),
            "time": self.time,
            "until": until,
            "undone_by": undone_by,
            "error": self.error,
            "steps": steps.collect::<Vec<_>>(),
        })
    }
}

/// The length of the whole lines.
pub(crate) fn whole(bytes: &[u8]) -> usize {
    let last = bytes.iter().rposition(|&byte| byte == b'\n');
    last.map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(entries: &[Entry]) -> Vec<u8> {
        let lines = entries
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap() + "\n");
        lines.collect::<String>().into_bytes()
    }

    fn planned() -> Entry {
        let step = Planned {
            what: "set a to b".into(),
            kind: "knob".into(),
            target: "/a".into(),
            before: "a".into(),
            after: "b".into(),
            required: true,
            preview: "a → b".into(),
        };
        let plan = Plan {
            title: "a change".into(),
            steps: vec![step.clone(), step],
        };
        Entry::Planned {
            time: 1,
            plan,
            within: Some(60),
        }
    }

    #[test]
    fn entries_add_up_to_a_state() {
        let all = [
            planned(),
            Entry::Begun(0),
            Entry::Begun(1),
            Entry::Applied { until: Some(61) },
            Entry::Confirmed,
            Entry::Undoing { error: None },
            Entry::Undone { by: UndoneBy::User },
        ];
        let states = [
            (State::Applying, 0),
            (State::Applying, 1),
            (State::Applying, 2),
            (State::Pending(61), 2),
            (State::Done, 2),
            (State::Undoing, 2),
            (State::Undone(UndoneBy::User), 2),
        ];
        for (count, expected) in (1..).zip(states) {
            let record = Record::read(7, &journal(&all[..count])).unwrap().unwrap();
            assert_eq!((record.state, record.begun), expected);
        }
    }

    #[test]
    fn a_torn_last_line_is_as_if_it_was_never_begun() {
        let whole = journal(&[planned(), Entry::Begun(0)]);
        let more = journal(&[Entry::Begun(1)]);
        for torn in 0..more.len() {
            let bytes = [&whole[..], &more[..torn]].concat();
            let record = Record::read(7, &bytes).unwrap().unwrap();
            assert_eq!(record.begun, 1, "{torn} bytes of the last line");
        }
        let first = journal(&[planned()]);
        for torn in 0..first.len() {
            assert_eq!(Record::read(7, &first[..torn]).unwrap(), None);
        }
    }

    #[test]
    fn a_damaged_journal_is_corrupt_and_says_where() {
        let begun = journal(&[Entry::Begun(0)]);
        let text = |bytes: &[u8]| Record::read(7, bytes).unwrap_err().to_text();
        assert_eq!(
            text(&begun),
            "error: line 1 of the journal is invalid\n  because: it is out of order\n\
             hint: move the file out of the journal to use the other changes; look at it first, for \
             what it recorded cannot be undone without it"
        );
        let twice = journal(&[planned(), planned()]);
        assert!(text(&twice).contains("line 2 of the journal is invalid"));
        let beyond = journal(&[planned(), Entry::Begun(2)]);
        assert!(text(&beyond).contains("line 2 of the journal is invalid"));
        assert!(text(b"\xff\n").contains("line 1 of the journal is invalid"));
    }
}
