//! The client's end: starts the guard and keeps it informed.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use error::{Error, Result};

use super::{APPLIED, BEGIN, DISMISS, Guarding, READY};

/// How long the guard may take for an answer: it reads a few files.
const PATIENCE: Duration = Duration::from_secs(60);

/// A guard that is ready. Dropping this without [`Link::settle`] makes it undo the change.
pub(crate) struct Link {
    socket: UnixStream,
    child: Child,
}

impl Link {
    /// Starts the guard and waits until it holds every inverse.
    ///
    /// # Errors
    /// The guard's, or it does not start.
    pub(crate) fn start(guarding: &Guarding, id: u64) -> Result<Self> {
        let failed = |cause: std::io::Error| Error::io("the guard cannot be started", cause);
        let (socket, other) = UnixStream::pair().map_err(failed)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let child = Command::new(&guarding.program)
            .args(&guarding.arguments)
            .arg(id.to_string())
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let link = Link { socket, child };
        let mut answer = String::new();
        let mut reader = BufReader::new(&link.socket).take(4096);
        reader.read_line(&mut answer).map_err(failed)?;
        match answer.trim_end() {
            READY => Ok(link),
            "" => Err(ended()),
            why => Err(Error::io("the guard cannot be started", why)),
        }
    }

    /// The guard's process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Says that the next step is about to be applied.
    ///
    /// # Errors
    /// The guard has ended: nothing would take the step back.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.socket.write_all(&[BEGIN]).map_err(|_| ended())
    }

    /// Leaves the change to the guard.
    ///
    /// # Errors
    /// The guard has ended.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let mut answer = [0];
        self.socket
            .write_all(&[APPLIED])
            .and_then(|()| self.socket.read_exact(&mut answer))
            .map_err(|_| ended())
    }

    /// Ends the guard, which has nothing left to undo.
    pub(crate) fn dismiss(mut self) {
        if self.socket.write_all(&[DISMISS]).is_ok() {
            let _ = self.child.wait();
        }
    }
}

fn ended() -> Error {
    Error::io(
        "the guard that would undo the change has ended",
        "it was killed or it failed",
    )
}
