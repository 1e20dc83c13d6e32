//! The logical volumes of a group, over the physical volumes that are there.

use std::collections::HashMap;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use super::LogicalVolume;
use super::group::{Area, Device, Group, Layout, Logical};
use super::volume::{Leg, Volume};

/// Most volumes in each other. A mirror of images is the second.
const DEPTH: usize = 8;

type Devices = HashMap<String, Arc<dyn BlockRead>>;

/// The physical volumes of `group` that are not in `devices`.
pub(super) fn missing(group: &Group, devices: &Devices) -> Vec<String> {
    let missing = group.devices.values();
    let missing = missing.filter(|device| !devices.contains_key(&device.uuid));
    let mut missing: Vec<_> = missing.map(named).collect();
    missing.sort();
    missing
}

/// A physical volume in messages.
fn named(device: &Device) -> String {
    match device.hint.as_str() {
        "" | "[unknown]" => device.uuid.clone(),
        hint => format!("{} ({hint} when it was last seen)", device.uuid),
    }
}

/// The volumes of `group` that are not parts of others.
pub(super) fn volumes(group: &Group, devices: &Devices) -> Vec<LogicalVolume> {
    let names = group.volumes.iter().map(|v| (v.name.as_str(), v));
    let mut assembly = Assembly {
        group,
        devices,
        names: names.collect(),
        done: HashMap::new(),
    };
    let visible = group.volumes.iter().filter(|volume| volume.is_visible);
    let volumes = visible.map(|volume| LogicalVolume {
        name: volume.name.clone(),
        uuid: volume.uuid.clone(),
        size: volume.size,
        group: group.name.clone(),
        group_uuid: group.uuid.clone(),
        content: assembly.volume(volume, 0),
    });
    volumes.collect()
}

/// The volumes made so far, each only once.
struct Assembly<'a> {
    group: &'a Group,
    devices: &'a Devices,
    names: HashMap<&'a str, &'a Logical>,
    done: HashMap<&'a str, Result<Arc<dyn BlockRead>>>,
}

impl<'a> Assembly<'a> {
    fn volume(&mut self, volume: &'a Logical, depth: usize) -> Result<Arc<dyn BlockRead>> {
        if let Some(done) = self.done.get(volume.name.as_str()) {
            return done.clone();
        }
        if depth == DEPTH {
            let text = format!("more than {DEPTH} logical volumes in each other");
            return Err(Error::corrupt(text));
        }
        // What asks for itself gets this.
        let itself = Error::corrupt(format!("logical volume {} is in itself", volume.name));
        self.done.insert(&volume.name, Err(itself));
        let made = self.make(volume, depth);
        self.done.insert(&volume.name, made.clone());
        made
    }

    fn make(&mut self, volume: &'a Logical, depth: usize) -> Result<Arc<dyn BlockRead>> {
        let name = format!("/dev/{}/{}", self.group.name, volume.name);
        let mut made = Volume::new(name);
        for segment in volume.segments.as_ref().map_err(Error::clone)? {
            match &segment.layout {
                Layout::Zeros => made.push(segment.len, 0, Vec::new()),
                Layout::Striped { stripe, areas } => {
                    let legs = areas.iter().map(|area| self.leg(area, depth));
                    made.push(segment.len, *stripe, legs.collect::<Result<_>>()?);
                }
                Layout::Copies(areas) => {
                    let leg = self.first(areas, depth)?;
                    made.push(segment.len, segment.len, vec![leg]);
                }
            }
        }
        Ok(Arc::new(made))
    }

    /// The first copy that is whole.
    fn first(&mut self, areas: &'a [Area], depth: usize) -> Result<Leg> {
        let mut reason = None;
        for area in areas {
            match self.leg(area, depth) {
                Ok(leg) => return Ok(leg),
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        Err(reason.unwrap_or_else(|| Error::corrupt("a mirror without copies")))
    }

    fn leg(&mut self, area: &'a Area, depth: usize) -> Result<Leg> {
        let past = || Error::corrupt("an area past the end of any disk");
        if let Some(device) = self.group.devices.get(&area.name) {
            let Some(source) = self.devices.get(&device.uuid) else {
                let text = format!("the physical volume {} is missing", named(device));
                return Err(Error::corrupt(text));
            };
            let offset = device.start.checked_add(area.offset).ok_or_else(past)?;
            return Ok(Leg {
                source: Arc::clone(source),
                offset,
            });
        }
        let Some(volume) = self.names.get(area.name.as_str()).copied() else {
            let text = format!("there is no volume {} in the group", area.name);
            return Err(Error::corrupt(text));
        };
        Ok(Leg {
            source: self.volume(volume, depth + 1)?,
            offset: area.offset,
        })
    }
}
