//! Running work on a thread of its own while this one shows progress and listens for signals.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use error::{Error, Kind, Result, printable};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use transfer::{Control, Unsettled};

use crate::output::tell;
use crate::progress::Reporter;

/// How long clean-up may take before a person wonders: a second.
const PATIENCE: Duration = Duration::from_millis(900);
/// How much longer a volume or a device may take: to leave it behind is worse than to wait.
const MORE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(100);

enum Event<T> {
    Signal(i32),
    Done(Result<T>),
}

/// Runs `work`; the first signal asks it to stop and undo, a second Ctrl-C ends the wait.
///
/// # Errors
/// The work's, or [`Kind::Interrupted`].
pub(crate) fn run<T: Send + 'static>(
    control: &Arc<Control>,
    mut reporter: Reporter,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, events) = channel();
    listen(sender.clone())?;
    thread::Builder::new()
        .name("work".into())
        .spawn(move || {
            // A defect must not look like an endless wait: the panic has told its story by now.
            let result = catch_unwind(AssertUnwindSafe(work));
            let died = || Err(Error::io("the work stopped", "a thread died of a defect"));
            sender.send(Event::Done(result.unwrap_or_else(|_| died())))
        })
        .map_err(|cause| Error::io("no thread to work in", cause))?;
    let result = wait(control, &events, &mut reporter);
    reporter.finish(control.progress());
    result
}

fn wait<T>(control: &Control, events: &Receiver<Event<T>>, reporter: &mut Reporter) -> Result<T> {
    let mut deadline: Option<Instant> = None;
    let mut more = false;
    loop {
        match events.recv_timeout(TICK) {
            Ok(Event::Done(result)) => return result,
            Ok(Event::Signal(_)) if deadline.is_none() => {
                control.cancel();
                if !control.is_changing() {
                    return Err(Error::new(Kind::Interrupted, "interrupted"));
                }
                deadline = Some(Instant::now() + PATIENCE);
            }
            // A session that ends sends several signals at once; only a person presses Ctrl-C again.
            Ok(Event::Signal(SIGINT)) => return Err(cut_short(control)),
            Ok(Event::Signal(_)) => {}
            Err(RecvTimeoutError::Timeout) => reporter.show(control.progress()),
            Err(RecvTimeoutError::Disconnected) => return Err(cut_short(control)),
        }
        if deadline.is_none_or(|deadline| Instant::now() <= deadline) {
            continue;
        }
        match lasting(control) {
            Some(names) if !more => {
                more = true;
                deadline = Some(Instant::now() + MORE);
                tell(&format!(
                    "undoing {names}; interrupt again to leave it as it is"
                ));
            }
            _ => return Err(cut_short(control)),
        }
    }
}

/// The volumes and devices that are still being undone.
fn lasting(control: &Control) -> Option<String> {
    let unsettled = control.unsettled().into_iter();
    let lasting = unsettled.filter(|target| target.lasting && target.temporary.is_none());
    let names: Vec<String> = lasting.map(|target| printable(&target.name)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The end when clean-up takes too long. A temporary file can go even while the system still writes
/// to it; everything else is named.
fn cut_short(control: &Control) -> Error {
    let mut error = Error::new(Kind::Interrupted, "interrupted");
    for Unsettled {
        name, temporary, ..
    } in control.unsettled()
    {
        if temporary.is_none_or(|file| std::fs::remove_file(file).is_err()) {
            error = error.cause(format!("{name} is left incomplete"));
        }
    }
    error
}

/// The signals that ask for an end, but for those that were ignored when the program started:
/// `nohup` means it.
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
    // A file that grows past its limit (ulimit -f) is the write's error once somebody listens.
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
