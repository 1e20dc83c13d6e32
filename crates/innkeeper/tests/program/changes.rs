//! Listing, confirming and undoing changes; what makes them is the library, as a feature would.

use std::ops::ControlFlow;
use std::time::Duration;

use change::{Event, Guarding, Machine, Step, file, knob};

use crate::support::Room;

fn steps() -> [Step; 2] {
    [
        file::write("/etc/sysctl.d/guest.conf", b"vm.swappiness = 10\n", None),
        knob::set("/proc/sys/vm/swappiness", "10"),
    ]
}

/// A room with a root directory in it.
fn room() -> Room {
    let room = Room::new();
    room.sh("mkdir -p root/etc/sysctl.d root/proc/sys/vm; echo 60 > root/proc/sys/vm/swappiness");
    room
}

/// Applies both steps, to be confirmed within these seconds if any are given; the program itself is the guard.
fn apply(room: &Room, within: Option<u64>, watch: &mut dyn FnMut(Event) -> ControlFlow<()>) {
    let root = room.path("root");
    let machine = Machine::new(&root);
    let guarding = within.map(|within| Guarding {
        within: Duration::from_secs(within),
        program: env!("CARGO_BIN_EXE_innkeeper").into(),
        arguments: vec!["guard-change".into(), "--root".into(), root.into()],
    });
    let plan = machine.plan("less swapping", &steps()).unwrap();
    let applied = machine.apply(&plan, guarding.as_ref(), watch);
    applied.unwrap_or_else(|error| panic!("{}", error.to_text()));
}

fn go_on(_: Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Leaves a change as a client that was killed after its first step does.
fn half_done(room: &Room) {
    apply(room, None, &mut go_on);
    room.sh(
        "sed -i 2q root/var/lib/innkeeper/changes/1.jsonl; echo 60 > root/proc/sys/vm/swappiness",
    );
}

#[test]
fn without_a_journal_there_are_no_changes() {
    let room = room();
    let out = |line: &str| room.run(line).ok().out();
    assert_eq!(out("changes --root root"), "no changes\n");
    assert_eq!(
        room.run("changes --root root --json").ok().json(),
        serde_json::json!({ "schema": 1, "changes": [], "warnings": [] })
    );
    let refused = |line: &str, message: &str| room.run(line).refused(3, message);
    refused(
        "undo --root root --dry-run",
        "error: there is no change to undo",
    );
    refused("undo --root root", "error: there is no change to undo");
    refused(
        "confirm --root root",
        "error: no change waits for confirmation",
    );
}

#[test]
fn a_change_that_is_done_is_listed_and_undone() {
    let room = room();
    apply(&room, None, &mut go_on);
    let out = |line: &str| room.run(line).ok().out();
    assert_eq!(out("changes --root root"), "   1  less swapping: done\n");
    assert_eq!(
        out("undo --root root --dry-run"),
        "undo change 1: less swapping
  1. take back: set /proc/sys/vm/swappiness to 10
     was 60 → 10
  2. take back: write /etc/sysctl.d/guest.conf
     was absent → 19 bytes, mode 644
"
    );
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
    assert_eq!(
        out("undo 1 --root root"),
        "change 1 is undone: less swapping\n"
    );
    assert!(!room.exists("root/etc/sysctl.d/guest.conf"));
    assert_eq!(room.read("root/proc/sys/vm/swappiness"), b"60\n");
    assert_eq!(out("changes --root root"), "   1  less swapping: undone\n");
}

#[test]
fn the_document_of_changes_has_every_step() {
    let room = room();
    half_done(&room);
    let document = room.run("changes --root root --json").ok().json();
    let change = &document["changes"][0];
    assert_eq!(change["id"], 1);
    assert_eq!(change["state"], "applying");
    assert_eq!(change["guarded"], false);
    assert_eq!(
        change["steps"][1],
        serde_json::json!({
            "what": "set /proc/sys/vm/swappiness to 10", "kind": "knob",
            "target": "/proc/sys/vm/swappiness", "required": true, "preview": "60 → 10",
            "begun": false, "failed": null,
        })
    );
    let document = room.run("undo --root root --json").ok().json();
    assert_eq!(document["change"]["state"], "undone");
    assert_eq!(document["change"]["undone_by"], "user");
}

#[test]
fn a_change_that_is_half_done_is_told_by_every_command_until_it_is_undone() {
    let room = room();
    half_done(&room);
    assert_eq!(
        room.run("changes --root root").ok().out(),
        "   1  less swapping: half done
      begun      write /etc/sysctl.d/guest.conf
      not begun  set /proc/sys/vm/swappiness to 10
"
    );
    let digest = || {
        room.write("disk", b"x");
        let mut digest = room.innkeeper(["digest", "disk", "--quiet"]);
        let ran = digest.env("INNKEEPER_ROOT", room.path("root")).output();
        crate::support::Ran::of(ran).ok().stderr
    };
    assert_eq!(
        digest(),
        "warning: change 1 (less swapping): half done\nhint: innkeeper undo 1 takes it back\n"
    );
    room.run("undo --root root").ok();
    assert!(!room.exists("root/etc/sysctl.d/guest.conf"));
    assert_eq!(digest(), "");
}

#[test]
fn a_change_that_waits_is_told_and_confirmed() {
    let room = room();
    apply(&room, Some(3600), &mut go_on);
    let out = |line: &str| room.run(line).ok().out();
    let listed = out("changes --root root");
    let waits = "   1  less swapping: waits for confirmation, 3";
    assert!(listed.starts_with(waits), "{listed}");
    room.write("disk", b"x");
    let mut digest = room.innkeeper(["digest", "disk", "--quiet"]);
    let ran = digest.env("INNKEEPER_ROOT", room.path("root")).output();
    let told = crate::support::Ran::of(ran).ok().stderr;
    assert!(
        told.starts_with("warning: change 1 (less swapping): waits for confirmation, 3")
            && told.ends_with("hint: innkeeper confirm keeps it, innkeeper undo takes it back\n"),
        "{told}"
    );
    assert_eq!(
        out("confirm --root root"),
        "change 1 is confirmed: less swapping\n"
    );
    assert_eq!(out("changes --root root"), "   1  less swapping: done\n");
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
}

#[test]
fn a_change_that_waits_is_undone_by_its_guard() {
    let room = room();
    apply(&room, Some(3600), &mut go_on);
    room.run("undo --root root").ok();
    assert_eq!(
        room.run("changes --root root").ok().out(),
        "   1  less swapping: undone by its guard\n"
    );
    assert_eq!(room.read("root/proc/sys/vm/swappiness"), b"60\n");
}

#[test]
fn a_change_whose_guard_was_killed_says_so_and_can_be_undone() {
    let room = room();
    let mut guard = 0;
    apply(&room, Some(3600), &mut |event| {
        if let Event::Guarded(pid) = event {
            guard = pid;
        }
        ControlFlow::Continue(())
    });
    room.sh(&format!("kill -9 {guard}"));
    while Machine::new(&room.path("root")).is_guarded(1).unwrap() {
        std::thread::yield_now();
    }
    let listed = room.run("changes --root root").ok().out();
    assert!(
        listed.contains(
            "waits for confirmation; its guard is gone (killed, or the host was restarted)"
        ),
        "{listed}"
    );
    room.run("undo --root root").ok();
    assert_eq!(room.read("root/proc/sys/vm/swappiness"), b"60\n");
    assert_eq!(room.sh("ls -A root/etc/sysctl.d"), b"");
}

#[test]
fn undo_refuses_what_others_altered_since() {
    let room = room();
    apply(&room, None, &mut go_on);
    room.sh("echo 33 > root/proc/sys/vm/swappiness");
    let message = "error: /proc/sys/vm/swappiness: altered since the change: 33 now
  because: the change found 60 and left 10";
    room.run("undo --root root --dry-run").refused(3, message);
    room.run("undo --root root").refused(3, message);
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
}

#[test]
fn a_root_directory_that_does_not_exist_is_no_machine_without_changes() {
    let room = Room::new();
    room.write("file", b"");
    for root in ["missing", "file"] {
        for command in ["changes", "undo", "confirm"] {
            room.run(&format!("{command} --root {root}"))
                .refused_for(1, "the root directory cannot be read");
        }
    }
}

#[test]
fn a_pipe_in_the_journal_is_not_waited_for() {
    let room = Room::new();
    room.sh(
        "mkdir -p root/var/lib/innkeeper/changes; mkfifo root/var/lib/innkeeper/changes/1.jsonl",
    );
    for command in ["undo", "confirm"] {
        room.run(&format!("{command} --root root"))
            .refused_for(3, "1.jsonl: is not a regular file");
    }
}

#[test]
fn a_damaged_change_does_not_hide_the_others() {
    let room = room();
    apply(&room, None, &mut go_on);
    room.sh("echo nonsense > root/var/lib/innkeeper/changes/2.jsonl");
    let listed = room.run("changes --root root").ok();
    assert!(
        listed.out().starts_with("   1  less swapping: done"),
        "{}",
        listed.out()
    );
    let warning = "2.jsonl: line 1 of the journal is invalid";
    assert!(listed.stderr.contains(warning), "{}", listed.stderr);
    let listed = room.run("changes --root root --json").ok().json();
    assert_eq!(listed["changes"][0]["id"], 1);
    assert_eq!(listed["warnings"][0]["kind"], "corrupt");
}
