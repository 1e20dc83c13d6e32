//! Tools that are shell scripts, with a log of how they were called.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Pretended tools in a directory of their own. Each call is noted; a tool that is called in another language than C
/// fails.
///
/// ```
/// let tools = testkit::machine::FakeTools::new();
/// tools.answer("xl", &["info"], "xen_version : 4.17.3\n");
/// tools.fail("xl", &["list"], 1, "xl: not running\n");
/// let xl = std::process::Command::new(tools.programs().join("xl")).arg("info").env("LC_ALL", "C").output().unwrap();
/// assert_eq!(xl.stdout, b"xen_version : 4.17.3\n");
/// assert_eq!(tools.calls(), ["xl info"]);
/// ```
pub struct FakeTools {
    state: TempDir,
}

/// What every script starts with: no other language than C, a log of how it was called.
const PRELUDE: &str = r#"#!/bin/sh
set -e
[ "$LC_ALL" = C ] || { echo "wrong language" >&2; exit 9; }
state=STATE
echo "${0##*/} $*" >> $state/log
PATH=$PATH:/usr/bin:/bin
for last; do :; done
"#;

/// The script of a tool with answers: those are files beside it.
const ANSWERS: &str = r#"
. $state/answers/${0##*/}/cases
echo "unexpected: ${0##*/} $*" >&2
exit 64
"#;

impl FakeTools {
    /// No tools yet.
    #[allow(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        let tools = FakeTools {
            state: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(tools.programs()).unwrap();
        tools
    }

    /// The directory of the tools.
    pub fn programs(&self) -> PathBuf {
        self.state().join("bin")
    }

    /// A directory for what scripts keep; they call it `$state`.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Makes a tool of this script for sh(1), which finds the last argument in `$last`.
    pub fn script(&self, name: &str, body: &str) {
        let prelude = PRELUDE.replace("STATE", self.state().to_str().unwrap());
        let path = self.programs().join(name);
        fs::write(&path, format!("{prelude}{body}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Lets the tool print `output` when it is called with exactly these arguments. It fails with status 64 when
    /// it is called with others that have no answer.
    pub fn answer(&self, name: &str, arguments: &[&str], output: &str) {
        self.case(name, arguments, output, "", 0);
    }

    /// Lets the tool end with `status` and this on its standard error when it is called with exactly these arguments.
    pub fn fail(&self, name: &str, arguments: &[&str], status: u8, errors: &str) {
        self.case(name, arguments, "", errors, status);
    }

    fn case(&self, name: &str, arguments: &[&str], output: &str, errors: &str, status: u8) {
        let directory = self.state().join("answers").join(name);
        if !directory.exists() {
            fs::create_dir_all(&directory).unwrap();
            self.script(name, ANSWERS);
        }
        let number = fs::read_dir(&directory).unwrap().count();
        let (out, err) = (
            directory.join(format!("{number}.out")),
            directory.join(format!("{number}.err")),
        );
        fs::write(&out, output).unwrap();
        fs::write(&err, errors).unwrap();
        let called = arguments.join(" ").replace('\'', r"'\''");
        let (out, err) = (out.display(), err.display());
        let mut cases = fs::File::options()
            .create(true)
            .append(true)
            .open(directory.join("cases"))
            .unwrap();
        writeln!(
            cases,
            "if [ \"$*\" = '{called}' ]; then cat {out}; cat {err} >&2; exit {status}; fi"
        )
        .unwrap();
    }

    /// How the tools were called, in order: name and arguments with spaces between them.
    pub fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.state().join("log")).unwrap_or_default();
        log.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}
