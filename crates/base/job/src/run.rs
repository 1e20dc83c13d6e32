//! Running work on a thread of its own while this one shows progress and listens for signals.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use error::{Error, Kind, Result, printable};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::{Job, Unsettled, interrupted};

/// How long undoing may take before the program ends all the same.
const PATIENCE: Duration = Duration::from_millis(900);
/// How much longer a volume or a device may take: to leave it behind is worse than to wait.
const MORE: Duration = Duration::from_secs(10);
/// Between two looks at the progress.
const TICK: Duration = Duration::from_millis(100);

/// What the user sees of the work.
pub trait Watch {
    /// Shows how far the work is; called a few times a second.
    fn show(&mut self);

    /// Says something about the work.
    fn say(&mut self, text: &str);

    /// Shows the end.
    fn finish(&mut self);
}

enum Event<T> {
    Signal(i32),
    Done(Result<T>),
}

/// Does `work`; the first signal (SIGINT, SIGTERM, SIGHUP) asks it to stop and undo, a second Ctrl-C ends
/// the wait.
///
/// # Errors
/// The work's, or [`Kind::Interrupted`], which names what is left behind.
pub fn run<T: Send + 'static>(
    job: &Job,
    watch: &mut dyn Watch,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, events) = channel();
    listen(sender.clone())?;
    thread::Builder::new()
        .name("work".into())
        .spawn(move || {
            // A defect must not look like an endless wait: the panic was printed by now.
            let result = catch_unwind(AssertUnwindSafe(work));
            let died = || Err(Error::io("the work stopped", "a thread died of a defect"));
            sender.send(Event::Done(result.unwrap_or_else(|_| died())))
        })
        .map_err(|cause| Error::io("no thread to work in", cause))?;
    let result = wait(job, &events, watch);
    watch.finish();
    result
}

fn wait<T>(job: &Job, events: &Receiver<Event<T>>, watch: &mut dyn Watch) -> Result<T> {
    let mut deadline: Option<Instant> = None;
    let mut more = false;
    loop {
        match events.recv_timeout(TICK) {
            Ok(Event::Done(result)) => return result,
            Ok(Event::Signal(_)) if deadline.is_none() => {
                job.cancel();
                if !job.is_changing() {
                    return Err(interrupted());
                }
                deadline = Some(Instant::now() + PATIENCE);
            }
            // A session that ends sends several signals at once; only a user presses Ctrl-C again.
            Ok(Event::Signal(SIGINT)) => return Err(cut_short(job)),
            Ok(Event::Signal(_)) => {}
            Err(RecvTimeoutError::Timeout) => watch.show(),
            Err(RecvTimeoutError::Disconnected) => return Err(cut_short(job)),
        }
        if deadline.is_none_or(|deadline| Instant::now() <= deadline) {
            continue;
        }
        match lasting(job) {
            Some(names) if !more => {
                more = true;
                deadline = Some(Instant::now() + MORE);
                watch.say(&format!(
                    "undoing {names}; interrupt again to leave it as it is"
                ));
            }
            _ => return Err(cut_short(job)),
        }
    }
}

/// The volumes and devices that are still being undone.
fn lasting(job: &Job) -> Option<String> {
    let unsettled = job.unsettled().into_iter();
    let lasting = unsettled.filter(|one| one.lasting && one.temporary.is_none());
    let names: Vec<String> = lasting.map(|one| printable(&one.name)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The end when undoing takes too long. A temporary file can go even while the system still writes to it;
/// everything else is named.
fn cut_short(job: &Job) -> Error {
    let mut error = Error::new(Kind::Interrupted, "interrupted");
    for Unsettled {
        name, temporary, ..
    } in job.unsettled()
    {
        if temporary.is_none_or(|file| std::fs::remove_file(file).is_err()) {
            error = error.cause(format!("{name} is left incomplete"));
        }
    }
    error
}

/// The signals that ask for an end, but for those that were ignored when the program started: `nohup`
/// means it.
fn wanted() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    let mut signals = vec![SIGINT, SIGTERM, SIGHUP];
    signals.retain(|signal| ignored >> (signal - 1) & 1 == 0);
    signals
}

fn listen<T: Send + 'static>(sender: Sender<Event<T>>) -> Result<()> {
    let no = |cause: std::io::Error| Error::io("signals cannot be listened for", cause);
    // A file that grows past its limit (ulimit -f) is the write's error where SIGXFSZ is handled.
    let mut signals = Signals::new(wanted().into_iter().chain([SIGXFSZ])).map_err(no)?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                if signal != SIGXFSZ && sender.send(Event::Signal(signal)).is_err() {
                    return;
                }
            }
        })
        .map_err(no)?;
    Ok(())
}
