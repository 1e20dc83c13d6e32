//! Running programs on files that may make them crash, or never end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use error::Result;
use serde_json::Value;
use testkit::shell::cannot_start;

use crate::shell::file_error;

/// How often a program is asked whether it has ended.
const TICK: Duration = Duration::from_millis(20);
/// The exit status of a program that refuses its input.
const REFUSED: i32 = 3;
/// The exit status of a program that could not read something, a file that its input names for instance.
const FAILED: i32 = 1;

/// What bounds one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long each program may take.
    pub(super) patience: Duration,
    /// The largest disk in bytes.
    pub(super) max_size: u64,
}

/// What the program made of a file.
#[derive(Debug)]
pub(super) enum Ran {
    Took(Vec<Taken>),
    Refused { kind: String, reason: String },
    Wrong(String),
}

/// A disk that the program took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its name in the archive; empty where the file is the disk.
    pub(super) member: String,
    /// The format that the program says it has.
    pub(super) format: String,
    /// The format's variant.
    pub(super) variant: String,
    /// Its size in bytes.
    pub(super) size: u64,
    /// The raw disk.
    pub(super) path: PathBuf,
}

impl Taken {
    /// A few words about it.
    pub(super) fn told(&self) -> String {
        let parts = [&self.member, &self.format, &self.variant];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(String::as_str).collect();
        format!("{}, {} bytes", parts.join(" "), self.size)
    }
}

/// Imports all disks of `file` into the directory `room`.
///
/// # Errors
/// The program cannot be started.
pub(super) fn import(program: &Path, file: &Path, room: &Path, bounds: Bounds) -> Result<Ran> {
    let target = room.join("disks");
    fs::create_dir(&target).map_err(file_error(&target))?;
    let mut command = Command::new(program);
    command.arg("import").arg(file);
    command.arg("--to").arg(target.join("{disk}.img"));
    command.args(["--json", "--progress", "none"]);
    command.arg("--max-size").arg(bounds.max_size.to_string());
    let Some(ended) = timed(&mut command, room, bounds.patience)? else {
        let seconds = bounds.patience.as_secs();
        return Ok(Ran::Wrong(format!("does not end within {seconds} s")));
    };
    let document: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    let ran = match ended.status.code() {
        Some(0) => took(&document, &target),
        Some(REFUSED | FAILED) => refused(&document),
        _ => Err(format!("{}: {}", ended.status, ended.last_line())),
    };
    let left = fs::read_dir(&target).map_err(file_error(&target))?;
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    Ok(match ran {
        Ok(Ran::Refused { reason, .. }) if !left.is_empty() => {
            Ran::Wrong(format!("fails and leaves {left:?} behind: {reason}"))
        }
        Ok(ran) => ran,
        Err(reason) => Ran::Wrong(reason),
    })
}

/// The disks that the program says it took.
fn took(document: &Value, target: &Path) -> std::result::Result<Ran, String> {
    let disks = document["disks"]
        .as_array()
        .ok_or("status 0 without a result")?;
    let taken = disks.iter().enumerate().map(|(number, disk)| {
        let text = |key: &str| disk["disk"][key].as_str().unwrap_or_default().to_owned();
        let path = target.join(format!("{number}.img"));
        if path.is_file() {
            Ok(Taken {
                member: text("member"),
                format: text("format"),
                variant: text("variant"),
                size: disk["disk"]["size"].as_u64().unwrap_or(0),
                path,
            })
        } else {
            Err(format!("status 0 without disk {number}"))
        }
    });
    let taken: Vec<_> = taken.collect::<std::result::Result<_, _>>()?;
    if taken.is_empty() {
        Err("status 0 without a disk".to_owned())
    } else {
        Ok(Ran::Took(taken))
    }
}

/// Why the program says it does not take the file.
fn refused(document: &Value) -> std::result::Result<Ran, String> {
    let error = &document["errors"][0];
    let (kind, message) = (error["kind"].as_str(), error["message"].as_str());
    let (Some(kind), Some(message)) = (kind, message) else {
        return Err("fails without a reason".to_owned());
    };
    Ok(Ran::Refused {
        kind: kind.to_owned(),
        reason: message.to_owned(),
    })
}

/// A program that has ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    stderr: String,
}

impl Ended {
    /// The last line that it wrote to standard error.
    pub(super) fn last_line(&self) -> String {
        let last = self.stderr.lines().rfind(|line| !line.trim().is_empty());
        last.unwrap_or_default().trim().to_owned()
    }
}

/// Runs `command`, whose output goes to files in `room`; `None` when it has not ended in time and was ended.
///
/// # Errors
/// It cannot be started.
pub(super) fn timed(
    command: &mut Command,
    room: &Path,
    patience: Duration,
) -> Result<Option<Ended>> {
    let paths = [room.join(".stdout"), room.join(".stderr")];
    let [stdout, stderr] =
        [&paths[0], &paths[1]].map(|path| File::create(path).map_err(file_error(path)));
    command.stdin(Stdio::null()).stdout(stdout?).stderr(stderr?);
    let mut child = command
        .spawn()
        .map_err(|cause| cannot_start(command, cause))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(file_error(room))? {
            break status;
        }
        if start.elapsed() > patience {
            child.kill().map_err(file_error(room))?;
            child.wait().map_err(file_error(room))?;
            return Ok(None);
        }
        thread::sleep(TICK);
    };
    let [stdout, stderr] = paths.map(|path| fs::read(&path).map_err(file_error(&path)));
    Ok(Some(Ended {
        status,
        stdout: stdout?,
        stderr: String::from_utf8_lossy(&stderr?).into_owned(),
    }))
}
