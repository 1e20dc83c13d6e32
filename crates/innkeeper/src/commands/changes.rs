//! `innkeeper changes`: what the journal says.

use change::{Machine, Record, State};
use error::{Result, printable};
use render::document;
use serde_json::{Value, json};

use crate::machine::{left, state};
use crate::options::{OutputArgs, RootArgs};
use crate::output::{End, print, print_json, warn};

/// `innkeeper changes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints every change, oldest first.
pub(crate) fn run(args: &Args) -> End {
    End::new(list(args).err().into_iter().collect(), args.output.failed())
}

fn list(args: &Args) -> Result<()> {
    let machine = args.root.machine()?;
    let (records, damaged) = machine.journal.readable()?;
    damaged.iter().for_each(warn);
    if args.output.json {
        let changes: Result<Vec<Value>> = records
            .iter()
            .map(|record| of_record(&machine, record))
            .collect();
        let warnings = render::errors(&damaged);
        return print_json(&document(
            json!({ "changes": changes?, "warnings": warnings }),
        ));
    }
    let mut text = String::new();
    for record in &records {
        text += &paragraph(&machine, record)?;
    }
    if records.is_empty() && damaged.is_empty() && !args.output.quiet {
        text += "no changes\n";
    }
    print(text.as_bytes())
}

fn of_record(machine: &Machine, record: &Record) -> Result<Value> {
    let mut change = record.to_json();
    change["guarded"] = machine.is_guarded(record.id)?.into();
    change["seconds_left"] = match record.state {
        State::Pending(until) => left(until).into(),
        _ => Value::Null,
    };
    Ok(change)
}

/// A line, and below it the steps of a change that is not over.
fn paragraph(machine: &Machine, record: &Record) -> Result<String> {
    let title = printable(&record.plan.title);
    let mut text = format!("{:>4}  {title}: {}\n", record.id, state(machine, record)?);
    if !record.state.is_open() {
        return Ok(text);
    }
    for (index, step) in record.plan.steps.iter().enumerate() {
        let begun = if index < record.begun {
            "begun"
        } else {
            "not begun"
        };
        text += &format!("      {begun:<9}  {}\n", printable(&step.what));
    }
    let error = record.error.iter().flat_map(|error| error.lines());
    text.extend(error.map(|line| format!("      {}\n", printable(line))));
    Ok(text)
}
