//! Databases of packages: what can be listed can be looked into, a file that a package has is owned by it, and the order of
//! versions is one.

use std::cmp::Ordering;
use std::fs;

use error::{Error, Result};
use host::Host;
use packages::{Kind, Packages};
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
    match PLACES.get(usize::from(*number) % (PLACES.len() + 1)) {
        Some(path) => database(path, content),
        None => {
            versions(&String::from_utf8_lossy(content));
            Ok(())
        }
    }
}

/// Reads the packages of a host with this file.
fn database(path: &str, content: &[u8]) -> Result<()> {
    let fake = FakeHost::new();
    if path.starts_with("var/lib/dpkg") {
        fake.write(PLACES[0], STATUS);
        fake.write(LIST, "/.\n/bin/sh\n");
        fake.link("bin", "usr/bin");
    }
    fake.write(path, "");
    fs::write(fake.root().join(path), content).expect("a file of the host");
    let host = Host::at(fake.root()).expect("the host");
    let read = Packages::read(&host);
    told(&read);
    let Some(packages) = read? else {
        return Err(Error::corrupt("no database where one was put"));
    };
    told(&packages.owners_of("/boot/xen.gz"));
    let all = packages.all();
    assert!(all.is_sorted_by(|a, b| a.name <= b.name));
    let mut first = Ok(());
    for package in all.iter().take(CLOSELY) {
        assert!(packages.named(&package.name).contains(package));
        let files = packages.files(package);
        told(&files);
        match files {
            Ok(files) if package.has_files() => {
                for file in files.iter().take(CLOSELY) {
                    let owners = packages.owners_of(file);
                    told(&owners);
                    // Another package's list, or a name that no system takes, may be wrong.
                    if let Ok(owners) = owners {
                        assert!(owners.contains(&package), "{}", file.display());
                    }
                }
            }
            Ok(_) => {}
            Err(error) => first = first.and(Err(error)),
        }
    }
    first
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
