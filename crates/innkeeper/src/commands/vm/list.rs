//! `innkeeper vm list`: the guests that a host knows.

use error::{Result, amount};
use exec::never;
use host::Host;
use inventory::{Guest, Inventory, State};
use render::{Cell, Column, Role, Table, document};
use serde_json::{Value, json};

use crate::options::{OutputArgs, RootArgs};
use crate::output::{End, look, print, print_json, warn};

/// `innkeeper vm list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints a line for each guest. What cannot be read is a warning.
pub(crate) fn run(args: &Args, host: &Host) -> End {
    End::new(
        list(args, host).err().into_iter().collect(),
        args.output.failed(),
    )
}

fn list(args: &Args, host: &Host) -> Result<()> {
    let host = args.root.host(host)?;
    let inventory = Inventory::read(&host, &never);
    for error in &inventory.errors {
        warn(error);
    }
    if args.output.json {
        let guests: Vec<Value> = inventory.guests.iter().map(of_guest).collect();
        let warnings = render::errors(&inventory.errors);
        return print_json(&document(json!({ "guests": guests, "warnings": warnings })));
    }
    if inventory.guests.is_empty() {
        let text = if args.output.quiet { "" } else { "no guests\n" };
        return print(text.as_bytes());
    }
    print(table(&inventory.guests).render(&look()).as_bytes())
}

fn table(guests: &[Guest]) -> Table {
    let mut table = Table::new([
        Column::words("name"),
        Column::words("kind"),
        Column::numbers("vCPUs"),
        Column::numbers("memory"),
        Column::words("state"),
        Column::words("autostart"),
        Column::words("toolstack"),
        Column::words("configured in"),
    ]);
    let dash = || "-".to_owned();
    for guest in guests {
        let role = match guest.state {
            State::Active(_) => Role::Good,
            State::Off => Role::Plain,
            State::NotKnown => Role::Faint,
        };
        let file = guest.file.as_ref().map(|file| file.display().to_string());
        table.row([
            Cell::from(guest.name.clone().unwrap_or_else(dash)),
            guest.kind.clone().unwrap_or_else(dash).into(),
            guest
                .vcpus
                .map_or_else(dash, |vcpus| vcpus.to_string())
                .into(),
            guest.memory.map_or_else(dash, amount).into(),
            Cell::new(guest.state.name(), role),
            if guest.autostart { "yes" } else { "no" }.into(),
            guest.toolstack.name().into(),
            file.unwrap_or_else(dash).into(),
        ]);
    }
    table
}

fn of_guest(guest: &Guest) -> Value {
    json!({
        "name": guest.name,
        "kind": guest.kind,
        "toolstack": guest.toolstack.name(),
        "vcpus": guest.vcpus,
        "memory": guest.memory,
        "state": guest.state.name(),
        "id": guest.id,
        "autostart": guest.autostart,
        "file": guest.file,
    })
}
