//! What a transfer did, as a person and as a script read it.

use std::path::Path;
use std::time::Duration;

use error::{Error, amount, hex};
use serde_json::{Value, json};
use transfer::{Disk, Imported, ImportedDisk, Plan, TargetEnd};

use super::request::config::Written;
use crate::output::{rate, table};

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

/// A row for each warning, and one for what can be done about it.
pub(super) fn warning_rows<'a>(
    warnings: impl Iterator<Item = &'a Error>,
) -> impl Iterator<Item = (&'static str, String)> {
    warnings.flat_map(|warning| {
        let hint = warning.hint_text().map(|hint| ("hint", hint.to_owned()));
        std::iter::once(("warning", warning.to_string())).chain(hint)
    })
}

/// The result as a person reads it.
pub(super) fn as_text(done: &Done, elapsed: Duration) -> String {
    match done {
        Done::Planned { source, plan } => {
            let disk = |disk: &Disk| ("disk", described(source, &plan.layers, disk));
            let rows = plan.disks.iter().flat_map(|planned| {
                let targets = planned.targets.iter();
                let plans = targets.map(|target| ("plan", target.clone()));
                std::iter::once(disk(&planned.disk)).chain(plans)
            });
            let rows = rows.chain(warning_rows(warnings(done)));
            table(&rows.collect::<Vec<_>>())
        }
        Done::Imported {
            source,
            kept,
            config,
            imported,
        } => {
            let mut rows: Vec<_> = imported
                .disks
                .iter()
                .flat_map(|disk| disk_rows(source, disk))
                .collect();
            let size: u64 = imported.disks.iter().map(|disk| disk.content.size).sum();
            rows.push(("time", time(imported.bytes_read, size, elapsed)));
            rows.extend(kept.iter().map(|kept| ("copy", kept.clone())));
            rows.extend(
                imported
                    .manifest
                    .iter()
                    .map(|told| ("manifest", told.clone())),
            );
            rows.extend(imported.configs.iter().map(|config| {
                let kind = config.kind.name();
                ("config", format!("{} ({kind})", config.member))
            }));
            let written = config.iter().filter(|config| config.result.is_ok());
            rows.extend(written.map(|config| ("written", config.name.clone())));
            rows.extend(warning_rows(warnings(done)));
            table(&rows)
        }
    }
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

/// A bar of 20 cells that shows a share.
pub(super) fn bar(part: u64, whole: u64) -> String {
    let share = match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    };
    let cells = (share * 20.0).ceil() as usize;
    format!(
        "{}{} {:>3.0}%",
        "█".repeat(cells),
        "░".repeat(20 - cells),
        share * 100.0
    )
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
                    "schema": 1,
                    "dry_run": true,
                    "source": { "name": source, "layers": plan.layers },
                    "warnings": warnings_json(&plan.warnings),
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
                "schema": 1,
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
                "warnings": warnings_json(&imported.warnings),
                "config": config.as_ref().map(|config| json!({
                    "name": config.name,
                    "error": config.result.as_ref().err().map(Error::to_json),
                })),
            }),
            imported.disks.iter().map(disk_json).collect(),
        ),
    }
}

/// Warnings as scripts read them, in the shape of errors.
pub(super) fn warnings_json(warnings: &[Error]) -> Vec<Value> {
    warnings.iter().map(Error::to_json).collect()
}

fn with_only_disk(mut document: Value, disks: Vec<Value>) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_a_share_and_rounds_a_little_up() {
        assert_eq!(bar(0, 0), "░░░░░░░░░░░░░░░░░░░░   0%");
        assert_eq!(bar(1, 1000), "█░░░░░░░░░░░░░░░░░░░   0%");
        assert_eq!(bar(5, 5), "████████████████████ 100%");
    }
}
