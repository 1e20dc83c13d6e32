//! Describes disks by their content.

use std::sync::Arc;

use diskimage::{About, FileAccess, Format, Image, OpenOptions};
use error::{Error, Kind, Result, amount};
use recognise::reach;
use sparse::{BlockRead, DiskRead, Run};

use super::{InspectedDisk, Survey, survey};
use crate::advice::Advice;
use crate::basis::Basis;
use crate::control::Control;
use crate::disk::Disk;
use crate::guard::{Claim, Guarded, Watch};
use crate::members::Members;
use crate::open::{Footer, Sieves, not_read};
use crate::sink::DiskFile;
use crate::witness::is_about_content;

/// Disks that are described; further ones are only listed.
const DISKS: usize = 1000;

/// What was seen of a source so far.
pub(crate) struct Inspector {
    max_size: u64,
    /// Whether the footer of a fixed VHD is looked for behind a raw disk.
    footer: Footer,
    pub(super) control: Arc<Control>,
    /// The layers of the source itself.
    pub(crate) layers: Vec<&'static str>,
    /// Forgotten at each new pass.
    pub(crate) members: Members,
    /// Kept from one pass to the next, which then completes what is not complete.
    pub(crate) disks: Vec<InspectedDisk>,
    /// What is wrong with an appliance's manifest.
    pub(crate) manifest: Option<Error>,
    /// Why an import would not take a folder, whatever its disks are like.
    pub(crate) refusal: Option<Error>,
    /// The number of the pass, counted from 1.
    pub(super) pass: usize,
    /// Tables of images that earlier passes have kept.
    pub(super) sieves: Sieves,
}

impl Inspector {
    /// Nothing seen yet.
    pub(crate) fn new(max_size: u64, footer: Footer, control: &Arc<Control>) -> Self {
        Inspector {
            max_size,
            footer,
            control: Arc::clone(control),
            layers: Vec::new(),
            members: Members::default(),
            disks: Vec::new(),
            manifest: None,
            refusal: None,
            pass: 0,
            sieves: Sieves::default(),
        }
    }

    /// Whether the disk called `member` can be described, and not only listed.
    pub(super) fn has_room_for(&self, member: &str) -> bool {
        self.disks.len() < DISKS || self.known(member).is_some()
    }

    /// What was found out about the disk called `member`, in an earlier pass too.
    pub(super) fn known(&self, member: &str) -> Option<&InspectedDisk> {
        self.disks.iter().find(|known| known.disk.member == member)
    }

    /// Remembers a disk, in the place of what was known about it.
    pub(super) fn remember(&mut self, disk: InspectedDisk) {
        let same = |known: &&mut InspectedDisk| known.disk.member == disk.disk.member;
        match self.disks.iter_mut().find(same) {
            Some(known) => *known = disk,
            None => self.disks.push(disk),
        }
    }

    /// Describes the image in `bytes`, all of `file`. A member that cannot be described has that said of it.
    pub(super) fn bytes(
        &self,
        file: &DiskFile<'_>,
        bytes: &Arc<dyn BlockRead>,
    ) -> Result<InspectedDisk> {
        let Disk { member, format, .. } = &file.disk;
        let mut described = match self.image(member, *format, bytes, file.how) {
            Err(error) if !member.is_empty() && is_about_content(&error) => {
                InspectedDisk::in_trouble(member.clone(), *format, error)
            }
            described => described?,
        };
        if *format == Format::Raw {
            described.refuse(file.basis, file.disk.size);
        }
        Ok(described)
    }

    /// What can be said about the image in `format` that lies in `bytes`, in the member called `member`.
    /// What an import would refuse is a property of the image.
    ///
    /// # Errors
    /// When nothing can be said.
    pub(super) fn image(
        &self,
        member: &str,
        format: Format,
        bytes: &Arc<dyn BlockRead>,
        how: &OpenOptions,
    ) -> Result<InspectedDisk> {
        let opened = Image::open(format, Arc::clone(bytes), how);
        let (mut image, refusal) = match opened {
            Ok(image) => (image, None),
            Err(error) => {
                let looking = OpenOptions {
                    access: FileAccess::looking(),
                    ..how.clone()
                };
                match Image::open(format, Arc::clone(bytes), &looking) {
                    Ok(image) => (image, Some(error)),
                    Err(_) => return Err(error),
                }
            }
        };
        let size = image.size();
        self.control.disk_found(Some(size));
        let disk = Disk {
            member: member.to_owned(),
            size: Some(size),
            format,
            variant: image.about().variant.clone(),
        };
        let mut described = InspectedDisk {
            about: image.about().clone(),
            refusal,
            ..InspectedDisk::new(disk)
        };
        if let Some(refusal) = self.too_large(size) {
            described.refusal.get_or_insert(refusal);
            return Ok(described);
        }
        if let Ok(head) = image.head(reach::HEAD) {
            let mut watch = Watch::new(Claim::default());
            watch.see(0, &head)?;
            let cut = watch.fits(size).err();
            described.refusal = described.refusal.or(cut);
        }
        let absent = described.refusal.is_some() && is_elsewhere(&described.about);
        if absent || (format == Format::Raw && says_nothing(&**bytes)?) {
            return Ok(described);
        }
        match survey::of_image(&mut image, &self.control) {
            Ok(survey) => described.survey = Some(survey),
            Err(error) if error.kind() == Kind::Refused || error.kind() == Kind::Unsupported => {
                described.refusal.get_or_insert(error);
            }
            // Not all of its tables have passed by.
            Err(error) if error.kind() == Kind::Io && how.in_file_order => {}
            Err(error) => return Err(error),
        }
        Ok(described)
    }

    /// Why a disk of `size` bytes would not be taken, if it is the size.
    fn too_large(&self, size: u64) -> Option<Error> {
        let most = amount(self.max_size);
        let refusal = Error::refused(format!("is larger than the limit, which is {most}"));
        (size > self.max_size).then(|| refusal.advise(Advice::RaiseMaxSize))
    }

    /// Describes `disk`, of which `data` bytes are stored in a backup.
    pub(super) fn stored(&self, disk: &Disk, data: u64) -> InspectedDisk {
        let size = disk.size.unwrap_or(data);
        InspectedDisk {
            survey: Some(Survey {
                data,
                holes: size.saturating_sub(data),
                packed: None,
            }),
            refusal: self.too_large(size),
            ..InspectedDisk::new(disk.clone())
        }
    }

    /// Reads a raw disk, which was taken for one for the reason `basis` if it is its own format, and says
    /// what it is.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn raw(
        &self,
        mut disk: Disk,
        stream: &mut dyn DiskRead,
        basis: Option<Basis>,
    ) -> Result<InspectedDisk> {
        let claim = Claim {
            basis,
            ..Claim::default()
        };
        let mut stream = Guarded::looked_at(stream, claim);
        let stream = &mut stream;
        self.control.disk_found(disk.size);
        let footer = if disk.variant.is_empty() {
            self.footer
        } else {
            Footer::Ignored
        };
        let counted = survey::of_raw(stream, footer, self.max_size, &self.control)?;
        let wanted = disk.size.replace(counted.size);
        match counted.footer {
            None => footer.missing()?,
            Some(Format::Vhd) => {
                (disk.format, disk.variant) = (Format::Vhd, "fixed".into());
            }
            Some(other) => return Err(not_read(other)),
        }
        match wanted {
            Some(wanted) if counted.footer.is_none() && wanted != counted.size => {
                Err(Error::corrupt(format!(
                    "is announced with {wanted} bytes and has {}",
                    counted.size
                )))
            }
            _ => {
                let mut described = InspectedDisk {
                    survey: Some(counted.survey),
                    refusal: stream.trouble.take(),
                    ..InspectedDisk::new(disk)
                };
                if let Some(basis) = basis {
                    described.refuse(basis, described.disk.size);
                }
                Ok(described)
            }
        }
    }
}

/// Whether the image's data lies in files that were not opened.
fn is_elsewhere(about: &About) -> bool {
    let elsewhere = ["extent", "data file"];
    about
        .refers
        .iter()
        .any(|refer| elsewhere.contains(&refer.what))
}

/// Whether the source is a server that knows nothing of holes: all of it would count as data.
fn says_nothing(bytes: &dyn BlockRead) -> Result<bool> {
    let all = |size: u64| Ok(bytes.run_at(0)? == Run::Data(size));
    match bytes.size().filter(|_| bytes.is_far()) {
        Some(size) if size > 0 => all(size),
        _ => Ok(false),
    }
}
