//! Which hypervisor a host runs guests with.

use error::{Error, Kind, Result};

use crate::Host;

/// What a host is to guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hypervisor {
    /// Xen, and this is the domain that controls it.
    XenDom0,
    /// Xen, and this is one of its guests: it runs none of its own with Xen.
    XenGuest,
    /// Linux itself, through KVM.
    Kvm,
    /// None: guests cannot be run at full speed.
    None,
}

/// What Xen's own file says where this domain controls it.
const CONTROL: &str = "control_d";

/// Xen's identity of dom0, on every host.
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

impl Host {
    /// The hypervisor it runs on, or runs guests with.
    ///
    /// # Errors
    /// [`Kind::Io`] when that cannot be told: the files that would tell cannot be read, `/sys` is not mounted, or the
    /// host does not run because it is a directory without these files.
    pub fn hypervisor(&self) -> Result<Hypervisor> {
        if let Some(xen) = self.xen()? {
            return Ok(xen);
        }
        if self.files().exists("/dev/kvm")? {
            return Ok(Hypervisor::Kvm);
        }
        // Absence says something only where presence would show.
        if self.files().exists("/sys/kernel")? {
            return Ok(Hypervisor::None);
        }
        let text = "neither Xen's files nor /dev/kvm is there, and /sys is empty";
        Err(Error::new(Kind::Io, "the hypervisor cannot be told").cause(text))
    }

    /// What the host is to Xen, if it runs on it.
    fn xen(&self) -> Result<Option<Hypervisor>> {
        let capabilities = self.files().value("/proc/xen/capabilities")?;
        if let Some(capabilities) = &capabilities
            && capabilities.contains(CONTROL)
        {
            return Ok(Some(Hypervisor::XenDom0));
        }
        let kind = self.files().value("/sys/hypervisor/type")?;
        if kind.as_deref() != Some("xen") {
            // A guest's file of capabilities is there and empty.
            return Ok(capabilities.map(|_| Hypervisor::XenGuest));
        }
        // Without xenfs mounted, the domain's identity tells.
        if capabilities.is_none() {
            let uuid = self.files().value("/sys/hypervisor/uuid")?;
            return Ok(match uuid.as_deref() {
                Some(ZERO) => Some(Hypervisor::XenDom0),
                Some(_) => Some(Hypervisor::XenGuest),
                None => return Err(not_mounted()),
            });
        }
        Ok(Some(Hypervisor::XenGuest))
    }
}

fn not_mounted() -> Error {
    let text = "neither /proc/xen/capabilities nor /sys/hypervisor/uuid is there";
    Error::new(Kind::Io, "whether this is Xen's dom0 cannot be told").cause(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::FakeHost;

    /// What a host with these files says.
    fn found(files: &[(&str, &str)]) -> std::result::Result<Hypervisor, String> {
        let fake = FakeHost::new();
        for (path, content) in files {
            fake.write(path, content);
        }
        let found = Host::at(fake.root()).unwrap().hypervisor();
        found.map_err(|error| error.to_string())
    }

    #[test]
    fn hypervisors_are_told_by_their_files() {
        let xen = ("sys/hypervisor/type", "xen\n");
        let kernel = ("sys/kernel/uevent_seqnum", "1\n");
        let uuid = "sys/hypervisor/uuid";
        let capabilities = "proc/xen/capabilities";
        let guest = "5f9a2d3e-0b0e-4e4e-8a55-0a3f8a2f9c11\n";
        let cases: [(&[(&str, &str)], _); 8] = [
            (&[xen, (capabilities, "control_d\n")], Hypervisor::XenDom0),
            (&[(capabilities, "control_d\n")], Hypervisor::XenDom0),
            (&[xen, (capabilities, "")], Hypervisor::XenGuest),
            (&[xen, (uuid, &format!("{ZERO}\n"))], Hypervisor::XenDom0),
            (&[xen, (uuid, guest)], Hypervisor::XenGuest),
            (&[kernel, ("dev/kvm", "")], Hypervisor::Kvm),
            (&[kernel], Hypervisor::None),
            (
                &[kernel, ("sys/hypervisor/type", "other\n")],
                Hypervisor::None,
            ),
        ];
        for (files, expected) in cases {
            assert_eq!(found(files), Ok(expected), "{files:?}");
        }
    }

    #[test]
    fn a_host_that_does_not_run_is_unknown() {
        assert_eq!(found(&[]).unwrap_err(), "the hypervisor cannot be told");
        let error = found(&[("sys/hypervisor/type", "xen\n")]).unwrap_err();
        assert_eq!(error, "whether this is Xen's dom0 cannot be told");
    }
}
