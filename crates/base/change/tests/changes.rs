//! Planning, applying and undoing in one process.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use change::{Applied, Event, Machine, Ready, Resource, State, Step, UndoneBy, file, knob};
use error::{Error, Kind, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A root directory with a file and two knobs.
struct Room {
    directory: TempDir,
    machine: Machine,
}

impl Room {
    /// Below the target directory, since a file system in memory may have no extended attributes.
    fn new() -> Self {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let directory = directory.expect("a temporary directory");
        let mut machine = Machine::new(directory.path());
        machine.resources = machine.resources.with("stubborn", stubborn);
        let room = Room { directory, machine };
        room.write("a.conf", "old\n");
        room.write("knob", "60\n");
        room.write("other", "0\n");
        room
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }

    fn apply(&self, steps: &[Step]) -> Result<Applied> {
        let plan = self.machine.plan("a change", steps)?;
        self.machine.apply(&plan, None, &mut go_on)
    }

    fn undo(&self, id: Option<u64>) -> Result<u64> {
        self.machine.undo(id, &mut go_on).map(|record| record.id)
    }

    fn has(&self, name: &str) -> bool {
        self.directory.path().join(name).exists()
    }
}

fn go_on(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn steps() -> [Step; 2] {
    [
        file::write("/a.conf", b"new\n", None),
        knob::set("/knob", "10"),
    ]
}

fn set_stubborn(wanted: &str) -> Step {
    Step {
        what: format!("set the stubborn knob to {wanted}"),
        kind: "stubborn".into(),
        target: "/stubborn".into(),
        wanted: wanted.into(),
        required: true,
    }
}

/// A resource that refuses the value `refused` and silently ignores `ignored`; what another crate adds looks
/// like this.
struct Stubborn(std::path::PathBuf);

fn stubborn(root: &Path, target: &str) -> Result<Box<dyn Resource>> {
    Ok(Box::new(Stubborn(
        root.join(target.trim_start_matches('/')),
    )))
}

impl Resource for Stubborn {
    fn read(&self) -> Result<Value> {
        Ok(fs::read_to_string(&self.0).unwrap_or_default().into())
    }

    fn resolve(&self, _before: &Value, wanted: &Value) -> Result<Value> {
        Ok(wanted.clone())
    }

    fn prepare(&self, state: &Value, _tag: &str) -> Result<Box<dyn Ready>> {
        Ok(Box::new(ReadyStubborn(self.0.clone(), self.show(state))))
    }

    fn show(&self, state: &Value) -> String {
        state.as_str().unwrap_or_default().to_owned()
    }
}

struct ReadyStubborn(std::path::PathBuf, String);

impl Ready for ReadyStubborn {
    fn commit(&mut self) -> Result<()> {
        match self.1.as_str() {
            "refused" => Err(Error::io("cannot be set", "Device or resource busy").at("/stubborn")),
            "ignored" => Ok(()),
            other => {
                fs::write(&self.0, other).unwrap();
                Ok(())
            }
        }
    }
}

#[test]
fn a_plan_shows_its_steps_and_writes_nothing() {
    let room = Room::new();
    let steps = [
        file::write("/a.conf", b"new content\n", Some(0o600)),
        file::write("/b.conf", b"\xff", None),
        knob::set("/knob", "10").optional(),
        knob::set("/other", "0"),
    ];
    fs::set_permissions(
        room.directory.path().join("a.conf"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    let plan = room.machine.plan("tune the host", &steps).unwrap();
    assert_eq!(
        plan.to_text(),
        "tune the host
  1. write /a.conf
     4 bytes, mode 640 → 12 bytes, mode 600
  2. write /b.conf
     absent → 1 bytes, mode 644
  3. set /knob to 10 (optional)
     60 → 10
"
    );
    let document = plan.to_json();
    assert_eq!(document["title"], "tune the host");
    assert_eq!(
        document["steps"][1]["after"]["content"],
        json!({ "base64": "/w==" })
    );
    assert_eq!(
        document["steps"][2],
        json!({
            "what": "set /knob to 10", "kind": "knob", "target": "/knob",
            "before": "60", "after": "10", "required": false, "preview": "60 → 10",
        })
    );
    assert!(!room.has("var") && !room.has("b.conf"));
    assert_eq!(room.read("knob"), "60\n");
}

#[test]
fn every_check_runs_before_the_first_step_and_all_faults_are_told() {
    let room = Room::new();
    symlink("a.conf", room.directory.path().join("link")).unwrap();
    let steps = [
        knob::set("/knob", "10"),
        knob::set("/missing", "10"),
        file::write("/no/such/directory", b"", None),
        file::write("/link", b"", None),
        file::write("/../a.conf", b"", None),
        knob::set("/knob", "11"),
    ];
    let error = room.apply(&steps).unwrap_err();
    assert_eq!(error.message(), "5 of 6 steps cannot be done");
    let text = error.to_text();
    for part in [
        "missing: cannot be read",
        "directory: its directory cannot be opened",
        "link: a symbolic link, not a regular file",
        "/../a.conf: not an absolute path without '..'",
        "/knob: set by two steps of one change",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    assert_eq!(room.read("knob"), "60\n");
    assert!(!room.has("var"));
}

#[test]
fn a_failing_step_undoes_those_before_it_newest_first() {
    for (wanted, message) in [
        ("refused", "/stubborn: cannot be set"),
        ("ignored", "/stubborn: reads  after ignored was set"),
    ] {
        let room = Room::new();
        let [write, set] = steps();
        let last = knob::set("/other", "1");
        let steps = [write, set, set_stubborn(wanted), last];
        let plan = room.machine.plan("a change", &steps).unwrap();
        let mut events = Vec::new();
        let error = room.machine.apply(&plan, None, &mut |event| {
            events.push(event);
            ControlFlow::Continue(())
        });
        assert_eq!(error.unwrap_err().to_string(), message);
        assert_eq!(
            events[4..],
            [
                Event::Begun(2),
                Event::Undone(2),
                Event::Undone(1),
                Event::Undone(0),
            ]
        );
        assert_eq!(room.read("a.conf") + &room.read("knob"), "old\n60\n");
        let record = room.machine.journal.record(1).unwrap().unwrap();
        assert_eq!(record.state, State::Undone(UndoneBy::Failure));
        room.apply(&self::steps())
            .expect("the next change may begin");
    }
}

#[test]
fn an_optional_step_that_fails_is_a_finding_and_the_rest_stays() {
    let room = Room::new();
    let [write, set] = steps();
    let applied = room
        .apply(&[write, set_stubborn("refused").optional(), set])
        .unwrap();
    assert_eq!(applied.record.state, State::Done);
    assert_eq!(applied.findings[0].to_string(), "/stubborn: cannot be set");
    assert_eq!(room.read("a.conf") + &room.read("knob"), "new\n10\n");
    let document = room.machine.journal.record(1).unwrap().unwrap().to_json();
    assert_eq!(document["steps"][1]["failed"], "/stubborn: cannot be set");
    room.undo(None).unwrap();
    assert_eq!(room.read("a.conf") + &room.read("knob"), "old\n60\n");
}

#[test]
fn a_break_undoes_everything_as_interrupted() {
    let room = Room::new();
    let plan = room.machine.plan("a change", &steps()).unwrap();
    let error = room.machine.apply(&plan, None, &mut |event| {
        if event == Event::Applied(0) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(error.unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(room.read("a.conf"), "old\n");
}

#[test]
fn a_plan_that_is_out_of_date_changes_nothing() {
    let room = Room::new();
    let plan = room.machine.plan("a change", &steps()).unwrap();
    room.write("knob", "55\n");
    let error = room.machine.apply(&plan, None, &mut go_on).unwrap_err();
    assert_eq!(error.to_string(), "/knob: altered since the check");
    assert_eq!(room.read("a.conf") + &room.read("knob"), "old\n55\n");
}

#[test]
fn a_second_run_is_locked_out() {
    let room = Room::new();
    let plan = room.machine.plan("a change", &steps()).unwrap();
    let other = [knob::set("/other", "1")];
    let mut refused = Vec::new();
    let applied = room.machine.apply(&plan, None, &mut |event| {
        if event == Event::Begun(1) {
            assert!(room.machine.journal.is_busy().unwrap());
            refused.push(room.apply(&other).unwrap_err());
            refused.push(room.undo(None).unwrap_err());
            refused.push(room.machine.confirm().unwrap_err());
        }
        ControlFlow::Continue(())
    });
    applied.expect("the first run goes on");
    assert_eq!(refused.len(), 3);
    for error in refused {
        let expected = "error: another process is making or undoing a change";
        assert_eq!(error.to_text(), expected);
        assert_eq!(error.kind(), Kind::Refused);
    }
    assert!(!room.machine.journal.is_busy().unwrap());
    assert_eq!(room.read("other"), "0\n");
}

#[test]
fn undo_takes_the_last_change_or_the_one_that_is_named() {
    let room = Room::new();
    room.apply(&steps()).unwrap();
    room.apply(&[knob::set("/other", "1")]).unwrap();
    assert_eq!(room.undo(Some(1)).unwrap(), 1);
    assert_eq!(room.read("a.conf") + &room.read("other"), "old\n1\n");
    assert_eq!(room.undo(None).unwrap(), 2);
    assert_eq!(room.read("other"), "0\n");
    let text = |id| room.undo(id).unwrap_err().to_text();
    assert_eq!(text(None), "error: there is no change to undo");
    assert_eq!(text(Some(1)), "error: change 1 is undone already");
    assert_eq!(text(Some(9)), "error: there is no change 9");
}

#[test]
fn undo_refuses_what_others_have_altered_and_restores_nothing() {
    let room = Room::new();
    room.apply(&steps()).unwrap();
    room.write("knob", "33\n");
    let error = room.undo(None).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: /knob: altered since the change: 33 now
  because: the change found 60 and left 10"
    );
    assert_eq!(room.read("a.conf"), "new\n");
    let state = room.machine.journal.record(1).unwrap().unwrap().state;
    assert_eq!(state, State::Done);
    // What is as before already needs no undo.
    room.write("knob", "60\n");
    room.undo(None).unwrap();
    assert_eq!(room.read("a.conf") + &room.read("knob"), "old\n60\n");
}

#[test]
fn a_torn_line_of_the_journal_is_cut_off_when_the_change_is_undone() {
    let room = Room::new();
    room.apply(&steps()).unwrap();
    let path = room
        .directory
        .path()
        .join("var/lib/innkeeper/changes/1.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 4, "planned, begun, begun, applied: {text}");
    // Killed in the middle of the entry that follows the second step.
    let torn = format!("{}\n{{\"appl", lines[..3].join("\n"));
    fs::write(&path, torn).unwrap();
    let open = room.machine.open_change().unwrap().expect("half done");
    assert_eq!((open.state, open.begun), (State::Applying, 2));
    room.undo(None).unwrap();
    assert_eq!(room.read("a.conf") + &room.read("knob"), "old\n60\n");
}

#[test]
fn a_change_torn_in_its_first_line_never_began() {
    let room = Room::new();
    room.apply(&steps()).unwrap();
    room.undo(None).unwrap();
    let mut file = File::create(
        room.directory
            .path()
            .join("var/lib/innkeeper/changes/2.jsonl"),
    );
    file.as_mut().unwrap().write_all(b"{\"planned\":").unwrap();
    assert_eq!(room.machine.journal.records().unwrap().len(), 1);
    assert_eq!(room.apply(&steps()).unwrap().record.id, 2);
}

#[test]
fn a_damaged_journal_stops_changes_and_is_named() {
    let room = Room::new();
    room.apply(&steps()).unwrap();
    let path = room
        .directory
        .path()
        .join("var/lib/innkeeper/changes/1.jsonl");
    fs::write(&path, "nonsense\n").unwrap();
    let error = room.apply(&[knob::set("/other", "1")]).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(
        error
            .to_string()
            .ends_with("1.jsonl: line 1 of the journal is invalid")
    );
}

#[test]
fn the_journal_keeps_a_hundred_changes_and_is_its_owners_alone() {
    let room = Room::new();
    for count in 0..103 {
        let value = if count % 2 == 0 { "1" } else { "0" };
        room.apply(&[knob::set("/other", value)]).unwrap();
    }
    let records = room.machine.journal.records().unwrap();
    assert_eq!(records.len(), 101, "a hundred and the newest");
    assert_eq!(records.last().unwrap().id, 103);
    let directory = room.machine.journal.directory();
    for entry in fs::read_dir(directory).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o77, 0);
    }
    let mode = fs::metadata(directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o77, 0);
}

#[test]
fn a_file_keeps_its_mode_and_its_extended_attributes() {
    let room = Room::new();
    let path = room.directory.path().join("a.conf");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4750)).unwrap();
    let none = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&path, "user.label", b"kept", none).unwrap();
    room.apply(&steps()).unwrap();
    let mut value = [0; 16];
    for content in ["new\n", "old\n"] {
        assert_eq!(room.read("a.conf"), content);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o4750);
        let length = rustix::fs::getxattr(&path, "user.label", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
        room.undo(Some(1)).ok();
    }
}
