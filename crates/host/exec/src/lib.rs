//! Runs a host's tools.
//!
//! A [`Tool`] says what to run and within which bounds; [`Tool::run`] finds it on the [`Host`]'s path, runs it, and
//! gives back what it wrote. No shell has a part in it. A tool runs with `LC_ALL=C` and an environment of nothing else
//! but `PATH` and what was named, in a process group of its own: an interrupt from the terminal reaches this program
//! only and never strikes a tool in the middle of a change.
//!
//! ```text
//! find the tool        → not there: an error with the package that has it (packages)
//! start it             stdin: nothing or bytes given; stdout and stderr: pipes
//! until it ends:       take what it writes, give what it reads        (child)
//!                      too much, too long, cancelled → kill its group
//! status, stdout, stderr → Output; stderr becomes an error's causes
//! ```

mod child;
mod packages;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use error::{Error, Kind, Result, amount};
use host::Host;

use child::Ended;

/// How long a tool may take if nothing else is said.
const TIME: Duration = Duration::from_secs(60);

/// How many bytes it may write to standard output if nothing else is said.
const OUTPUT: usize = 16 << 20;

/// Most lines of standard error that are causes.
const MOST_CAUSES: usize = 8;

/// A caller that never cancels.
pub fn never() -> bool {
    false
}

/// A tool that is to be run, with its arguments and bounds.
#[derive(Clone, Debug)]
pub struct Tool {
    name: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    time: Option<Duration>,
    output: usize,
}

/// What a tool left when it ended by itself.
#[derive(Clone, Debug)]
pub struct Output {
    name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, its first 64 KiB.
    pub stderr: Vec<u8>,
}

impl Tool {
    /// The tool called `name`, which is looked for on the host's path. It gets no input, and may take 60 seconds and
    /// write 16 MiB.
    pub fn new(name: impl Into<String>) -> Self {
        Tool {
            name: name.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            time: Some(TIME),
            output: OUTPUT,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let arguments = arguments.into_iter();
        self.arguments
            .extend(arguments.map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref().to_owned();
        self.environment.push((name.into(), value));
        self
    }

    /// Passes on a variable of this process's environment, if it has it.
    #[must_use]
    pub fn pass_env(self, name: &str) -> Self {
        match std::env::var_os(name) {
            Some(value) => self.env(name, value),
            None => self,
        }
    }

    /// Gives it these bytes on standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Ends it, and all that it started in its process group, when it takes longer than this.
    #[must_use]
    pub fn time_limit(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Lets it take as long as it does: for a change that must not be cut in the middle.
    #[must_use]
    pub fn without_time_limit(mut self) -> Self {
        self.time = None;
        self
    }

    /// Ends it when it writes more bytes than this to standard output.
    #[must_use]
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output = bytes;
        self
    }

    /// Runs it to its end, whatever status that has. It is ended as soon as `cancelled` says so, which is asked several
    /// times a second. Processes that it leaves behind in the background run on.
    ///
    /// # Errors
    /// [`Kind::Io`] when it cannot be run (with a hint that names its package), takes too long or writes too much,
    /// [`Kind::Interrupted`] when it was cancelled, and those of [`Host::tool`].
    pub fn run(&self, host: &Host, cancelled: &dyn Fn() -> bool) -> Result<Output> {
        let Some(path) = host.tool(&self.name)? else {
            let error = Error::io(
                format!("{} cannot be run", self.name),
                "it is not installed",
            );
            return Err(match packages::hint(host, &self.name) {
                Some(hint) => error.hint(hint),
                None => error,
            });
        };
        let cannot = |cause| Error::io(format!("{} cannot be run", self.name), cause);
        let search = std::env::join_paths(host.path()).unwrap_or_default();
        let mut command = Command::new(path);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", search)
            .env("LC_ALL", "C")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(if self.input.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let bounds = child::Bounds {
            time: self.time,
            output: self.output,
            cancelled,
        };
        let child = command.spawn().map_err(cannot)?;
        let written = child::attend(child, &self.input, &bounds).map_err(cannot)?;
        let error = match written.ended {
            Ended::Itself(status) => {
                return Ok(Output {
                    name: self.name.clone(),
                    status,
                    stdout: written.stdout,
                    stderr: written.stderr,
                });
            }
            Ended::Cancelled => {
                return Err(Error::new(Kind::Interrupted, "interrupted"));
            }
            Ended::Time(limit) => format!("did not end within {}", seconds(limit)),
            Ended::Output => format!("wrote more than {}", amount(self.output as u64)),
        };
        let error = Error::new(Kind::Io, format!("{} {error}", self.name));
        Err(with_reasons(error, &written.stderr))
    }

    /// Runs it as [`Tool::run`] does, and takes every status but 0 for an error.
    ///
    /// # Errors
    /// Those of [`Tool::run`] and of [`Output::success`].
    pub fn succeed(&self, host: &Host, cancelled: &dyn Fn() -> bool) -> Result<Output> {
        self.run(host, cancelled)?.success()
    }
}

impl Output {
    /// The same if the tool ended with status 0.
    ///
    /// # Errors
    /// [`Kind::Io`] with the status and what it wrote to standard error.
    pub fn success(self) -> Result<Self> {
        if self.status.success() {
            return Ok(self);
        }
        let text = format!("{} failed: {}", self.name, self.status);
        Err(self.reasons(Error::new(Kind::Io, text)))
    }

    /// `error` with what the tool wrote to standard error as causes, a line each, eight at most.
    pub fn reasons(&self, error: Error) -> Error {
        with_reasons(error, &self.stderr)
    }

    /// What it wrote to standard output as text.
    ///
    /// # Errors
    /// [`Kind::Io`] when it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        let text = std::str::from_utf8(&self.stdout);
        text.map_err(|cause| Error::io(format!("{} did not write UTF-8", self.name), cause))
    }
}

fn with_reasons(error: Error, stderr: &[u8]) -> Error {
    String::from_utf8_lossy(stderr)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(MOST_CAUSES)
        .fold(error, Error::cause)
}

/// `60 s`, `0.2 s`.
fn seconds(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
