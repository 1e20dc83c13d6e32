//! What the ending of a target's name says about its format.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use diskimage::Format;
use endpoint::Place;
use error::{Error, Result};

/// What a target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A disk in this format.
    Disk(Format),
    /// A package of a disk and a description of its guest.
    Ova,
}

impl Output {
    /// The format of the disk in it.
    pub(super) fn format(self) -> Format {
        match self {
            Output::Disk(format) => format,
            Output::Ova => Format::Vmdk,
        }
    }
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "ova" => Ok(Output::Ova),
            name => name.parse().map(Output::Disk),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Disk(format) => format.fmt(f),
            Output::Ova => f.write_str("ova"),
        }
    }
}

/// What an ending stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A file in this format.
    One(Output),
    /// A raw disk, unless another format is asked for: people call all sorts of disks so.
    Any,
    /// The part of a VMDK that is a raw disk, beside a descriptor that is not written.
    FlatExtent,
    /// A file that is not written, and what it is.
    Unwritten(&'static str),
    /// The output of this program.
    Packed(&'static str),
}

/// Endings that mean a format, in lower case.
const ENDINGS: &[(&str, Meaning)] = &[
    ("raw", Meaning::One(Output::Disk(Format::Raw))),
    ("dd", Meaning::One(Output::Disk(Format::Raw))),
    ("iso", Meaning::One(Output::Disk(Format::Raw))),
    ("qcow2", Meaning::One(Output::Disk(Format::Qcow))),
    ("vmdk", Meaning::One(Output::Disk(Format::Vmdk))),
    ("vhd", Meaning::One(Output::Disk(Format::Vhd))),
    ("vpc", Meaning::One(Output::Disk(Format::Vhd))),
    ("vhdx", Meaning::One(Output::Disk(Format::Vhdx))),
    ("vdi", Meaning::One(Output::Disk(Format::Vdi))),
    ("ova", Meaning::One(Output::Ova)),
    ("img", Meaning::Any),
    ("bin", Meaning::Any),
    ("qcow", Meaning::Unwritten("a qcow image of version 1")),
    ("qed", Meaning::Unwritten("a QED image")),
    ("hdd", Meaning::Unwritten("a Parallels disk")),
    ("hds", Meaning::Unwritten("a Parallels disk")),
    ("dmg", Meaning::Unwritten("an Apple disk image")),
    ("avhd", Meaning::Unwritten("a differencing vhd")),
    ("avhdx", Meaning::Unwritten("a differencing vhdx")),
    ("ovf", Meaning::Unwritten("an OVF without its disks")),
    ("xva", Meaning::Unwritten("a XenServer export")),
    ("vma", Meaning::Unwritten("a Proxmox backup")),
    ("wim", Meaning::Unwritten("a Windows image")),
    ("simg", Meaning::Unwritten("an Android sparse image")),
    ("tar", Meaning::Unwritten("a tar archive")),
    ("tgz", Meaning::Unwritten("a tar archive")),
    ("txz", Meaning::Unwritten("a tar archive")),
    ("zip", Meaning::Unwritten("a zip archive")),
    ("7z", Meaning::Unwritten("a 7-Zip archive")),
    ("gz", Meaning::Packed("gzip")),
    ("xz", Meaning::Packed("xz")),
    ("lzma", Meaning::Packed("lzma")),
    ("zst", Meaning::Packed("zstd")),
    ("bz2", Meaning::Packed("bzip2")),
    ("lz4", Meaning::Packed("lz4")),
    ("lzo", Meaning::Packed("lzop")),
];

/// What `convert` writes to `to`: what was `asked` for, what the ending of its name says, or a raw disk.
///
/// # Errors
/// [`error::Kind::Usage`] where the name contradicts, or stands for something that is not written.
pub(super) fn output(to: &OsStr, asked: Option<Output>) -> Result<Output> {
    let raw = Output::Disk(Format::Raw);
    let name = to.to_string_lossy();
    match (meaning(to), asked) {
        (None | Some(Meaning::Any), asked) => Ok(asked.unwrap_or(raw)),
        (Some(Meaning::FlatExtent), Some(asked)) if asked == raw => Ok(raw),
        (Some(Meaning::One(meant)), None) => Ok(meant),
        (Some(Meaning::One(meant)), Some(asked)) if meant == asked => Ok(asked),
        (Some(Meaning::One(meant)), Some(asked)) => Err(Error::usage(format!(
            "{name} ends as {} file does, and --format says {asked}",
            with_article(meant)
        ))
        .hint(format!(
            "leave --format out, or choose a name with another ending; {}",
            other_way(asked)
        ))),
        (Some(other), asked) => Err(unwritten(&name, other, asked.unwrap_or(raw))),
    }
}

/// Whether a raw disk may be called `to`, which `import` writes.
///
/// # Errors
/// [`error::Kind::Usage`] if such names stand for something else.
pub(super) fn is_raw(to: &OsStr) -> Result<()> {
    let raw = Output::Disk(Format::Raw);
    let name = to.to_string_lossy();
    match meaning(to) {
        None | Some(Meaning::Any | Meaning::FlatExtent) => Ok(()),
        Some(Meaning::One(meant)) if meant == raw => Ok(()),
        Some(Meaning::One(meant)) => Err(Error::usage(format!(
            "{name} ends as {} file does, and import writes raw disks",
            with_article(meant)
        ))
        .hint(format!(
            "innkeeper convert SOURCE {name} writes {}; for a raw disk choose another ending, for \
             instance .img",
            with_article(meant)
        ))),
        Some(other) => Err(unwritten(&name, other, raw)),
    }
}

fn unwritten(name: &str, meaning: Meaning, asked: Output) -> Error {
    match meaning {
        Meaning::Packed(program) => Error::usage(format!(
            "{name} ends as {program}'s files do, and no disk is compressed here"
        ))
        .hint(format!(
            "write to - and pipe that through {program}, or choose another ending"
        )),
        Meaning::Unwritten(what) => Error::usage(format!(
            "{name} ends as {what} does, which is not written here"
        ))
        .hint(format!("choose another ending; {}", other_way(asked))),
        Meaning::FlatExtent => Error::usage(format!(
            "{name} ends as the extent of a flat vmdk does, whose descriptor is not written here"
        ))
        .hint("--format raw writes the extent alone, and any other name a streamOptimized vmdk"),
        Meaning::One(_) | Meaning::Any => Error::usage(format!("{name} has the wrong ending")),
    }
}

/// How a file gets any name at all.
fn other_way(asked: Output) -> &'static str {
    match asked {
        Output::Disk(Format::Raw | Format::Vmdk | Format::Qcow) | Output::Ova => {
            "standard output (-) goes to a file of any name"
        }
        Output::Disk(_) => "a file can be renamed afterwards",
    }
}

fn with_article(output: Output) -> String {
    match output {
        Output::Ova => "an ova".to_owned(),
        Output::Disk(format) => format!("a {format}"),
    }
}

/// What the ending of `to` stands for; nothing where it is no file, nor going to be one.
fn meaning(to: &OsStr) -> Option<Meaning> {
    let Ok(Place::File(path)) = Place::parse(to) else {
        return None;
    };
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return None;
    }
    let ending = Path::new(&path).extension()?.to_str()?.to_ascii_lowercase();
    let stem = path.file_stem()?.to_string_lossy().to_ascii_lowercase();
    if ending == "vmdk" && stem.ends_with("-flat") {
        return Some(Meaning::FlatExtent);
    }
    let known = ENDINGS.iter().find(|(known, _)| *known == ending);
    known.map(|&(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, asked: Option<&str>) -> std::result::Result<String, String> {
        let asked = asked.map(|asked| asked.parse().unwrap());
        match output(name.as_ref(), asked) {
            Ok(output) => Ok(output.to_string()),
            Err(error) => Err(error.to_text()),
        }
    }

    #[test]
    fn an_ending_chooses_the_format() {
        let cases = [
            ("x.qcow2", "qcow2"),
            ("dir.vmdk/x.QCOW2", "qcow2"),
            ("x.vmdk", "vmdk"),
            ("x.Vhd", "vhd"),
            ("x.vpc", "vhd"),
            ("x.vhdx", "vhdx"),
            ("x.vdi", "vdi"),
            ("x.OVA", "ova"),
            ("x.raw", "raw"),
            ("x.img", "raw"),
            ("x.iso", "raw"),
            ("x", "raw"),
            ("x.disk", "raw"),
            (".qcow2", "raw"),
            ("-", "raw"),
            ("/dev/null", "raw"),
            ("lv:vg0/x.qcow2", "raw"),
            ("nbd://host/x.qcow2", "raw"),
        ];
        for (name, format) in cases {
            assert_eq!(of(name, None).as_deref(), Ok(format), "{name}");
        }
    }

    #[test]
    fn what_is_asked_for_counts_where_the_name_does_not_contradict() {
        let cases = [
            ("x.qcow2", "qcow2"),
            ("x.img", "qcow2"),
            ("x", "vmdk"),
            ("x.disk", "ova"),
            ("-", "vmdk"),
            ("lv:vg0/x.qcow2", "vmdk"),
        ];
        for (name, format) in cases {
            assert_eq!(of(name, Some(format)).as_deref(), Ok(format), "{name}");
        }
        let text = "error: x.VHD ends as a vhd file does, and --format says raw\n\
                    hint: leave --format out, or choose a name with another ending; \
                    standard output (-) goes to a file of any name";
        assert_eq!(of("x.VHD", Some("raw")).unwrap_err(), text);
        let text = "error: x.raw ends as a raw file does, and --format says vdi\n\
                    hint: leave --format out, or choose a name with another ending; \
                    a file can be renamed afterwards";
        assert_eq!(of("x.raw", Some("vdi")).unwrap_err(), text);
    }

    #[test]
    fn what_is_not_written_is_named() {
        let text = "error: x.qed ends as a QED image does, which is not written here\n\
                    hint: choose another ending; standard output (-) goes to a file of any name";
        for asked in [None, Some("raw")] {
            assert_eq!(of("x.qed", asked).unwrap_err(), text);
        }
        let text = "error: x-flat.vmdk ends as the extent of a flat vmdk does, whose descriptor is not \
                    written here\n\
                    hint: --format raw writes the extent alone, and any other name a streamOptimized vmdk";
        assert_eq!(of("x-flat.vmdk", None).unwrap_err(), text);
        assert_eq!(of("x-flat.vmdk", Some("raw")).as_deref(), Ok("raw"));
        let text = "error: x.img.GZ ends as gzip's files do, and no disk is compressed here\n\
                    hint: write to - and pipe that through gzip, or choose another ending";
        assert_eq!(of("x.img.GZ", None).unwrap_err(), text);
    }

    #[test]
    fn import_writes_raw_disks() {
        let told = |name: &str| is_raw(name.as_ref()).err().map(|error| error.to_text());
        for name in [
            "x",
            "x.img",
            "x.RAW",
            "x.iso",
            "-",
            "lv:vg0/x.vdi",
            "{name}-{disk}",
            "x-flat.vmdk",
        ] {
            assert_eq!(told(name), None, "{name}");
        }
        let text = "error: {name}.qcow2 ends as a qcow2 file does, and import writes raw disks\n\
                    hint: innkeeper convert SOURCE {name}.qcow2 writes a qcow2; for a raw disk choose \
                    another ending, for instance .img";
        assert_eq!(told("{name}.qcow2").as_deref(), Some(text));
        assert!(told("x.zst").is_some() && told("x.hdd").is_some());
    }
}
