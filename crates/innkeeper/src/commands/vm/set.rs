//! `innkeeper vm set`: values of an xl.cfg, changed in their places.

use std::path::PathBuf;

use error::{Error, Result};
use vmconfig::xen::{Release, Standing, keys};
use vmconfig::xl::{self, Document, Literal};

use super::edit::ChangeArgs;
use super::findings;
use crate::output::{End, warn};

/// `innkeeper vm set FILE KEY=VALUE…`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// A setting and its value: a number, a string with or without quotes, or a list as xl.cfg writes it
    #[arg(value_name = "KEY=VALUE", required_unless_present = "unset", value_parser = assignment)]
    values: Vec<(String, Literal)>,

    /// Remove this setting (repeatable)
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Sets the values in one change. A key that no release of Xen knows is a warning, and so is a result that xl refuses.
pub(crate) fn run(args: &Args) -> End {
    End::new(
        set(args).err().into_iter().collect(),
        args.change.output.failed(),
    )
}

fn assignment(text: &str) -> Result<(String, Literal), String> {
    let (name, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    let literal = Literal::read(value.trim());
    if value.trim().starts_with('[') && !matches!(literal, Literal::List(_)) {
        return Err("the list is not one that xl reads, as [\"a\", \"b\"] is".into());
    }
    Ok((name.trim().to_owned(), literal))
}

fn set(args: &Args) -> Result<()> {
    for (name, _) in &args.values {
        if keys::standing(name, Release::NEWEST) == Standing::Unknown {
            let warning = Error::refused(format!("xl does not know {name}, it has no effect"));
            warn(&match keys::nearest(name) {
                Some(nearest) => warning.hint(format!("did you mean {nearest}?")),
                None => warning,
            });
        }
    }
    let mut result = Vec::new();
    let edited = args.change.edited(&args.file, |text| {
        let mut document = Document::parse(text)?;
        for (name, value) in &args.values {
            document.set(name, value)?;
        }
        for name in &args.unset {
            document.remove(name)?;
        }
        result = xl::judge(document.config(), Release::NEWEST);
        Ok(document.text().to_owned())
    })?;
    if let Some(refusal) = findings::refusal(&result, &edited.name, Release::NEWEST) {
        warn(&refusal);
    }
    let names = args.values.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.chain(args.unset.iter().map(String::as_str)).collect();
    let title = format!("set {} in {}", names.join(", "), edited.name);
    args.change.apply(&title, &[edited])
}
