//! A pretended machine, as this crate sees one.

use std::fs;

use host::{Host, Number};
use testkit::machine::{Disk, FakeHost, FakeLvm};

/// The number of the disk's device.
pub(crate) fn number(disk: &Disk) -> Number {
    Number::of(&fs::metadata(&disk.path).unwrap()).unwrap()
}

/// This machine with another LVM before its own.
pub(crate) fn with_lvm(lvm: &FakeLvm) -> Host {
    let live = Host::live();
    let path = [vec![lvm.programs()], live.path().to_vec()].concat();
    live.with_path(path).with_dev(lvm.dev().to_owned())
}

/// The host that `fake` pretends to be.
pub(crate) fn host(fake: &FakeHost) -> Host {
    Host::at(fake.root()).unwrap()
}
