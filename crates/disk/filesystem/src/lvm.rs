//! LVM2: physical volumes put together to the logical volumes on them, by their metadata in text format, as lib/format_text of
//! the LVM2 sources writes it.
//!
//! ```text
//! BlockRead (a partition) ─ PhysicalVolume::open ─┐
//! BlockRead (a disk)      ─ PhysicalVolume::open ─┴─ VolumeGroups::assemble ─► LogicalVolume ─► BlockRead
//! ```
//!
//! Linear and striped volumes are read, and the first whole copy of mirrored ones. All other kinds are in the list with the
//! reason why they are not.

mod assemble;
mod config;
mod group;
mod label;
#[cfg(test)]
mod tests;
mod volume;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use error::Result;
use sparse::BlockRead;

use group::Group;
pub use label::PhysicalVolume;

/// Most bytes of metadata in all. A group of thousands of volumes has a few MiB, and copies of a text are read once.
const TEXTS: u64 = 32 << 20;

/// The volume groups of all physical volumes.
pub struct VolumeGroups {
    /// The groups, by name.
    pub groups: Vec<VolumeGroup>,
    /// What a user should know, a sentence each: metadata that is damaged, volumes that are there twice.
    pub notes: Vec<String>,
}

/// A volume group.
pub struct VolumeGroup {
    /// Its name.
    pub name: String,
    /// Its UUID, as LVM prints it.
    pub uuid: String,
    /// The logical volumes that are not parts of others, in the order of the metadata.
    pub volumes: Vec<LogicalVolume>,
    /// The physical volumes that are not there: the UUID, and the device where it was seen last.
    pub missing: Vec<String>,
}

/// A logical volume.
#[derive(Clone)]
pub struct LogicalVolume {
    /// Its name in the group.
    pub name: String,
    /// Its UUID, as LVM prints it.
    pub uuid: String,
    /// Its bytes.
    pub size: u64,
    group: String,
    group_uuid: String,
    content: Result<Arc<dyn BlockRead>>,
}

impl LogicalVolume {
    /// Its bytes.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] for a kind that is not read, [`error::Kind::Corrupt`] when a physical volume that it
    /// needs is missing or the metadata contradicts itself.
    pub fn open(&self) -> Result<Arc<dyn BlockRead>> {
        self.content.clone().map_err(|error| error.at(self.path()))
    }

    /// Linux' first name of its device: `/dev/vg/lv`.
    pub fn path(&self) -> String {
        format!("/dev/{}/{}", self.group, self.name)
    }

    /// Linux' second name of its device: `/dev/mapper/vg-lv`, with dashes in the names doubled.
    pub fn mapper_path(&self) -> String {
        format!("/dev/mapper/{}", self.joined())
    }

    /// GRUB's first name of it: `lvm/vg-lv`, with dashes in the names doubled.
    pub fn grub_name(&self) -> String {
        format!("lvm/{}", self.joined())
    }

    /// GRUB's second name of it, by UUIDs: `lvmid/VG/LV`.
    pub fn grub_id(&self) -> String {
        format!("lvmid/{}/{}", self.group_uuid, self.uuid)
    }

    fn joined(&self) -> String {
        let double = |name: &str| name.replace('-', "--");
        format!("{}-{}", double(&self.group), double(&self.name))
    }
}

impl VolumeGroups {
    /// The groups that `volumes`, the physical volumes of all disks, are of.
    pub fn assemble(volumes: Vec<PhysicalVolume>) -> Self {
        let mut notes = Vec::new();
        let groups = newest(&volumes, &mut notes);
        let mut devices: HashMap<String, Arc<dyn BlockRead>> = HashMap::new();
        for volume in volumes {
            if devices.contains_key(&volume.uuid) {
                notes.push(format!(
                    "{}: physical volume {} is there twice; the first one is used",
                    volume.device.name(),
                    volume.uuid
                ));
                continue;
            }
            devices.insert(volume.uuid, volume.device);
        }
        let mut names = HashSet::new();
        for group in &groups {
            if !names.insert(&group.name) {
                let note = format!("two volume groups have the name {}", group.name);
                notes.push(note);
            }
        }
        let groups = groups.iter().map(|group| VolumeGroup {
            name: group.name.clone(),
            uuid: group.uuid.clone(),
            volumes: assemble::volumes(group, &devices),
            missing: assemble::missing(group, &devices),
        });
        VolumeGroups {
            groups: groups.collect(),
            notes,
        }
    }
}

/// The newest metadata of each group, sorted by name.
fn newest(volumes: &[PhysicalVolume], notes: &mut Vec<String>) -> Vec<Group> {
    let mut groups: HashMap<String, Group> = HashMap::new();
    let mut seen = HashSet::new();
    let mut left = TEXTS;
    for volume in volumes {
        for area in &volume.areas {
            if seen.contains(&area.identity()) {
                continue;
            }
            let text = area.read(volume.device.as_ref(), &mut left);
            let group = text.and_then(|text| Group::parse(&text));
            match group.map_err(|error| error.at(volume.device.name())) {
                Err(error) => notes.push(error.to_text()),
                Ok(group) => {
                    seen.insert(area.identity());
                    let known = groups.get(&group.uuid);
                    if known.is_none_or(|known| known.sequence < group.sequence) {
                        groups.insert(group.uuid.clone(), group);
                    }
                }
            }
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|a, b| (&a.name, &a.uuid).cmp(&(&b.name, &b.uuid)));
    groups
}
