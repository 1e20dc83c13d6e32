//! `cargo xtask testbed`: scenarios on a real Xen in QEMU.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use clap::{Args, Subcommand};
use error::{Error, Result};
use testbed::{Disk, Scenario, Testbed};

use crate::dist;
use crate::packages::{Need, install};
use crate::shell::root;

/// What makes dom0 and its images; everything else comes with dom0.
const NEEDS: &[Need] = &[
    ("as", "binutils"),
    ("gzip", "gzip"),
    ("mmdebstrap", "mmdebstrap"),
    ("objcopy", "binutils"),
    ("setpriv", "util-linux"),
    ("tar", "tar"),
];

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Make dom0's disk and the guest's images, unless they are there and what they are made from has
    /// not changed (as root)
    Build,
    /// Say which scenarios there are and what each proves
    List,
    /// Boot a host or two for each scenario, run it there, bring back what came of it
    Run(Run),
    /// Give a prompt in dom0, on the machine of a scenario
    Shell(Shell),
}

#[derive(Args)]
pub(crate) struct Run {
    /// Scenarios, by name, or as a file NAME.sh
    #[arg(required_unless_present = "all")]
    names: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Scenarios at a time; each host of one takes a core and 2 GiB [default: one for each core, 4 at most]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    program: Program,
}

#[derive(Args)]
pub(crate) struct Shell {
    /// The scenario, by name or as a file NAME.sh, whose machine it is; without one, a machine with a disk "data" of 4 GiB
    name: Option<String>,
    #[command(flatten)]
    program: Program,
}

#[derive(Args)]
struct Program {
    /// Take this program inside instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Program {
    fn get(&self) -> Result<PathBuf> {
        match &self.program {
            Some(path) => Ok(path.clone()),
            None => dist::executable(),
        }
    }
}

/// Does what was asked for.
///
/// # Errors
/// The testbed cannot be made, or a scenario failed.
pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => open().map(drop),
        Task::List => list(),
        Task::Run(run) => {
            let jobs = run.jobs.unwrap_or_else(usual_jobs);
            run_scenarios(&chosen(run)?, &run.program.get()?, jobs)
        }
        Task::Shell(shell) => {
            let scenario = match &shell.name {
                Some(name) => named(name)?,
                None => Scenario {
                    disks: vec![Disk {
                        name: "data".into(),
                        size: 4 << 30,
                        sector: 512,
                    }],
                    ..Scenario::bare("shell")
                },
            };
            open()?.shell(&scenario, &shell.program.get()?)
        }
    }
}

/// Runs every scenario; what `cargo xtask test` does last.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_all() -> Result<()> {
    run_scenarios(
        &Scenario::all(&scenarios())?,
        &dist::executable()?,
        usual_jobs(),
    )
}

fn usual_jobs() -> usize {
    available_parallelism().map_or(1, usize::from).min(4)
}

fn open() -> Result<Testbed> {
    install(NEEDS)?;
    Testbed::open(
        &root().join("tools/testbed"),
        &root().join("target/testbed"),
    )
}

fn scenarios() -> PathBuf {
    root().join("tools/testbed/scenarios")
}

/// The scenario of that name, or in that file.
fn named(name: &str) -> Result<Scenario> {
    let path = if name.ends_with(".sh") {
        PathBuf::from(name)
    } else {
        scenarios().join(format!("{name}.sh"))
    };
    if path.is_file() {
        Scenario::read(&path)
    } else {
        Err(Error::usage(format!("there is no scenario {name}")).hint("cargo xtask testbed list"))
    }
}

fn chosen(run: &Run) -> Result<Vec<Scenario>> {
    if run.all {
        Scenario::all(&scenarios())
    } else {
        // Two runs of one scenario at once would share a directory.
        let names: BTreeSet<_> = run.names.iter().collect();
        names.into_iter().map(|name| named(name)).collect()
    }
}

fn list() -> Result<()> {
    for scenario in Scenario::all(&scenarios())? {
        println!("{:16} {}", scenario.name, scenario.proves);
    }
    Ok(())
}

fn run_scenarios(scenarios: &[Scenario], program: &Path, jobs: usize) -> Result<()> {
    let testbed = open()?;
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, scenarios.len()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(number) else {
                        break;
                    };
                    let report = run_one(&testbed, scenario, program);
                    let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
                    reports.insert(number, report);
                }
            });
        }
    });
    let reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!();
    for report in reports.values() {
        println!("{}", report.line);
    }
    // Once more at the end, where somebody looks who sees the end only.
    let failures = reports.values().filter_map(|r| r.failure.as_ref());
    let failures: Vec<_> = failures.collect();
    for failure in &failures {
        println!("\n{}", failure.to_text());
    }
    match failures.len() {
        0 => Ok(()),
        n => {
            let message = format!("{n} of {} scenarios failed", scenarios.len());
            Err(Error::io(message, "see above"))
        }
    }
}

/// What came of one scenario.
struct Report {
    /// A line of the table.
    line: String,
    failure: Option<Error>,
}

fn run_one(testbed: &Testbed, scenario: &Scenario, program: &Path) -> Report {
    let mut show = Prefixed::new(&scenario.name);
    let start = Instant::now();
    let result = testbed.run(scenario, program, &mut show);
    let starts = result.as_ref().map_or(1, |outcome| outcome.starts);
    let result = result.and_then(|outcome| outcome.check(scenario));
    let seconds = start.elapsed().as_secs();
    let word = if result.is_ok() { "ok" } else { "FAILED" };
    let crashes = match starts {
        1 => String::new(),
        starts => format!(" (started {starts} times)"),
    };
    let line = format!(
        "{word:6} {:16} {seconds:4} s  {}{crashes}",
        scenario.name, scenario.proves
    );
    println!("{line}");
    let failure = result.err().map(|error| error.at(&scenario.name));
    Report { line, failure }
}

/// Standard output for one of several at once: whole lines, each behind a name.
struct Prefixed<'a> {
    name: &'a str,
    /// A line that has no end yet.
    rest: Vec<u8>,
}

impl Prefixed<'_> {
    fn new(name: &str) -> Prefixed<'_> {
        Prefixed {
            name,
            rest: Vec::new(),
        }
    }
}

impl Write for Prefixed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        if let Some(end) = self.rest.iter().rposition(|&byte| byte == b'\n') {
            let mut out = stdout().lock();
            for line in self.rest[..=end].split_inclusive(|&byte| byte == b'\n') {
                write!(out, "{:16} ", self.name)?;
                out.write_all(line)?;
            }
            self.rest.drain(..=end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stdout().flush()
    }
}
