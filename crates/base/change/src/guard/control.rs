//! Speaking to a guard that waits, from another command.

use std::fs::File;
use std::io::Write;

use error::{Error, Result};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{CONFIRM, UNDO};
use crate::journal::Journal;

/// The writing end of a living guard's pipe.
pub(crate) struct Control {
    pipe: File,
}

impl Control {
    /// The guard of this change, unless it is gone: a pipe that no process reads cannot be opened; see fifo(7).
    ///
    /// # Errors
    /// The pipe cannot be opened for another reason.
    pub(crate) fn of(journal: &Journal, id: u64) -> Result<Option<Self>> {
        let path = journal.control(id);
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(pipe) => Ok(Some(Control { pipe: pipe.into() })),
            Err(Errno::NXIO | Errno::NOENT) => Ok(None),
            Err(cause) => Err(Error::io("the guard cannot be spoken to", cause).at(path.display())),
        }
    }

    /// Has the change confirmed, and waits for the guard's end. The journal then says what came of it.
    pub(crate) fn confirm(self) {
        self.ask(CONFIRM);
    }

    /// Has the change undone, and waits for the guard's end. The journal then says what came of it.
    pub(crate) fn undo(self) {
        self.ask(UNDO);
    }

    /// A guard that ended meanwhile is no error here: the journal is read in any case.
    fn ask(mut self, what: u8) {
        if self.pipe.write_all(&[what]).is_err() {
            return;
        }
        loop {
            // The end of the last reader shows as an error of the pipe, which is always reported.
            let mut pipes = [PollFd::new(&self.pipe, PollFlags::empty())];
            match poll(&mut pipes, None) {
                Ok(_) | Err(Errno::INTR) if pipes[0].revents().is_empty() => {}
                _ => return,
            }
        }
    }
}
