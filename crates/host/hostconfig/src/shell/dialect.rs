//! Which shell reads a host's files, as far as assignments differ.

use host::Files;

/// The shell that a host has as `/bin/sh`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shell {
    /// bash, of Fedora, Red Hat, SUSE and what is made from them: `NAME+=` adds to a variable.
    Bash,
    /// Another one, by its name: to dash and BusyBox `NAME+=` is a command that is not there.
    Other(String),
    /// It is not there, or no link says what it is.
    #[default]
    Unknown,
}

impl Shell {
    /// That of the host, as the link `/bin/sh` tells.
    pub fn of(files: &Files) -> Self {
        let link = || files.link("/bin/sh").ok().flatten();
        let real = files.canonical("/bin/sh").ok().flatten().or_else(link);
        let name = real.as_ref().and_then(|real| real.file_name());
        match name.map(|name| name.to_string_lossy()) {
            Some(name) if name == "bash" => Shell::Bash,
            Some(name) if name != "sh" => Shell::Other(name.into_owned()),
            _ => Shell::Unknown,
        }
    }

    /// Why `name+=` may not add to the variable; `None` where it does.
    pub(super) fn refusal(&self, name: &str) -> Option<String> {
        let shell = match self {
            Shell::Bash => return None,
            Shell::Other(shell) => format!("/bin/sh is {shell}"),
            Shell::Unknown => "what /bin/sh is is not known".to_owned(),
        };
        Some(format!("'{name}+=' is bash's, and {shell}"))
    }
}
