//! Running the program and what it is compared with.

pub mod transcript;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;

/// Variables of the user's environment that have an influence on what the program does or prints.
const CHANGES_OUTPUT: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "COLUMNS",
    "CLICOLOR_FORCE",
];

/// A directory for one test; file names in it are relative to it in commands and in messages.
pub struct Room {
    dir: TempDir,
}

impl Room {
    pub fn new() -> Self {
        Room {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a file in the temporary directory");
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("the temporary directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The program, to be run in the directory.
    pub fn innkeeper(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        for variable in CHANGES_OUTPUT {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program on the words of `line`.
    pub fn run(&self, line: &str) -> Ran {
        Ran::of(self.innkeeper(line.split_whitespace()).output()).called(line)
    }

    /// Runs it with `input` on its standard input.
    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Ran {
        let file = self.write(".stdin", input);
        let file = fs::File::open(file).unwrap();
        let output = self.innkeeper(line.split_whitespace()).stdin(file).output();
        fs::remove_file(self.path(".stdin")).unwrap();
        Ran::of(output).called(&format!("{line} < file"))
    }

    /// Runs it with `input` coming out of a pipe, which can be read only once.
    pub fn run_with_pipe(&self, line: &str, input: &[u8]) -> Ran {
        let mut child = self
            .innkeeper(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut pipe = child.stdin.take().unwrap();
        thread::scope(|scope| {
            // The program need not want all of it.
            scope.spawn(move || drop(pipe.write_all(input)));
            Ran::of(child.wait_with_output()).called(&format!("{line} < pipe"))
        })
    }

    /// Runs another program by the shell in the directory; it has to succeed.
    pub fn sh(&self, script: &str) -> Vec<u8> {
        sh_in(self.dir.path(), script)
    }
}

pub fn sh_in(dir: &Path, script: &str) -> Vec<u8> {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(dir)
        .output()
        .expect("bash");
    assert!(
        output.status.success(),
        "{script}: {}\n(./test installs what is missing)",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// What came of running the program.
pub struct Ran {
    /// What it was called with, where a transcript shows that.
    pub line: Option<String>,
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl AsRef<[Ran]> for Ran {
    fn as_ref(&self) -> &[Ran] {
        std::slice::from_ref(self)
    }
}

impl Ran {
    pub fn of(output: std::io::Result<Output>) -> Self {
        let output = output.expect("the program runs");
        Ran {
            line: None,
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same with its command line, for the transcript.
    pub fn called(mut self, line: &str) -> Self {
        self.line = Some(line.to_owned());
        self
    }

    /// Command line, status, standard output and standard error together, the same in every run.
    pub fn story(&self) -> String {
        transcript::transcript(self)
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{}", self.story());
        self
    }

    /// Failed with this status; what it says is for a snapshot.
    #[track_caller]
    pub fn failed(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.story());
        self
    }

    /// Failed with this status and exactly this on standard error.
    #[track_caller]
    pub fn refused(self, status: i32, stderr: &str) {
        assert_eq!(
            (self.status, self.stderr.trim_end()),
            (status, stderr),
            "{}",
            self.story()
        );
    }

    /// Failed with this status and `part` somewhere on standard error.
    #[track_caller]
    pub fn refused_for(self, status: i32, part: &str) {
        let found = self.status == status && self.stderr.contains(part);
        assert!(found, "no '{part}' in {}", self.story());
    }

    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// A value of the JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|cause| panic!("{cause}: {}", self.story()))
    }
}

/// A sparse disk of `size` bytes: boot sector, data here and there, a byte at the end.
pub fn disk(size: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    disk[440..446].copy_from_slice(b"\x12\x34\x56\x78\0\0");
    disk[446..462].copy_from_slice(&[0x80, 0, 1, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xff, 0, 0, 0]);
    disk[510..512].copy_from_slice(b"\x55\xaa");
    let mut word = 0x9e37_79b9u32;
    for extent in [64 * 1024..200 * 1024, size / 2 + 1000..size / 2 + 50_000] {
        for byte in &mut disk[extent] {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Half noise and half repetition, as on real disks.
            *byte = if word & 0x4000_0000 == 0 {
                b'a'
            } else {
                (word >> 24) as u8
            };
        }
    }
    disk[size - 1] = 1;
    disk
}

/// Writes `disk` to a file with holes where it is zero.
pub fn write_sparse(path: &Path, disk: &[u8]) {
    let file = fs::File::create(path).unwrap();
    file.set_len(disk.len() as u64).unwrap();
    for (i, block) in disk.chunks(4096).enumerate() {
        if block.iter().any(|&byte| byte != 0) {
            file.write_all_at(block, i as u64 * 4096).unwrap();
        }
    }
}

/// Bytes that a file takes on its file system.
pub fn allocated(path: &Path) -> u64 {
    fs::metadata(path).unwrap().blocks() * 512
}
