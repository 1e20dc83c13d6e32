//! A root directory in which the example `five` changes things.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use change::{Machine, State};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use tempfile::TempDir;

/// Mode and content of every file outside the journal.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

pub struct Room {
    directory: TempDir,
    before: Tree,
}

/// What came of running the example.
pub struct Ran {
    pub success: bool,
    pub stderr: String,
    /// The guard's process number.
    pub guard: Option<i32>,
}

impl Room {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in [
            ("etc/changed.conf", "old, and longer\n"),
            ("etc/removed.conf", "to go\n"),
            ("etc/other.conf", "not touched\n"),
            ("proc/sys/vm/swappiness", "60\n"),
            ("proc/sys/net/forward", "0\n"),
        ] {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let before = tree(directory.path());
        Room { directory, before }
    }

    pub fn machine(&self) -> Machine {
        Machine::new(self.directory.path())
    }

    /// Runs the example with these options.
    pub fn apply(&self, options: &str) -> Ran {
        let mut command = Command::new(example());
        command.arg("apply").arg(self.directory.path());
        run(command.args(options.split_whitespace()))
    }

    /// Makes another change here, in this process.
    pub fn apply_again(&self) -> error::Result<change::Applied> {
        let machine = self.machine();
        let step = change::knob::set("/proc/sys/net/forward", "2");
        let plan = machine.plan("another", &[step])?;
        machine.apply(&plan, None, &mut |_| ControlFlow::Continue(()))
    }

    /// Runs the example while no file may grow over so many KiB.
    pub fn apply_with_files_up_to(&self, limit: usize) -> Ran {
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script, "bash"]).arg(example());
        run(command.arg("apply").arg(self.directory.path()))
    }

    pub fn undo(&self, id: Option<u64>) {
        let undone = self.machine().undo(id, &mut |_| ControlFlow::Continue(()));
        undone.unwrap_or_else(|error| panic!("{}", error.to_text()));
    }

    /// Undoes what is open, if anything is.
    pub fn repair(&self) {
        if self.machine().open_change().unwrap().is_some() {
            self.undo(None);
        }
    }

    /// Has the example undo, and killed when this step is undone.
    pub fn undo_killed_after(&self, step: usize) {
        let mut command = Command::new(example());
        command.arg("undo").arg(self.directory.path());
        assert!(!run(command.arg(format!("kill=undone:{step}"))).success);
    }

    pub fn state(&self) -> State {
        let records = self.machine().journal.records().unwrap();
        records.last().expect("a change").state
    }

    pub fn is_guarded(&self) -> bool {
        let records = self.machine().journal.records().unwrap();
        let id = records.last().expect("a change").id;
        self.machine().is_guarded(id).unwrap()
    }

    pub fn wait_for_the_guard(&self) {
        while self.is_guarded() {
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn kill_guard(&self, guard: i32) {
        self.signal(guard, Signal::KILL);
        self.wait_for_the_guard();
    }

    pub fn signal(&self, process: i32, signal: Signal) {
        let process = Pid::from_raw(process).unwrap();
        rustix::process::kill_process(process, signal).unwrap();
    }

    /// Forbids a process to open one more file: its lowest numbers are all taken.
    pub fn forbid_opening(&self, process: i32) {
        let none = Rlimit {
            current: Some(4),
            maximum: Some(4),
        };
        prlimit(Pid::from_raw(process), Resource::Nofile, none).unwrap();
    }

    #[track_caller]
    pub fn is_before(&self) {
        assert_eq!(tree(self.directory.path()), self.before);
    }

    #[track_caller]
    pub fn is_after(&self) {
        assert_eq!(tree(self.directory.path()), self.after());
    }

    /// As [`Room::is_after`], but for what the guard has staged.
    #[track_caller]
    pub fn is_after_beside_the_guard(&self) {
        let mut now = tree(self.directory.path());
        now.retain(|path, _| !path.to_string_lossy().ends_with("-guard"));
        assert_eq!(now, self.after());
    }

    fn after(&self) -> Tree {
        let mut after = self.before.clone();
        let mode = |name: &str| self.before[Path::new(name)].0;
        let mut put = |name: &str, mode, text: &[u8]| {
            after.insert(name.into(), (mode, text.to_vec()));
        };
        put("etc/changed.conf", mode("etc/changed.conf"), b"new\n");
        put("etc/made.conf", 0o600, b"\xff binary\n");
        let (swappiness, forward) = ("proc/sys/vm/swappiness", "proc/sys/net/forward");
        put(swappiness, mode(swappiness), b"10\n");
        put(forward, mode(forward), b"1\n");
        after.remove(Path::new("etc/removed.conf"));
        after
    }
}

/// The example is built with the tests, beside them.
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    let target = test.ancestors().nth(2).expect("the target directory");
    let example = target.join("examples/five");
    assert!(example.exists(), "cargo test --examples builds {example:?}");
    example
}

fn run(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let guard = stdout
        .trim_end()
        .rsplit_once("Some(")
        .and_then(|(_, pid)| pid.trim_end_matches(')').parse().ok());
    Ran {
        success: output.status.success(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        guard,
    }
}

fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("var") {
                continue;
            }
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_owned();
            tree.insert(name, (metadata.mode() & 0o7777, fs::read(path).unwrap()));
        }
    }
    tree
}
