//! Running commands in turn and reading the clock.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use error::{Error, Result};

use super::jobs::Job;
use super::same::same;
use crate::shell::{command, file_error, run};

/// A job is repeated until this many seconds are over, ...
const SECONDS: f64 = 40.0;

/// ... yet not less often than this if there is something to compare with.
const RUNS: u32 = 3;

/// Of the sets of flags of one tool, those are repeated that took at most this much longer than the
/// fastest when warming up.
const SLOWER: f64 = 1.1;

/// What one run took.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Seconds by the clock on the wall.
    wall: f64,
    /// Seconds of processor time, in user and system mode, of all processes.
    cpu: f64,
    /// Peak resident memory of the largest process, in KiB.
    memory: u64,
}

/// What several runs of one command took.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    samples: Vec<Sample>,
    size: Option<u64>,
}

impl Figures {
    /// The median wall time in seconds.
    pub(super) fn wall(&self) -> f64 {
        median(self.samples.iter().map(|sample| sample.wall))
    }

    /// The shortest and the longest wall time in seconds.
    pub(super) fn spread(&self) -> (f64, f64) {
        let walls = || self.samples.iter().map(|sample| sample.wall);
        (
            walls().fold(f64::INFINITY, f64::min),
            walls().fold(0.0, f64::max),
        )
    }

    /// The median processor time in seconds.
    pub(super) fn cpu(&self) -> f64 {
        median(self.samples.iter().map(|sample| sample.cpu))
    }

    /// The highest peak memory of all runs, in MiB.
    pub(super) fn memory(&self) -> f64 {
        let peak = self.samples.iter().map(|sample| sample.memory).max();
        peak.unwrap_or_default() as f64 / 1024.0
    }

    /// How often it ran.
    pub(super) fn runs(&self) -> usize {
        self.samples.len()
    }

    /// The size in bytes of the file that it wrote.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => 0.0,
        (middle, 0) => (values[middle - 1] + values[middle]) / 2.0,
        (middle, _) => values[middle],
    }
}

/// Where and how commands run.
pub(super) struct Bench<'a> {
    dir: &'a Path,
    path: String,
    http: &'a str,
    runs: u32,
}

impl<'a> Bench<'a> {
    /// Runs happen in `dir`, where the inputs are; programs are looked for in `tools` first.
    pub(super) fn new(dir: &'a Path, tools: &Path, http: &'a str, runs: u32) -> Self {
        let rest = std::env::var("PATH").unwrap_or_default();
        Bench {
            dir,
            path: format!("{}:{rest}:/usr/sbin:/sbin", tools.display()),
            http,
            runs,
        }
    }

    /// Runs a job's commands, each with its tool's name, in turn (A B C A B C …): once to warm up and to
    /// compare what they wrote with the job's disk, then as often as asked, or less where it takes long.
    /// The first must write, the others may.
    ///
    /// # Errors
    /// A command fails, or writes something else.
    pub(super) fn in_turn(&self, job: &Job, commands: &[(&str, &str)]) -> Result<Vec<Figures>> {
        let mut figures = Vec::new();
        for (place, (_, command)) in commands.iter().enumerate() {
            let sample = self.once(0, command)?;
            let found = std::fs::metadata(self.out()).ok();
            if place == 0 || found.is_some() {
                self.verify(job)?;
            }
            figures.push(Figures {
                samples: vec![sample],
                size: found.map(|found| found.len()),
            });
            self.clear()?;
        }
        let walls: Vec<f64> = figures.iter().map(Figures::wall).collect();
        let repeated = repeated(commands, &walls);
        let seconds = repeated.iter().map(|&place| walls[place]).sum();
        for &place in &repeated {
            figures[place].samples.clear();
        }
        for round in 1..=rounds(seconds, self.runs, commands.len()) {
            for &place in &repeated {
                let sample = self.once(round, commands[place].1)?;
                figures[place].samples.push(sample);
                self.clear()?;
            }
        }
        Ok(figures)
    }

    /// Compares what was written with the disk; qemu-img says what a file in another format holds.
    fn verify(&self, job: &Job) -> Result<()> {
        let content = self.dir.join(job.content);
        if job.format == "raw" {
            return same(&content, &self.out());
        }
        let raw = self.dir.join("out.raw");
        let mut convert = command("qemu-img", &["convert", "-f", job.format, "-O", "raw"]);
        run(convert.arg(self.out()).arg(&raw))?;
        same(&content, &raw)?;
        std::fs::remove_file(&raw).map_err(file_error(&raw))
    }

    fn out(&self) -> PathBuf {
        self.dir.join("out.img")
    }

    /// Removes what the last run wrote, and waits until the disk has nothing left to do.
    fn clear(&self) -> Result<()> {
        let out = self.out();
        if out.exists() {
            std::fs::remove_file(&out).map_err(file_error(&out))?;
        }
        rustix::fs::sync();
        Ok(())
    }

    fn once(&self, round: u32, command: &str) -> Result<Sample> {
        let report = self.dir.join("time");
        let mut time = Command::new("/usr/bin/time");
        time.args(["--quiet", "--format", "%U %S %M", "--output"])
            .arg(&report);
        time.args(["bash", "-o", "pipefail", "-c", command]);
        time.current_dir(self.dir).stdin(Stdio::null());
        time.env("PATH", &self.path).env("HTTP", self.http);
        for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            time.env_remove(proxy);
        }
        let start = Instant::now();
        run(&mut time)?;
        let wall = start.elapsed().as_secs_f64();
        let text = std::fs::read_to_string(&report).map_err(file_error(&report))?;
        let (cpu, memory) = parse(&text)
            .ok_or_else(|| Error::io("/usr/bin/time says what it should not", &text))?;
        eprintln!("  {round}: {wall:8.3} s  {command}");
        Ok(Sample { wall, cpu, memory })
    }
}

/// The places of those commands that are worth repeating, going by how long each took.
fn repeated(commands: &[(&str, &str)], walls: &[f64]) -> Vec<usize> {
    let all = || commands.iter().zip(walls);
    let best = |tool: &str| {
        let walls = all().filter(|((name, _), _)| *name == tool);
        walls.map(|(_, wall)| *wall).fold(f64::INFINITY, f64::min)
    };
    let kept = all().map(|((tool, _), wall)| *wall <= best(tool) * SLOWER);
    kept.enumerate()
        .filter_map(|(place, kept)| kept.then_some(place))
        .collect()
}

/// How often to repeat what takes `seconds` for all the `commands` together.
fn rounds(seconds: f64, runs: u32, commands: usize) -> u32 {
    let least = if commands > 1 { RUNS } else { 1 };
    ((SECONDS / seconds) as u32).max(least).min(runs)
}

/// Processor seconds and KiB from `USER SYSTEM KIB`.
fn parse(text: &str) -> Option<(f64, u64)> {
    let mut words = text.split_whitespace();
    let user: f64 = words.next()?.parse().ok()?;
    let system: f64 = words.next()?.parse().ok()?;
    Some((user + system, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert_eq!(median(std::iter::empty()), 0.0);
    }

    #[test]
    fn flags_that_slow_a_tool_are_not_repeated() {
        let commands = [("a", "a"), ("b", "b -x"), ("b", "b -y"), ("b", "b -z")];
        assert_eq!(repeated(&commands, &[9.0, 1.2, 1.0, 1.05]), [0, 2, 3]);
    }

    #[test]
    fn long_jobs_run_less_often() {
        assert_eq!(rounds(0.0, 5, 1), 5);
        assert_eq!(rounds(10.0, 5, 2), 4);
        assert_eq!(rounds(100.0, 5, 2), 3);
        assert_eq!(rounds(100.0, 1, 2), 1);
        assert_eq!(rounds(100.0, 5, 1), 1);
    }

    #[test]
    fn time_is_read() {
        assert_eq!(parse("1.50 0.25 2048\n"), Some((1.75, 2048)));
        assert_eq!(parse("Command terminated by signal 9"), None);
    }
}
