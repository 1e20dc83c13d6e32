//! `cargo xtask bench`: the program and its peers, in turn, on the same files.

mod against;
mod inputs;
mod jobs;
mod large;
mod machine;
mod measure;
mod page;
mod same;
mod server;

use std::path::{Path, PathBuf};

use clap::Args;
use error::{Error, Result};

use crate::example::temporary;
use crate::packages::{Need, install};
use crate::shell::{built, command, file_error, root, run as run_command, which};
use against::Pair;
use inputs::{Inputs, Scale};
use jobs::{Job, Peer, SECTIONS, Section};
use measure::{Bench, Figures};
use render::Look;

/// The peers and what measures them.
const NEEDS: &[Need] = &[
    ("bzip2", "bzip2"),
    ("gzip", "gzip"),
    ("igzip", "isal"),
    ("lbzip2", "lbzip2"),
    ("lz4", "lz4"),
    ("mke2fs", "e2fsprogs"),
    ("nbdcopy", "libnbd-bin"),
    ("pigz", "pigz"),
    ("qemu-img", "qemu-utils"),
    ("qemu-nbd", "qemu-utils"),
    ("tar", "tar"),
    ("time", "time"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
];

/// What to measure, where, how often.
#[derive(Args)]
pub(crate) struct Options {
    /// Work here, and keep the inputs for the next time; a directory in memory such as /dev/shm/bench
    /// keeps the disk's own speed out of the figures. Without it, a temporary directory
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Work with the disk of 2 TiB here, and keep it; it takes 40 GB at most and is about memory, so the
    /// speed of the place does not matter. Without it, a temporary directory
    #[arg(long, value_name = "DIR")]
    large_dir: Option<PathBuf>,
    /// A smaller disk for a quick look: 1/8 makes 1 GiB out of 8
    #[arg(long, default_value = "1")]
    scale: Scale,
    /// Measured runs of each at most, after one to warm up; 3 are enough for what takes long
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Leave a peer out (rapidgzip, nbdcopy, …)
    #[arg(long, value_name = "PEER")]
    without: Vec<String>,
    /// Only jobs whose name or section contains this ("formats")
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Compare with this earlier program instead of the peers
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

impl Options {
    fn wants(&self, peer: &str) -> bool {
        !self.without.iter().any(|name| name == peer)
    }

    /// Whether the figures are those the page should show.
    fn is_complete(&self) -> bool {
        self.scale.is_full()
            && self.without.is_empty()
            && self.only.is_empty()
            && self.program.is_none()
    }
}

/// What came of one job: the program's figures, then its peers', in the job's order.
struct Outcome {
    job: &'static Job,
    ours: Figures,
    peers: Vec<(&'static Peer, Figures)>,
}

impl Outcome {
    /// Whether the disk that was written is raw.
    fn is_raw(&self) -> bool {
        self.job.format == "raw"
    }

    /// Each peer once, with the flags that made it fastest, in the job's order. Flags that were not
    /// repeated do not count: a single run may have been lucky.
    fn best(&self) -> Vec<(&'static Peer, &Figures)> {
        let mut best: Vec<(&'static Peer, &Figures)> = Vec::new();
        let repeated = |figures: &Figures| figures.runs() == self.ours.runs();
        for (peer, figures) in self.peers.iter().filter(|(_, figures)| repeated(figures)) {
            match best.iter_mut().find(|(known, _)| known.tool == peer.tool) {
                Some(known) if figures.wall() < known.1.wall() => *known = (*peer, figures),
                Some(_) => {}
                None => best.push((*peer, figures)),
            }
        }
        best
    }
}

/// Measures, prints the page, and writes it if nothing was left out.
///
/// # Errors
/// A tool is missing or fails, or the program's result differs from the disk.
pub(crate) fn run(options: &Options) -> Result<()> {
    install(NEEDS)?;
    let scratch = temporary()?;
    let dir = options.dir.as_deref().unwrap_or(scratch.path());
    std::fs::create_dir_all(dir).map_err(file_error(dir))?;
    let tools = tools(options, dir)?;
    let wanted = |section: &Section| section.named(&options.only);
    let jobs: Vec<&Job> = SECTIONS.iter().flat_map(wanted).collect();
    let inputs = Inputs::make(dir, options.scale, &jobs)?;
    let large = if jobs.iter().any(|job| job.is_large()) {
        Some(large_inputs(options, scratch.path())?)
    } else {
        None
    };
    let server = server::serve(inputs.dir())?;
    let bench = |job: &Job| {
        let large = large.as_ref().filter(|_| job.is_large());
        let dir = large.unwrap_or(&inputs).dir();
        Bench::new(dir, &tools, &server, options.runs)
    };
    if let Some(before) = &options.against {
        let before = linked(before, &dir.join("before"), "innkeeper")?;
        let pairs = jobs
            .iter()
            .map(|job| Pair::measure(&bench(job), job, &before));
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        print!("{}", against::page(&pairs, &Look::of(&std::io::stdout())));
        return Ok(());
    }
    let measured = |job: &'static Job| measure_job(&bench(job), job, options);
    let mut sections = Vec::new();
    for section in SECTIONS {
        let outcomes = wanted(section).into_iter().map(measured);
        sections.push((section.title, outcomes.collect::<Result<Vec<_>>>()?));
    }
    sections.retain(|(_, outcomes)| !outcomes.is_empty());
    let mut facts = machine::describe(inputs.dir(), &tools)?;
    facts.extend_from_slice(inputs.lines());
    facts.extend(large.iter().flat_map(Inputs::lines).cloned());
    let page = page::measured(&facts, options.runs, &sections);
    println!("{page}");
    if options.is_complete() {
        page::write(&root().join("docs/benchmarks.md"), &page)
    } else {
        println!("docs/benchmarks.md is left as it is: this was not the whole benchmark");
        Ok(())
    }
}

/// The disk of 2 TiB and its files, in a place of their own.
fn large_inputs(options: &Options, scratch: &Path) -> Result<Inputs> {
    let dir = options.large_dir.as_deref().unwrap_or(scratch);
    std::fs::create_dir_all(dir).map_err(file_error(dir))?;
    Inputs::make_large(dir, options.scale)
}

fn measure_job(bench: &Bench<'_>, job: &'static Job, options: &Options) -> Result<Outcome> {
    let peers: Vec<_> = job
        .peers
        .iter()
        .filter(|peer| options.wants(peer.tool))
        .collect();
    let commands: Vec<(&str, &str)> = std::iter::once(("innkeeper", job.command))
        .chain(peers.iter().map(|peer| (peer.tool, peer.command)))
        .collect();
    eprintln!("{}", job.name);
    let mut figures = bench.in_turn(job, &commands)?.into_iter();
    let ours = figures
        .next()
        .ok_or_else(|| Error::io("the program did not run", job.name))?;
    Ok(Outcome {
        job,
        ours,
        peers: peers.into_iter().zip(figures).collect(),
    })
}

/// A directory that is searched for programs first: the program itself, and rapidgzip.
fn tools(options: &Options, dir: &Path) -> Result<PathBuf> {
    let tools = dir.join("tools");
    let program = match &options.program {
        Some(program) => program.clone(),
        None => built()?,
    };
    linked(&program, &tools, "innkeeper")?;
    let compared = options.against.is_none() && options.wants("rapidgzip");
    if compared && which("rapidgzip").is_none() {
        linked(&rapidgzip(dir)?, &tools, "rapidgzip")?;
    }
    Ok(tools)
}

/// The directory `to`, in which the program `from` is called `name`.
fn linked(from: &Path, to: &Path, name: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(to).map_err(file_error(to))?;
    let from = std::fs::canonicalize(from).map_err(file_error(from))?;
    let link = to.join(name);
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(from, &link).map_err(file_error(&link))?;
    std::fs::canonicalize(to).map_err(file_error(to))
}

/// Installs rapidgzip, which Debian does not have, out of the system's way.
fn rapidgzip(dir: &Path) -> Result<PathBuf> {
    let venv = dir.join("venv");
    let program = venv.join("bin/rapidgzip");
    if !program.exists() {
        let hint = "--without rapidgzip leaves it out";
        let venv = venv.display().to_string();
        run_command(&mut command("python3", &["-m", "venv", &venv])).map_err(|e| e.hint(hint))?;
        let pip = format!("{venv}/bin/pip");
        run_command(&mut command(&pip, &["install", "--quiet", "rapidgzip"]))
            .map_err(|e| e.hint(hint))?;
    }
    Ok(program)
}
