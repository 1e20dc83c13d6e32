//! `innkeeper check --fix`.

use change::{Step, file};
use check::{Facts, Mended, Report};
use error::Result;
use render::diff;
use serde_json::{Value, json};

use super::Args;
use crate::machine::{machine, make};
use crate::output::{look, print};

/// Corrects what can be corrected, or shows it; says what was done.
pub(super) fn mend(args: &Args, report: &Report, facts: &Facts) -> Result<Value> {
    let mended = report.mended(facts.host().files())?;
    if !args.output.json && !args.output.quiet {
        let shown: String = mended.iter().map(shown).collect();
        print(shown.as_bytes())?;
    }
    let mut content = json!({ "files": mended.iter().map(to_json).collect::<Vec<_>>() });
    if mended.is_empty() {
        say(args, "nothing that is found can be corrected here\n")?;
    } else if !args.dry_run {
        let id = apply(args, &mended)?;
        say(
            args,
            &format!("change {id} is made; innkeeper undo {id} takes it back\n"),
        )?;
        content["change"] = id.into();
    }
    Ok(content)
}

/// The number of the change.
fn apply(args: &Args, mended: &[Mended]) -> Result<u64> {
    let machine = machine(args.root.as_deref())?;
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

fn say(args: &Args, text: &str) -> Result<()> {
    if args.output.json || args.output.quiet {
        return Ok(());
    }
    print(text.as_bytes())
}
