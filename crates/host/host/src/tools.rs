//! Where a host's tools are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::Host;

/// Where administration's tools are, which a user's `PATH` may lack.
const ADMINISTRATION: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Where all the others are.
const USUAL: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// The directories of `path`, and those of administration behind them. Empty and relative ones are left out: what is
/// run must not depend on where a user is.
pub(crate) fn search_path(path: Option<OsString>) -> Vec<PathBuf> {
    let path = path.unwrap_or_default();
    let given = std::env::split_paths(&path).filter(|directory| directory.is_absolute());
    let mut all: Vec<PathBuf> = Vec::new();
    for directory in given.chain(ADMINISTRATION.map(PathBuf::from)) {
        if !all.contains(&directory) {
            all.push(directory);
        }
    }
    all
}

impl Host {
    /// The directories in which tools that may be run are looked for, paths of the running system; none for a host
    /// that is a directory.
    pub fn path(&self) -> &[PathBuf] {
        self.path.as_deref().unwrap_or_default()
    }

    /// The tool called `name` that may be run, a path of the running system; `None` if there is none.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for a host that is a directory: its programs are another system's, and what they would
    /// ask and change is this one.
    pub fn tool(&self, name: &str) -> Result<Option<PathBuf>> {
        let Some(path) = &self.path else {
            let root = self.files().real(Path::new("/"));
            let text = "is a directory and not the running system: its tools are not run";
            return Err(Error::refused(text).at(root.display()));
        };
        let live = crate::Files::live();
        let mut found = path.iter().map(|directory| directory.join(name));
        Ok(found.find(|tool| is_tool(&live, tool)))
    }

    /// Where the host has the tool called `name`, a path of the host's own: also of one whose tools are not run.
    pub fn installed(&self, name: &str) -> Option<PathBuf> {
        let standard = ADMINISTRATION.iter().chain(&USUAL).map(PathBuf::from);
        let path = if self.is_live() {
            self.path().to_vec()
        } else {
            standard.collect()
        };
        let mut found = path.iter().map(|directory| directory.join(name));
        found.find(|tool| is_tool(self.files(), tool))
    }
}

fn is_tool(files: &crate::Files, path: &Path) -> bool {
    let status = files.status(path).ok().flatten();
    status.is_some_and(|status| status.is_executable())
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::{FakeHost, FakeTools};

    #[test]
    fn the_directories_of_administration_come_behind_the_users_own() {
        let path = search_path(Some("/opt/bin::bin:/sbin:/opt/bin".into()));
        let expected = ["/opt/bin", "/sbin", "/usr/local/sbin", "/usr/sbin"];
        assert_eq!(path, expected.map(PathBuf::from));
        assert_eq!(search_path(None).len(), 3);
    }

    #[test]
    fn a_tool_is_an_executable_file_in_the_first_directory_that_has_one() {
        let (first, second) = (FakeTools::new(), FakeTools::new());
        std::fs::create_dir(first.programs().join("xl")).unwrap();
        std::fs::write(first.programs().join("vgs"), "no program").unwrap();
        for name in ["xl", "vgs"] {
            second.script(name, "");
        }
        let host = Host::live().with_path(vec![first.programs(), second.programs()]);
        for name in ["xl", "vgs"] {
            assert_eq!(host.tool(name).unwrap(), Some(second.programs().join(name)));
        }
        assert_eq!(host.tool("lvs").unwrap(), None);
    }

    #[test]
    fn tools_of_a_directory_are_seen_and_not_run() {
        let fake = FakeHost::new();
        fake.write("usr/lib/xen-4.17/bin/xl", "#!/bin/sh\n");
        fake.run_bit("usr/lib/xen-4.17/bin/xl");
        fake.link("usr/sbin/xl", "/usr/lib/xen-4.17/bin/xl");
        let host = Host::at(fake.root()).unwrap();
        assert_eq!(host.installed("xl"), Some("/usr/sbin/xl".into()));
        assert_eq!(host.installed("ls"), None, "this machine's own are not");
        let error = host.tool("xl").unwrap_err();
        assert_eq!(error.kind(), error::Kind::Refused);
        let text = "is a directory and not the running system: its tools are not run";
        assert_eq!(error.message(), text);
    }
}
