//! `innkeeper check --fix`.

use change::{Step, file};
use check::{Facts, Finding, Mended, Report};
use error::Result;
use render::{diff, document};
use serde_json::{Value, json};

use super::Args;
use crate::machine::make;
use crate::output::{look, print, print_json};

/// Corrects what can be corrected, or shows it. Whether something is left that counts: what is only shown is.
pub(super) fn mend(args: &Args, report: &Report, facts: &Facts) -> Result<bool> {
    let files = facts.host().files();
    let mended = report.mended(files)?;
    let is_left = |finding: &&Finding| args.dry_run || finding.fix.is_none();
    let left: Vec<&Finding> = report.findings().filter(is_left).collect();
    let change = if mended.is_empty() || args.dry_run {
        None
    } else {
        Some(apply(args, &mended)?)
    };
    if args.output.json {
        let files: Vec<_> = mended.iter().map(to_json).collect();
        let left: Vec<_> = left.iter().map(|finding| finding.to_json()).collect();
        print_json(&document(
            json!({ "change": change, "files": files, "findings": left }),
        ))?;
    } else {
        let mut text: String = mended.iter().map(shown).collect();
        text += &match change {
            Some(id) => format!("change {id} is made; innkeeper undo {id} takes it back\n"),
            None if mended.is_empty() => "nothing that is found can be corrected here\n".into(),
            None => String::new(),
        };
        if !args.dry_run && !left.is_empty() {
            let rest = check::text(left.iter().copied(), files, &look());
            text += &format!("\nleft to do\n{rest}");
        }
        print(text.as_bytes())?;
    }
    Ok(left.iter().any(|finding| args.counts(finding)))
}

/// The number of the change.
fn apply(args: &Args, mended: &[Mended]) -> Result<u64> {
    let machine = args.root.machine()?;
    let steps: Vec<_> = mended.iter().map(step).collect();
    let plan = machine.plan("correct what check found", &steps)?;
    Ok(make(machine, plan)?.record.id)
}

fn step(mended: &Mended) -> Step {
    let target = mended.file.to_string_lossy();
    let mut step = file::write(&target, mended.after.as_bytes(), None);
    step.what = format!("{target}: {}", mended.what.join("; "));
    step
}

fn shown(mended: &Mended) -> String {
    diff(
        &mended.file.to_string_lossy(),
        &mended.before,
        &mended.after,
        &look(),
    )
}

fn to_json(mended: &Mended) -> Value {
    let diff = diff(
        &mended.file.to_string_lossy(),
        &mended.before,
        &mended.after,
        &render::Look::PLAIN,
    );
    json!({ "file": mended.file.to_string_lossy(), "what": mended.what, "diff": diff })
}
