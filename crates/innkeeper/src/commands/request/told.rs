//! What a transfer did, as a user and as a script read it.

use std::path::Path;
use std::time::Duration;

use error::{Error, amount, hex};
use render::{Fields, Look, bar, document, errors};
use serde_json::{Value, json};
use transfer::{Disk, Imported, ImportedDisk, Plan, TargetEnd};

use super::config::Written;
use crate::output::rate;

/// What came of the command.
pub(super) enum Done {
    Planned {
        source: String,
        plan: Plan,
    },
    Imported {
        source: String,
        kept: Option<String>,
        config: Option<Written>,
        imported: Box<Imported>,
    },
}

/// The troubles of single targets, and of the configuration.
pub(super) fn troubles(done: &Done) -> impl Iterator<Item = Error> {
    let (disks, config) = match done {
        Done::Planned { .. } => (&[][..], None),
        Done::Imported {
            imported, config, ..
        } => (&imported.disks[..], config.as_ref()),
    };
    let targets = disks.iter().flat_map(|disk| &disk.targets);
    let targets = targets.filter_map(|target| target.result.clone().err());
    targets.chain(config.and_then(|config| config.result.clone().err()))
}

/// What was not used or not checked.
pub(super) fn warnings(done: &Done) -> impl Iterator<Item = &Error> {
    match done {
        Done::Planned { plan, .. } => plan.warnings.iter(),
        Done::Imported { imported, .. } => imported.warnings.iter(),
    }
}

/// The result as a user reads it.
pub(super) fn as_text(done: &Done, elapsed: Duration, look: &Look) -> String {
    let mut fields = Fields::default();
    match done {
        Done::Planned { source, plan } => {
            for planned in &plan.disks {
                fields.add("disk", described(source, &plan.layers, &planned.disk));
                fields.extend(planned.targets.iter().map(|target| ("plan", &**target)));
            }
        }
        Done::Imported {
            source,
            kept,
            config,
            imported,
        } => {
            for disk in &imported.disks {
                fields.extend(disk_rows(source, disk));
            }
            let size: u64 = imported.disks.iter().map(|disk| disk.content.size).sum();
            fields.add("time", time(imported.bytes_read, size, elapsed));
            fields.extend(kept.iter().map(|kept| ("copy", &**kept)));
            fields.extend(imported.manifest.iter().map(|told| ("manifest", &**told)));
            fields.extend(imported.configs.iter().map(|config| {
                let kind = config.kind.name();
                ("config", format!("{} ({kind})", config.member))
            }));
            let written = config.iter().filter(|config| config.result.is_ok());
            fields.extend(written.map(|config| ("written", &*config.name)));
        }
    }
    fields.warnings(warnings(done));
    fields.render(look)
}

fn disk_rows(source: &str, imported: &ImportedDisk) -> Vec<(&'static str, String)> {
    let content = &imported.content;
    let mut rows = vec![("disk", described(source, &imported.layers, &imported.disk))];
    let Disk {
        format, variant, ..
    } = &imported.disk;
    match variant.as_str() {
        _ if *format == diskimage::Format::Raw => {}
        "" => rows.push(("format", format.to_string())),
        variant => rows.push(("format", format!("{format} ({variant})"))),
    }
    rows.extend([
        (
            "size",
            format!("{} ({} bytes)", amount(content.size), content.size),
        ),
        (
            "data",
            format!(
                "{}  {}",
                bar(content.data, content.size),
                amount(content.data)
            ),
        ),
        ("holes", amount(content.size - content.data)),
    ]);
    rows.extend(imported.digest.map(|digest| ("digest", digest.to_string())));
    let done = imported.targets.iter().filter(|end| end.result.is_ok());
    rows.extend(done.map(|end| ("target", placed(&end.name, end.path.as_deref()))));
    rows
}

fn time(taken: u64, size: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    format!(
        "{seconds:.2} s: {} read at {}, {} of disk at {}",
        amount(taken),
        rate(taken, seconds),
        amount(size),
        rate(size, seconds)
    )
}

fn placed(name: &str, path: Option<&Path>) -> String {
    match path {
        Some(path) if path != Path::new(name) => format!("{name} ({})", path.display()),
        _ => name.to_owned(),
    }
}

fn described(source: &str, layers: &[&str], disk: &Disk) -> String {
    let member = match disk.member.as_str() {
        "" => String::new(),
        member => format!("{member} in "),
    };
    let layers = match layers {
        [] => String::new(),
        layers => format!(" ({})", layers.join(", ")),
    };
    format!("{member}{source}{layers}")
}

/// The result as a script reads it. What belongs to a disk stands beside it; where there is only one
/// disk, its parts stand on top as well.
pub(super) fn as_json(done: &Done, elapsed: Duration) -> Value {
    match done {
        Done::Planned { source, plan } => {
            let disks = plan.disks.iter();
            let disks =
                disks.map(|planned| json!({ "disk": planned.disk, "targets": planned.targets }));
            with_only_disk(
                json!({
                    "dry_run": true,
                    "source": { "name": source, "layers": plan.layers },
                    "warnings": errors(&plan.warnings),
                }),
                disks.collect(),
            )
        }
        Done::Imported {
            source,
            kept,
            config,
            imported,
        } => with_only_disk(
            json!({
                "source": {
                    "name": source,
                    "layers": imported.disks.first().map(|disk| &disk.layers),
                    "bytes": imported.bytes_read,
                    "sha256": imported.sums.sha256.map(|sum| hex(&sum)),
                    "sha512": imported.sums.sha512.map(|sum| hex(&sum)),
                },
                "seconds": elapsed.as_secs_f64(),
                "kept": kept,
                "manifest": imported.manifest,
                "configs": imported.configs,
                "warnings": errors(&imported.warnings),
                "config": config.as_ref().map(|config| json!({
                    "name": config.name,
                    "error": config.result.as_ref().err().map(Error::to_json),
                })),
            }),
            imported.disks.iter().map(disk_json).collect(),
        ),
    }
}

fn with_only_disk(content: Value, disks: Vec<Value>) -> Value {
    let mut document = document(content);
    if let [only] = &disks[..] {
        document["disk"] = only["disk"].clone();
        document["targets"] = only["targets"].clone();
    }
    document["disks"] = disks.into();
    document
}

fn disk_json(imported: &ImportedDisk) -> Value {
    let (disk, content) = (&imported.disk, &imported.content);
    json!({
        "disk": {
            "member": disk.member,
            "format": disk.format.name(),
            "variant": disk.variant,
            "size": content.size,
            "data": content.data,
            "holes": content.size - content.data,
            "digest": imported.digest.map(|digest| digest.to_string()),
        },
        "targets": imported.targets.iter().map(target_json).collect::<Vec<_>>(),
    })
}

fn target_json(target: &TargetEnd) -> Value {
    json!({
        "name": target.name,
        "path": target.path.as_deref().map(Path::to_string_lossy),
        "error": target.result.as_ref().err().map(Error::to_json),
    })
}
