//! Why bytes are taken for a raw disk, and what is said where they are not.

use diskimage::Format;
use error::Error;
use recognise::foreign::{self, Kind, Known};

use crate::advice::Advice;
use crate::classify::Class;

/// Why raw bytes are taken for a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Something in them shows that they are one.
    Evidence,
    /// They begin with zeros: they are one if they go on so.
    Blank,
    /// Somebody says so.
    Said(Says),
    /// Nothing: they are only looked at.
    Nothing,
}

/// Who says that bytes are a raw disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// The user, by the format.
    User(Format),
    /// A guest's description.
    Description,
    /// The place they come from, which is a device.
    Device,
}

/// What is no disk, as far as can be seen.
pub(crate) fn nothing_recognised() -> Error {
    let message = "nothing recognised in it: no partition table, file system or boot code";
    Error::refused(message).advise(Advice::DeclareRaw)
}

/// What is not as long as a disk can be.
pub(crate) fn not_whole_sectors(size: u64) -> Error {
    Error::refused(format!(
        "has {size} bytes, but a disk has whole sectors of 512 bytes"
    ))
    .advise(Advice::DeclareRaw)
}

/// What begins as a disk and shows at its end that it is something else.
pub(crate) fn shows_at_its_end(known: &Known) -> Error {
    not_a_disk(known, format!("shows at its end that it is {}", known.what))
}

/// Why what looks like `class`, in `size` bytes where that is known, is not taken for a disk.
pub(crate) fn no_disk(class: Class, size: Option<u64>) -> Error {
    match (class, size) {
        (_, Some(0)) => Error::refused("is empty"),
        (Class::Foreign(known), _) => not_a_disk(known, format!("is {}", known.what)),
        (Class::Text | Class::Config(_), _) => {
            Error::refused("is text, not a disk").advise(Advice::DeclareRaw)
        }
        (_, Some(size)) if !size.is_multiple_of(512) => not_whole_sectors(size),
        _ => nothing_recognised(),
    }
}

fn not_a_disk(known: &Known, is: String) -> Error {
    let error = if known.kind.may_hold_a_disk() {
        Error::unsupported(format!("{is}, which is not read here"))
    } else {
        Error::refused(format!("{is}, not a disk"))
    };
    match known.advice {
        foreign::Advice::Pipe(command) => error.advise(Advice::Pipe {
            command: command.to_owned(),
        }),
        foreign::Advice::Say(what) => error.hint(what),
        foreign::Advice::Usual => usual(error, known.kind),
    }
}

/// `error` about something that is no disk, with what to do about things of its `kind`.
fn usual(error: Error, kind: Kind) -> Error {
    let hint = match kind {
        Kind::Image => "convert it to raw or qcow2 first, with the program that made it",
        Kind::Archive => "unpack it and give the disk in it",
        Kind::Compressed => "decompress it first",
        Kind::Backup => "restore it with the program that made it, and give the disk",
        Kind::Encrypted => "decrypt it first",
        Kind::Memory => "give the machine's disk instead",
        Kind::Firmware | Kind::Program | Kind::Document | Kind::Media | Kind::Font | Kind::Data => {
            return error.advise(Advice::DeclareRaw);
        }
    };
    error.hint(hint)
}

/// What to say of bytes that look like `class` and are taken all the same, because somebody `says` so.
pub(crate) fn taken_all_the_same(class: Class, says: Says) -> Option<Error> {
    let looks = match (class, says) {
        // Its footer will show that it is one.
        (_, Says::User(Format::Vhd)) => return None,
        (Class::Foreign(known), _) => format!("begins as {} does", known.what),
        (Class::Text | Class::Config(_), _) => "is text".into(),
        (Class::Other, Says::User(_)) => nothing_recognised().message().to_owned(),
        _ => return None,
    };
    let why = match says {
        Says::User(_) => "the format was given",
        Says::Description => "its description says so",
        Says::Device => "it comes from a device",
    };
    Some(Error::refused(format!(
        "{looks}; taken as a raw disk because {why}"
    )))
}
