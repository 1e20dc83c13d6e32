use std::cell::Cell;
use std::path::PathBuf;

use testkit::machine::{FakeHost, FakeTools};

use super::*;

/// A limit that no machine is too slow for.
const GENEROUS: Duration = Duration::from_secs(600);

/// This machine, with these tools before its own.
fn host(tools: &FakeTools) -> Host {
    let live = Host::live();
    let path = [vec![tools.programs()], live.path().to_vec()].concat();
    live.with_path(path)
}

fn run(tools: &FakeTools, tool: &Tool) -> Result<Output> {
    tool.clone().time_limit(GENEROUS).run(&host(tools), &never)
}

#[test]
fn a_tool_gets_its_arguments_and_gives_its_output() {
    let tools = FakeTools::new();
    tools.answer("xl", &["list", "a b"], "guest\n");
    let output = run(&tools, &Tool::new("xl").args(["list", "a b"])).unwrap();
    assert!(output.status.success());
    assert_eq!(output.text().unwrap(), "guest\n");
    assert_eq!(tools.calls(), ["xl list a b"]);
}

#[test]
fn the_environment_has_nothing_but_what_is_named() {
    let tools = FakeTools::new();
    tools.script("show", "env | cut -d= -f1 | grep -v '^_$' | sort; pwd >&2");
    let tool = Tool::new("show")
        .env("MINE", "1")
        .pass_env("INNKEEPER_NOT_SET");
    let output = run(&tools, &tool).unwrap();
    // PWD and OLDPWD are the shell's own.
    let names: Vec<_> = output.text().unwrap().lines().collect();
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| !name.ends_with("PWD"))
        .collect();
    assert_eq!(names, ["LC_ALL", "MINE", "PATH"]);
}

#[test]
fn a_tool_reads_what_it_is_given_and_nothing_else() {
    let tools = FakeTools::new();
    tools.script("count", "wc -c");
    tools.script("deaf", "exit 0");
    let count = |tool: &Tool| run(&tools, tool).unwrap().text().unwrap().trim().to_owned();
    assert_eq!(count(&Tool::new("count")), "0");
    assert_eq!(
        count(&Tool::new("count").input(vec![7; 1 << 20])),
        "1048576"
    );
    assert_eq!(count(&Tool::new("deaf").input(vec![7; 1 << 20])), "");
}

#[test]
fn much_output_on_both_pipes_is_taken_at_once() {
    let tools = FakeTools::new();
    tools.script(
        "both",
        "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero",
    );
    let output = run(&tools, &Tool::new("both")).unwrap();
    assert_eq!(
        (output.stdout.len(), output.stderr.len()),
        (3_000_000, 64 << 10)
    );
}

#[test]
fn a_failing_tool_is_an_error_with_its_own_words() {
    let tools = FakeTools::new();
    let errors = "  libxl: error:\n\n  no such domain\n".to_owned() + &"more\n".repeat(20);
    tools.fail("xl", &["destroy", "x"], 3, &errors);
    let output = run(&tools, &Tool::new("xl").args(["destroy", "x"])).unwrap();
    let error = output.success().unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert_eq!(error.to_string(), "xl failed: exit status: 3");
    assert_eq!(error.causes()[..2], ["libxl: error:", "no such domain"]);
    assert_eq!(error.causes().len(), MOST_CAUSES);
}

#[test]
fn a_missing_tool_is_named_with_its_package() {
    let fake = FakeHost::new();
    fake.write("etc/os-release", "ID=alpine\n");
    let host = Host::at(fake.root())
        .unwrap()
        .with_path(vec![PathBuf::from("/nonexistent")]);
    let error = Tool::new("virsh").run(&host, &never).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: virsh cannot be run\n  because: it is not installed\nhint: install libvirt-client"
    );
}

#[test]
fn a_tool_that_is_no_program_cannot_be_run() {
    let tools = FakeTools::new();
    tools.script("broken", "");
    std::fs::write(tools.programs().join("broken"), "\0").unwrap();
    let error = run(&tools, &Tool::new("broken")).unwrap_err();
    assert_eq!(error.to_string(), "broken cannot be run");
    assert_eq!(error.causes().len(), 1);
}

#[test]
fn tools_of_a_directory_are_not_run() {
    let fake = FakeHost::new();
    let host = Host::at(fake.root()).unwrap();
    let error = Tool::new("true").run(&host, &never).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
}

/// A tool that writes a word and never ends, and has a child that does not either; its pipe `alive` is open as long as
/// one of them lives.
fn endless() -> (FakeTools, PathBuf) {
    let tools = FakeTools::new();
    let alive = tools.state().join("alive");
    testkit::machine::run("mkfifo", &[alive.to_str().unwrap()]);
    tools.script(
        "endless",
        "exec 3<>$state/alive; echo waiting >&2; sleep 100000 & sleep 100000",
    );
    (tools, alive)
}

/// Whether nobody has the pipe open for reading: then it cannot be opened for writing without waiting.
fn is_abandoned(pipe: &std::path::Path) -> bool {
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
    let opened = rustix::fs::openat(rustix::fs::CWD, pipe, flags, rustix::fs::Mode::empty());
    opened.err() == Some(rustix::io::Errno::NXIO)
}

/// Waits until nobody has the pipe open: the kernel closes what was killed in its own time.
fn wait_until_abandoned(pipe: &std::path::Path) {
    while !is_abandoned(pipe) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_tool_that_does_not_end_is_killed_with_all_its_processes() {
    let (tools, alive) = endless();
    let tool = Tool::new("endless").time_limit(Duration::from_millis(200));
    let error = tool.run(&host(&tools), &never).unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert_eq!(error.to_string(), "endless did not end within 0.2 s");
    wait_until_abandoned(&alive);
}

#[test]
fn a_cancelled_tool_is_killed_with_all_its_processes() {
    let (tools, alive) = endless();
    let asked = Cell::new(0);
    let started = || {
        asked.set(asked.get() + 1);
        !is_abandoned(&alive)
    };
    let tool = Tool::new("endless").without_time_limit();
    let error = tool.run(&host(&tools), &started).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(asked.get() > 0);
    wait_until_abandoned(&alive);
}

#[test]
fn a_tool_that_writes_too_much_is_killed() {
    let tools = FakeTools::new();
    tools.script("flood", "echo flooding >&2; cat /dev/zero");
    let error = run(&tools, &Tool::new("flood").output_limit(1 << 20)).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: flood wrote more than 1.0 MiB\n  because: flooding"
    );
    tools.script("exact", "head -c 1048576 /dev/zero");
    let output = run(&tools, &Tool::new("exact").output_limit(1 << 20)).unwrap();
    assert_eq!(output.stdout.len(), 1 << 20);
}

#[test]
fn what_a_tool_leaves_in_the_background_is_not_waited_for() {
    let tools = FakeTools::new();
    tools.script("daemon", "sleep 100000 & echo $! >$state/pid; echo started");
    let output = run(&tools, &Tool::new("daemon")).unwrap();
    assert_eq!(output.text().unwrap(), "started\n");
    let pid = std::fs::read_to_string(tools.state().join("pid")).unwrap();
    // It lives: it can be killed.
    testkit::machine::run("kill", &[pid.trim()]);
    tools.script("noisy", "yes >&2 & echo $! >$state/pid; echo started");
    let output = run(&tools, &Tool::new("noisy").without_time_limit()).unwrap();
    assert_eq!(output.text().unwrap(), "started\n");
}
