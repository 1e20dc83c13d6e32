//! A running host: shown while it runs, ended when it takes too long, never left behind.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use error::{Error, Result};
use testkit::shell::{cannot_start, file_error};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// A process that is killed when this is dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts `command`.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(command: &mut Command) -> Result<Running> {
        let child = command.spawn();
        child
            .map(Running)
            .map_err(|cause| cannot_start(command, cause))
    }

    /// Waits for its end, as long as it takes.
    ///
    /// # Errors
    /// The system cannot tell.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let ended = self.0.wait();
        ended.map(drop).map_err(cannot_wait)
    }

    /// Waits for its end until `deadline`, handing what is added to `words` on to `show` meanwhile.
    /// Returns how it ended; `None` if it has not, and runs on.
    ///
    /// # Errors
    /// `words` cannot be read, `show` not written.
    pub(crate) fn follow(
        &mut self,
        words: &mut Words,
        show: &mut dyn Write,
        deadline: Instant,
    ) -> Result<Option<ExitStatus>> {
        loop {
            // Looked at first: what it said before its end is there afterwards.
            let ended = self.0.try_wait().map_err(cannot_wait)?;
            words.pass(show)?;
            if ended.is_some() || Instant::now() >= deadline {
                return Ok(ended);
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A file that somebody else appends to.
pub(crate) struct Words(File);

impl Words {
    /// Makes an empty one at `path`.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(path: &Path) -> Result<Words> {
        File::create(path).map_err(file_error(path))?;
        File::open(path).map(Words).map_err(file_error(path))
    }

    fn pass(&mut self, show: &mut dyn Write) -> Result<()> {
        let mut new = Vec::new();
        let read = self.0.read_to_end(&mut new);
        let passed = read
            .and_then(|_| show.write_all(&new))
            .and_then(|()| show.flush());
        passed.map_err(|cause| Error::io("a scenario's output cannot be passed on", cause))
    }
}

fn cannot_wait(cause: std::io::Error) -> Error {
    Error::io("cannot wait for a host", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(script: &str, limit: Duration) -> (bool, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        let mut words = Words::new(&path).unwrap();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(dir.path());
        let mut running = Running::start(&mut shell).unwrap();
        let mut shown = Vec::new();
        let ended = running.follow(&mut words, &mut shown, Instant::now() + limit);
        (ended.unwrap().is_some(), String::from_utf8(shown).unwrap())
    }

    #[test]
    fn everything_said_before_the_end_is_shown() {
        let (ended, shown) = follow("echo one >>words; echo two >>words", Duration::MAX / 4);
        assert!(ended);
        assert_eq!(shown, "one\ntwo\n");
    }

    #[test]
    fn a_hang_ends_by_the_limit() {
        let (ended, _) = follow("exec sleep 1000000", Duration::ZERO);
        assert!(!ended);
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let error = Running::start(&mut Command::new("/no/such/qemu"))
            .err()
            .unwrap();
        assert_eq!(error.message(), "/no/such/qemu cannot be started");
    }
}
