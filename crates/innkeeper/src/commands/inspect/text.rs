//! What a source holds, as a person reads it.

use error::{Error, amount};
use transfer::{Entry, Inspected, InspectedDisk, Members, Survey};
use vmconfig::{Content, Disk, Nic, Vm};

use crate::commands::told::{bar, warning_rows};
use crate::output::table;

type Rows = Vec<(&'static str, String)>;

/// What is said where something cannot be known.
const UNKNOWN: &str = "—";

pub(super) fn of(source: &str, inspected: &Inspected) -> String {
    let mut rows = vec![("source", named(source, &inspected.layers))];
    rows.extend(inspected.size.map(|size| ("stored", sized(size))));
    rows.extend(inspected.guest.as_deref().into_iter().flat_map(guest));
    let manifest = inspected.manifest.iter();
    rows.extend(manifest.map(|told| ("manifest", told.clone())));
    rows.extend(inspected.refusal.iter().flat_map(refused));
    rows.extend(warning_rows(inspected.warnings.iter()));
    for disk in &inspected.disks {
        rows.push(("", String::new()));
        rows.extend(disk_rows(source, disk));
    }
    if inspected.archive {
        rows.push(("", String::new()));
        rows.extend(members(&inspected.members));
    }
    let text = table(&rows);
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
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

fn refused(error: &Error) -> Rows {
    let mut rows = vec![("import", format!("refuses it: {error}"))];
    rows.extend(error.hint_text().map(|hint| ("hint", hint.to_owned())));
    rows
}

fn disk_rows(source: &str, found: &InspectedDisk) -> Rows {
    let (disk, about) = (&found.disk, &found.about);
    let name = match disk.member.as_str() {
        "" => source.to_owned(),
        member => format!("{member} in {source}"),
    };
    let format = match disk.variant.as_str() {
        "" => disk.format.to_string(),
        variant => format!("{} ({variant})", disk.format),
    };
    let mut rows = vec![("disk", named(&name, &found.layers)), ("format", format)];
    if let Some(trouble) = &found.trouble {
        rows.push(("error", trouble.to_string()));
        return rows;
    }
    let unknown = || UNKNOWN.to_owned();
    rows.push(("size", disk.size.map_or_else(unknown, sized)));
    rows.extend(stored(disk.size, found.survey, about.compression));
    rows.extend(about.unit.map(|unit| ("unit", amount(unit))));
    rows.extend(about.snapshots.iter().map(|snapshot| {
        let size = amount(snapshot.size);
        (
            "snapshot",
            format!("{} {} ({size})", snapshot.id, snapshot.name),
        )
    }));
    let refers = about.refers.iter();
    rows.extend(refers.map(|refer| ("refers to", format!("{} {:?}", refer.what, refer.name))));
    rows.extend(about.notes.iter().cloned());
    rows.extend(found.refusal.iter().flat_map(refused));
    rows
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
