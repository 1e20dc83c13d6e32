//! Listing, confirming and undoing changes; what makes them is the library, as a feature would.

use std::ops::ControlFlow;
use std::time::Duration;

use change::{Event, Guarding, Machine, Step, file, knob};

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room};

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
    assert_snapshot!([
        room.run("changes --root root").ok(),
        room.run("changes --root root --json").ok(),
        room.run("undo --root root --dry-run").failed(3),
        room.run("undo --root root").failed(3),
        room.run("confirm --root root").failed(3),
    ]);
}

#[test]
fn a_change_that_is_done_is_listed_and_undone() {
    let room = room();
    apply(&room, None, &mut go_on);
    let before = ["changes --root root", "undo --root root --dry-run"];
    let mut runs = Vec::from(before.map(|line| room.run(line).ok()));
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
    let after = ["undo 1 --root root", "changes --root root"];
    runs.extend(after.map(|line| room.run(line).ok()));
    assert!(!room.exists("root/etc/sysctl.d/guest.conf"));
    assert_eq!(room.read("root/proc/sys/vm/swappiness"), b"60\n");
    assert_snapshot!(runs);
}

#[test]
fn the_document_of_changes_has_every_step() {
    let room = room();
    half_done(&room);
    let listed = room.run("changes --root root --json").ok();
    let change = &listed.json()["changes"][0];
    assert_eq!(
        (&change["state"], &change["guarded"]),
        (&"applying".into(), &false.into())
    );
    let undone = room.run("undo --root root --json").ok();
    assert_eq!(undone.json()["change"]["state"], "undone");
    assert_snapshot!([listed, undone]);
}

/// Runs a command that has nothing to do with changes on the machine in the root directory.
fn digest(room: &Room) -> Ran {
    room.write("disk", b"x");
    let mut digest = room.innkeeper(["digest", "disk", "--quiet"]);
    let output = digest.env("INNKEEPER_ROOT", room.path("root")).output();
    Ran::of(output).called("digest disk --quiet").ok()
}

#[test]
fn a_change_that_is_half_done_is_told_by_every_command_until_it_is_undone() {
    let room = room();
    half_done(&room);
    assert_snapshot!([room.run("changes --root root").ok(), digest(&room)]);
    room.run("undo --root root").ok();
    assert!(!room.exists("root/etc/sysctl.d/guest.conf"));
    assert_eq!(digest(&room).stderr, "");
}

#[test]
fn a_change_that_waits_is_told_and_confirmed() {
    let room = room();
    apply(&room, Some(3600), &mut go_on);
    assert_snapshot!([
        room.run("changes --root root").ok(),
        digest(&room),
        room.run("confirm --root root").ok(),
        room.run("changes --root root").ok(),
    ]);
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
}

#[test]
fn a_change_that_waits_is_undone_by_its_guard() {
    let room = room();
    apply(&room, Some(3600), &mut go_on);
    assert_snapshot!([
        room.run("undo --root root").ok(),
        room.run("changes --root root").ok(),
    ]);
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
    assert_snapshot!(room.run("changes --root root").ok());
    room.run("undo --root root").ok();
    assert_eq!(room.read("root/proc/sys/vm/swappiness"), b"60\n");
    assert_eq!(room.sh("ls -A root/etc/sysctl.d"), b"");
}

#[test]
fn undo_refuses_what_others_altered_since() {
    let room = room();
    apply(&room, None, &mut go_on);
    room.sh("echo 33 > root/proc/sys/vm/swappiness");
    assert_snapshot!([
        room.run("undo --root root --dry-run").failed(3),
        room.run("undo --root root").failed(3),
    ]);
    assert!(room.exists("root/etc/sysctl.d/guest.conf"));
}

#[test]
fn a_root_directory_that_does_not_exist_is_no_machine_without_changes() {
    let room = Room::new();
    room.write("file", b"");
    let runs = ["changes", "undo", "confirm"].map(|command| {
        ["missing", "file"].map(|root| room.run(&format!("{command} --root {root}")).failed(1))
    });
    assert_snapshot!(runs.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn a_pipe_in_the_journal_is_not_waited_for() {
    let room = Room::new();
    room.sh(
        "mkdir -p root/var/lib/innkeeper/changes; mkfifo root/var/lib/innkeeper/changes/1.jsonl",
    );
    assert_snapshot!(
        ["undo", "confirm"].map(|command| room.run(&format!("{command} --root root")).failed(3))
    );
}

#[test]
fn a_damaged_change_does_not_hide_the_others() {
    let room = room();
    apply(&room, None, &mut go_on);
    room.sh("echo nonsense > root/var/lib/innkeeper/changes/2.jsonl");
    assert_snapshot!([
        room.run("changes --root root").ok(),
        room.run("changes --root root --json").ok(),
    ]);
}
