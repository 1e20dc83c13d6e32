//! How far the work is, on standard error.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use error::{Result, amount};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use job::Watch;
use serde_json::json;
use transfer::{Control, Progress};

use crate::output::tell;

/// What to show while working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// A bar on a terminal, nothing elsewhere
    Auto,
    /// A bar on a terminal, even where nothing else is shown
    Bar,
    /// A line of JSON every second
    Json,
    /// Nothing
    None,
}

/// Does `work`, which `control` is shared with, and has `reporter` show how far it is.
///
/// # Errors
/// As [`job::run`].
pub(crate) fn run<T: Send + 'static>(
    control: &Control,
    reporter: Reporter,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let mut shown = Shown { control, reporter };
    job::run(control.job(), &mut shown, work)
}

/// A transfer's progress.
struct Shown<'a> {
    control: &'a Control,
    reporter: Reporter,
}

impl Watch for Shown<'_> {
    fn show(&mut self) {
        self.reporter.show(self.control.progress());
    }

    fn say(&mut self, text: &str) {
        tell(text);
    }

    fn finish(&mut self) {
        self.reporter.finish(self.control.progress());
    }
}

/// Shows progress in one way.
pub(crate) enum Reporter {
    Silent,
    Bar(ProgressBar),
    Json {
        start: Instant,
        last: Option<Instant>,
    },
}

impl Reporter {
    /// A reporter for `mode`; `quiet` turns an automatic bar off.
    pub(crate) fn new(mode: Mode, quiet: bool) -> Self {
        match mode {
            Mode::Auto if stderr().is_terminal() && !quiet => Reporter::bar(),
            Mode::Bar => Reporter::bar(),
            Mode::Json => Reporter::Json {
                start: Instant::now(),
                last: None,
            },
            Mode::Auto | Mode::None => Reporter::Silent,
        }
    }

    fn bar() -> Self {
        let bar = ProgressBar::new(1);
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let style = "{bar:20.cyan/blue} {percent:>3}%  {elapsed:>4}  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        Reporter::Bar(bar)
    }

    /// Shows how far the work is; call it a few times a second.
    fn show(&mut self, progress: Progress) {
        match self {
            Reporter::Silent => {}
            Reporter::Bar(bar) => draw(bar, progress),
            Reporter::Json { start, last } => {
                if last.is_none_or(|last| last.elapsed() >= Duration::from_secs(1)) {
                    *last = Some(Instant::now());
                    tell(&line(progress, start.elapsed()));
                }
            }
        }
    }

    /// Shows the end and goes away.
    fn finish(&mut self, progress: Progress) {
        match self {
            Reporter::Silent => {}
            Reporter::Bar(bar) => bar.finish_and_clear(),
            Reporter::Json { start, .. } => tell(&line(progress, start.elapsed())),
        }
    }
}

fn draw(bar: &ProgressBar, progress: Progress) {
    // How far the disk is says most, but it is not always known how large it is.
    let (done, all) = match (progress.source_size, progress.disk_size) {
        (0, 0) => (0, 1),
        (size, 0) => (progress.bytes_read, size),
        (_, size) => (progress.position, size),
    };
    bar.set_length(all.max(1));
    bar.set_position(done.min(all));
    bar.set_message(format!(
        "{} read, {} data in {}",
        amount(progress.bytes_read),
        amount(progress.data),
        amount(progress.position),
    ));
}

fn line(progress: Progress, elapsed: Duration) -> String {
    let known = |bytes: u64| (bytes > 0).then_some(bytes);
    json!({
        "progress": {
            "source_bytes": progress.bytes_read,
            "source_size": known(progress.source_size),
            "disk_bytes": progress.position,
            "disk_size": known(progress.disk_size),
            "data_bytes": progress.data,
            "seconds": elapsed.as_secs_f64(),
        }
    })
    .to_string()
}
