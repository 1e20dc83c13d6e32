//! The guard itself.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use error::{Error, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Pid, Signal, chdir, getppid, kill_process, setsid};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use signal_hook::consts::SIGTERM;

use super::{APPLIED, BEGIN, CONFIRM, DISMISS, READY, UNDO};
use crate::event::{Event, Watch};
use crate::journal::{Journal, Log};
use crate::plan::joined;
use crate::record::{Entry, Record, UndoneBy};
use crate::resource::Ready;
use crate::resources::Resources;
use crate::undo::{Purpose, clean, tag};

/// How long a client that was killed may take to end before its steps are undone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Guards change `id` until it is confirmed, undone or dismissed. Standard input is the client's socket.
///
/// # Errors
/// The guard could not be armed, of which the client knows, or an undo did not succeed.
pub(crate) fn serve(
    resources: &Resources,
    journal: &Journal,
    id: u64,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let input = io::stdin().as_fd().try_clone_to_owned();
    let mut client = UnixStream::from(input.map_err(cannot("its socket cannot be used"))?);
    let armed = Guard::arm(resources, journal, id);
    let answer = match &armed {
        Ok(_) => READY.to_owned(),
        Err(error) => error.to_string().replace('\n', " "),
    };
    // A client that has ended meanwhile is noticed below.
    let _ = client.write_all(format!("{answer}\n").as_bytes());
    let mut guard = armed?;
    let end = guard.follow(&mut client).unwrap_or_else(|| guard.hold());
    let ended = guard.end(end, watch);
    // What follows may open files: the change is settled.
    drop(guard.inverses);
    let _ = clean(resources, &guard.record);
    let _ = fs::remove_file(journal.control(id));
    ended
}

/// Everything that is needed to undo a change, open.
struct Guard {
    record: Record,
    log: Log,
    inverses: Vec<Box<dyn Ready>>,
    control: File,
    timer: OwnedFd,
    terminated: UnixStream,
    parent: Option<Pid>,
    begun: usize,
}

/// Why the guard stops waiting.
enum End {
    Confirmed,
    Dismissed,
    Undo,
}

impl Guard {
    fn arm(resources: &Resources, journal: &Journal, id: u64) -> Result<Self> {
        let parent = getppid();
        let record = journal.record(id)?;
        let record = record.ok_or_else(|| Error::refused(format!("there is no change {id}")))?;
        let within = record
            .within
            .ok_or_else(|| Error::refused(format!("change {id} does not wait")))?;
        let mut inverses = Vec::new();
        for step in &record.plan.steps {
            let resource = resources.open(&step.kind, &step.target)?;
            inverses.push(resource.prepare(&step.before, &tag(id, Purpose::Guard))?);
        }
        setsid().map_err(cannot("no session of its own"))?;
        chdir("/").map_err(cannot("cannot leave its directory"))?;
        let guard = Guard {
            log: journal.open(id)?,
            record,
            inverses,
            control: control(journal, id)?,
            terminated: terminated()?,
            timer: timer(within)?,
            parent,
            begun: 0,
        };
        // The last process to be killed when memory runs out; see proc(5). A container may forbid it.
        let _ = fs::write("/proc/self/oom_score_adj", "-1000");
        mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE)
            .map_err(cannot("its memory cannot be locked"))?;
        Ok(guard)
    }

    /// Follows the client until every step is applied; returns early with what ends the change before that.
    fn follow(&mut self, client: &mut UnixStream) -> Option<End> {
        loop {
            let [told, stopped, late] =
                readable([client.as_fd(), self.terminated.as_fd(), self.timer.as_fd()]);
            if stopped || late {
                self.stop(client);
                return Some(End::Undo);
            }
            if !told {
                continue;
            }
            match byte(client) {
                Some(BEGIN) => self.begun += 1,
                Some(DISMISS) => return Some(End::Dismissed),
                Some(APPLIED) => {
                    // A client that is gone by now has nothing left to do.
                    let _ = client.write_all(&[APPLIED]);
                    return None;
                }
                _ => return Some(End::Undo),
            }
        }
    }

    /// Waits for a confirmation. One that came before the deadline was noticed wins.
    fn hold(&mut self) -> End {
        loop {
            let [asked, stopped, late] = readable([
                self.control.as_fd(),
                self.terminated.as_fd(),
                self.timer.as_fd(),
            ]);
            match asked.then(|| byte(&mut self.control)).flatten() {
                Some(CONFIRM) => return End::Confirmed,
                Some(UNDO) => return End::Undo,
                _ if stopped || late => return End::Undo,
                _ => {}
            }
        }
    }

    /// Kills a client that is still applying steps, which would otherwise go on after they were undone.
    fn stop(&self, client: &mut UnixStream) {
        if let Some(parent) = self.parent {
            let _ = kill_process(parent, Signal::KILL);
        }
        let _ = client.set_read_timeout(Some(PATIENCE));
        let _ = io::copy(client, &mut io::sink());
    }

    fn end(&mut self, end: End, watch: &mut Watch<'_>) -> Result<()> {
        match end {
            End::Dismissed => Ok(()),
            End::Confirmed => self.log.append(&Entry::Confirmed),
            End::Undo => self.undo(watch),
        }
    }

    fn undo(&mut self, watch: &mut Watch<'_>) -> Result<()> {
        let mut errors = Vec::new();
        for (index, inverse) in self.inverses.iter_mut().enumerate().take(self.begun).rev() {
            errors.extend(inverse.commit().err());
            let _ = watch(Event::Undone(index));
        }
        let undone = joined(format!("{} steps cannot be undone", errors.len()), errors);
        let entry = match &undone {
            Ok(()) => Entry::Undone {
                by: UndoneBy::Guard,
            },
            Err(error) => Entry::Undoing {
                error: Some(error.to_text()),
            },
        };
        self.log.append(&entry)?;
        undone
    }
}

fn cannot<E: std::fmt::Display>(what: &str) -> impl Fn(E) -> Error {
    let what = what.to_owned();
    move |cause| Error::io(&what, cause)
}

/// The pipe by which other commands speak to the guard. The guard holds both ends, so that it never reads an
/// end of file.
fn control(journal: &Journal, id: u64) -> Result<File> {
    let path = journal.control(id);
    let failed = cannot("its pipe cannot be made");
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(CWD, &path, FileType::Fifo, mode, 0).map_err(&failed)?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&path, flags, Mode::empty());
    opened.map(File::from).map_err(failed)
}

/// A timer that expires once, after `seconds` of CLOCK_BOOTTIME, which counts suspended time; see
/// timerfd_create(2).
fn timer(seconds: u64) -> Result<OwnedFd> {
    let failed = cannot("no timer");
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC);
    let timer = timer.map_err(&failed)?;
    let none = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let when = Itimerspec {
        it_interval: none,
        it_value: Timespec {
            tv_sec: seconds.try_into().unwrap_or(i64::MAX),
            // A timer of zero would be switched off.
            tv_nsec: 1,
        },
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &when).map_err(failed)?;
    Ok(timer)
}

/// A socket that becomes readable at SIGTERM: a host that shuts down starts again as it was before.
fn terminated() -> Result<UnixStream> {
    let failed = cannot("signals cannot be handled");
    let (reader, writer) = UnixStream::pair().map_err(&failed)?;
    signal_hook::low_level::pipe::register(SIGTERM, writer).map_err(failed)?;
    Ok(reader)
}

/// Which of these can be read; waits until one can.
fn readable<const N: usize>(files: [BorrowedFd<'_>; N]) -> [bool; N] {
    let mut polled = files.map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
    loop {
        match poll(&mut polled, None) {
            Ok(_) => return polled.map(|file| !file.revents().is_empty()),
            Err(Errno::INTR) => {}
            // Without poll(2) the guard would never notice the deadline: it is now.
            Err(_) => return [true; N],
        }
    }
}

/// The next byte; nothing at the end.
fn byte(from: &mut impl Read) -> Option<u8> {
    let mut byte = [0];
    from.read_exact(&mut byte).ok().map(|()| byte[0])
}
