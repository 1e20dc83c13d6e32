//! Backups of Proxmox VE: the disks of a guest, whose pieces lie between each other's.

use std::ops::ControlFlow::{self, Continue};

use diskimage::Format;
use error::{Error, Result};
use sparse::{SliceSource, SparseRead};
use unpack::archive::{Member, MemberKind};
use unpack::vma::{Device, Vma};

use super::{File, NAMED, Walk};
use crate::advice::Advice;
use crate::basis::Basis;
use crate::classify::Class;
use crate::config::ConfigKind;
use crate::disk::Disk;
use crate::members::What;
use crate::mixed::MOST;
use crate::names::shortened;
use crate::sink::{DiskFile, FileContent};

/// What the name of a configuration of a guest of Proxmox VE is in a backup.
const CONFIG: &str = "qemu-server.conf";
/// What the names of devices begin with that hold the state of a guest's hardware, and what they hold.
const STATE: [(&str, &str); 2] = [
    ("drive-efidisk", "the variables of the UEFI firmware"),
    ("drive-tpmstate", "the state of the TPM"),
];

impl Walk<'_> {
    /// Takes the disks that are meant out of the backup that `stream` is.
    pub(super) fn vma(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        self.summary.archive = true;
        self.note(&file.member, file.size, What::Archive("VMA"));
        let mut vma = Vma::new(stream)?;
        for config in vma.configs() {
            self.vma_config(&config.name, vma.text(config), file)?;
        }
        let devices = vma.devices().to_vec();
        if !self.sink.wants_content() {
            vma.finish()?;
            self.describe_devices(&vma, file)?;
            return Ok(Continue(()));
        }
        let (wanted, disks) = self.wanted(&devices, file)?;
        let flow = match (&wanted[..], &disks[..]) {
            ([], _) => Continue(()),
            (&[index], [disk]) => {
                let mut stream = vma.disk(index);
                let taken = self.watched(disk, &mut stream);
                taken.map_err(|error| error.within(&shortened(&disk.member, NAMED)))?
            }
            _ => {
                let mut mixed = vma.disks(wanted);
                self.all_watched(&disks, &mut mixed)?
            }
        };
        if flow.is_continue() {
            vma.finish()?;
        }
        Ok(flow)
    }

    /// Remembers a configuration of the guest.
    fn vma_config(&mut self, name: &str, text: &[u8], file: &File) -> Result<()> {
        let inner = file.entry(name, text.len() as u64);
        let class = match self.class(text, &inner)? {
            _ if name == CONFIG => Class::Config(ConfigKind::Proxmox),
            class @ (Class::Config(_) | Class::Text) => class,
            _ => Class::Other,
        };
        if !matches!(class, Class::Config(_)) {
            let warning = Error::unsupported("comes with the guest, and nothing of it is used");
            self.warn(&inner, warning);
        }
        self.list(&mut SliceSource::new(text), &inner, class)
            .map(drop)
    }

    /// The devices that are to be taken, by their positions among `devices`, as the disks that they are.
    /// Whether they can be is judged before the first is.
    fn wanted(&mut self, devices: &[Device], file: &File) -> Result<(Vec<usize>, Vec<Disk>)> {
        let (mut wanted, mut disks) = (Vec::new(), Vec::new());
        for (index, device) in in_order(devices) {
            let disk = disk(device, file);
            if self.is_beside(device, devices, file)? || !self.may_take(&disk.member, disk.size)? {
                continue;
            }
            self.suits(&disk)?;
            self.begin_disk(&disk)?;
            wanted.push(index);
            disks.push(disk);
        }
        if self.summary.twice || (!self.options.selection.several && self.summary.rivals.count > 0)
        {
            self.options.selection.judge(&self.summary)?;
        }
        if disks.len() > MOST {
            Err(Error::unsupported(format!(
                "holds {} disks whose data is mixed, {MOST} are the most that can be taken at once",
                disks.len()
            ))
            .advise(Advice::SelectFewer))
        } else {
            Ok((wanted, disks))
        }
    }

    /// Whether `device` is passed by, because nobody wants it beside the guest's disks; says so.
    fn is_beside(&mut self, device: &Device, devices: &[Device], file: &File) -> Result<bool> {
        let inner = file.entry(&device.name, device.size);
        let is_disk = |device: &&Device| !device.is_memory() && state(device).is_none();
        let mut wanted = devices.iter().filter(is_disk);
        let any = wanted.any(|device| {
            self.options
                .selection
                .wants(&file.entry(&device.name, 0).member)
        });
        let what = match (device.is_memory(), state(device)) {
            (true, _) => "the memory of the guest",
            (_, Some(what))
                if any
                    && !self.options.selection.several
                    && !self.options.selection.names(&inner.member) =>
            {
                what
            }
            _ => return Ok(false),
        };
        if self.options.selection.names(&inner.member) && !self.options.selection.several {
            let error = Error::unsupported(format!("holds {what}, not a disk"));
            return Err(error.within(&shortened(&inner.member, NAMED)));
        }
        if self.options.selection.wants(&inner.member) {
            let message = format!("holds {what}, not a disk of the guest; passed by");
            self.warn(&inner, Error::refused(message));
        }
        self.summary.rest.push(&inner.member, inner.size);
        Ok(true)
    }

    /// Sees to it that a device can be what was declared.
    fn suits(&self, disk: &Disk) -> Result<()> {
        let named = |error: Error| error.within(&shortened(&disk.member, NAMED));
        self.options.opening.how.suits(Format::Raw).map_err(named)?;
        match self.options.selection.format {
            Some(declared) if declared != Format::Raw => {
                let message = format!("is declared {declared}, its content is raw");
                Err(named(Error::refused(message)))
            }
            _ => Ok(()),
        }
    }

    /// Tells whoever looks of the devices of a backup that was read.
    fn describe_devices<R: SparseRead>(&mut self, vma: &Vma<R>, file: &File) -> Result<()> {
        for (index, device) in vma.devices().iter().enumerate() {
            let disk = disk(device, file);
            let what = if device.is_memory() {
                What::Other
            } else {
                What::Disk(Format::Raw)
            };
            self.note(&disk.member, disk.size, what);
            if device.is_memory() || !self.may_take(&disk.member, disk.size)? {
                continue;
            }
            let found = DiskFile {
                disk,
                part: None,
                basis: Basis::Evidence,
                how: &self.options.opening.how,
                means: self.options.opening.means,
            };
            let stored = FileContent::Stored(vma.stored(index));
            let described = self.sink.describe(&found, stored)?;
            if described.is_some_and(|described| described.kept) {
                self.remember_taken(found.disk);
            }
        }
        Ok(())
    }
}

/// Devices and their positions: the guest's disks, then the state of its hardware.
fn in_order(devices: &[Device]) -> Vec<(usize, &Device)> {
    let mut order: Vec<_> = devices.iter().enumerate().collect();
    order.sort_by_key(|(_, device)| state(device).is_some());
    order
}

/// What state of the guest's hardware `device` holds, if it is no disk of the guest.
fn state(device: &Device) -> Option<&'static str> {
    let mut states = STATE.iter();
    let (_, what) = states.find(|(prefix, _)| device.name.starts_with(prefix))?;
    Some(what)
}

fn disk(device: &Device, file: &File) -> Disk {
    Disk {
        member: file.entry(&device.name, device.size).member,
        size: Some(device.size),
        format: Format::Raw,
        variant: "VMA".into(),
    }
}

impl File {
    /// What is called `name` in the backup that this file is.
    fn entry(&self, name: &str, size: u64) -> File {
        self.inside(&Member {
            name: name.to_owned(),
            kind: MemberKind::File,
            size: Some(size),
            refusal: None,
        })
    }
}
