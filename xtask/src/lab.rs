//! `cargo xtask lab`: scenarios on a real Xen in QEMU.

use std::io::stdout;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};
use lab::{Disk, Lab, Scenario};
use report::{Error, Result};

use crate::packages::{Need, install};
use crate::shell::{built, root};

/// What makes dom0 and its images; everything else comes with dom0.
const NEEDS: &[Need] = &[
    ("as", "binutils"),
    ("gzip", "gzip"),
    ("mmdebstrap", "mmdebstrap"),
    ("objcopy", "binutils"),
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
            None => built(),
        }
    }
}

/// Does what was asked for.
///
/// # Errors
/// The lab cannot be made, or a scenario failed.
pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Build => open().map(drop),
        Task::List => list(),
        Task::Run(run) => run_scenarios(&chosen(run)?, &run.program.get()?),
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
    run_scenarios(&Scenario::all(&scenarios())?, &built()?)
}

fn open() -> Result<Lab> {
    install(NEEDS)?;
    Lab::open(&root().join("lab"), &root().join("target/lab"))
}

fn scenarios() -> PathBuf {
    root().join("lab/scenarios")
}

/// The scenario of that name, or in that file.
fn named(name: &str) -> Result<Scenario> {
    let path = match name.ends_with(".sh") {
        true => PathBuf::from(name),
        false => scenarios().join(format!("{name}.sh")),
    };
    match path.is_file() {
        true => Scenario::read(&path),
        false => {
            Err(Error::usage(format!("there is no scenario {name}")).hint("cargo xtask lab list"))
        }
    }
}

fn chosen(run: &Run) -> Result<Vec<Scenario>> {
    match run.all {
        true => Scenario::all(&scenarios()),
        false => run.names.iter().map(|name| named(name)).collect(),
    }
}

fn list() -> Result<()> {
    for scenario in Scenario::all(&scenarios())? {
        println!("{:16} {}", scenario.name, scenario.proves);
    }
    Ok(())
}

fn run_scenarios(scenarios: &[Scenario], program: &Path) -> Result<()> {
    let lab = open()?;
    let mut table = Vec::new();
    let mut failures = Vec::new();
    for scenario in scenarios {
        println!("== {}: {}", scenario.name, scenario.proves);
        let start = Instant::now();
        let result = lab.run(scenario, program, &mut stdout().lock());
        let starts = result.as_ref().map_or(1, |outcome| outcome.starts);
        let result = result.and_then(|outcome| outcome.check(scenario));
        let seconds = start.elapsed().as_secs();
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let crashes = match starts {
            1 => String::new(),
            starts => format!(" (started {starts} times)"),
        };
        table.push(format!(
            "{word:6} {:16} {seconds:4} s  {}{crashes}",
            scenario.name, scenario.proves
        ));
        if let Err(error) = result {
            println!("{}", error.to_text());
            failures.push(error.at(&scenario.name));
        }
    }
    println!("\n{}", table.join("\n"));
    // Once more at the end, where somebody looks who sees the end only.
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
