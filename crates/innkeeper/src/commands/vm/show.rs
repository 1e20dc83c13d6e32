//! `innkeeper vm show`: what Xen understands of an xl.cfg.

mod devices;

use std::path::{Path, PathBuf};

use error::{Error, Result};
use host::Host;
use render::{Cell, Column, Role, Table, document};
use serde_json::{Value, json};
use vmconfig::secret::{HIDDEN, hide, is_secret};
use vmconfig::xen::{Release, keys};
use vmconfig::xl::{self, Config, Finding, Literal, Node, Setting, Verdict};

use super::findings;
use crate::options::OutputArgs;
use crate::output::{End, look, print, print_json};

/// `innkeeper vm show FILE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Read it as xl of this release of Xen does
    #[arg(long, value_name = "RELEASE", default_value_t = Release::NEWEST)]
    xen: Release,

    #[command(flatten)]
    output: OutputArgs,
}

/// Prints settings, devices and findings. A file that xl refuses gives status 3.
pub(crate) fn run(args: &Args, host: &Host) -> End {
    match show(args, host) {
        Ok(refusal) => End::new(refusal.into_iter().collect(), crate::output::Json::No),
        Err(error) => End::new(vec![error], args.output.failed()),
    }
}

/// The text of a description on this machine.
pub(super) fn text_of(file: &Path, host: &Host) -> Result<String> {
    let path = std::path::absolute(file)
        .map_err(|cause| Error::io("cannot be read", cause).at(file.display()))?;
    let bytes = host.files().read_within(&path, vmconfig::TEXT as u64)?;
    let bytes = bytes.ok_or_else(|| Error::io("cannot be read", "not found").at(file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn show(args: &Args, host: &Host) -> Result<Option<Error>> {
    let text = text_of(&args.file, host)?;
    let name = args.file.display().to_string();
    let config = xl::parse(&text).map_err(|error| error.at(&name))?;
    let found = xl::judge(&config, args.xen);
    let mut refusal = findings::refusal(&found, &name, args.xen);
    if let Some(foreign) = xl::foreign(&text).filter(|_| !config.faults.is_empty()) {
        refusal = refusal.map(|error| error.cause(foreign.name()).hint(advice(foreign)));
    }
    if args.output.json {
        let mut content = devices::to_json(&config, args.xen);
        content["file"] = name.into();
        content["xen"] = args.xen.to_string().into();
        content["refused"] = refusal.is_some().into();
        content["settings"] = settings(&config, &found).into();
        content["findings"] = findings::to_json(&found).into();
        print_json(&document(content))?;
        return Ok(refusal);
    }
    let look = look();
    let mut shown = String::new();
    if !args.output.quiet {
        shown += &table(&config, &found).render(&look);
        shown += &devices::to_text(&config, args.xen, &look);
    }
    let about = findings::to_text(&found, &name, &text, &look);
    if !about.is_empty() && !shown.is_empty() {
        shown.push('\n');
    }
    print((shown + &about).as_bytes())?;
    Ok(refusal)
}

/// What to do with a text that is no xl.cfg.
fn advice(foreign: xl::Foreign) -> &'static str {
    match foreign {
        xl::Foreign::LineEnds => "sed -i 's/\\r$//' FILE removes them",
        xl::Foreign::Mark => "sed -i '1s/^\\xef\\xbb\\xbf//' FILE removes it",
        xl::Foreign::Python => {
            "write out what it computes; xl has no imports, functions or variables"
        }
        xl::Foreign::Xml => "innkeeper vm convert FILE --to xl makes an xl.cfg of it",
    }
}

/// What becomes of a whole setting, if anything is to be said.
fn verdict(setting: &Setting, found: &[Finding]) -> Option<Verdict> {
    let of_it = found.iter().filter(|finding| finding.name == setting.name);
    of_it.map(|finding| finding.verdict).min()
}

fn table(config: &Config, found: &[Finding]) -> Table {
    let mut table = Table::new([
        Column::words("setting"),
        Column::words("value"),
        Column::numbers("line"),
        Column::words("xl"),
    ]);
    for setting in &config.settings {
        let verdict = verdict(setting, found);
        let role = match verdict {
            Some(Verdict::Refused) => Role::Error,
            Some(Verdict::Unknown | Verdict::Ignored) => Role::Warning,
            Some(Verdict::Deprecated) => Role::Hint,
            None => Role::Plain,
        };
        table.row([
            Cell::from(setting.name.as_str()),
            shown(setting).into(),
            setting.position.line.to_string().into(),
            Cell::new(verdict.map_or("", Verdict::name), role),
        ]);
    }
    table
}

/// The value in a line: devices have tables of their own.
fn shown(setting: &Setting) -> String {
    if is_secret(&setting.name) {
        return HIDDEN.to_owned();
    }
    match &setting.value {
        Node::List(list) if devices::HAVE_TABLES.contains(&setting.name.as_str()) => {
            let is_read = |node: &&Node| matches!(node, Node::Text(_));
            format!("{} below", list.nodes.iter().take_while(is_read).count())
        }
        Node::List(list) => {
            let elements: Vec<String> = list
                .nodes
                .iter()
                .map(|node| plain(&Literal::of(node)))
                .collect();
            format!("[{}]", elements.join(", "))
        }
        Node::Text(text) => match typed(setting) {
            Value::String(_) => xl::quote(&hide(&text.text)),
            value => value.to_string(),
        },
    }
}

fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => xl::quote(&hide(text)),
        Literal::List(list) => {
            let elements: Vec<String> = list.iter().map(plain).collect();
            format!("[{}]", elements.join(", "))
        }
    }
}

fn settings(config: &Config, found: &[Finding]) -> Vec<Value> {
    let object = |setting: &Setting| {
        json!({
            "name": setting.name,
            "value": typed(setting),
            "line": setting.position.line,
            "column": setting.position.column,
            "verdict": verdict(setting, found).map(Verdict::name),
        })
    };
    config.settings.iter().map(object).collect()
}

/// The value as xl reads it: a number or a boolean where that is what the key has.
fn typed(setting: &Setting) -> Value {
    let value = value_of(&Literal::of(&setting.value));
    if is_secret(&setting.name) {
        return HIDDEN.into();
    }
    let Some(text) = setting.value.text().filter(|_| !setting.added) else {
        return value;
    };
    let kinds: Vec<_> =
        keys::get(&setting.name).map_or(Vec::new(), |entry| entry.kinds().collect());
    let number = xl::number(text).ok();
    match number {
        Some(number) if kinds == ["boolean"] => (number != 0).into(),
        Some(number) if kinds.contains(&"number") => number.into(),
        _ => value,
    }
}

fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => hide(text).into(),
        Literal::List(list) => list.iter().map(value_of).collect(),
    }
}
