//! What is known of an OVA's guest and of its disk, from whichever part of the engine knows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error::Error;
use vmconfig::ovf::{self, Descriptor};
use vmconfig::{Choice, Content, Disk as Plugged, Origin, Vm};

use super::Ova;
use crate::advice::Advice;
use crate::config::Config;
use crate::disk::Disk;
use crate::guest::Guest;
use crate::names::last_part;

/// The size and the SHA-256 of the disk's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

impl Measured {
    /// In the place of one that is not known yet.
    pub(super) const NONE: Measured = Measured {
        size: 0,
        sha256: [0; 32],
    };
}

/// What is known; copies share it.
#[derive(Clone)]
pub(crate) struct Told(Arc<Mutex<State>>);

struct State {
    name: String,
    source: String,
    /// Which guest of several is meant.
    choice: Choice,
    /// The disk's name in its source.
    disk: String,
    /// The guest, as soon as it is known.
    guest: Option<Vm>,
    /// Whether that is all there is to be known: no other description can come.
    settled: bool,
    /// Bytes of the disk that hold data.
    populated: u64,
    measured: Option<Measured>,
}

impl Told {
    /// Nothing yet but what was asked for, and what the source is called.
    pub(crate) fn new(ova: &Ova, source: &str, choice: &Choice) -> Self {
        Told(Arc::new(Mutex::new(State {
            name: ova.name.clone(),
            source: source.to_owned(),
            choice: choice.clone(),
            disk: String::new(),
            guest: ova.guest.clone(),
            settled: ova.guest.is_some(),
            populated: 0,
            measured: None,
        })))
    }

    /// The disk has been found, and these configurations before it.
    pub(crate) fn meet(&self, disk: &Disk, configs: &[Config]) {
        let mut state = self.lock();
        state.disk = disk.member.clone();
        if state.guest.is_none() {
            state.guest = Guest::described_by(configs, &state.choice).vm;
        }
        // Nothing comes behind a disk that is the source itself.
        state.settled |= state.guest.is_some() || disk.member.is_empty();
    }

    /// The source has been read to its end, and this is the guest by everything that was in it. Returns
    /// what the description of the guest will lack.
    pub(crate) fn end(&self, guest: Option<&Vm>) -> Vec<Error> {
        let mut state = self.lock();
        if state.guest.is_none() {
            state.guest = guest.cloned();
        }
        state.settled = true;
        let mut lacks = Vec::new();
        if state.guest.is_none() {
            let message = "nothing describes the guest, and so the ova's description is a guess";
            lacks.push(Error::refused(message).advise(Advice::DescribeGuest));
        }
        let left_out = state.descriptor(0, 0, true).left_out;
        lacks.extend(
            left_out
                .into_iter()
                .map(|what| Error::refused(format!("the ova's description leaves out {what}"))),
        );
        lacks
    }

    /// Bytes of the disk that hold data.
    pub(crate) fn holds(&self, populated: u64) {
        self.lock().populated = populated;
    }

    /// What a first pass has found out.
    pub(super) fn set_measured(&self, measured: Measured) {
        self.lock().measured = Some(measured);
    }

    /// What a first pass has found out, if there was one.
    pub(super) fn measured(&self) -> Option<Measured> {
        self.lock().measured
    }

    /// The name of the package's file with this `ending`.
    pub(super) fn file(&self, ending: &str) -> String {
        format!("{}{ending}", self.lock().name)
    }

    /// Bytes that the descriptor needs, whatever the numbers in it will be; `None` while a description
    /// of the guest may still come.
    pub(super) fn room(&self) -> Option<usize> {
        let mut state = self.lock();
        if !state.settled {
            return None;
        }
        let populated = std::mem::replace(&mut state.populated, u64::MAX);
        let descriptor = state.descriptor(u64::MAX, u64::MAX, true);
        state.populated = populated;
        Some(descriptor.text.len())
    }

    /// The descriptor of a package whose disk has `capacity` bytes and lies in a file of `size` bytes, as
    /// far as `room` bytes hold it: without what others noted down about the guest, if need be.
    pub(super) fn descriptor(&self, size: u64, capacity: u64, room: usize) -> Option<String> {
        let state = self.lock();
        let texts = [true, false].map(|noted| state.descriptor(size, capacity, noted).text);
        texts.into_iter().find(|text| text.len() <= room)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn descriptor(&self, size: u64, capacity: u64, noted: bool) -> Descriptor {
        let href = format!("{}{}", self.name, super::DISK);
        let mut vm = match &self.guest {
            Some(guest) => guest.clone(),
            None => Vm::guess(&self.name, Vec::new()),
        };
        if !noted {
            vm.notes.clear();
        }
        let disk = self.position(&vm).unwrap_or_else(|| {
            let why = Origin::guess("the disk is not in the description");
            vm.disks.push(Plugged::new("disk", &why));
            vm.disks.len() - 1
        });
        for (number, plugged) in vm.disks.iter_mut().enumerate() {
            plugged.place = (number == disk).then(|| href.clone());
        }
        let file = ovf::DiskFile {
            href,
            size,
            capacity,
            populated: self.populated,
        };
        ovf::write(&vm, &[file])
    }

    /// Which of the guest's disks is the one that was found: the one of its name, or the first.
    fn position(&self, vm: &Vm) -> Option<usize> {
        let names = [&self.disk, last_part(&self.disk), last_part(&self.source)];
        let is_called = |disk: &Plugged, name: &str| {
            disk.id == name || disk.source.as_deref().map(last_part) == Some(name)
        };
        let called = |name: &&str| {
            let mut disks = vm.disks.iter();
            disks.position(|disk| !name.is_empty() && !disk.cdrom && is_called(disk, name))
        };
        let holds = |disk: &Plugged| !disk.cdrom && disk.content == Content::Given;
        let first = || vm.disks.iter().position(holds);
        names.iter().find_map(called).or_else(first)
    }
}
