//! `innkeeper vm convert`: a guest's description in another language.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};
use host::Host;
use render::document;
use serde_json::json;
use vmconfig::{Vm, libvirt, opennebula, xen, xl};

use crate::commands::request::Language;
use crate::options::OutputArgs;
use crate::output::{End, print, print_json, warn};

/// `innkeeper vm convert FILE --to LANGUAGE`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An xl.cfg, a libvirt domain or an OpenNebula template
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The language to write
    #[arg(long, value_name = "LANGUAGE")]
    to: Language,

    /// Write to this file, which must not exist [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Fail when anything would be lost
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    output: OutputArgs,
}

/// Writes the description and says what is lost.
pub(crate) fn run(args: &Args, host: &Host) -> End {
    End::new(convert(args, host), args.output.failed())
}

fn convert(args: &Args, host: &Host) -> Vec<Error> {
    match converted(args, host) {
        Ok((_, lost)) if args.strict && !lost.is_empty() => lost,
        Ok((text, lost)) => told(args, &text, &lost).err().into_iter().collect(),
        Err(error) => vec![error],
    }
}

/// The new description, and what it does not say.
fn converted(args: &Args, host: &Host) -> Result<(String, Vec<Error>)> {
    let name = args.file.display().to_string();
    let text = text_of(&args.file, host).map_err(|error| error.at(&name))?;
    let mut stated = read(&text, &name).map_err(|error| error.within(&name))?;
    // A kernel or an address that it names is one of this host, and meant.
    stated.is_own = true;
    let mut placed = stated.clone();
    for disk in &mut placed.disks {
        if !disk.cdrom || disk.source.is_some() {
            disk.place.clone_from(&disk.source);
            disk.place_format.clone_from(&disk.format);
        }
    }
    let written = args.to.write(&placed).map_err(|error| error.at(&name))?;
    let back = read(&written, &name)?;
    let lost = vmconfig::lost(&stated, &back);
    let lost = lost
        .into_iter()
        .map(|what| Error::unsupported(format!("lost: {what}")).at(&name));
    Ok((written, lost.collect()))
}

/// The text of the description. XML says what its encoding is; the other languages have UTF-8 alone.
fn text_of(file: &Path, host: &Host) -> Result<String> {
    let path = std::path::absolute(file).map_err(|cause| Error::io("cannot be read", cause))?;
    let bytes = host.files().read_within(&path, vmconfig::TEXT as u64)?;
    let bytes = bytes.ok_or_else(|| Error::io("cannot be read", "not found"))?;
    let decoded = vmconfig::decode(&bytes);
    if is_xml(&decoded.text) {
        return Ok(decoded.text);
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..place).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Error::corrupt(format!("line {line}: byte {place} is not UTF-8"))
            .hint("write the file in UTF-8: iconv -f LATIN1 -t UTF-8")
    })
}

fn is_xml(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('<')
}

/// Reads a description in whichever of the languages it is.
fn read(text: &str, name: &str) -> Result<Vm> {
    if is_xml(text) {
        return libvirt::read(text, name);
    }
    // xl's names are in small letters, OpenNebula's in capitals. What is wrong with the values says nothing.
    let config = xl::parse(text)?;
    let is_own = |it: &xl::Statement| xen::keys::get(&it.name).is_some();
    if config.statements.iter().any(is_own) {
        return xl::read(text, name);
    }
    opennebula::read(text, name).or_else(|_| xl::read(text, name))
}

fn told(args: &Args, text: &str, lost: &[Error]) -> Result<()> {
    if let Some(out) = &args.out {
        write(out, text)?;
    }
    if args.output.json {
        return print_json(&document(json!({
            "text": Some(text).filter(|_| args.out.is_none()),
            "file": args.out,
            "warnings": render::errors(lost),
        })));
    }
    for warning in lost {
        warn(warning);
    }
    if args.out.is_none() {
        print(text.as_bytes())?;
    }
    Ok(())
}

/// Writes a new file that only its owner may read: a description may have passwords in it.
fn write(path: &Path, text: &str) -> Result<()> {
    let cannot = |cause| Error::io("cannot be written", cause).at(path.display());
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)
}
