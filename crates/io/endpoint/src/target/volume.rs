//! A logical volume: overwritten when it exists, created when it does not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use error::{Error, Result, amount, amounts};
use host::Host;
use sparse::{BlockRead, BlockWrite, ParallelWrite};

use super::device::{self, Claim, Device, DeviceCandidate, Zeros};
use super::{Candidate, TargetOptions, check_asked};
use crate::advice::Advice;
use crate::lvm::{Group, Logical, Lvm, Volume};
use crate::source::open_from_medium;

/// Looks at `volume` and its group.
pub(super) fn check(
    volume: &Volume,
    options: &TargetOptions,
    host: &Host,
) -> Result<Box<dyn Candidate>> {
    let lvm = Lvm::new(host);
    let group = lvm.group(&volume.group).map_err(|error| error.at(volume))?;
    match group.find(&volume.name) {
        Some(existing) => {
            let device = check_existing(volume, existing, options, host)?;
            Ok(Box::new(match group.chunks_of(existing) {
                Some(chunks) => device.thin(chunks),
                None => device,
            }))
        }
        None => {
            let candidate = NewVolume::check(volume, lvm, group, options)?;
            Ok(Box::new(candidate))
        }
    }
}

fn check_existing(
    volume: &Volume,
    existing: &Logical,
    options: &TargetOptions,
    host: &Host,
) -> Result<DeviceCandidate> {
    let path = volume.path();
    let refuse = |what: String| Error::target(format!("{volume} {what}"));
    if volume.pool.is_some() && volume.pool != existing.pool {
        let place = match &existing.pool {
            Some(pool) => format!("is in thin pool {pool}"),
            None => "is not in a thin pool".to_owned(),
        };
        return Err(refuse(format!("exists already and {place}")).hint(format!("give lv:{path}")));
    }
    if existing.is_internal() {
        return Err(refuse(
            "is a pool or a part of a volume, not a volume".into(),
        ));
    }
    if !existing.is_writable() {
        return Err(refuse("is read-only".into()).hint(format!("lvchange -prw {path}")));
    }
    if !existing.is_active() {
        return Err(refuse("is not active".into()).hint(format!("lvchange -ay {path}")));
    }
    let node = host.dev().join(&path);
    let device = device::check(&volume.to_string(), &node, options, host)?;
    // Asked last: the checks above name most users of a device.
    if existing.is_open() {
        return Err(refuse("is in use: LVM says that its device is open".into())
            .hint("find its user with lsblk, fuser or dmsetup ls --tree"));
    }
    Ok(device)
}

/// A volume that is to be created.
struct NewVolume {
    name: String,
    volume: Volume,
    lvm: Lvm,
    group: Group,
    /// What reads as zeros in the new volume.
    zeros: Zeros,
    node: PathBuf,
    asked: Option<u64>,
}

impl NewVolume {
    fn check(volume: &Volume, lvm: Lvm, group: Group, options: &TargetOptions) -> Result<Self> {
        let zeros = match &volume.pool {
            // Space of its own holds what was there before.
            None => Zeros::Punch,
            Some(pool) => match group.find(pool) {
                None => {
                    let message = format!("{volume}: {}/{pool} does not exist", volume.group);
                    return Err(Error::target(message).hint("create the thin pool first"));
                }
                Some(found) => match found.chunks() {
                    Some(chunks) => Zeros::in_empty(chunks),
                    None => {
                        let message =
                            format!("{volume}: {}/{pool} is not a thin pool", volume.group);
                        return Err(Error::target(message));
                    }
                },
            },
        };
        let candidate = NewVolume {
            name: volume.to_string(),
            volume: volume.clone(),
            node: lvm.node(volume),
            lvm,
            group,
            zeros,
            asked: options.size,
        };
        if let Some(size) = options.size {
            candidate.check_room(size)?;
        }
        Ok(candidate)
    }

    /// The size it gets for a disk of `size` bytes.
    fn rounded(&self, size: u64) -> Result<u64> {
        let size = self.group.rounded(size.max(self.asked.unwrap_or(0)));
        size.ok_or_else(|| Error::target(format!("{}: no volume is that large", self.name)))
    }

    fn check_room(&self, size: u64) -> Result<()> {
        let needed = self.rounded(size)?;
        // A thin volume takes space when it is written; how much it will need is not known.
        if self.volume.pool.is_some() || needed <= self.group.free {
            return Ok(());
        }
        let (free, needed) = amounts(self.group.free, needed);
        let group = &self.volume.group;
        let message = format!(
            "{}: {group} has {free} free, the volume needs {needed}",
            self.name
        );
        Err(Error::target(message).hint("free space in the group or give another target"))
    }
}

impl Candidate for NewVolume {
    fn name(&self) -> &str {
        &self.name
    }

    fn capacity(&self) -> Option<u64> {
        match (self.asked, &self.volume.pool) {
            (Some(asked), _) => self.group.rounded(asked),
            (None, Some(_)) => None,
            (None, None) => Some(self.group.free),
        }
    }

    fn needs_size(&self) -> bool {
        self.asked.is_none()
    }

    fn plan(&self, size: Option<u64>) -> String {
        let Volume { group, pool, name } = &self.volume;
        let what = match pool {
            Some(pool) => format!("thin volume {group}/{pool}/{name}"),
            None => format!("volume {group}/{name}"),
        };
        match size
            .max(self.asked)
            .and_then(|size| self.group.rounded(size))
        {
            Some(size) => format!("creates {what} of {}", amount(size)),
            None => format!("creates {what} of the disk's size"),
        }
    }

    fn fits(&self, size: u64) -> Result<()> {
        check_asked(self.asked, size)?;
        self.check_room(size)
    }

    fn open(self: Box<Self>, size: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        let Some(size) = size.max(self.asked) else {
            let message = format!("{}: the disk's size is not known", self.name);
            return Err(Error::target(message).advise(Advice::GiveSize));
        };
        self.fits(size)?;
        let bytes = self.rounded(size)?;
        let named = |error: Error| error.at(&self.name);
        // When this fails, a volume of that name belongs to another program.
        self.lvm.create(&self.volume, bytes).map_err(named)?;
        let mut created = Created {
            device: None,
            present: true,
            name: self.name,
            node: self.node,
            volume: self.volume,
            lvm: self.lvm,
        };
        match created.open_device(self.zeros, size, self.asked) {
            Ok(()) => Ok(Box::new(created)),
            Err(error) => Err(match created.abort() {
                Ok(()) => error,
                Err(left) => error.cause(left),
            }),
        }
    }
}

/// A volume created here: an abort takes it away.
struct Created {
    name: String,
    node: PathBuf,
    volume: Volume,
    lvm: Lvm,
    /// Its device; none before it is opened and once it is finished or removed.
    device: Option<Device>,
    /// Whether it is there.
    present: bool,
}

impl Created {
    fn open_device(&mut self, zeros: Zeros, size: u64, asked: Option<u64>) -> Result<()> {
        let claim = Claim::new(&self.name, &self.node, self.lvm.host())?;
        self.device = Some(Device::open(claim, zeros, Some(size), asked)?);
        Ok(())
    }

    fn device(&mut self) -> Result<&mut Device> {
        let closed = || Error::new(error::Kind::Io, format!("{} is closed already", self.name));
        self.device.as_mut().ok_or_else(closed)
    }
}

impl BlockWrite for Created {
    fn name(&self) -> &str {
        &self.name
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.node)
    }

    fn any_order(&self) -> bool {
        true
    }

    fn parallel(&mut self) -> Option<Arc<dyn ParallelWrite>> {
        self.device().ok()?.parallel()
    }

    fn wrote(&mut self, offset: u64, len: u64) {
        if let Some(device) = &mut self.device {
            device.wrote(offset, len);
        }
    }

    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        open_from_medium(&self.name, &self.node)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.device()?.write_at(offset, data)
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.device()?.zero_at(offset, len)
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        match self.device()?.finish(size) {
            Ok(()) => Ok(()),
            Err(error) => Err(match self.abort() {
                Ok(()) => error,
                Err(left) => error.cause(left),
            }),
        }
    }

    fn abort(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.present) {
            return Ok(());
        }
        // LVM does not remove what is open.
        self.device = None;
        self.lvm
            .remove(&self.volume)
            .map_err(|error| error.at(format!("{} was created and is left behind", self.name)))
    }
}
