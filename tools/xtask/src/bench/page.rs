//! Figures as a page: goals, tables, bars.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use error::{Error, Result};

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
pub(super) fn measured(facts: &[String], runs: u32, sections: &[(&str, Vec<Outcome>)]) -> String {
    let mut page = String::from("## Goals\n\n| job | goal | measured | |\n|---|---|---|---|\n");
    for goal in sections
        .iter()
        .flat_map(|(_, outcomes)| outcomes)
        .flat_map(goals)
    {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            goal.job,
            goal.goal,
            goal.measured,
            mark(goal.met)
        );
    }
    for (title, outcomes) in sections {
        let _ = writeln!(page, "\n## {title}");
        for outcome in outcomes {
            page += &job(outcome);
        }
    }
    page += "\n## How it was measured\n\n";
    let _ = writeln!(
        page,
        "Medians of up to {runs} runs after one to warm up, all commands of a job in turn; fewer where they take long. Where\n\
         a tool has several rows, with other flags each, the goal goes by the fastest, and flags that were clearly slower when\n\
         warming up ran no more than that once. Time is that of the whole command line; memory is the peak of its largest\n\
         process. Every disk written was compared with the original.\n"
    );
    for line in facts {
        let _ = writeln!(page, "- {line}");
    }
    page
}

/// Puts the measured part into the page, between the marks; what people wrote around it stays.
///
/// # Errors
/// The page cannot be read or written, or lost one of its marks.
pub(super) fn write(path: &Path, measured: &str) -> Result<()> {
    let old = if path.exists() {
        fs::read_to_string(path).map_err(file_error(path))?
    } else {
        format!("{HEAD}{BEGIN}\n{END}\n")
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
    for (peer, theirs) in outcome.best() {
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
    goals.extend(size(outcome));
    goals.push(Goal {
        job: job.name,
        goal: format!("at most {} MiB", job.memory),
        measured: format!("{:.1} MiB", ours.memory()),
        met: ours.memory() <= job.memory as f64,
    });
    goals
}

/// The goal for the size of the file, if there is one.
fn size(outcome: &Outcome) -> Option<Goal> {
    let most = outcome.job.size?;
    let theirs = outcome.peers.iter().filter_map(|(_, peer)| peer.size());
    let share = outcome.ours.size()? as f64 / theirs.min()? as f64;
    Some(Goal {
        job: outcome.job.name,
        goal: format!("file at most {most:.2} of the smallest"),
        measured: format!("{share:.3}"),
        met: share <= most,
    })
}

fn mark(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

/// A share, or how many times faster where that reads better.
fn ratio(share: f64) -> String {
    match share {
        share if share < 0.1 => format!("{share:.3} (1/{:.0})", 1.0 / share),
        share => format!("{share:.2}"),
    }
}

fn job(outcome: &Outcome) -> String {
    let best = outcome.best();
    let bars = || {
        let peers = best.iter().map(|(peer, theirs)| (peer.tool, theirs.wall()));
        std::iter::once(("innkeeper", outcome.ours.wall())).chain(peers)
    };
    let longest = bars().map(|(_, wall)| wall).fold(0.0, f64::max);
    let mut text = format!("\n### {}\n\n```text\n", outcome.job.name);
    for (number, (name, wall)) in bars().enumerate() {
        let mark = if number == 0 { "→ " } else { "  " };
        let bar = bar(wall, longest);
        let _ = writeln!(text, "{mark}{name:10} {wall:8.2} s  {bar}");
    }
    // The size of a raw disk is no achievement.
    let file = if outcome.is_raw() { "" } else { " file, MB |" };
    let rule = if outcome.is_raw() { "" } else { "--:|" };
    let _ = writeln!(
        text,
        "```\n\n| command | wall, s | from–to | runs | CPU, s | memory, MiB |{file} innkeeper takes | goal |\n\
         |---|--:|--:|--:|--:|--:|{rule}--:|--:|"
    );
    text += &row(outcome, outcome.job.command, &outcome.ours, "", "");
    for (peer, theirs) in &outcome.peers {
        let share = outcome.ours.wall() / theirs.wall();
        let fastest = best.iter().any(|other| std::ptr::eq(other.0, *peer));
        let goal = match peer.at_most.filter(|_| fastest) {
            Some(most) => format!("{}, {}", ratio(most), mark(share <= most)),
            None => String::new(),
        };
        text += &row(outcome, peer.command, theirs, &ratio(share), &goal);
    }
    text
}

fn row(outcome: &Outcome, command: &str, figures: &Figures, share: &str, goal: &str) -> String {
    let (least, most) = figures.spread();
    let command = command.replace('|', "\\|");
    let file = match figures.size() {
        Some(size) if !outcome.is_raw() => format!(" {:.1} |", size as f64 / 1e6),
        _ => String::new(),
    };
    format!(
        "| `{command}` | {:.2} | {least:.2}–{most:.2} | {} | {:.2} | {:.1} |{file} {share} | {goal} |\n",
        figures.wall(),
        figures.runs(),
        figures.cpu(),
        figures.memory()
    )
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
