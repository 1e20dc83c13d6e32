//! What an import did, as a person and as a script read it.

use std::path::Path;
use std::time::Duration;

use report::{Error, amount, hex};
use serde_json::{Value, json};
use transfer::{Disk, Imported, Plan};

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
        imported: Imported,
    },
}

/// The troubles of single targets.
pub(super) fn troubles(done: &Done) -> impl Iterator<Item = Error> {
    let targets = match done {
        Done::Planned { .. } => &[][..],
        Done::Imported { imported, .. } => &imported.targets,
    };
    targets
        .iter()
        .filter_map(|target| target.result.clone().err())
}

/// The result as a person reads it.
pub(super) fn as_text(done: &Done, elapsed: Duration) -> String {
    match done {
        Done::Planned { source, plan } => {
            let mut rows = vec![("disk", described(source, &plan.layers, &plan.disk))];
            rows.extend(plan.targets.iter().map(|target| ("plan", target.clone())));
            table(&rows)
        }
        Done::Imported {
            source,
            kept,
            imported,
        } => table(&rows(source, kept.as_deref(), imported, elapsed)),
    }
}

fn rows(
    source: &str,
    kept: Option<&str>,
    imported: &Imported,
    elapsed: Duration,
) -> Vec<(&'static str, String)> {
    let content = &imported.content;
    let seconds = elapsed.as_secs_f64();
    let holes = content.size - content.data;
    let mut rows = vec![
        ("disk", described(source, &imported.layers, &imported.disk)),
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
        ("holes", amount(holes)),
        (
            "time",
            format!(
                "{seconds:.2} s: {} read at {}, {} of disk at {}",
                amount(imported.taken),
                rate(imported.taken, seconds),
                amount(content.size),
                rate(content.size, seconds)
            ),
        ),
        ("digest", content.digest.to_string()),
    ];
    for target in imported
        .targets
        .iter()
        .filter(|target| target.result.is_ok())
    {
        rows.push(("target", placed(&target.name, target.path.as_deref())));
    }
    rows.extend(kept.map(|kept| ("copy", kept.to_owned())));
    let configs = imported.configs.iter();
    rows.extend(configs.map(|config| {
        (
            "config",
            format!("{} ({})", config.member, config.kind.name()),
        )
    }));
    rows
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
fn bar(part: u64, whole: u64) -> String {
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

/// The result as a script reads it.
pub(super) fn as_json(done: &Done, elapsed: Duration) -> Value {
    match done {
        Done::Planned { source, plan } => json!({
            "schema": 1,
            "dry_run": true,
            "source": { "name": source, "layers": plan.layers },
            "disk": plan.disk,
            "targets": plan.targets,
        }),
        Done::Imported {
            source,
            kept,
            imported,
        } => imported_json(source, kept.as_deref(), imported, elapsed),
    }
}

fn imported_json(
    source: &str,
    kept: Option<&str>,
    imported: &Imported,
    elapsed: Duration,
) -> Value {
    let content = &imported.content;
    let targets = imported.targets.iter().map(|target| {
        json!({
            "name": target.name,
            "path": target.path.as_deref().map(Path::to_string_lossy),
            "error": target.result.as_ref().err().map(Error::to_json),
        })
    });
    json!({
        "schema": 1,
        "source": {
            "name": source,
            "layers": imported.layers,
            "bytes": imported.taken,
            "sha256": imported.sha256.map(|sum| hex(&sum)),
        },
        "disk": {
            "member": imported.disk.member,
            "format": imported.disk.format.name(),
            "size": content.size,
            "data": content.data,
            "holes": content.size - content.data,
            "digest": content.digest.to_string(),
        },
        "seconds": elapsed.as_secs_f64(),
        "targets": targets.collect::<Vec<_>>(),
        "kept": kept,
        "configs": imported.configs,
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
