//! Devices of an xl.cfg, and where its virtual CPUs run.

use render::{Column, Look, Table};
use serde_json::{Value, json};
use vmconfig::xen::Release;
use vmconfig::xl::{Config, Node, Text, cpus, disk, pci, usb, vfb, vif};

/// Settings whose elements are in tables.
pub(super) const HAVE_TABLES: [&str; 4] = ["disk", "vif", "pci", "vfb"];

/// A table for each kind of device that there is, and one of masks.
pub(super) fn to_text(config: &Config, release: Release, look: &Look) -> String {
    let mut text = String::new();
    for table in [
        disks(config),
        nics(config),
        pcis(config),
        masks(config, release),
    ] {
        if !table.is_empty() {
            text.push('\n');
            text += &table.render(look);
        }
    }
    text
}

/// The elements of the list `name` that `read` takes.
fn each<'c, T>(
    config: &'c Config,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<(&'c Text, T)> {
    let Some(Node::List(list)) = config.get(name).map(|setting| &setting.value) else {
        return Vec::new();
    };
    let texts = list.nodes.iter().map_while(|node| match node {
        Node::Text(text) => Some(text),
        Node::List(_) => None,
    });
    texts
        .filter_map(|text| Some((text, read(&text.text)?)))
        .collect()
}

fn dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty())
        .unwrap_or("-")
        .to_owned()
}

fn disks(config: &Config) -> Table {
    let mut table =
        Table::new(["disk", "target", "format", "access", "kind", "script"].map(Column::words));
    for (_, spec) in each(config, "disk", |text| disk::parse(text).ok()) {
        table.row([
            dash(spec.vdev.as_deref()),
            dash(spec.target.as_deref()),
            spec.format.unwrap_or_else(|| "raw".to_owned()),
            if spec.read_only {
                "read only"
            } else {
                "read, write"
            }
            .to_owned(),
            if spec.cdrom { "CD" } else { "disk" }.to_owned(),
            dash(spec.script.as_deref()),
        ]);
    }
    table
}

fn nics(config: &Config) -> Table {
    let columns = ["vif", "bridge", "model", "type", "rate", "script", "others"];
    let mut table = Table::new(columns.map(Column::words));
    for (_, spec) in each(config, "vif", |text| vif::parse(text).ok()) {
        table.row([
            spec.mac.unwrap_or_else(|| "(made by xl)".to_owned()),
            spec.bridge.unwrap_or_else(|| "(default)".to_owned()),
            dash(spec.model.as_deref()),
            dash(spec.kind.as_deref()),
            dash(spec.rate.map(|rate| rate.to_string()).as_deref()),
            spec.script.unwrap_or_else(|| "(default)".to_owned()),
            dash(Some(&spec.others.join(","))),
        ]);
    }
    table
}

fn pcis(config: &Config) -> Table {
    let mut table = Table::new(["pci", "slot", "options"].map(Column::words));
    for (text, spec) in each(config, "pci", |text| pci::parse(text).ok()) {
        let options = text.text.split_once(',').map(|(_, options)| options);
        table.row([
            spec.device
                .map_or_else(|| dash(spec.name.as_deref()), |it| it.to_string()),
            spec.slot
                .map_or_else(|| dash(None), |slot| format!("{slot:#x}")),
            dash(options),
        ]);
    }
    table
}

fn masks(config: &Config, release: Release) -> Table {
    let mut table = Table::new(["mask", "vCPUs", "physical CPUs, step by step"].map(Column::words));
    for name in ["cpus", "cpus_soft"] {
        let Some(setting) = config.get(name) else {
            continue;
        };
        let Ok(affinity) = cpus::parse(&setting.value, release, config.masked_vcpus()) else {
            continue;
        };
        let all = matches!(affinity, cpus::Affinity::All(_));
        for (vcpu, mask) in affinity.masks().iter().enumerate() {
            let vcpus = if all {
                "all".to_owned()
            } else {
                vcpu.to_string()
            };
            table.row([name.to_owned(), vcpus, steps(mask)]);
        }
    }
    table
}

/// `0-7, without 0-1`.
fn steps(mask: &cpus::Mask) -> String {
    if mask.is_always_empty() {
        return "none".to_owned();
    }
    let words: Vec<String> = mask
        .steps
        .iter()
        .map(|step| match step.word.strip_prefix('^') {
            Some(word) if step.exclude => format!("without {word}"),
            _ => step.word.clone(),
        })
        .collect();
    words.join(", ")
}

/// The devices as objects.
pub(super) fn to_json(config: &Config, release: Release) -> Value {
    let disks = each(config, "disk", |text| disk::parse(text).ok());
    let nics = each(config, "vif", |text| vif::parse(text).ok());
    let pcis = each(config, "pci", |text| pci::parse(text).ok());
    let usbs = each(config, "usbdev", |text| usb::device(text).ok());
    let screens = each(config, "vfb", |text| Some(vfb::parse(text)));
    let line = |text: &Text| text.position.line;
    json!({
        "disks": disks.iter().map(|(text, spec)| of_disk(line(text), spec)).collect::<Vec<_>>(),
        "nics": nics.iter().map(|(text, spec)| of_nic(line(text), spec)).collect::<Vec<_>>(),
        "pci": pcis.iter().map(|(text, spec)| json!({
            "line": line(text),
            "device": spec.device.map(|device| device.to_string()),
            "name": spec.name,
            "slot": spec.slot,
            "permissive": spec.permissive,
            "seize": spec.seize,
        })).collect::<Vec<_>>(),
        "usb": usbs.iter().map(|(text, spec)| json!({
            "line": line(text),
            "bus": spec.bus,
            "address": spec.address,
            "controller": spec.controller,
            "port": spec.port,
        })).collect::<Vec<_>>(),
        "screens": screens.iter().map(|(text, spec)| json!({
            "line": line(text),
            "vnc": spec.vnc,
            "listen": spec.vnc_listen,
            "display": spec.vnc_display,
        })).collect::<Vec<_>>(),
        "cpus": of_masks(config, "cpus", release),
        "cpus_soft": of_masks(config, "cpus_soft", release),
    })
}

fn of_disk(line: usize, spec: &disk::Spec) -> Value {
    json!({
        "line": line,
        "vdev": spec.vdev,
        "target": spec.target,
        "format": spec.format.as_deref().unwrap_or("raw"),
        "read_only": spec.read_only,
        "cdrom": spec.cdrom,
        "script": spec.script,
        "backend": spec.backend,
        "backend_type": spec.backend_type,
    })
}

fn of_nic(line: usize, spec: &vif::Spec) -> Value {
    json!({
        "line": line,
        "mac": spec.mac,
        "bridge": spec.bridge,
        "model": spec.model,
        "type": spec.kind,
        "script": spec.script,
        "rate": spec.rate.map(|rate| json!({ "bytes_per_second": rate.bytes_per_second, "interval_us": rate.interval })),
        "others": spec.others,
    })
}

/// Null where nothing is said, or nothing that is understood.
fn of_masks(config: &Config, name: &str, release: Release) -> Value {
    let read = config
        .get(name)
        .map(|setting| cpus::parse(&setting.value, release, config.masked_vcpus()));
    let Some(Ok(affinity)) = read else {
        return Value::Null;
    };
    let masks: Vec<Value> = affinity
        .masks()
        .iter()
        .map(|mask| {
            let words: Vec<&str> = mask.steps.iter().map(|step| step.word.as_str()).collect();
            json!({ "words": words, "empty": mask.is_always_empty() })
        })
        .collect();
    json!({ "all_vcpus": matches!(affinity, cpus::Affinity::All(_)), "masks": masks })
}
