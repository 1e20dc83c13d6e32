//! From a file to the image in it, by the tools of its compressions and archives.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use error::Result;

use super::program::{Bounds, Taken, timed};
use crate::shell::{file_error, which};

/// Layers around one image.
const DEPTH: usize = 8;
/// Bytes of a piece of a disk in an export of XenServer.
const PIECE: u64 = 1 << 20;

/// The exit status of unzip where it does not know a compression.
const UNKNOWN_METHOD: i32 = 81;

/// Where the image lies.
pub(super) enum Located {
    At(PathBuf),
    /// A tool says that something on the way is broken.
    Broken(String),
    /// Nobody at hand can tell.
    Unknown(String),
}

/// A tool that unpacks what begins with a magic number at an offset.
type Tool = (u64, &'static [u8], &'static str, &'static [&'static str]);

/// Tools that unpack a file to their standard output.
const DECODERS: &[Tool] = &[
    (0, b"\x1f\x8b", "gzip", &["-dc"]),
    (0, b"\xfd7zXZ\0", "xz", &["-dc"]),
    (0, b"\x28\xb5\x2f\xfd", "zstd", &["-dcq", "--long=31"]),
    (0, b"BZh", "bzip2", &["-dc"]),
    (0, b"\x04\x22\x4d\x18", "lz4", &["-dcq"]),
    (0, b"\x02\x21\x4c\x18", "lz4", &["-dcq"]),
    (0, b"LZIP", "lzip", &["-dc"]),
    (0, b"\x89LZO\0\r\n\x1a\n", "lzop", &["-dc"]),
    (0, b"\x5d\0\0", "xz", &["-dc", "--format=lzma"]),
];

/// Tools that unpack an archive into a directory.
const ARCHIVES: &[Tool] = &[
    (257, b"ustar", "tar", TAR),
    (0, b"PK\x03\x04", "unzip", &["-qq", "-o", "-d"]),
    (0, b"PK\x05\x06", "unzip", &["-qq", "-o", "-d"]),
];

const TAR: &[&str] = &["-x", "--no-same-owner", "--no-same-permissions", "-C"];

/// Unpacks `file` in the directory `room`, until the image of `disk` lies there by itself.
///
/// # Errors
/// A tool cannot be started, or a file cannot be read.
pub(super) fn locate(file: &Path, disk: &Taken, room: &Path, bounds: Bounds) -> Result<Located> {
    let (mut at, mut member) = (file.to_owned(), disk.member.clone());
    for number in 0..DEPTH {
        if let Some(tool) = tool_of(&at, DECODERS)? {
            let unpacked = room.join(format!("unpacked-{number}"));
            match decode(tool, &at, &unpacked, bounds)? {
                Located::At(unpacked) => at = unpacked,
                other => return Ok(other),
            }
            continue;
        }
        if member.is_empty() {
            return Ok(Located::At(at));
        }
        let archive = match tool_of(&at, ARCHIVES)? {
            // Archives from before the magic number have only their names.
            None if is_tar(&at) => Some(&ARCHIVES[0]),
            tool => tool,
        };
        let directory = match archive {
            // A description: its disks lie beside it.
            None => at.parent().unwrap_or(Path::new("")).to_owned(),
            Some(tool) => {
                let directory = room.join(format!("members-{number}"));
                match extract(tool, &at, &directory, bounds)? {
                    Located::At(directory) => directory,
                    other => return Ok(other),
                }
            }
        };
        let Some((found, rest)) = enter(&directory, &member) else {
            return joined(&directory, &member, disk, room, bounds);
        };
        if found.is_dir() {
            return pieces(&found, disk, room);
        }
        (at, member) = (found, rest);
    }
    Ok(Located::Unknown(format!(
        "is inside more than {DEPTH} layers"
    )))
}

/// The first of `tools` whose magic number the file at `path` has.
fn tool_of<'t>(path: &Path, tools: &'t [Tool]) -> Result<Option<&'t Tool>> {
    let mut file = File::open(path).map_err(file_error(path))?;
    for tool in tools {
        let (offset, magic, ..) = *tool;
        let mut found = vec![0; magic.len()];
        file.seek(SeekFrom::Start(offset))
            .map_err(file_error(path))?;
        if file.read_exact(&mut found).is_ok() && found == magic {
            return Ok(Some(tool));
        }
    }
    Ok(None)
}

/// Whether the file has the name of an archive of tar's first version.
fn is_tar(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "tar" || ending == "ova" || ending == "xva")
}

fn decode(tool: &Tool, from: &Path, to: &Path, bounds: Bounds) -> Result<Located> {
    let (_, _, program, args) = *tool;
    if which(program).is_none() {
        return Ok(Located::Unknown(format!("{program} is not installed")));
    }
    let script = r#"exec "$@" < "$FROM" > "$TO""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", program]).args(args);
    command.env("FROM", from).env("TO", to);
    ended(&mut command, program, to, bounds, 0)
}

fn extract(tool: &Tool, from: &Path, to: &Path, bounds: Bounds) -> Result<Located> {
    let (_, _, program, args) = *tool;
    if which(program).is_none() {
        return Ok(Located::Unknown(format!("{program} is not installed")));
    }
    fs::create_dir(to).map_err(file_error(to))?;
    let mut command = Command::new(program);
    match program {
        "tar" => command.args(args).arg(to).arg("-f").arg(from),
        _ => command.args(args).arg(to).arg(from),
    };
    // unzip ends with 1 after a warning, and tar where a special file could not be made.
    ended(&mut command, program, to, bounds, 1)
}

/// Runs the tool; `most` is the highest status of a run that was good enough.
fn ended(
    command: &mut Command,
    program: &str,
    made: &Path,
    bounds: Bounds,
    most: i32,
) -> Result<Located> {
    let room = made.parent().unwrap_or(made);
    let Some(ended) = timed(command, room, bounds.patience)? else {
        return Ok(Located::Unknown(format!("{program} does not end")));
    };
    Ok(match ended.status.code() {
        Some(status) if status <= most => Located::At(made.to_owned()),
        Some(UNKNOWN_METHOD) if program == "unzip" => {
            Located::Unknown("unzip does not know the compression".into())
        }
        _ => Located::Broken(format!("{program} says {}", ended.last_line())),
    })
}

/// The file in `directory` that `member` begins with, and what follows it: the name in an archive that it is.
fn enter(directory: &Path, member: &str) -> Option<(PathBuf, String)> {
    let ends = member.match_indices(':').map(|(at, _)| at);
    let ends = ends.chain(std::iter::once(member.len()));
    ends.filter_map(|end| {
        let (name, rest) = member.split_at_checked(end)?;
        let slashes = name.replace('\\', "/");
        let names = [name, &slashes].map(|name| directory.join(name.trim_start_matches('/')));
        let found = names.into_iter().find(|path| path.exists())?;
        // `Ref:12` is a name with a colon.
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        (!found.is_dir() || rest.is_empty()).then(|| (found, rest.to_owned()))
    })
    .next()
}

/// A file in chunks as an OVF has them.
fn joined(
    directory: &Path,
    member: &str,
    disk: &Taken,
    room: &Path,
    bounds: Bounds,
) -> Result<Located> {
    let first = directory.join(format!("{member}.000000000"));
    if !first.exists() {
        return Ok(Located::Unknown(format!("{member} is not found")));
    }
    let whole = room.join("joined");
    let mut to = File::create(&whole).map_err(file_error(&whole))?;
    for number in 0.. {
        let chunk = directory.join(format!("{member}.{number:09}"));
        let Ok(mut from) = File::open(&chunk) else {
            break;
        };
        std::io::copy(&mut from, &mut to).map_err(file_error(&chunk))?;
    }
    let inner = Taken {
        member: String::new(),
        ..disk.clone()
    };
    let inside = room.join("inside");
    fs::create_dir(&inside).map_err(file_error(&inside))?;
    locate(&whole, &inner, &inside, bounds)
}

/// The disk of an XVA, of which each piece of 1 MiB is a file called by its number.
fn pieces(directory: &Path, disk: &Taken, room: &Path) -> Result<Located> {
    let whole = room.join("whole");
    let mut to = File::create(&whole).map_err(file_error(&whole))?;
    for entry in fs::read_dir(directory).map_err(file_error(directory))? {
        let path = entry.map_err(file_error(directory))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let Ok(number) = name.parse::<u64>() else {
            continue;
        };
        let mut from = File::open(&path).map_err(file_error(&path))?;
        to.seek(SeekFrom::Start(number * PIECE))
            .map_err(file_error(&whole))?;
        std::io::copy(&mut from, &mut to).map_err(file_error(&path))?;
    }
    to.set_len(disk.size).map_err(file_error(&whole))?;
    Ok(Located::At(whole))
}
