//! kill -9 after every step: the state before or the state after, never between.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod room;

use std::ops::ControlFlow;

use change::{State, UndoneBy};

use room::Room;

const STEPS: usize = 5;

/// Every moment of the five steps, in order.
fn moments() -> impl Iterator<Item = String> {
    (0..STEPS).flat_map(|step| [format!("begun:{step}"), format!("applied:{step}")])
}

#[test]
fn a_change_that_runs_to_its_end_leaves_the_state_after_and_undo_the_state_before() {
    let room = Room::new();
    assert!(room.apply("").success);
    room.is_after();
    assert_eq!(room.state(), State::Done);
    room.undo(None);
    room.is_before();
    assert_eq!(room.state(), State::Undone(UndoneBy::User));
}

#[test]
fn a_client_killed_at_any_moment_is_repaired_by_undo() {
    for moment in moments() {
        let room = Room::new();
        assert!(!room.apply(&format!("kill={moment}")).success);
        assert_eq!(room.state(), State::Applying, "{moment}");
        room.undo(None);
        room.is_before();
        assert!(
            !room.apply("kill=applied:1").success,
            "the next one may begin"
        );
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn an_undo_killed_at_any_moment_is_repaired_by_another() {
    for undone in 0..STEPS {
        let room = Room::new();
        assert!(room.apply("").success);
        room.undo_killed_after(undone);
        assert_eq!(room.state(), State::Undoing);
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn a_guard_undoes_what_a_killed_client_began() {
    for moment in moments() {
        let room = Room::new();
        assert!(!room.apply(&format!("within=3600 kill={moment}")).success);
        room.wait_for_the_guard();
        room.is_before();
        assert_eq!(room.state(), State::Undone(UndoneBy::Guard), "{moment}");
    }
}

#[test]
fn a_client_killed_while_it_undoes_is_repaired_by_its_guard_or_by_undo() {
    for undone in 0..STEPS {
        let room = Room::new();
        let options = format!("break=applied:4 kill=undone:{undone}");
        assert!(!room.apply(&format!("within=3600 {options}")).success);
        room.wait_for_the_guard();
        room.is_before();
        assert_eq!(room.state(), State::Undone(UndoneBy::Guard), "{undone}");
        assert!(!room.apply(&options).success);
        assert!(room.state().is_open());
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn a_client_undoes_everything_when_its_guard_is_killed() {
    for moment in ["guarded".to_owned()].into_iter().chain(moments()) {
        let room = Room::new();
        let ran = room.apply(&format!("within=3600 kill-guard={moment}"));
        assert!(!ran.success);
        assert!(ran.stderr.contains("guard"), "{moment}: {}", ran.stderr);
        room.is_before();
        assert_eq!(room.state(), State::Undone(UndoneBy::Failure), "{moment}");
    }
}

#[test]
fn client_and_guard_killed_at_any_moment_are_repaired_by_undo() {
    for moment in moments() {
        let room = Room::new();
        let ran = room.apply(&format!("within=3600 kill-guard={moment} kill={moment}"));
        assert!(!ran.success);
        assert_eq!(room.state(), State::Applying, "{moment}");
        assert!(!room.is_guarded());
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn a_guard_killed_while_it_waits_leaves_the_state_after_and_the_choice() {
    for confirm in [true, false] {
        let room = Room::new();
        let guard = room.apply("within=3600").guard.expect("a guard");
        room.is_after_beside_the_guard();
        room.kill_guard(guard);
        assert!(!room.is_guarded());
        assert!(matches!(room.state(), State::Pending(_)));
        if confirm {
            room.machine().confirm().unwrap();
            room.is_after();
            assert_eq!(room.state(), State::Done);
        }
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn the_guard_undoes_at_the_deadline() {
    let room = Room::new();
    assert!(room.apply("within=1").success);
    room.wait_for_the_guard();
    room.is_before();
    assert_eq!(room.state(), State::Undone(UndoneBy::Guard));
    assert!(room.machine().confirm().is_err(), "it is too late");
}

#[test]
fn a_guard_killed_while_it_undoes_is_repaired_by_undo_and_cannot_be_confirmed() {
    for undone in 0..STEPS {
        let room = Room::new();
        assert!(
            room.apply(&format!("within=1 kill-undo=undone:{undone}"))
                .success
        );
        room.wait_for_the_guard();
        assert!(room.state().is_open());
        let error = room.machine().confirm().unwrap_err();
        assert!(error.message().contains("undone in part"), "{error}");
        room.undo(None);
        room.is_before();
    }
}

#[test]
fn a_guard_that_is_asked_to_end_undoes_first() {
    let room = Room::new();
    let guard = room.apply("within=3600").guard.expect("a guard");
    room.signal(guard, rustix::process::Signal::TERM);
    room.wait_for_the_guard();
    room.is_before();
    assert_eq!(room.state(), State::Undone(UndoneBy::Guard));
}

#[test]
fn a_guard_that_can_open_no_file_undoes_all_the_same() {
    let room = Room::new();
    let guard = room.apply("within=3600").guard.expect("a guard");
    room.forbid_opening(guard);
    room.signal(guard, rustix::process::Signal::TERM);
    room.wait_for_the_guard();
    room.is_before();
    assert_eq!(room.state(), State::Undone(UndoneBy::Guard));
}

#[test]
fn a_confirmed_change_stays_and_its_guard_is_gone() {
    let room = Room::new();
    assert!(room.apply("within=3600").success);
    assert!(room.is_guarded());
    assert_eq!(room.machine().confirm().unwrap().state, State::Done);
    assert!(!room.is_guarded());
    room.is_after();
    let error = room.machine().confirm().unwrap_err();
    assert_eq!(error.message(), "no change waits for confirmation");
}

#[test]
fn undo_has_the_guard_undo_at_once() {
    let room = Room::new();
    assert!(room.apply("within=3600").success);
    room.undo(None);
    assert_eq!(room.state(), State::Undone(UndoneBy::Guard));
    room.is_before();
}

#[test]
fn one_change_waits_at_a_time() {
    let room = Room::new();
    room.apply_again().unwrap();
    assert!(room.apply("within=3600").success);
    let undone = room
        .machine()
        .undo(Some(1), &mut |_| ControlFlow::Continue(()));
    for error in [room.apply_again().unwrap_err(), undone.unwrap_err()] {
        let expected = "error: change 2 waits for confirmation";
        assert_eq!(error.to_text(), expected);
    }
    room.machine().confirm().unwrap();
    room.is_after();
}

#[test]
fn the_guard_has_its_own_session_and_is_locked_in_memory() {
    let room = Room::new();
    let guard = room.apply("within=3600").guard.expect("a guard");
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{guard}/{name}")).unwrap();
    let stat = read("stat");
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let session = fields.split(' ').nth(3).unwrap();
    assert_eq!(session, guard.to_string(), "{stat}");
    let status = read("status");
    let locked = status.lines().find(|line| line.starts_with("VmLck:"));
    assert!(!locked.unwrap().contains(" 0 kB"), "{locked:?}");
    room.undo(None);
}

#[test]
fn a_disk_that_is_full_for_the_journal_stops_the_change_before_the_step() {
    let mut stopped = 0;
    for limit in 1..=4 {
        let room = Room::new();
        let ran = room.apply_with_files_up_to(limit);
        if ran.success {
            room.is_after();
            continue;
        }
        stopped += 1;
        assert!(ran.stderr.contains("journal"), "{}", ran.stderr);
        room.repair();
        room.is_before();
    }
    assert!(stopped > 0 && stopped < 4, "{stopped} of 4 limits stop it");
}
