//! A running tool: its pipes, its bounds and its end, all seen to by one thread.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

/// Most bytes of standard error that are kept; what comes behind is read and forgotten.
const ERRORS: usize = 64 << 10;

/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;

/// Pieces that are taken of each pipe once the tool has ended: as much as a pipe holds (fcntl(2), F_SETPIPE_SZ). What it
/// left in the background may write for ever.
const LEFT: usize = 17;

/// How long one waits at first before looking again, and at most: a tool that ends at once costs little, and one that
/// runs for long is still ended soon.
const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_millis(50);

/// What a tool may do.
pub(crate) struct Bounds<'a> {
    /// How long it may take.
    pub(crate) time: Option<Duration>,
    /// How many bytes it may write to standard output.
    pub(crate) output: usize,
    /// Whether it is to end now.
    pub(crate) cancelled: &'a dyn Fn() -> bool,
}

/// What a tool wrote, and why it ended.
pub(crate) struct Written {
    pub(crate) ended: Ended,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Why a tool ended.
pub(crate) enum Ended {
    /// By itself.
    Itself(ExitStatus),
    /// It took longer than this and was killed.
    Time(Duration),
    /// It wrote too much and was killed.
    Output,
    /// It was cancelled and killed.
    Cancelled,
}

/// A tool that was started, and this side of its pipes; each goes when its other side does.
struct Running<'a> {
    child: Child,
    /// How it ended, once it has and was waited for.
    status: Option<ExitStatus>,
    input: &'a [u8],
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    written: Vec<u8>,
    errors: Vec<u8>,
}

/// Sees to `child` until it ends by itself or breaks one of its `bounds`; then it is killed with its process group.
///
/// # Errors
/// What the operating system says when a pipe fails; the child is killed then.
pub(crate) fn attend(mut child: Child, input: &[u8], bounds: &Bounds<'_>) -> io::Result<Written> {
    let mut running = Running {
        stdin: child.stdin.take(),
        stdout: child.stdout.take(),
        stderr: child.stderr.take(),
        child,
        status: None,
        input,
        written: Vec::new(),
        errors: Vec::new(),
    };
    let ended = running.watch(bounds);
    running.kill();
    Ok(Written {
        ended: ended?,
        stdout: running.written,
        stderr: running.errors,
    })
}

impl Running<'_> {
    fn watch(&mut self, bounds: &Bounds<'_>) -> io::Result<Ended> {
        self.never_wait()?;
        let start = Instant::now();
        let (mut pause, mut left) = (SHORT, LEFT);
        loop {
            self.wait(pause)?;
            // Asked first: what a child that has ended wrote is in its pipes by then, and is taken below.
            self.status = self.child.try_wait()?;
            self.give();
            let most = bounds.output.saturating_add(1);
            let more = take(&mut self.stdout, &mut self.written, most)?;
            let more = take(&mut self.stderr, &mut self.errors, ERRORS)? || more;
            if self.written.len() > bounds.output {
                return Ok(Ended::Output);
            }
            if let Some(status) = self.status {
                left -= 1;
                if !more || left == 0 {
                    return Ok(Ended::Itself(status));
                }
                continue;
            }
            if (bounds.cancelled)() {
                return Ok(Ended::Cancelled);
            }
            if let Some(limit) = bounds.time
                && start.elapsed() >= limit
            {
                return Ok(Ended::Time(limit));
            }
            pause = if more { SHORT } else { LONG.min(pause * 2) };
        }
    }

    /// Kills the child and what it started in its group. Once it was waited for, its number may be another's.
    fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // What has ended already needs no signal.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// Makes reading and writing return at once.
    fn never_wait(&self) -> io::Result<()> {
        let stdin = self.stdin.as_ref().map(AsFd::as_fd);
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        for pipe in [stdin, stdout, stderr].into_iter().flatten() {
            let flags = rustix::fs::fcntl_getfl(pipe)?;
            rustix::fs::fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?;
        }
        Ok(())
    }

    /// Waits until something can be read or written, at most this long.
    fn wait(&self, pause: Duration) -> io::Result<()> {
        let mut ready = Vec::with_capacity(3);
        ready.extend(
            self.stdin
                .as_ref()
                .map(|pipe| PollFd::new(pipe, PollFlags::OUT)),
        );
        ready.extend(
            self.stdout
                .as_ref()
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        ready.extend(
            self.stderr
                .as_ref()
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        let pause = Timespec::try_from(pause).map_err(io::Error::other)?;
        match poll(&mut ready, Some(&pause)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Gives the tool as much of its input as it takes now.
    fn give(&mut self) {
        let Some(pipe) = &mut self.stdin else {
            return;
        };
        match pipe.write(self.input) {
            Ok(len) => self.input = self.input.get(len..).unwrap_or_default(),
            Err(error) if is_later(&error) => {}
            // A tool need not read its input.
            Err(_) => self.input = &[],
        }
        if self.input.is_empty() {
            self.stdin = None;
        }
    }
}

/// Takes what is in `pipe` now, one piece of it, and keeps what `kept` has room for up to `limit` bytes. Returns
/// whether there was something.
fn take(pipe: &mut Option<impl Read>, kept: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    let Some(from) = pipe else {
        return Ok(false);
    };
    let mut piece = [0; PIECE];
    match from.read(&mut piece) {
        Ok(0) => *pipe = None,
        Ok(len) => {
            let room = limit.saturating_sub(kept.len()).min(len);
            kept.extend_from_slice(piece.get(..room).unwrap_or_default());
            return Ok(true);
        }
        Err(error) if is_later(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(false)
}

fn is_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
