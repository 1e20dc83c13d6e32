//! Small hosts that show what a rule finds.

/// A host in a few lines, and what the rules find on it.
#[derive(Debug)]
pub struct Example {
    /// The host's files, each behind a line with its path: `-- etc/xen/web.cfg --`. A link is `-- PATH -> TARGET --`,
    /// what a tool prints `-- $ xl info --`.
    pub host: &'static str,
    /// The release of Xen before the upgrade; empty for what is installed.
    pub from: &'static str,
    /// The release of Xen behind the upgrade; empty for what is installed.
    pub xen: &'static str,
    /// All findings above info and all of this rule, as `SEVERITY PLACE: MESSAGE`; empty where all is well.
    pub finds: &'static [&'static str],
}

impl Example {
    /// A host with `files` on which there is nothing to find.
    pub const fn good(host: &'static str) -> Self {
        Example::bad(host, &[])
    }

    /// A host with `files` on which the rules find `finds`.
    pub const fn bad(host: &'static str, finds: &'static [&'static str]) -> Self {
        Example {
            host,
            from: "",
            xen: "",
            finds,
        }
    }

    /// The same where Xen is upgraded to release `xen`.
    #[must_use]
    pub const fn to_xen(self, xen: &'static str) -> Self {
        Example { xen, ..self }
    }

    /// The same where Xen is upgraded from release `from`.
    #[must_use]
    pub const fn from_xen(self, from: &'static str) -> Self {
        Example { from, ..self }
    }
}
