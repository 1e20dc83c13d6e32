//! Figures as a page: goals, tables, bars.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use report::{Error, Result};

use super::Outcome;
use super::measure::Figures;
use crate::shell::file_error;

const BEGIN: &str =
    "<!-- measured: `cargo xtask bench` replaces everything down to the end mark -->";
const END: &str = "<!-- measured: end -->";

/// What a page that does not exist yet begins with.
const HEAD: &str = "# Benchmarks\n\n";

/// Columns of the longest bar.
const WIDTH: f64 = 50.0;

/// A goal and what came of it.
struct Goal {
    job: &'static str,
    goal: String,
    measured: String,
    met: bool,
}

/// The measured part of the page.
pub(super) fn measured(
    machine: &[String],
    inputs: &[String],
    runs: u32,
    outcomes: &[Outcome],
) -> String {
    let mut page = String::from("## Goals\n\n| job | goal | measured | |\n|---|---|---|---|\n");
    for goal in outcomes.iter().flat_map(goals) {
        let met = if goal.met { "met" } else { "**missed**" };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {met} |",
            goal.job, goal.goal, goal.measured
        );
    }
    for outcome in outcomes {
        page += &job(outcome);
    }
    page += "\n## How it was measured\n\n";
    let _ = writeln!(
        page,
        "Medians of {runs} runs after one to warm up, all commands of a job in turn. Time is that of the whole\n\
         command line; memory is the peak of its largest process. Every disk written was compared with the original.\n"
    );
    for line in machine.iter().chain(inputs) {
        let _ = writeln!(page, "- {line}");
    }
    page
}

/// Puts the measured part into the page, between the marks; what people wrote around it stays.
///
/// # Errors
/// The page cannot be read or written, or lost one of its marks.
pub(super) fn write(path: &Path, measured: &str) -> Result<()> {
    let old = match path.exists() {
        true => fs::read_to_string(path).map_err(file_error(path))?,
        false => format!("{HEAD}{BEGIN}\n{END}\n"),
    };
    let new = replaced(&old, measured)
        .ok_or_else(|| Error::corrupt("has lost its marks").at(path.display()))?;
    fs::write(path, new).map_err(file_error(path))?;
    println!("{} is written", path.display());
    Ok(())
}

fn replaced(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}\n{}\n{END}{after}",
        measured.trim_end()
    ))
}

fn goals(outcome: &Outcome) -> Vec<Goal> {
    let job = outcome.job;
    let ours = &outcome.ours;
    let mut goals = Vec::new();
    for (peer, theirs) in &outcome.peers {
        let share = ours.wall() / theirs.wall();
        goals.extend(peer.at_most.map(|most| Goal {
            job: job.name,
            goal: format!("at most {} of {}", ratio(most), peer.tool),
            measured: format!("{share:.3}"),
            met: share <= most,
        }));
    }
    goals.extend(job.seconds.map(|seconds| Goal {
        job: job.name,
        goal: format!("under {seconds} s"),
        measured: format!("{:.2} s", ours.wall()),
        met: ours.wall() < seconds,
    }));
    goals.push(Goal {
        job: job.name,
        goal: format!("at most {} MiB", job.memory),
        measured: format!("{:.1} MiB", ours.memory()),
        met: ours.memory() <= job.memory as f64,
    });
    goals
}

/// A share, or how many times faster where that reads better.
fn ratio(share: f64) -> String {
    match share {
        share if share < 0.1 => format!("{share:.3} (1/{:.0})", 1.0 / share),
        share => format!("{share:.2}"),
    }
}

fn job(outcome: &Outcome) -> String {
    let job = outcome.job;
    let ours = ("innkeeper", job.command, &outcome.ours);
    let peers = outcome
        .peers
        .iter()
        .map(|(peer, theirs)| (peer.tool, peer.command, theirs));
    let rows: Vec<(&str, &str, &Figures)> = std::iter::once(ours).chain(peers).collect();
    let longest = rows.iter().map(|row| row.2.wall()).fold(0.0, f64::max);
    let mut text = format!("\n## {}\n\n```text\n", job.name);
    for (number, (name, _, figures)) in rows.iter().enumerate() {
        let mark = if number == 0 { "→ " } else { "  " };
        let bar = bar(figures.wall(), longest);
        let _ = writeln!(text, "{mark}{name:10} {:8.2} s  {bar}", figures.wall());
    }
    text += "```\n\n| command | wall, s | from–to | CPU, s | memory, MiB | innkeeper takes |\n|---|--:|--:|--:|--:|--:|\n";
    for (number, (_, command, figures)) in rows.iter().enumerate() {
        let (least, most) = figures.spread();
        let share = match number {
            0 => String::new(),
            _ => ratio(outcome.ours.wall() / figures.wall()),
        };
        let command = command.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{command}` | {:.2} | {least:.2}–{most:.2} | {:.2} | {:.1} | {share} |",
            figures.wall(),
            figures.cpu(),
            figures.memory()
        );
    }
    text
}

/// A bar of eighths of a column.
fn bar(value: f64, longest: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (value / longest.max(f64::MIN_POSITIVE) * WIDTH * 8.0)
        .round()
        .max(1.0) as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays() {
        let page = format!("# B\nwhy\n{BEGIN}\nold\n{END}\nprofile\n");
        let new = replaced(&page, "new\n").unwrap();
        assert_eq!(new, format!("# B\nwhy\n{BEGIN}\nnew\n{END}\nprofile\n"));
        assert_eq!(replaced("# B\n", "new"), None);
    }

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bar(10.0, 10.0).chars().count(), 50);
        assert_eq!(bar(1.0, 10.0), "█████");
        assert_eq!(bar(0.0, 10.0), "▏");
        assert_eq!(bar(0.0, 0.0), "▏");
    }

    #[test]
    fn small_shares_read_as_times() {
        assert_eq!(ratio(0.05), "0.050 (1/20)");
        assert_eq!(ratio(0.7), "0.70");
    }
}
