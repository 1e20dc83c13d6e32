//! A scenario from start to end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use error::{Error, Result};
use tempfile::TempDir;
use testkit::shell::{file_error, run};

use crate::because::because_of;
use crate::host::{Console, Host, NAMES, WORDS};
use crate::watch::{Running, Words};
use crate::{Scenario, Testbed};

/// How often the machine of a scenario is started at most.
const STARTS: u32 = 3;

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The script's exit status.
    pub status: i32,
    /// How often its machine was started; more than once after a crash.
    pub starts: u32,
    /// A directory for each host with its `console`, its `words` and the files in `out`.
    pub dir: PathBuf,
}

impl Outcome {
    /// Whether it is what `scenario` has to come to.
    ///
    /// # Errors
    /// It is not; the last of what the script said is among the causes.
    pub fn check(&self, scenario: &Scenario) -> Result<()> {
        if self.status == scenario.status {
            return Ok(());
        }
        let message = format!("status {}, not {}", self.status, scenario.status);
        let words = self.dir.join(NAMES[0]).join(WORDS);
        Err(because_of(
            "words",
            Error::io(message, "see its words"),
            &words,
        ))
    }
}

impl Testbed {
    /// Runs `scenario` with the program `innkeeper` inside, and hands its words on to `show`.
    ///
    /// Emulated machines crash now and then, which proves nothing about the program: one that is gone
    /// without an exit status is started anew, three times in all, and `show` hears of it.
    ///
    /// # Errors
    /// A host cannot be started, crashes each time, or takes longer than the scenario's limit; the
    /// console's last lines are among the causes. What the script ends with is no error.
    pub fn run(
        &self,
        scenario: &Scenario,
        innkeeper: &Path,
        show: &mut dyn Write,
    ) -> Result<Outcome> {
        let mut starts = 1;
        loop {
            let stage = Stage::set(self, scenario, innkeeper, "run")?;
            let end = stage.play(show);
            for host in &stage.hosts {
                host.clean()?;
            }
            match end? {
                End::Status(status) => {
                    return Ok(Outcome {
                        status,
                        starts,
                        dir: stage.dir,
                    });
                }
                End::Crash(error) if starts == STARTS => return Err(error),
                End::Crash(error) => {
                    let said = writeln!(show, "{}\nstarting anew", error.to_text());
                    said.map_err(|cause| Error::io("a crash cannot be told of", cause))?;
                    starts += 1;
                }
            }
        }
    }

    /// Gives the person at the terminal a prompt in dom0 of `scenario`'s first host, until the prompt ends.
    ///
    /// # Errors
    /// A host cannot be started.
    pub fn shell(&self, scenario: &Scenario, innkeeper: &Path) -> Result<()> {
        let stage = Stage::set(self, scenario, innkeeper, "shell")?;
        let mut prompt = None;
        let mut others = Vec::new();
        for host in stage.hosts.iter().rev() {
            let console = match host.name() {
                "one" => Console::Terminal,
                _ => Console::Kept,
            };
            let running = Running::start(&mut host.qemu(console, stage.wires.path())?)?;
            match console {
                Console::Terminal => prompt = Some(running),
                Console::Kept => others.push(running),
            }
        }
        prompt.map_or(Ok(()), |mut prompt| prompt.wait())?;
        drop(others);
        stage.hosts.iter().try_for_each(Host::clean)
    }
}

/// How a scenario's machine ended.
enum End {
    /// Its script came to an end with this status.
    Status(i32),
    /// It was gone before that.
    Crash(Error),
}

/// Everything a scenario needs before its first host starts.
struct Stage<'a> {
    scenario: &'a Scenario,
    hosts: Vec<Host<'a>>,
    dir: PathBuf,
    /// Sockets, whose paths have to be short.
    wires: TempDir,
}

impl<'a> Stage<'a> {
    fn set(
        testbed: &'a Testbed,
        scenario: &'a Scenario,
        innkeeper: &Path,
        mode: &str,
    ) -> Result<Stage<'a>> {
        let runs = testbed.store.join("runs");
        let dir = runs.join(&scenario.name);
        fs::create_dir_all(&dir).map_err(file_error(&dir))?;
        fs::remove_dir_all(&dir).map_err(file_error(&dir))?;
        fs::create_dir(&dir).map_err(file_error(&dir))?;
        let wires = TempDir::new().map_err(|cause| Error::io("no temporary directory", cause))?;
        let program = stripped(innkeeper, wires.path())?;
        let read = |name: &str| {
            let path = testbed.source.join("dom0").join(name);
            fs::read(&path).map_err(file_error(&path))
        };
        let (init, functions) = (read("init")?, read("functions")?);
        let mut hosts = Vec::new();
        for number in 0..scenario.hosts as usize {
            let host = Host::new(testbed, scenario, number, &dir)?;
            let settings = settings(scenario, host.name(), mode);
            host.prepare(&[
                ("init", &init),
                ("functions", &functions),
                ("scenario", scenario.script.as_bytes()),
                ("settings", settings.as_bytes()),
                ("innkeeper", &program),
            ])?;
            hosts.push(host);
        }
        Ok(Stage {
            scenario,
            hosts,
            dir,
            wires,
        })
    }

    /// Starts every host, waits for the first and then for the other.
    fn play(&self, show: &mut dyn Write) -> Result<End> {
        let deadline = Instant::now() + self.scenario.limit;
        let mut running = Vec::new();
        for host in &self.hosts {
            let words = Words::new(&host.words())?;
            let qemu = &mut host.qemu(Console::Kept, self.wires.path())?;
            running.push((host, Running::start(qemu)?, words));
        }
        let mut statuses = Vec::new();
        for (host, running, words) in &mut running {
            let Some(qemu) = running.follow(words, show, deadline)? else {
                let seconds = self.scenario.limit.as_secs();
                let error = Error::io(
                    format!("{} did not end within {seconds} s", self.scenario.name),
                    format!("host {} was still running", host.name()),
                );
                return Err(because_of("console", error, &host.console()));
            };
            // Without a status from the first, nobody told the other one to end: it is not waited for.
            match collect(host)? {
                Some(status) => statuses.push(status),
                None => return Ok(End::Crash(crash(host, qemu))),
            }
        }
        let status = statuses.first().copied();
        status
            .map(End::Status)
            .ok_or_else(|| Error::usage("a scenario without hosts"))
    }
}

/// Unpacks what `host` handed back; returns the exit status in it, if the script came to one.
fn collect(host: &Host<'_>) -> Result<Option<i32>> {
    let results = host.results();
    fs::create_dir(&results).map_err(file_error(&results))?;
    run(Command::new("tar")
        // dom0's clock may be ahead of this machine's.
        .args(["--no-same-owner", "--warning=no-timestamp", "-xf"])
        .arg(host.out())
        .arg("-C")
        .arg(&results))?;
    let status = fs::read_to_string(results.join("status")).unwrap_or_default();
    Ok(status.trim().parse().ok())
}

fn crash(host: &Host<'_>, qemu: ExitStatus) -> Error {
    let message = format!("host {} ended before the scenario did", host.name());
    let error = Error::io(message, format!("QEMU ended with {qemu}"));
    let error = because_of("QEMU", error, &host.log());
    because_of("console", error, &host.console())
}

/// Shell variables for dom0's init: a prompt there wants to know the size of the terminal here.
fn settings(scenario: &Scenario, host: &str, mode: &str) -> String {
    let mut stty = Command::new("stty");
    let size = stty.arg("size").stderr(Stdio::null()).output();
    let size = size.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let size = size.unwrap_or_default();
    let (rows, columns) = size.trim().split_once(' ').unwrap_or(("24", "80"));
    let hosts = scenario.hosts;
    format!("HOST={host} HOSTS={hosts} MODE={mode} ROWS={rows} COLUMNS={columns}\n")
}

/// The program without what only debuggers read, which is most of it. `scratch` is a directory.
fn stripped(program: &Path, scratch: &Path) -> Result<Vec<u8>> {
    let out = scratch.join("innkeeper");
    run(Command::new("objcopy")
        .arg("--strip-debug")
        .args([program, out.as_path()]))?;
    fs::read(&out).map_err(file_error(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_not_the_wanted_one_is_told_with_the_last_words() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("one")).unwrap();
        fs::write(dir.path().join("one/words"), "- first\nFAILED: why\n").unwrap();
        let outcome = Outcome {
            status: 1,
            starts: 1,
            dir: dir.path().into(),
        };
        let wanted = |status| Scenario {
            status,
            ..Scenario::bare("some")
        };
        assert!(outcome.check(&wanted(1)).is_ok());
        let error = outcome.check(&wanted(0)).unwrap_err();
        assert_eq!(error.message(), "status 1, not 0");
        let causes = ["see its words", "words: - first", "words: FAILED: why"];
        assert_eq!(error.causes(), causes);
    }
}
