//! Configurations as guests.

use std::path::PathBuf;

use error::{Error, Kind, Result};
use host::Host;
use vmconfig::{TEXT, Vm};

use crate::{Guest, Inventory, State, Toolstack};

/// A configuration read by `read`, as a guest that is off if the host runs.
///
/// # Errors
/// It cannot be read, or is not a configuration of this kind.
pub(crate) fn guest(
    host: &Host,
    path: PathBuf,
    toolstack: Toolstack,
    read: fn(&str, &str) -> Result<Vm>,
) -> Result<Guest> {
    let shown = path.display().to_string();
    let bytes = host.files().read_within(&path, TEXT as u64)?;
    let Some(bytes) = bytes else {
        return Err(Error::new(Kind::Io, "it leads nowhere").at(&shown));
    };
    let text = vmconfig::decode(&bytes).text;
    let vm = read(&text, &shown).map_err(|error| error.within(&shown))?;
    let value = |value: &Option<vmconfig::Value<u32>>| value.as_ref().map(|it| it.value);
    Ok(Guest {
        name: vm.name.as_ref().map(|name| name.value.clone()),
        toolstack,
        kind: None,
        vcpus: value(&vm.vcpus),
        memory: vm.memory.as_ref().map(|memory| memory.value),
        state: if host.is_live() {
            State::Off
        } else {
            State::NotKnown
        },
        id: None,
        autostart: false,
        file: Some(path),
        vm: Some(vm),
    })
}

/// What a guest of QEMU is: `qemu` where its processor is emulated.
pub(crate) fn on_qemu(guest: &Guest) -> &'static str {
    let emulated = guest.vm.as_ref().and_then(|vm| vm.emulated.as_ref());
    if emulated.is_some_and(|emulated| emulated.value) {
        "qemu"
    } else {
        "kvm"
    }
}

impl Inventory {
    /// What a source gave; its error is kept.
    pub(crate) fn kept<T: Default>(&mut self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.errors.push(error);
            T::default()
        })
    }
}
