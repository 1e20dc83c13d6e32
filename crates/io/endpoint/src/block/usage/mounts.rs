//! What the kernel's tables of mounts and swap areas say.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use error::Result;

use super::super::number;
use super::{Number, Part, unknown};
use crate::Host;

/// The part that is mounted, and where.
pub(super) fn mounted(host: &Host, parts: &[Part]) -> Result<Option<String>> {
    let path = host.proc("self/mountinfo");
    let table = fs::read(&path).map_err(|cause| unknown(&path, cause))?;
    for mount in table.split(|&byte| byte == b'\n').filter_map(mount) {
        let found = parts.iter().find(|part| {
            // File systems on several devices have a number of their own, and name one device.
            part.number == mount.number || node(host, &mount.source) == Some(part.number)
        });
        if let Some(part) = found {
            let point = mount.point.display();
            return Ok(Some(part.says(&format!("is mounted on {point}"))));
        }
    }
    Ok(None)
}

struct Mount {
    number: Number,
    point: PathBuf,
    source: PathBuf,
}

/// A line of mountinfo (proc_pid_mountinfo(5)): `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS
/// [FIELD…] - TYPE SOURCE OPTIONS`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let number = std::str::from_utf8(fields.nth(2)?).ok()?;
    let (major, minor) = number.split_once(':')?;
    let point = path(fields.nth(1)?);
    fields.find(|field| *field == b"-")?;
    Some(Mount {
        number: Number {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        },
        point,
        source: path(fields.nth(1)?),
    })
}

/// The part that is swapped to.
pub(super) fn swap(host: &Host, parts: &[Part]) -> Result<Option<String>> {
    let table = match fs::read(host.proc("swaps")) {
        Ok(table) => table,
        // A kernel built without swap.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unknown(&host.proc("swaps"), cause)),
    };
    for line in table.split(|&byte| byte == b'\n').skip(1) {
        let area = path(
            line.split(u8::is_ascii_whitespace)
                .next()
                .unwrap_or_default(),
        );
        let number = node(host, &area);
        if let Some(part) = parts.iter().find(|part| Some(part.number) == number) {
            return Ok(Some(part.says("is active swap space")));
        }
    }
    Ok(None)
}

/// The number of the device node that a table names.
fn node(host: &Host, path: &Path) -> Option<Number> {
    number(&fs::metadata(host.device_node(path)?).ok()?)
}

/// A path in which the kernel wrote space, tab, newline and backslash as `\ooo`.
fn path(escaped: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = (first == b'\\').then(|| tail.get(..3)).flatten();
        let byte =
            octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(byte.unwrap_or(first));
        rest = match byte {
            Some(_) => tail.get(3..).unwrap_or_default(),
            None => tail,
        };
    }
    OsString::from_vec(plain).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_is_understood() {
        let line = b"36 35 98:0 /mnt1 /a\\040b\\134c rw shared:1 master:2 - ext3 /dev/root rw";
        let mount = mount(line).unwrap();
        assert_eq!((mount.number.major, mount.number.minor), (98, 0));
        assert_eq!(mount.point, Path::new("/a b\\c"));
        assert_eq!(mount.source, Path::new("/dev/root"));
    }

    #[test]
    fn broken_lines_and_escapes_do_no_harm() {
        for line in [
            &b""[..],
            b"36 35",
            b"1 2 x:y / /a rw - e f",
            b"1 2 3:4 / /a rw",
        ] {
            assert!(mount(line).is_none());
        }
        assert_eq!(path(b"\\04\\9\\"), Path::new("\\04\\9\\"));
    }
}
