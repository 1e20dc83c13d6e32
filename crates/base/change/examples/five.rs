//! A change of five steps below a root directory, which kills itself or its guard where it is told to.
//!
//! ```text
//! five apply ROOT [within=SECONDS] [kill=EVENT] [break=EVENT] [kill-guard=EVENT] [kill-undo=EVENT]
//! five undo ROOT kill=EVENT
//! five guard ROOT KILL-UNDO ID          (started by apply)
//! ```
//!
//! An event is `begun:N`, `applied:N` or `undone:N` with N counted from 0.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use change::{Event, Guarding, Machine, Step, file, knob};
use error::{Error, Result};
use rustix::process::{Pid, Signal, getpid, kill_process};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["apply", root, ref options @ ..] => apply(root, options),
        ["undo", root, kill] => undo(root, kill.trim_start_matches("kill=")),
        ["guard", root, kill, id] => guard(root, kill, id),
        _ => Err(Error::usage("five apply ROOT …")),
    };
    if let Err(error) = done {
        eprintln!("{}", error.to_text());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn steps() -> [Step; 5] {
    [
        file::write("/etc/changed.conf", b"new\n", None),
        knob::set("/proc/sys/vm/swappiness", "10"),
        file::remove("/etc/removed.conf"),
        file::write("/etc/made.conf", b"\xff binary\n", Some(0o600)),
        knob::set("/proc/sys/net/forward", "1"),
    ]
}

fn apply(root: &str, options: &[&str]) -> Result<()> {
    let option = |name: &str| {
        let mut values = options.iter().filter_map(|option| option.split_once('='));
        values.find(|(is, _)| *is == name).map(|(_, value)| value)
    };
    let machine = Machine::new(Path::new(root));
    let plan = machine.plan("five steps", &steps())?;
    let guarding = match option("within") {
        None => None,
        Some(within) => Some(guarding(root, within, option("kill-undo").unwrap_or("no"))?),
    };
    let mut guard = None;
    let applied = machine.apply(&plan, guarding.as_ref(), &mut |event| {
        if let Event::Guarded(pid) = event {
            guard = Pid::from_raw(pid as i32);
        }
        if let (Some(moment), Some(guard)) = (option("kill-guard"), guard)
            && moment == name(event)
        {
            kill_and_wait(guard);
        }
        if option("kill") == Some(&name(event)) {
            kill(getpid());
        }
        if option("break") == Some(&name(event)) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    println!("{} {:?}", applied.record.id, guard.map(Pid::as_raw_nonzero));
    Ok(())
}

fn guarding(root: &str, within: &str, kill_undo: &str) -> Result<Guarding> {
    let invalid = |_| Error::usage(format!("invalid number of seconds '{within}'"));
    let arguments = ["guard", root, kill_undo].map(OsString::from);
    Ok(Guarding {
        within: Duration::from_secs(within.parse().map_err(invalid)?),
        program: std::env::current_exe().map_err(|cause| Error::io("no program", cause))?,
        arguments: arguments.to_vec(),
    })
}

fn guard(root: &str, kill_undo: &str, id: &str) -> Result<()> {
    let id = id.parse().map_err(|_| Error::usage("invalid number"))?;
    Machine::new(Path::new(root)).guard(id, &mut killed_at(kill_undo))
}

fn undo(root: &str, kill: &str) -> Result<()> {
    let undone = Machine::new(Path::new(root)).undo(None, &mut killed_at(kill));
    undone.map(drop)
}

fn killed_at(moment: &str) -> impl FnMut(Event) -> ControlFlow<()> {
    move |event| {
        if name(event) == moment {
            kill(getpid());
        }
        ControlFlow::Continue(())
    }
}

fn name(event: Event) -> String {
    match event {
        Event::Guarded(_) => "guarded".into(),
        Event::Begun(step) => format!("begun:{step}"),
        Event::Applied(step) => format!("applied:{step}"),
        Event::Undone(step) => format!("undone:{step}"),
    }
}

fn kill(process: Pid) {
    let _ = kill_process(process, Signal::KILL);
}

/// A process that was killed lives on for a moment; what comes next must not depend on it.
fn kill_and_wait(process: Pid) {
    kill(process);
    let status = format!("/proc/{}/stat", process.as_raw_nonzero());
    let is_dead = || {
        let status = std::fs::read_to_string(&status);
        status.map_or(true, |status| status.contains(") Z "))
    };
    while !is_dead() {
        std::thread::sleep(Duration::from_millis(1));
    }
}
