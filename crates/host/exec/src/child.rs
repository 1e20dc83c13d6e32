//! A running tool: its pipes, its bounds and its end, all seen to by one thread.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};

/// Most bytes of standard error that are kept; what comes behind is read and forgotten.
const ERRORS: usize = 64 << 10;

/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;

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

/// This side of a tool's pipes; each goes when its other side does.
struct Pipes<'a> {
    stdin: Option<ChildStdin>,
    input: &'a [u8],
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

/// Sees to `child` until it ends by itself or breaks one of its `bounds`; then it is killed with its process group.
///
/// # Errors
/// What the operating system says when a pipe fails; the child is killed then.
pub(crate) fn attend(mut child: Child, input: &[u8], bounds: &Bounds<'_>) -> io::Result<Written> {
    let mut pipes = Pipes {
        stdin: child.stdin.take(),
        input,
        stdout: child.stdout.take(),
        stderr: child.stderr.take(),
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let ended = watch(&mut child, &mut pipes, bounds, &mut stdout, &mut stderr);
    if !matches!(ended, Ok(Ended::Itself(_))) {
        kill(&mut child);
    }
    Ok(Written {
        ended: ended?,
        stdout,
        stderr,
    })
}

fn watch(
    child: &mut Child,
    pipes: &mut Pipes<'_>,
    bounds: &Bounds<'_>,
    stdout: &mut Vec<u8>,
    stderr: &mut Vec<u8>,
) -> io::Result<Ended> {
    pipes.never_wait()?;
    let start = Instant::now();
    let mut pause = SHORT;
    loop {
        pipes.wait(pause)?;
        // Asked first: what a child that has ended wrote is in its pipes by then, and is taken below.
        let status = child.try_wait()?;
        pipes.give();
        let more = take(&mut pipes.stdout, stdout, bounds.output.saturating_add(1))?;
        let more = take(&mut pipes.stderr, stderr, ERRORS)? || more;
        if stdout.len() > bounds.output {
            return Ok(Ended::Output);
        }
        if let Some(status) = status
            && !more
        {
            return Ok(Ended::Itself(status));
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

/// Kills the child and what it started in its group. It has not been waited for, so the group is still its own.
fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // What has ended already needs no signal.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

impl Pipes<'_> {
    /// Makes reading and writing return at once.
    fn never_wait(&self) -> io::Result<()> {
        let set = |pipe: &dyn std::os::fd::AsFd| -> io::Result<()> {
            let pipe = pipe.as_fd();
            let flags = rustix::fs::fcntl_getfl(pipe)?;
            Ok(rustix::fs::fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
        };
        self.stdin.as_ref().map_or(Ok(()), |pipe| set(pipe))?;
        self.stdout.as_ref().map_or(Ok(()), |pipe| set(pipe))?;
        self.stderr.as_ref().map_or(Ok(()), |pipe| set(pipe))
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
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
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
