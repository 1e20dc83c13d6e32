//! A volume group as its metadata describes it.

use std::collections::HashMap;

use error::{Error, Result};

use super::config::{self, Section, Value};

/// Bytes of the sectors that sizes are counted in.
const SECTOR: u64 = 512;

/// A volume group.
#[derive(Debug)]
pub(super) struct Group {
    pub name: String,
    pub uuid: String,
    /// It grows with each change.
    pub sequence: u64,
    /// The physical volumes by the names that segments have for them.
    pub devices: HashMap<String, Device>,
    /// The logical volumes, parts of others included, in order.
    pub volumes: Vec<Logical>,
}

/// A physical volume of a group.
#[derive(Debug)]
pub(super) struct Device {
    pub uuid: String,
    /// The device on which it was seen last.
    pub hint: String,
    /// The byte where its first extent is.
    pub start: u64,
}

/// A logical volume.
#[derive(Debug)]
pub(super) struct Logical {
    pub name: String,
    pub uuid: String,
    pub is_visible: bool,
    pub size: u64,
    /// Or why there is nothing to read.
    pub segments: Result<Vec<Segment>>,
}

/// A run of bytes of a logical volume. They follow each other without gaps.
#[derive(Debug)]
pub(super) struct Segment {
    pub len: u64,
    pub layout: Layout,
}

/// Where the bytes of a segment are.
#[derive(Debug)]
pub(super) enum Layout {
    /// In turn, `stripe` bytes in each of the areas.
    Striped {
        stripe: u64,
        areas: Vec<Area>,
    },
    /// In each of the areas.
    Copies(Vec<Area>),
    Zeros,
}

/// Bytes of a physical or logical volume.
#[derive(Debug)]
pub(super) struct Area {
    pub name: String,
    /// Bytes from the first extent on.
    pub offset: u64,
}

impl Group {
    /// The group that `text` describes.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when something is missing or impossible.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let config = config::parse(text)?;
        let mut sections = config.sections();
        let Some((name, section)) = sections.find(|(_, section)| section.number("seqno").is_ok())
        else {
            return Err(Error::corrupt("LVM metadata without a volume group"));
        };
        Self::from(name, section)
            .map_err(|error| error.at(format!("LVM metadata of volume group {name}")))
    }

    fn from(name: &str, section: &Section) -> Result<Self> {
        let extent = bytes(section.number("extent_size")?)?;
        if extent == 0 {
            return Err(Error::corrupt("extents of 0 bytes"));
        }
        let mut devices = HashMap::new();
        for (name, device) in sections(section, "physical_volumes") {
            devices.insert(name.to_owned(), self::device(device)?);
        }
        let mut volumes = Vec::new();
        // A store of changes is a volume of its own that means nothing alone.
        let mut stores = HashMap::new();
        for (name, volume) in sections(section, "logical_volumes") {
            if let Some((store, origin)) = snapshot(volume) {
                stores.insert(store, origin);
            } else {
                let volume = logical(name, volume, extent)
                    .map_err(|error| error.at(format!("logical volume {name}")))?;
                volumes.push(volume);
            }
        }
        for volume in &mut volumes {
            if let Some(origin) = stores.get(volume.name.as_str()) {
                let text = format!("an LVM snapshot of {origin}");
                volume.segments = Err(Error::unsupported(text));
            }
        }
        Ok(Group {
            name: name.to_owned(),
            uuid: section.text("id")?.to_owned(),
            sequence: section.number("seqno")?,
            devices,
            volumes,
        })
    }
}

fn sections<'a, 'b>(
    section: &'b Section<'a>,
    name: &str,
) -> impl Iterator<Item = (&'a str, &'b Section<'a>)> {
    section
        .section(name)
        .into_iter()
        .flat_map(Section::sections)
}

/// The bytes of so many sectors.
fn bytes(sectors: u64) -> Result<u64> {
    times(sectors, SECTOR)
}

fn times(count: u64, size: u64) -> Result<u64> {
    let bytes = count.checked_mul(size);
    bytes.ok_or_else(|| Error::corrupt(format!("{count} times {size} bytes is past any disk")))
}

fn device(section: &Section) -> Result<Device> {
    Ok(Device {
        uuid: section.text("id")?.to_owned(),
        hint: section.text("device").unwrap_or_default().to_owned(),
        start: bytes(section.number("pe_start")?)?,
    })
}

/// The store of changes of the snapshot that `volume` stands for, and what it is a snapshot of.
fn snapshot<'a>(volume: &Section<'a>) -> Option<(&'a str, &'a str)> {
    let (_, segment) = volume.sections().next()?;
    let is_snapshot = segment.text("type").ok()? == "snapshot";
    let store = segment.text("cow_store").or(segment.text("merging_store"));
    is_snapshot.then_some((store.ok()?, segment.text("origin").ok()?))
}

fn logical(name: &str, volume: &Section, extent: u64) -> Result<Logical> {
    let flags = volume.list("status")?;
    let sections = volume.sections().map(|(_, segment)| segment);
    let mut sections: Vec<_> = sections
        .map(|segment| Ok((segment.number("start_extent")?, segment)))
        .collect::<Result<_>>()?;
    sections.sort_by_key(|(start, _)| *start);
    let mut size: u64 = 0;
    for (_, section) in &sections {
        let len = times(section.number("extent_count")?, extent)?;
        let past = || Error::corrupt("it is larger than any disk");
        size = size.checked_add(len).ok_or_else(past)?;
    }
    Ok(Logical {
        name: name.to_owned(),
        uuid: volume.text("id")?.to_owned(),
        is_visible: flags.contains(&Value::Text("VISIBLE")),
        size,
        segments: segments(&sections, extent),
    })
}

fn segments(sections: &[(u64, &Section)], extent: u64) -> Result<Vec<Segment>> {
    let mut next: u64 = 0;
    let mut segments = Vec::new();
    for (start, section) in sections {
        if *start != next {
            let text = format!("a segment starts at extent {start}, not at {next}");
            return Err(Error::corrupt(text));
        }
        let count = section.number("extent_count")?;
        next = next.saturating_add(count);
        segments.push(segment(section, times(count, extent)?, extent)?);
    }
    Ok(segments)
}

fn segment(section: &Section, len: u64, extent: u64) -> Result<Segment> {
    // Behind a plus there are flags.
    let kind = section.text("type")?.split('+').next().unwrap_or_default();
    let layout = match kind {
        "striped" | "linear" => striped(section, len, extent)?,
        "mirror" => Layout::Copies(areas(section.list("mirrors")?, extent)?),
        "raid1" => Layout::Copies(images(section.list("raids")?)?),
        "zero" => Layout::Zeros,
        other => return Err(Error::unsupported(format!("LVM segments of type {other}"))),
    };
    Ok(Segment { len, layout })
}

fn striped(section: &Section, len: u64, extent: u64) -> Result<Layout> {
    let areas = areas(section.list("stripes")?, extent)?;
    let count = areas.len() as u64;
    let stripe = match count {
        1 => len,
        _ => bytes(section.number("stripe_size")?)?,
    };
    if count == 0
        || stripe == 0
        || !(len / count).is_multiple_of(stripe)
        || !len.is_multiple_of(count)
    {
        return Err(Error::corrupt(format!(
            "a segment of {len} bytes with {count} stripes of {stripe} bytes"
        )));
    }
    Ok(Layout::Striped { stripe, areas })
}

/// A list of names, each with its first extent.
fn areas(list: &[Value], extent: u64) -> Result<Vec<Area>> {
    let (pairs, rest) = list.as_chunks();
    let pair = |pair: &[Value; 2]| match pair {
        [Value::Text(name), Value::Number(first)] => Ok(Area {
            name: (*name).to_owned(),
            offset: times(*first, extent)?,
        }),
        _ => Err(Error::corrupt("a list of areas without names and extents")),
    };
    match rest {
        [] => pairs.iter().map(pair).collect(),
        _ => Err(Error::corrupt("a list of areas of odd length")),
    }
}

/// The images in a list of pairs: a volume with metadata, and an image.
fn images(list: &[Value]) -> Result<Vec<Area>> {
    let (pairs, _) = list.as_chunks();
    let image = |pair: &[Value; 2]| match pair {
        [_, Value::Text(name)] => Ok(Area {
            name: (*name).to_owned(),
            offset: 0,
        }),
        _ => Err(Error::corrupt("a list of RAID images without names")),
    };
    pairs.iter().map(image).collect()
}
