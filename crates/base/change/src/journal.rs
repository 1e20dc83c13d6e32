//! The journal: a directory with a file of JSON lines for each change, `1.jsonl`, `2.jsonl`, …

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use error::{Error, Result};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::plan::Plan;
use crate::record::{Entry, Record, whole};

/// How many changes that are done or undone the journal keeps.
const KEPT: usize = 100;
/// How often the lock is tried: [`Journal::is_busy`] of another process holds it for a moment.
const GLANCES: u32 = 10;
/// Space that is reserved for the entries of a change and of each step, in bytes.
const RESERVED: u64 = 4096;
const RESERVED_FOR_STEP: u64 = 512;

/// The journal's directory. It holds what changes replaced, passwords too, and so is readable by its owner only.
#[derive(Clone, Debug)]
pub struct Journal {
    directory: PathBuf,
}

/// The right to make, undo or confirm changes; one process has it at a time.
pub(crate) struct Lock {
    _file: File,
}

/// One change's file, open for more entries.
pub(crate) struct Log {
    file: File,
    name: String,
}

impl Journal {
    /// The journal in `directory`, which is made when the first change is.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Journal {
            directory: directory.into(),
        }
    }

    /// The journal of the machine whose root directory is `root`: `var/lib/innkeeper/changes`.
    pub fn of(root: &Path) -> Self {
        Self::new(root.join("var/lib/innkeeper/changes"))
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Every change, oldest first; none where there is no journal.
    ///
    /// # Errors
    /// The journal cannot be read, or is corrupt.
    pub fn records(&self) -> Result<Vec<Record>> {
        let (records, damaged) = self.readable()?;
        damaged.into_iter().next().map_or(Ok(records), Err)
    }

    /// The changes whose files can be read, oldest first, and why the others cannot. For a list only: among the
    /// others may be one that is half done.
    ///
    /// # Errors
    /// The journal's directory cannot be read.
    pub fn readable(&self) -> Result<(Vec<Record>, Vec<Error>)> {
        let (mut records, mut damaged) = (Vec::new(), Vec::new());
        for id in self.ids()? {
            match self.record(id) {
                Ok(record) => records.extend(record),
                Err(error) => damaged.push(error),
            }
        }
        Ok((records, damaged))
    }

    /// One change; nothing where there is none of this number, or where it never began.
    ///
    /// # Errors
    /// As [`Journal::records`].
    pub fn record(&self, id: u64) -> Result<Option<Record>> {
        let file = self.file(id);
        // Opening a pipe in a foreign root directory would wait for a writer.
        match fs::symlink_metadata(&file) {
            Ok(found) if !found.is_file() => {
                return Err(Error::corrupt("is not a regular file").at(file.display()));
            }
            _ => {}
        }
        match fs::read(file) {
            Ok(bytes) => {
                let record = Record::read(id, &bytes);
                record.map_err(|error| error.at(self.file(id).display()))
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(self.error("the journal cannot be read", cause)),
        }
    }

    /// Whether a process is making, undoing or confirming a change at this moment.
    ///
    /// # Errors
    /// The lock cannot be looked at.
    pub fn is_busy(&self) -> Result<bool> {
        match File::open(self.directory.join("lock")) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(self.error("the lock cannot be opened", cause)),
            Ok(file) => Ok(matches!(
                file.try_lock_shared(),
                Err(TryLockError::WouldBlock)
            )),
        }
    }

    /// Takes the lock, and makes the directory where there is none.
    ///
    /// # Errors
    /// Refused, when another process has it.
    pub(crate) fn lock(&self) -> Result<Lock> {
        self.make()
            .map_err(|cause| self.error("the journal's directory cannot be made", cause))?;
        let file = writable()
            .create(true)
            .open(self.directory.join("lock"))
            .map_err(|cause| self.error("the lock cannot be opened", cause))?;
        for _ in 0..GLANCES {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::Error(cause)) => {
                    return Err(self.error("the journal cannot be locked", cause));
                }
            }
        }
        Err(Error::refused(
            "another process is making or undoing a change",
        ))
    }

    /// Makes the directory and flushes the ones that it is in.
    fn make(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let above = self.directory.ancestors().skip(1);
        for directory in above.filter(|path| !path.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    /// Begins a change: all its steps with their inverses are flushed when this returns.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(crate) fn begin(
        &self,
        _lock: &Lock,
        plan: &Plan,
        within: Option<u64>,
    ) -> Result<(Record, Log)> {
        self.prune()?;
        let id = self.ids()?.last().map_or(1, |last| last + 1);
        let record = Record::new(id, now(), plan.clone(), within);
        let begun = self.create(&record);
        if begun.is_err() {
            let _ = fs::remove_file(self.file(id));
        }
        Ok((record, begun?))
    }

    fn create(&self, record: &Record) -> Result<Log> {
        let file = writable().create_new(true).open(self.file(record.id));
        let file = file.map_err(|cause| self.error("the journal cannot be written", cause))?;
        let mut log = Log {
            file,
            name: format!("change {}", record.id),
        };
        log.append(&Entry::Planned {
            time: record.time,
            plan: record.plan.clone(),
            within: record.within,
        })?;
        log.reserve(record.plan.steps.len() as u64)?;
        let flushed = File::open(&self.directory).and_then(|directory| directory.sync_all());
        flushed.map_err(|cause| self.error("the journal cannot be flushed", cause))?;
        Ok(log)
    }

    /// Opens a change's file for more entries.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn open(&self, id: u64) -> Result<Log> {
        let file = writable().open(self.file(id));
        Ok(Log {
            file: file.map_err(|cause| self.error("the journal cannot be written", cause))?,
            name: format!("change {id}"),
        })
    }

    /// The path of the pipe by which the guard of a change is spoken to.
    pub(crate) fn control(&self, id: u64) -> PathBuf {
        self.directory.join(format!("{id}.control"))
    }

    fn file(&self, id: u64) -> PathBuf {
        self.directory.join(format!("{id}.jsonl"))
    }

    fn ids(&self) -> Result<Vec<u64>> {
        let unreadable = |cause| self.error("the journal cannot be read", cause);
        let entries = match fs::read_dir(&self.directory) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(unreadable)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
            ids.extend(id.and_then(|id| id.parse::<u64>().ok()));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Removes the oldest changes that are done or undone, and what never began.
    fn prune(&self) -> Result<()> {
        let (mut old, mut removed) = (Vec::new(), Vec::new());
        for id in self.ids()? {
            match self.record(id)? {
                None => removed.push(id),
                Some(record) if !record.state.is_open() => old.push(id),
                Some(_) => {}
            }
        }
        removed.extend(old.iter().take(old.len().saturating_sub(KEPT)));
        for id in removed {
            // A guard that was killed leaves its pipe.
            let _ = fs::remove_file(self.control(id));
            fs::remove_file(self.file(id))
                .map_err(|cause| self.error("an old change cannot be removed", cause))?;
        }
        Ok(())
    }

    fn error(&self, message: &str, cause: std::io::Error) -> Error {
        Error::io(message, cause).at(self.directory.display())
    }
}

impl Log {
    /// Writes an entry and flushes it. After a failure the file is as it was.
    ///
    /// # Errors
    /// The disk is full, or failed.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<()> {
        let line = serde_json::to_string(entry).map_err(|cause| self.failed(cause.into()))? + "\n";
        let length = self.trimmed().map_err(|cause| self.failed(cause))?;
        let written = (&self.file).write_all(line.as_bytes());
        written
            .and_then(|()| self.file.sync_all())
            .map_err(|cause| {
                let _ = self.file.set_len(length);
                self.failed(cause)
            })
    }

    /// Reserves space, so that a disk that fills up later does not stop the journal.
    fn reserve(&self, steps: u64) -> Result<()> {
        let length = self.file.metadata().map_err(|cause| self.failed(cause))?;
        let more = RESERVED + steps * RESERVED_FOR_STEP;
        match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, length.len(), more) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(cause) => Err(self.failed(cause.into())),
        }
    }

    /// The file's length, after a torn last line was cut off.
    fn trimmed(&self) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            self.file.read_exact_at(&mut last, length - 1)?;
        }
        if last == *b"\n" {
            return Ok(length);
        }
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, 0)?;
        let whole = whole(&bytes) as u64;
        self.file.set_len(whole)?;
        Ok(whole)
    }

    fn failed(&self, cause: io::Error) -> Error {
        Error::io("the journal cannot be written", cause).at(&self.name)
    }
}

/// The present time in seconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn writable() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    options
}
