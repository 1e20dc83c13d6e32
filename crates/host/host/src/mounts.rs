//! The kernel's tables of mounts and of swap areas.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::{Host, Number};

/// The table of what is mounted where this process can see it.
pub(crate) const MOUNTS: &str = "/proc/self/mountinfo";

/// The table of swap areas.
const SWAPS: &str = "/proc/swaps";

/// Something mounted, as proc_pid_mountinfo(5) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The device's number. File systems on several devices have a number of their own, of no device.
    pub number: Number,
    /// What of the file system is mounted: `/`, or a directory of it.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
    /// The options of this mount, between commas.
    pub options: String,
    /// The file system's type: `ext4`.
    pub filesystem: String,
    /// What is mounted: a device as a rule, else whatever the file system calls it.
    pub source: PathBuf,
}

impl Host {
    /// What is mounted, in the order of the kernel's table. Lines that make no sense are left out.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the table cannot be read: also when there is none, for every Linux has one.
    pub fn mounts(&self) -> Result<Vec<Mount>> {
        let table = self.files().read(MOUNTS)?;
        let missing = || {
            let shown = self.files().real(Path::new(MOUNTS));
            Error::new(error::Kind::Io, "does not exist").at(shown.display())
        };
        let table = table.ok_or_else(missing)?;
        Ok(table
            .split(|&byte| byte == b'\n')
            .filter_map(mount)
            .collect())
    }

    /// The devices and files that are swapped to. A kernel without swap has none.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the table cannot be read.
    pub fn swaps(&self) -> Result<Vec<PathBuf>> {
        let table = self.files().read(SWAPS)?.unwrap_or_default();
        // The first line is a heading.
        let lines = table.split(|&byte| byte == b'\n').skip(1);
        let areas = lines.filter_map(|line| line.split(u8::is_ascii_whitespace).next());
        Ok(areas
            .filter(|area| !area.is_empty())
            .map(unescaped)
            .collect())
    }
}

/// A line of mountinfo: `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let number = Number::parse(std::str::from_utf8(fields.nth(2)?).ok()?, 10)?;
    let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
    let options = text(fields.next()?);
    fields.find(|field| *field == b"-")?;
    Some(Mount {
        number,
        root,
        point,
        options,
        filesystem: text(fields.next()?),
        source: unescaped(fields.next()?),
    })
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

/// A path in which the kernel wrote space, tab, newline and backslash as `\ooo`.
fn unescaped(escaped: &[u8]) -> PathBuf {
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
    use testkit::machine::FakeHost;

    #[test]
    fn a_line_of_mountinfo_is_understood() {
        let line =
            b"36 35 98:0 /mnt1 /a\\040b\\134c rw,noatime shared:1 master:2 - ext3 /dev/root rw";
        let expected = Mount {
            number: Number {
                major: 98,
                minor: 0,
            },
            root: "/mnt1".into(),
            point: "/a b\\c".into(),
            options: "rw,noatime".into(),
            filesystem: "ext3".into(),
            source: "/dev/root".into(),
        };
        assert_eq!(mount(line), Some(expected));
    }

    #[test]
    fn broken_lines_and_escapes_do_no_harm() {
        for line in [
            &b""[..],
            b"36 35",
            b"1 2 x:y / /a rw - e f",
            b"1 2 3:4 / /a rw",
        ] {
            assert_eq!(mount(line), None);
        }
        assert_eq!(unescaped(b"\\04\\9\\"), Path::new("\\04\\9\\"));
    }

    #[test]
    fn swap_areas_are_listed_without_the_heading() {
        let fake = FakeHost::new();
        let host = Host::at(fake.root()).unwrap();
        assert_eq!(host.swaps().unwrap(), [] as [PathBuf; 0]);
        let table =
            "Filename Type Size Used Priority\n/dev/sda2 partition 8 0 -2\n/a\\040b file 8 0 -3\n";
        fake.write("proc/swaps", table);
        assert_eq!(
            host.swaps().unwrap(),
            ["/dev/sda2", "/a b"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_host_without_a_table_of_mounts_does_not_tell() {
        let fake = FakeHost::new();
        std::fs::remove_file(fake.root().join("proc/self/mountinfo")).unwrap();
        let error = Host::at(fake.root()).unwrap().mounts().unwrap_err();
        let shown = fake.root().join("proc/self/mountinfo");
        assert_eq!(
            error.to_string(),
            format!("{}: does not exist", shown.display())
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_a_table_is_read(line: Vec<u8>, fields in "[0-9:/ \\\\-]{0,60}") {
            let _ = mount(&line);
            if let Some(mount) = mount(fields.as_bytes()) {
                proptest::prop_assert!(fields.len() > mount.point.as_os_str().len());
            }
        }
    }

    #[test]
    fn the_running_system_has_mounts() {
        let mounts = Host::live().mounts().unwrap();
        assert!(mounts.iter().any(|mount| mount.point == Path::new("/")));
    }
}
