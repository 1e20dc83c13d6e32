//! Whole databases: packages, their files, owners, and what is wrong with a database.

// Clippy knows test functions; the helpers here are nothing else.
#![allow(clippy::unwrap_used)]

mod apk;
mod dpkg;
mod rpm;

use error::Kind;
use host::Host;
use packages::{Package, Packages};
use testkit::machine::FakeHost;

fn put(fake: &FakeHost, path: &str, content: &[u8]) {
    fake.write(path, "");
    std::fs::write(fake.root().join(path), content).unwrap();
}

/// A host with one file.
fn host(path: &str, content: impl AsRef<[u8]>) -> FakeHost {
    let fake = FakeHost::new();
    put(&fake, path, content.as_ref());
    fake
}

fn read(fake: &FakeHost) -> Packages {
    let host = Host::at(fake.root()).unwrap();
    Packages::read(&host).unwrap().unwrap()
}

/// The error of a host with this file alone. The file is called by its name.
fn error(path: &str, content: impl AsRef<[u8]>) -> (Kind, String) {
    let fake = host(path, content);
    let host = Host::at(fake.root()).unwrap();
    let error = Packages::read(&host).unwrap_err();
    (error.kind(), without_directory(&fake, &error))
}

/// An error whose file is called by its name.
fn without_directory(fake: &FakeHost, error: &error::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix(fake.root().to_str().unwrap()).unwrap();
    let (path, rest) = text.split_once(": ").unwrap();
    let name = path.rsplit('/').next().unwrap();
    format!("{name}: {rest}")
}

/// Packages a line each: name, version, architecture, source, state.
fn lines(packages: &[Package]) -> Vec<String> {
    let line = |package: &Package| {
        let architecture = package.architecture.as_deref().unwrap_or("-");
        let source = package.source.as_deref().unwrap_or("-");
        let (name, version, state) = (&package.name, &package.version, package.state);
        format!("{name} {version} {architecture} {source} {state:?}")
    };
    packages.iter().map(line).collect()
}

/// The names of the packages that have `path`.
fn owners(packages: &Packages, path: &str) -> Vec<String> {
    let owners = packages.owners_of(path).unwrap();
    owners.iter().map(|package| package.name.clone()).collect()
}

/// The files of the first package called `name`.
fn files(packages: &Packages, name: &str) -> Vec<String> {
    let files = packages.files(&packages.named(name)[0]).unwrap();
    files
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

#[test]
fn a_host_without_a_database_has_no_packages_that_are_known() {
    let fake = FakeHost::new();
    fake.write("var/lib/rpm/.rpm.lock", "");
    let host = Host::at(fake.root()).unwrap();
    assert!(Packages::read(&host).unwrap().is_none());
}

#[test]
fn the_database_of_the_distribution_counts_first() {
    let fake = host("lib/apk/db/installed", "P:xen\nV:4.6.1-r0\n\n");
    let status = "Package: xen-utils-common\nStatus: install ok installed\nVersion: 4.17\n";
    fake.write("var/lib/dpkg/status", status);
    assert_eq!(read(&fake).kind(), packages::Kind::Dpkg);
    fake.write("etc/os-release", "ID=alpine\n");
    assert_eq!(read(&fake).kind().to_string(), "apk");
    // Its own is empty, so the other one is what it uses.
    fake.write("lib/apk/db/installed", "\n");
    assert_eq!(read(&fake).kind(), packages::Kind::Dpkg);
}

#[test]
fn a_database_beyond_bounds_is_refused() {
    let fake = host("var/lib/dpkg/status", "");
    let file = std::fs::File::create(fake.root().join("var/lib/dpkg/status")).unwrap();
    file.set_len(1 << 40).unwrap();
    let host = Host::at(fake.root()).unwrap();
    let error = Packages::read(&host).unwrap_err();
    let text = without_directory(&fake, &error);
    assert_eq!(
        (error.kind(), text.as_str()),
        (Kind::Refused, "status: is larger than 1.0 GiB")
    );
    file.set_len((1 << 20) + 1).unwrap();
    let error = Packages::read(&host).unwrap_err();
    assert_eq!(
        without_directory(&fake, &error),
        "status: line 1: longer than 1 MiB"
    );
}

#[test]
fn a_link_out_of_the_root_is_no_database() {
    let fake = FakeHost::new();
    let outside = host(
        "status",
        "Package: a\nStatus: install ok installed\nVersion: 1\n",
    );
    fake.link("var/lib/dpkg/status", outside.root().join("status"));
    let host = Host::at(fake.root()).unwrap();
    assert!(Packages::read(&host).unwrap().is_none());
}
