//! The files that a boot configuration is made from, which is where a user changes it.

use error::Error;
use host::Files;

use crate::cmdline::{CommandLine, Reader};
use crate::drop_ins::DropIns;
use crate::shell::{Assignments, Shell};
use crate::traced::Traced;

/// What GRUB's configuration is made from: `/etc/default/grub`, and `/etc/default/grub.d/*.cfg` behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrubDefaults {
    /// The variables, in the order in which grub-mkconfig reads them.
    pub variables: Assignments,
    /// Files that cannot be read, or not whole.
    pub errors: Vec<Error>,
}

/// What Alpine's extlinux.conf is made from: `/etc/update-extlinux.conf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateExtlinux {
    /// The variables of the file.
    pub variables: Assignments,
    /// The file, if it cannot be read, or not whole.
    pub errors: Vec<Error>,
}

impl GrubDefaults {
    /// Reads those of the host; empty where it has none.
    pub fn read(files: &Files) -> Self {
        let mut all = DropIns::default();
        all.add(files, "/etc/default/grub");
        let more = DropIns::read(files, &["/etc/default/grub.d"], ".cfg");
        all.sources.extend(more.sources);
        all.errors.extend(more.errors);
        let (variables, errors) = variables(files, all);
        GrubDefaults { variables, errors }
    }

    /// What the default entries give to Xen (`20_linux_xen`).
    pub fn xen(&self) -> CommandLine {
        self.joined(
            Reader::Xen,
            ["GRUB_CMDLINE_XEN", "GRUB_CMDLINE_XEN_DEFAULT"],
        )
    }

    /// What the default entries give to Linux without Xen (`10_linux`).
    pub fn linux(&self) -> CommandLine {
        self.joined(
            Reader::Linux,
            ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"],
        )
    }

    /// What the default entries give to Linux below Xen: `GRUB_CMDLINE_LINUX_XEN_REPLACE` and its `_DEFAULT` are taken
    /// instead where they are set.
    pub fn linux_with_xen(&self) -> CommandLine {
        let or = |name: &'static str, usual: &'static str| {
            let value = self.variables.value(name);
            let is_set = !value.is_empty() || !value.gaps().is_empty();
            if is_set { name } else { usual }
        };
        let all = or("GRUB_CMDLINE_LINUX_XEN_REPLACE", "GRUB_CMDLINE_LINUX");
        let by_default = or(
            "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT",
            "GRUB_CMDLINE_LINUX_DEFAULT",
        );
        self.joined(Reader::Linux, [all, by_default])
    }

    fn joined(&self, reader: Reader, names: [&str; 2]) -> CommandLine {
        let mut text = Traced::default();
        for (index, name) in names.iter().enumerate() {
            text.add(if index == 0 { "" } else { " " });
            text.append(&self.variables.value(name));
        }
        CommandLine { reader, text }
    }
}

impl UpdateExtlinux {
    /// Reads that of the host; empty where it has none.
    pub fn read(files: &Files) -> Self {
        let mut all = DropIns::default();
        all.add(files, "/etc/update-extlinux.conf");
        let (variables, errors) = variables(files, all);
        UpdateExtlinux { variables, errors }
    }

    /// What is given to Xen (`xen_opts`).
    pub fn xen(&self) -> CommandLine {
        let text = self.variables.value("xen_opts");
        let reader = Reader::Xen;
        CommandLine { reader, text }
    }

    /// What is given to Linux (`default_kernel_opts`), beside the root and the modules.
    pub fn linux(&self) -> CommandLine {
        let text = self.variables.value("default_kernel_opts");
        let reader = Reader::Linux;
        CommandLine { reader, text }
    }

    /// The label that is started by itself (`default`).
    pub fn default_label(&self) -> Traced {
        self.variables.value("default")
    }
}

fn variables(files: &Files, read: DropIns) -> (Assignments, Vec<Error>) {
    let mut variables = Assignments::new(Shell::of(files));
    for source in &read.sources {
        variables.add(source);
    }
    let mut errors = read.errors;
    errors.extend(variables.doubt().cloned().map(Error::from));
    (variables, errors)
}

#[cfg(test)]
mod tests {
    use testkit::machine::FakeHost;

    use super::*;

    #[test]
    fn the_options_of_xen_come_from_several_files() {
        let fake = FakeHost::new();
        let write = |path: &str, text: &str| fake.write(path, text);
        write(
            "etc/default/grub",
            "GRUB_CMDLINE_XEN=smt=off\nGRUB_CMDLINE_LINUX=quiet\n",
        );
        write(
            "etc/default/grub.d/xen.cfg",
            "GRUB_CMDLINE_XEN_DEFAULT=\"dom0_mem=1G\"\nGRUB_CMDLINE_LINUX_XEN_REPLACE=debug\n",
        );
        write("etc/default/grub.d/off.cfg.bak", "GRUB_CMDLINE_XEN=\n");
        write(
            "etc/update-extlinux.conf",
            "xen_opts=dom0_mem=2G\ndefault=xen-lts\n",
        );
        let host = host::Host::at(fake.root()).unwrap();
        let grub = GrubDefaults::read(host.files());
        assert_eq!(grub.errors, []);
        assert_eq!(grub.xen().text, "smt=off dom0_mem=1G");
        let memory = grub.xen().last("dom0_mem").unwrap().unwrap();
        let place = memory.name.place().unwrap().to_string();
        assert_eq!(place, "/etc/default/grub.d/xen.cfg:1:27");
        assert_eq!(grub.linux().text, "quiet ");
        assert_eq!(grub.linux_with_xen().text, "debug ");
        let extlinux = UpdateExtlinux::read(host.files());
        assert_eq!(extlinux.xen().text, "dom0_mem=2G");
        assert_eq!(extlinux.default_label(), "xen-lts");
    }
}
