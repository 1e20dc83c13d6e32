//! The program beside an earlier one: is anything slower, does anything take more memory?

use std::path::Path;

use error::{Error, Result};
use render::{Column, Look, Table};

use super::jobs::Job;
use super::measure::{Bench, Figures};

/// The geometric mean of all ratios may be at most this.
const MEAN: f64 = 1.03;
/// No job's ratio may be more.
const SINGLE: f64 = 1.10;

/// A job as both programs did it.
pub(super) struct Pair {
    job: &'static Job,
    before: Figures,
    after: Figures,
}

impl Pair {
    /// Does `job` in turn with the program and with the one in the directory `before`.
    ///
    /// # Errors
    /// One of them fails, or writes something else.
    pub(super) fn measure(bench: &Bench<'_>, job: &'static Job, before: &Path) -> Result<Self> {
        eprintln!("{}", job.name);
        let earlier = format!("PATH='{}':$PATH; {}", before.display(), job.command);
        let commands = [("after", job.command), ("before", &*earlier)];
        let mut figures = bench.in_turn(job, &commands)?.into_iter();
        match (figures.next(), figures.next()) {
            (Some(after), Some(before)) => Ok(Pair { job, before, after }),
            _ => Err(Error::io("a program did not run", job.name)),
        }
    }

    /// How long the program takes, as a share of the earlier one's time.
    fn ratio(&self) -> f64 {
        self.after.wall() / self.before.wall()
    }
}

/// A table of all pairs, and the mean.
pub(super) fn page(pairs: &[Pair], look: &Look) -> String {
    let mut table = Table::new([
        Column::words("job"),
        Column::numbers("before"),
        Column::numbers("after"),
        Column::numbers("ratio"),
        Column::numbers("MiB before"),
        Column::numbers("MiB after"),
    ]);
    for pair in pairs {
        table.row([
            pair.job.name.to_owned(),
            format!("{:.3} s", pair.before.wall()),
            format!("{:.3} s", pair.after.wall()),
            format!("{:.3}", pair.ratio()),
            format!("{:.0}", pair.before.memory()),
            format!("{:.0}", pair.after.memory()),
        ]);
    }
    format!(
        "{}geometric mean {:.3} (at most {MEAN}; no job over {SINGLE})\n",
        table.render(look),
        mean(pairs.iter().map(Pair::ratio))
    )
}

/// The geometric mean.
fn mean(ratios: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = ratios.len() as f64;
    (ratios.map(f64::ln).sum::<f64>() / count).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_geometric() {
        assert!((mean([0.5, 2.0].into_iter()) - 1.0).abs() < 1e-9);
        assert!((mean([1.1, 1.1].into_iter()) - 1.1).abs() < 1e-9);
    }
}
