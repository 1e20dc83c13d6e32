//! rpm's databases: those that rpm, SQLite and Berkeley DB wrote (`fuzz/seeds/packages`), and damaged ones.

use error::Kind as Problem;
use packages::Kind;

use crate::{error, files, host, lines, owners, read};

const SQLITE: &[u8] = include_bytes!("../../../../../fuzz/seeds/packages/rpm-sqlite");
const NDB: &[u8] = include_bytes!("../../../../../fuzz/seeds/packages/rpm-ndb");
const BERKELEY: &[u8] = include_bytes!("../../../../../fuzz/seeds/packages/rpm-berkeley");

const SQLITE_PATH: &str = "usr/lib/sysimage/rpm/rpmdb.sqlite";
const NDB_PATH: &str = "usr/lib/sysimage/rpm/Packages.db";
const BERKELEY_PATH: &str = "var/lib/rpm/Packages";

/// The same five packages in every format, and where each is as a rule.
fn databases() -> [(&'static str, Vec<u8>); 3] {
    let all = [
        (SQLITE_PATH, SQLITE),
        (NDB_PATH, NDB),
        (BERKELEY_PATH, BERKELEY),
    ];
    // The first byte is for the fuzz target.
    all.map(|(path, seed)| (path, seed[1..].to_vec()))
}

fn database(wanted: &str) -> Vec<u8> {
    let mut all = databases().into_iter();
    all.find(|(path, _)| *path == wanted).unwrap().1
}

fn corrupt(path: &str, content: &[u8], text: &str) {
    assert_eq!(error(path, content), (Problem::Corrupt, text.to_owned()));
}

/// The database with `new` instead of every `old`.
fn replaced(content: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    let mut at = 0;
    while at + old.len() <= content.len() {
        if content[at..].starts_with(old) {
            content[at..at + old.len()].copy_from_slice(new);
        }
        at += 1;
    }
    content
}

/// The database with these bytes at the offset `at`.
fn patched(path: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut content = database(path);
    content[at..at + bytes.len()].copy_from_slice(bytes);
    content
}

#[test]
fn every_format_gives_the_packages_that_rpm_has_put_into_it() {
    for (path, content) in databases() {
        let packages = read(&host(path, &content));
        assert_eq!(packages.kind(), Kind::Rpm);
        assert!(packages.warning().is_none());
        let mut found = lines(packages.all());
        found.sort();
        let expected = [
            "kernel 4.19.19-8.0.37.xcpng8.3 x86_64 kernel-4.19.19-8.0.37.xcpng8.3.src.rpm Installed",
            "kernel 4.19.325-1.xcpng8.3 x86_64 kernel-4.19.325-1.xcpng8.3.src.rpm Installed",
            "xcp-ng-deps 8.3-13 x86_64 xcp-ng-deps-8.3-13.src.rpm Installed",
            "xen-hypervisor 4.17.5-13.xcpng8.3 x86_64 xen-hypervisor-4.17.5-13.xcpng8.3.src.rpm Installed",
            "xen-tools 2:4.17.5-13.xcpng8.3 x86_64 xen-tools-4.17.5-13.xcpng8.3.src.rpm Installed",
        ];
        assert_eq!(found, expected, "{path}");
        assert_eq!(packages.installed("kernel").count(), 2);
        assert!(packages.named("xen").is_empty());
    }
}

#[test]
fn every_format_gives_the_files_of_a_package_and_the_owner_of_a_file() {
    for (path, content) in databases() {
        let packages = read(&host(path, &content));
        let expected = [
            "/boot/xen-4.17.5-13.gz",
            "/boot/xen.gz",
            "/usr/lib/xen/boot/hvmloader",
        ];
        assert_eq!(files(&packages, "xen-hypervisor"), expected, "{path}");
        assert_eq!(files(&packages, "xcp-ng-deps"), [""; 0]);
        let owner = packages
            .owner_of("/boot/vmlinuz-4.19.325")
            .unwrap()
            .unwrap();
        assert_eq!(
            (owner.name.as_str(), owner.version.as_str()),
            ("kernel", "4.19.325-1.xcpng8.3")
        );
        assert_eq!(owners(&packages, "/usr/bin/xentop"), ["xen-tools"]);
        assert_eq!(owners(&packages, "/boot/vmlinuz"), [""; 0]);
    }
}

#[test]
fn a_directory_that_became_a_link_gives_a_file_two_names() {
    let fake = host(NDB_PATH, database(NDB_PATH));
    fake.write("usr/bin/xl", "");
    fake.link("usr/sbin", "bin");
    fake.link("sbin", "usr/bin");
    let packages = read(&fake);
    for path in [
        "/usr/sbin/xl",
        "/usr/bin/xl",
        "/sbin/xl",
        "/usr/lib/../bin//xl",
    ] {
        let owner = packages.owner_of(path).unwrap();
        assert_eq!(
            owner.map(|owner| owner.name.as_str()),
            Some("xen-tools"),
            "{path}"
        );
    }
    assert_eq!(packages.owner_of("/boot/xl").unwrap(), None);
}

#[test]
fn an_imported_key_has_no_architecture() {
    // ARCH (1022) becomes a tag that nothing reads.
    let content = replaced(
        &database(NDB_PATH),
        &[0, 0, 3, 0xfe, 0, 0, 0, 6],
        &[0, 0, 3, 0xff, 0, 0, 0, 6],
    );
    let packages = read(&host(NDB_PATH, &content));
    assert_eq!(packages.all()[0].architecture, None);
}

#[test]
fn the_database_with_packages_counts() {
    let fake = host(BERKELEY_PATH, database(BERKELEY_PATH));
    let empty = "Slot\0\0\0\0\0\0\0\0\0\0\0\0".repeat(254);
    let empty = format!("RpmP\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0{empty}");
    fake.write("var/lib/rpm/Packages.db", &empty);
    fake.write("var/lib/dpkg/status", "");
    assert_eq!(read(&fake).all().len(), 5);
    let only = host(NDB_PATH, empty.as_bytes());
    only.write("var/lib/dpkg/status", "");
    assert!(read(&only).all().is_empty());
}

#[test]
fn changes_that_sqlite_has_not_written_yet_are_told() {
    let fake = host(SQLITE_PATH, database(SQLITE_PATH));
    fake.write(&format!("{SQLITE_PATH}-wal"), "");
    assert!(read(&fake).warning().is_none());
    fake.write(&format!("{SQLITE_PATH}-wal"), "log");
    let packages = read(&fake);
    let warning = packages.warning().unwrap().to_string();
    let expected = "has 3 bytes of changes that are not in the database yet and are not read";
    assert!(warning.ends_with(expected), "{warning}");
}

#[test]
fn what_is_no_database_is_told() {
    corrupt(
        SQLITE_PATH,
        &[0; 600],
        "rpmdb.sqlite: is not a database of SQLite: the magic number is missing",
    );
    corrupt(
        NDB_PATH,
        &[0; 600],
        "Packages.db: is not a database of rpm: the magic number is missing",
    );
    corrupt(
        BERKELEY_PATH,
        &[0; 600],
        "Packages: is not a hash table of Berkeley DB: the magic number is missing",
    );
    for (path, _) in databases() {
        let (kind, text) = error(path, b"");
        assert_eq!(kind, Problem::Corrupt);
        assert!(text.contains(": has 0 bytes, not the "), "{text}");
    }
    let other = patched(BERKELEY_PATH, 12, &[0, 6, 0x15, 0x61]);
    let text = "Packages: Berkeley DB of a big-endian machine is not read";
    assert_eq!(
        error(BERKELEY_PATH, &other),
        (Problem::Unsupported, text.into())
    );
    let other = patched(NDB_PATH, 4, &[1]);
    let text = "Packages.db: version 1 of the format is not known";
    assert_eq!(error(NDB_PATH, &other), (Problem::Unsupported, text.into()));
}
