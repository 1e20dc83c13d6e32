//! Running commands in turn and reading the clock.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use report::{Error, Result};

use super::inputs::Inputs;
use super::same::same;
use crate::shell::{file_error, run};

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
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<Sample>);

impl Figures {
    /// The median wall time in seconds.
    pub(super) fn wall(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.wall))
    }

    /// The shortest and the longest wall time in seconds.
    pub(super) fn spread(&self) -> (f64, f64) {
        let walls = || self.0.iter().map(|sample| sample.wall);
        (
            walls().fold(f64::INFINITY, f64::min),
            walls().fold(0.0, f64::max),
        )
    }

    /// The median processor time in seconds.
    pub(super) fn cpu(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.cpu))
    }

    /// The highest peak memory of all runs, in MiB.
    pub(super) fn memory(&self) -> f64 {
        let peak = self.0.iter().map(|sample| sample.memory).max();
        peak.unwrap_or_default() as f64 / 1024.0
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
    /// Runs happen among `inputs`; programs are looked for in `tools` first.
    pub(super) fn new(inputs: &'a Inputs, tools: &Path, http: &'a str, runs: u32) -> Self {
        let rest = std::env::var("PATH").unwrap_or_default();
        Bench {
            dir: inputs.dir(),
            path: format!("{}:{rest}:/usr/sbin:/sbin", tools.display()),
            http,
            runs,
        }
    }

    /// Runs the commands in turn (A B C A B C …): once to warm up and to compare what they wrote with
    /// `content`, then as often as asked. The first must write, the others may.
    ///
    /// # Errors
    /// A command fails, or writes something else.
    pub(super) fn in_turn(&self, commands: &[&str], content: &str) -> Result<Vec<Figures>> {
        let mut figures = vec![Figures::default(); commands.len()];
        for round in 0..=self.runs {
            for (place, (command, figures)) in commands.iter().zip(&mut figures).enumerate() {
                let sample = self.once(command)?;
                eprintln!("  {round}: {:8.3} s  {command}", sample.wall);
                if round > 0 {
                    figures.0.push(sample);
                } else if place == 0 || self.out().exists() {
                    same(&self.dir.join(content), &self.out())?;
                }
                self.clear()?;
            }
        }
        Ok(figures)
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

    fn once(&self, command: &str) -> Result<Sample> {
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
        Ok(Sample { wall, cpu, memory })
    }
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
    fn time_is_read() {
        assert_eq!(parse("1.50 0.25 2048\n"), Some((1.75, 2048)));
        assert_eq!(parse("Command terminated by signal 9"), None);
    }
}
