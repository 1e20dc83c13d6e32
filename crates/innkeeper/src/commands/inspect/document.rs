//! What a source holds, as a script reads it. What cannot be known is null.

use error::Error;
use serde_json::{Map, Value, json};
use transfer::{Entry, Inspected, InspectedDisk};
use vmconfig::{Bus, Content, Disk, Nic, Vm};

pub(super) fn of(source: &str, inspected: &Inspected) -> Value {
    let disks: Vec<Value> = inspected.disks.iter().map(disk).collect();
    let mut document = render::document(json!({
        "source": {
            "name": source,
            "layers": inspected.layers,
            "bytes": inspected.size,
            "archive": inspected.archive,
        },
        "guest": inspected.guest.as_deref().map(guest),
        "configs": inspected.configs,
        "manifest": inspected.manifest,
        "warnings": render::errors(&inspected.warnings),
        "refusal": inspected.refusal.as_ref().map(Error::to_json),
        "members": inspected.members.entries.iter().map(member).collect::<Vec<_>>(),
        "members_count": inspected.members.count,
    }));
    if let [only] = &disks[..] {
        document["disk"] = only.clone();
    }
    document["disks"] = disks.into();
    document
}

fn disk(found: &InspectedDisk) -> Value {
    let (disk, about, survey) = (&found.disk, &found.about, found.survey);
    let packed = survey.and_then(|survey| survey.packed);
    let snapshots = about.snapshots.iter();
    let refers = about.refers.iter();
    let notes = about.notes.iter();
    let notes: Map<String, Value> = notes
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    json!({
        "member": disk.member,
        "layers": found.layers,
        "format": disk.format.name(),
        "variant": disk.variant,
        "size": disk.size,
        "data": survey.map(|survey| survey.data),
        "holes": survey.map(|survey| survey.holes),
        "unit": about.unit,
        "compressed": packed.map(|packed| json!({
            "method": about.compression,
            "bytes": packed.unfolded,
            "stored": packed.stored,
        })),
        "snapshots": snapshots.map(|snapshot| json!({
            "id": snapshot.id,
            "name": snapshot.name,
            "size": snapshot.size,
        })).collect::<Vec<_>>(),
        "refers": refers.map(|refer| json!({
            "what": refer.what,
            "name": refer.name,
        })).collect::<Vec<_>>(),
        "notes": notes,
        "refusal": found.refusal.as_ref().map(Error::to_json),
        "error": found.trouble.as_ref().map(Error::to_json),
    })
}

fn member(entry: &Entry) -> Value {
    json!({
        "name": entry.name,
        "size": entry.size,
        "is": entry.what.name(),
        "kind": entry.what.kind(),
        "packing": entry.packing,
    })
}

fn guest(vm: &Vm) -> Value {
    json!({
        "name": vm.name.as_ref().map(|name| &name.value),
        "memory": vm.memory.as_ref().map(|memory| memory.value),
        "vcpus": vm.vcpus.as_ref().map(|vcpus| vcpus.value),
        "system": vm.guest_os.as_ref().map(|os| &os.value),
        "drives": vm.disks.iter().map(drive).collect::<Vec<_>>(),
        "images": vm.unplugged.iter().map(|image| json!({
            "source": image.source,
            "what": image.what,
        })).collect::<Vec<_>>(),
        "nics": vm.nics.iter().map(nic).collect::<Vec<_>>(),
    })
}

fn drive(disk: &Disk) -> Value {
    let bus = disk.bus.as_ref().map(|bus| Bus::name(bus.value));
    json!({
        "id": disk.id,
        "source": disk.source,
        "size": disk.size,
        "bus": bus,
        "cdrom": disk.cdrom,
        "blank": disk.content == Content::Blank,
    })
}

fn nic(nic: &Nic) -> Value {
    json!({
        "mac": nic.mac.as_ref().map(|mac| &mac.value),
        "model": nic.model.as_ref().map(|model| &model.value),
        "network": nic.network,
        "bridge": nic.bridge.as_ref().map(|bridge| &bridge.value),
    })
}
