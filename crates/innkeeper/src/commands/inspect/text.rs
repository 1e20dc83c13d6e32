//! What a source holds, as a user reads it.

use error::{Error, amount};
use render::{Cell, Fields, Look, Role, bar};
use transfer::{Entry, Inspected, InspectedDisk, Members, Survey};
use vmconfig::{Content, Disk, Nic, Vm};

type Rows = Vec<(&'static str, String)>;

/// What is said where something cannot be known.
const UNKNOWN: &str = "—";

pub(super) fn of(source: &str, inspected: &Inspected, look: &Look) -> String {
    let mut fields = Fields::default();
    fields.add("source", named(source, &inspected.layers));
    fields.extend(inspected.size.map(|size| ("stored", sized(size))));
    fields.extend(inspected.guest.as_deref().into_iter().flat_map(guest));
    fields.extend(inspected.manifest.iter().map(|told| ("manifest", &**told)));
    refused(&mut fields, inspected.refusal.as_ref());
    fields.warnings(&inspected.warnings);
    for disk in &inspected.disks {
        fields.gap();
        add_disk(&mut fields, source, disk);
    }
    if inspected.archive {
        fields.gap();
        fields.extend(members(&inspected.members));
    }
    fields.render(look)
}

fn named(name: &str, layers: &[&str]) -> String {
    match layers {
        [] => name.to_owned(),
        layers => format!("{name} ({})", layers.join(", ")),
    }
}

fn sized(size: u64) -> String {
    format!("{} ({size} bytes)", amount(size))
}

fn guest(vm: &Vm) -> Rows {
    let mut rows = Rows::new();
    let name = vm.name.as_ref().map(|name| name.value.as_str());
    rows.push(("guest", name.unwrap_or(UNKNOWN).to_owned()));
    rows.extend(
        vm.memory
            .iter()
            .map(|memory| ("memory", amount(memory.value))),
    );
    rows.extend(
        vm.vcpus
            .iter()
            .map(|vcpus| ("vcpus", vcpus.value.to_string())),
    );
    rows.extend(vm.guest_os.iter().map(|os| ("system", os.value.clone())));
    rows.extend(vm.disks.iter().map(|disk| ("drive", drive(disk))));
    let images = vm.unplugged.iter();
    rows.extend(images.map(|image| ("image", format!("{}, {}", image.source, image.what))));
    rows.extend(vm.nics.iter().map(|nic| ("nic", card(nic))));
    rows
}

fn drive(disk: &Disk) -> String {
    let parts = [
        Some(disk.id.clone()),
        disk.source.clone(),
        disk.size.map(amount),
        (disk.content == Content::Blank).then(|| "blank".to_owned()),
        disk.cdrom.then(|| "CD".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn card(nic: &Nic) -> String {
    let parts = [
        nic.mac.as_ref().map(|mac| mac.value.clone()),
        nic.model.as_ref().map(|model| model.value.clone()),
        nic.network.clone(),
        nic.bridge.as_ref().map(|bridge| bridge.value.clone()),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match &parts[..] {
        [] => UNKNOWN.to_owned(),
        parts => parts.join(", "),
    }
}

/// Says why an import would not take it.
fn refused(fields: &mut Fields, refusal: Option<&Error>) {
    if let Some(error) = refusal {
        let text = Cell::new(format!("refuses it: {error}"), Role::Error);
        fields.add("import", text);
        fields.extend(
            error
                .hint_text()
                .map(|hint| ("hint", Cell::new(hint, Role::Hint))),
        );
    }
}

fn add_disk(fields: &mut Fields, source: &str, found: &InspectedDisk) {
    let (disk, about) = (&found.disk, &found.about);
    let name = match disk.member.as_str() {
        "" => source.to_owned(),
        member => format!("{member} in {source}"),
    };
    let format = match disk.variant.as_str() {
        "" => disk.format.to_string(),
        variant => format!("{} ({variant})", disk.format),
    };
    fields.add("disk", named(&name, &found.layers));
    fields.add("format", format);
    if let Some(trouble) = &found.trouble {
        fields.add("error", Cell::new(trouble.to_string(), Role::Error));
        return;
    }
    let unknown = || UNKNOWN.to_owned();
    fields.add("size", disk.size.map_or_else(unknown, sized));
    fields.extend(stored(disk.size, found.survey, about.compression));
    fields.extend(about.unit.map(|unit| ("unit", amount(unit))));
    fields.extend(about.snapshots.iter().map(|snapshot| {
        let size = amount(snapshot.size);
        let text = format!("{} {} ({size})", snapshot.id, snapshot.name);
        ("snapshot", text)
    }));
    let refers = about.refers.iter();
    fields.extend(refers.map(|refer| ("refers to", format!("{} {:?}", refer.what, refer.name))));
    fields.extend(about.notes.iter().cloned());
    refused(fields, found.refusal.as_ref());
}

fn stored(size: Option<u64>, survey: Option<Survey>, method: Option<&str>) -> Rows {
    let (Some(size), Some(survey)) = (size, survey) else {
        return vec![("data", UNKNOWN.to_owned()), ("holes", UNKNOWN.to_owned())];
    };
    let data = format!("{}  {}", bar(survey.data, size), amount(survey.data));
    let mut rows = vec![("data", data), ("holes", amount(survey.holes))];
    rows.extend(survey.packed.map(|packed| {
        let stored = match packed.stored {
            Some(stored) => format!(", stored in {}", amount(stored)),
            None => String::new(),
        };
        let method = method.unwrap_or("yes");
        let unfolded = amount(packed.unfolded);
        (
            "compressed",
            format!("{method}: {unfolded} of data{stored}"),
        )
    }));
    rows
}

fn members(members: &Members) -> Rows {
    let more = members.count - members.entries.len() as u64;
    let count = match more {
        0 => members.count.to_string(),
        more => format!("{}, the last {more} of them not shown", members.count),
    };
    let entries = members.entries.iter();
    let entries = entries.map(|entry| ("member", member(entry)));
    std::iter::once(("members", count)).chain(entries).collect()
}

fn member(entry: &Entry) -> String {
    let what = match entry.what.kind() {
        Some(kind) => format!("{} ({kind})", entry.what.name()),
        None => entry.what.name().to_owned(),
    };
    let size = entry.size.map(amount);
    let packing = (!entry.packing.is_empty()).then(|| entry.packing.join(", "));
    let parts = [Some(entry.name.clone()), size, Some(what), packing];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
