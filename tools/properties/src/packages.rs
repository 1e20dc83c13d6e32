//! Databases of packages: what can be listed can be looked into, a file that a package has is owned by it, and the order of
//! versions is one.

use std::cmp::Ordering;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use error::{Error, Result};
use host::Host;
use packages::{Kind, Package, Packages};
use testkit::machine::FakeHost;

use crate::told::told;

/// Where the input is put, by the number that its first byte has.
const PLACES: [&str; 7] = [
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "var/lib/rpm/Packages",
    LIST,
    "var/lib/dpkg/diversions",
];
const LIST: &str = "var/lib/dpkg/info/xen.list";

/// Packages of the hosts whose list or diversions the input is.
const STATUS: &str = "Package: xen\nStatus: install ok installed\nVersion: 1\n\n\
                      Package: dash\nStatus: install ok unpacked\nVersion: 2\n";

/// Most packages, and most files of each, that are looked at closely.
const CLOSELY: usize = 20;

/// Reads a database: the first byte says which file of a host the rest is. Behind the last of them it is a line with a version
/// each.
pub fn packages(data: &[u8]) -> Result<()> {
    let Some((number, content)) = data.split_first() else {
        return Ok(());
    };
    let number = usize::from(*number) % (PLACES.len() + 1);
    match PLACES.get(number) {
        Some(path) => HOSTS.with(|hosts| database(&hosts[number], path, content)),
        None => {
            versions(&String::from_utf8_lossy(content));
            Ok(())
        }
    }
}

thread_local! {
    /// A host for each of the places: making one takes longer than reading it.
    static HOSTS: [FakeHost; PLACES.len()] = PLACES.map(host_with);
}

/// A host where the file `path` may be written.
fn host_with(path: &str) -> FakeHost {
    let fake = FakeHost::new();
    if path.starts_with("var/lib/dpkg") {
        fake.write(PLACES[0], STATUS);
        fake.write(LIST, "/.\n/bin/sh\n");
        fake.link("bin", "usr/bin");
    }
    fake.write(path, "");
    fake
}

/// Writes a file without emptying it first, which file systems take as a reason to wait for the disk.
fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)
}

/// Reads the packages of the host `fake` with this content of the file `path`.
fn database(fake: &FakeHost, path: &str, content: &[u8]) -> Result<()> {
    overwrite(&fake.root().join(path), content).expect("a file of the host");
    let host = Host::at(fake.root()).expect("the host");
    let read = Packages::read(&host);
    told(&read);
    let Some(packages) = read? else {
        return Err(Error::corrupt("no database where one was put"));
    };
    told(&packages.owners_of("/boot/xen.gz"));
    let all = packages.all();
    assert!(all.is_sorted_by(|a, b| a.name <= b.name));
    let mut outcomes = all.iter().take(CLOSELY).map(|package| {
        assert!(packages.named(&package.name).contains(package));
        files(&packages, package)
    });
    outcomes.find(Result::is_err).unwrap_or(Ok(()))
}

/// Looks for the owners of the files of `package`.
fn files(packages: &Packages, package: &Package) -> Result<()> {
    let files = packages.files(package);
    told(&files);
    let files = files?;
    for file in files.iter().take(CLOSELY).filter(|_| package.has_files()) {
        let owners = packages.owners_of(file);
        told(&owners);
        // Another package's list, or a name that no system takes, may be wrong.
        if let Ok(owners) = owners {
            assert!(owners.contains(&package), "{}", file.display());
        }
    }
    Ok(())
}

/// Compares every two lines of `text`.
fn versions(text: &str) {
    let lines: Vec<&str> = text.lines().take(CLOSELY).collect();
    for kind in [Kind::Dpkg, Kind::Apk, Kind::Rpm] {
        for a in &lines {
            assert_eq!(kind.compare(a, a), Ordering::Equal, "{a}");
            for b in &lines {
                let order = kind.compare(a, b);
                assert_eq!(order, kind.compare(b, a).reverse(), "{kind}: {a} {b}");
            }
        }
    }
}
