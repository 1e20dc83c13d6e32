//! `innkeeper check --list` and `--explain RULE`.

use check::{Example, RULES, Rule, rule};
use error::{Error, Result};
use render::{Column, Role, Table, document};
use serde_json::{Value, json};

use crate::options::OutputArgs;
use crate::output::{look, print, print_json};

/// Prints every rule in a line.
pub(super) fn list(output: &OutputArgs) -> Result<()> {
    if output.json {
        let rules: Vec<_> = RULES.iter().map(|rule| to_json(rule)).collect();
        return print_json(&document(json!({ "rules": rules })));
    }
    let mut table = Table::new([
        Column::words("RULE"),
        Column::words("CHECKS THAT"),
        Column::words("FOR"),
    ]);
    for rule in RULES {
        table.row([
            rule.id.to_owned(),
            rule.title.to_owned(),
            rule.versions.words(),
        ]);
    }
    print(table.render(&look()).as_bytes())
}

/// Prints all there is to know about a rule.
pub(super) fn explain(id: &str, output: &OutputArgs) -> Result<()> {
    let Some(rule) = rule(id) else {
        return Err(Error::usage(format!("there is no rule '{id}'"))
            .hint("innkeeper check --list lists them"));
    };
    if output.json {
        return print_json(&document(json!({ "rule": to_json(rule) })));
    }
    let head = |text: &str| look().paint(Role::Heading, text);
    let mut text = format!("{}: {}\n\n{}\n\n", head(rule.id), rule.title, rule.why);
    text += &format!("{}  {}\n", head("looks at"), rule.looks_at);
    if !rule.versions.words().is_empty() {
        text += &format!("{}       {}\n", head("for"), rule.versions.words());
    }
    for source in rule.source {
        text += &format!("{}    {source}\n", head("source"));
    }
    for example in rule.examples {
        text += &format!("\n{}", shown(example));
    }
    print(text.as_bytes())
}

fn shown(example: &Example) -> String {
    let title = match (example.finds.is_empty(), example.xen) {
        (true, "") => "this passes:".into(),
        (true, xen) => format!("this passes with Xen {xen}:"),
        (false, "") => "this is found:".into(),
        (false, xen) => format!("this is found with Xen {xen}:"),
    };
    let mut text = format!("{}\n", look().paint(Role::Heading, &title));
    let lines = example.host.trim().lines();
    text.extend(lines.map(|line| format!("    {line}\n")));
    text.extend(example.finds.iter().map(|line| format!("  → {line}\n")));
    text
}

fn to_json(rule: &Rule) -> Value {
    json!({
        "rule": rule.id,
        "title": rule.title,
        "looks_at": rule.looks_at,
        "for": rule.versions.words(),
        "why": rule.why,
        "source": rule.source,
    })
}
