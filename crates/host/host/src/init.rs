//! Which program starts and stops a host's services.

use std::path::Path;

use error::{Error, Kind, Result};

use crate::{Host, Kind as FileKind};

/// An init system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    /// systemd.
    Systemd,
    /// OpenRC, whatever program is process 1.
    OpenRc,
    /// The scripts of System V: `/etc/rc2.d`, or `/etc/rc.d`.
    SysV,
    /// runit.
    Runit,
}

/// What only a running one has (sd_booted(3), and the like for the others).
const RUNNING: [(&str, Init); 3] = [
    ("/run/systemd/system", Init::Systemd),
    ("/run/openrc", Init::OpenRc),
    ("/run/runit", Init::Runit),
];

/// What is there where its services are set up; only asked where the host has no `/sbin/init`. systemd's own
/// directory is not among them: packages put units there on every host.
const SET_UP: [(&str, Init); 2] = [
    ("/etc/runlevels", Init::OpenRc),
    ("/etc/runit", Init::Runit),
];

impl Host {
    /// Its init system: the one that runs; of a host that does not run, the one that `/sbin/init` starts.
    ///
    /// # Errors
    /// [`Kind::Io`] when nothing tells, or what would tell cannot be read.
    pub fn init_system(&self) -> Result<Init> {
        if let Some(found) = self.first_directory(&RUNNING)? {
            return Ok(found);
        }
        if let Some(found) = self.started()? {
            return Ok(found);
        }
        if let Some(found) = self.first_directory(&SET_UP)? {
            return Ok(found);
        }
        let text = "no /sbin/init that is known, and no /run of an init system that is";
        Err(Error::new(Kind::Io, "the init system cannot be told").cause(text))
    }

    fn first_directory(&self, all: &[(&str, Init)]) -> Result<Option<Init>> {
        for &(path, init) in all {
            let status = self.files().status(path)?;
            if status.is_some_and(|status| status.kind == FileKind::Directory) {
                return Ok(Some(init));
            }
        }
        Ok(None)
    }

    /// What `/sbin/init` is, by the name of the program that it leads to.
    fn started(&self) -> Result<Option<Init>> {
        let program = self.files().canonical("/sbin/init")?;
        let name = program.as_deref().and_then(Path::file_name);
        Ok(match name.and_then(|name| name.to_str()) {
            Some("systemd") => Some(Init::Systemd),
            Some("openrc-init") => Some(Init::OpenRc),
            Some("runit-init" | "runit") => Some(Init::Runit),
            // System V's own program, and BusyBox's: both do what inittab(5) says.
            Some("init" | "sysvinit" | "busybox") => self.by_inittab()?,
            _ => None,
        })
    }

    fn by_inittab(&self) -> Result<Option<Init>> {
        let Some(table) = self.files().read("/etc/inittab")? else {
            return Ok(None);
        };
        let table = String::from_utf8_lossy(&table);
        let mut actions = table.lines().filter(|line| !line.starts_with('#'));
        let is_openrc = actions.any(|line| line.contains("/openrc"));
        Ok(Some(if is_openrc { Init::OpenRc } else { Init::SysV }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::FakeHost;

    fn found(fake: &FakeHost) -> Result<Init> {
        Host::at(fake.root()).unwrap().init_system()
    }

    #[test]
    fn init_systems_are_told_by_what_sbin_init_starts() {
        let openrc = "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\n";
        let cases = [
            ("lib/systemd/systemd", "", Init::Systemd),
            ("bin/busybox", openrc, Init::OpenRc),
            ("sbin/openrc-init", "", Init::OpenRc),
            ("bin/runit-init", "", Init::Runit),
            (
                "lib/sysvinit/init",
                "# no /openrc\nsi::sysinit:/etc/init.d/rcS\n",
                Init::SysV,
            ),
        ];
        for (program, inittab, init) in cases {
            let fake = FakeHost::new();
            fake.write(program, "");
            fake.link("sbin/init", format!("/{program}"));
            if !inittab.is_empty() {
                fake.write("etc/inittab", inittab);
            }
            assert_eq!(found(&fake).unwrap(), init, "{program}");
        }
    }

    #[test]
    fn the_one_that_runs_counts_before_the_one_that_would_start() {
        let fake = FakeHost::new();
        fake.write("lib/systemd/systemd", "");
        fake.link("sbin/init", "/lib/systemd/systemd");
        fake.write("run/openrc/softlevel", "default");
        assert_eq!(found(&fake).unwrap(), Init::OpenRc);
    }

    #[test]
    fn a_host_without_init_is_told_by_its_services() {
        let fake = FakeHost::new();
        fake.write("etc/runlevels/default/xendomains", "");
        assert_eq!(found(&fake).unwrap(), Init::OpenRc);
    }

    #[test]
    fn an_init_system_that_nothing_tells_is_unknown() {
        let fake = FakeHost::new();
        fake.write("etc/systemd/system/mine.service", "");
        fake.write("bin/own-init", "");
        fake.link("sbin/init", "/bin/own-init");
        let error = found(&fake).unwrap_err();
        assert_eq!(error.to_string(), "the init system cannot be told");
    }
}
