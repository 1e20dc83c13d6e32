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

#[test]
fn damage_in_sqlite_is_told_with_its_page() {
    let content = database(SQLITE_PATH);
    let page = |number: usize| (number - 1) * 512;
    assert_eq!(
        (content[page(2)], content[page(6)]),
        (5, 0),
        "an interior page, a part of a row"
    );
    // The page behind the last cell is the page itself; told once more pages were read than there are.
    let damaged = patched(SQLITE_PATH, page(2) + 8, &[0, 0, 0, 2]);
    corrupt(
        SQLITE_PATH,
        &damaged,
        "rpmdb.sqlite: page 12: the pages of a table have a loop",
    );
    let damaged = patched(SQLITE_PATH, page(2) + 8, &[0, 0, 0, 0]);
    corrupt(
        SQLITE_PATH,
        &damaged,
        "rpmdb.sqlite: a table leads to page 0",
    );
    let damaged = patched(SQLITE_PATH, page(2) + 8, &[0, 1, 0, 0]);
    let text = format!(
        "rpmdb.sqlite: has {} bytes, not the 512 from byte 33553920 on",
        content.len()
    );
    corrupt(SQLITE_PATH, &damaged, &text);
    let damaged = patched(SQLITE_PATH, page(2), &[2]);
    corrupt(
        SQLITE_PATH,
        &damaged,
        "rpmdb.sqlite: page 2: type 2 is not of a table",
    );
    let damaged = replaced(&content, b"Packages", b"packages");
    corrupt(
        SQLITE_PATH,
        &damaged,
        "rpmdb.sqlite: has no table 'Packages'",
    );
    let damaged = patched(SQLITE_PATH, page(5), &[0, 0, 0, 0]);
    let (_, text) = error(SQLITE_PATH, &damaged);
    assert!(
        text.starts_with("rpmdb.sqlite: a chain of pages ends "),
        "{text}"
    );
    let text = "rpmdb.sqlite: 23 pages of 512 bytes in 11775";
    corrupt(SQLITE_PATH, &content[..11775], text);
}

#[test]
fn a_chain_of_pages_that_comes_back_to_its_start_ends_with_the_header() {
    // Page 6 is the second of the first header, whose names of files are behind it.
    let damaged = patched(SQLITE_PATH, 5 * 512, &[0, 0, 0, 6]);
    let packages = read(&host(SQLITE_PATH, damaged));
    let error = packages.owners_of("/boot/xen.gz").unwrap_err();
    assert_eq!(error.kind(), Problem::Corrupt);
}

#[test]
fn damage_in_rpms_own_format_is_told_with_its_slot() {
    let content = database(NDB_PATH);
    let size = content.len();
    let damaged = patched(NDB_PATH, 48, b"sloT");
    corrupt(
        NDB_PATH,
        &damaged,
        "Packages.db: the slot at byte 48: the magic number is missing",
    );
    let damaged = patched(NDB_PATH, 40, &[0xff, 0xff, 0xff, 0xff]);
    let blocks = content[44] as usize * 16;
    let text =
        format!("Packages.db: the slot at byte 32: {blocks} bytes at byte 68719476720 of {size}");
    corrupt(NDB_PATH, &damaged, &text);
    let damaged = patched(NDB_PATH, 36, &[9]);
    corrupt(
        NDB_PATH,
        &damaged,
        "Packages.db: the slot at byte 32: package 9 is not at byte 4096",
    );
    let damaged = patched(NDB_PATH, 12, &[0xff, 0xff, 0xff, 0xff]);
    let (_, text) = error(NDB_PATH, &damaged);
    assert!(
        text.starts_with("Packages.db: the slot at byte 32: "),
        "{text}"
    );
    let slots = content[32..48].repeat(254);
    let damaged = patched(NDB_PATH, 32, &slots);
    let text = format!(
        "Packages.db: headers of {} bytes in a file of {size}",
        254 * length(&content)
    );
    corrupt(NDB_PATH, &damaged, &text);
}

#[test]
fn more_slots_than_a_host_has_packages_are_refused() {
    let pages = 513u32;
    let blob = pages * 256;
    let mut content = [b"RpmP\0\0\0\0\0\0\0\0", &pages.to_le_bytes()[..], &[0; 16]].concat();
    let slot = [b"Slot\x01\0\0\0", &blob.to_le_bytes()[..], &[2, 0, 0, 0]].concat();
    content.extend(slot.repeat(blob as usize - 2));
    content.extend([b"BlbS\x01\0\0\0", &[0; 24][..]].concat());
    let text = "Packages.db: has more than 131072 packages";
    assert_eq!(
        error(NDB_PATH, &content),
        (Problem::Refused, text.to_owned())
    );
}

#[test]
fn rows_of_more_bytes_than_can_be_counted_are_told() {
    // A table whose rows claim 2^62 bytes each, 39 of them on the leaf.
    let length = 39 + 508 * (((1u64 << 62) / 508) + 1);
    let schema = b"\x1c\x01\x06\x17\x1d\x1d\x01\x0dtablePackagesPackages\x02";
    let row = [
        &varint(length)[..],
        b"\x01\x0b\0",
        &varint(12 + 2 * (length - 11)),
    ]
    .concat();
    let mut content = vec![0; 1024];
    let mut put = |at: usize, bytes: &[u8]| content[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0\x02\0\x01\x01");
    put(100, &[13, 0, 0, 0, 1, 0, 0, 0, 1, 44]);
    put(300, schema);
    put(512, &[13, 0, 0, 0, 5, 0, 0, 0]);
    put(520, &[1, 44].repeat(5));
    put(812, &row);
    let text = format!(
        "rpmdb.sqlite: headers of {} bytes in a file of 1024",
        u64::MAX
    );
    corrupt(SQLITE_PATH, &content, &text);
}

/// A number in the nine bytes that SQLite has for the largest.
fn varint(number: u64) -> [u8; 9] {
    let mut bytes = [0; 9];
    bytes[8] = number as u8;
    for (at, byte) in bytes[..8].iter_mut().enumerate() {
        *byte = 0x80 | (number >> (8 + 7 * (7 - at))) as u8;
    }
    bytes
}

/// The number of bytes of the first header in rpm's own format.
fn length(content: &[u8]) -> usize {
    u32::from_le_bytes(content[4108..4112].try_into().unwrap()) as usize
}

#[test]
fn damage_in_berkeley_db_is_told_with_its_page() {
    let page = |number: usize| number * 512;
    let content = database(BERKELEY_PATH);
    let of_type =
        |wanted: u8| (0..content.len() / 512).find(|number| content[page(*number) + 25] == wanted);
    let (bucket, value) = (of_type(13).unwrap(), of_type(7).unwrap());
    let damaged = patched(BERKELEY_PATH, page(bucket) + 16, &[bucket as u8]);
    let text = format!("Packages: page {bucket}: the chains of pages have a loop");
    corrupt(BERKELEY_PATH, &damaged, &text);
    let damaged = patched(BERKELEY_PATH, page(bucket) + 25, &[5]);
    let text = format!("Packages: page {bucket}: type 5 is not of a hash table");
    corrupt(BERKELEY_PATH, &damaged, &text);
    let damaged = patched(BERKELEY_PATH, page(bucket) + 26, &[0xff, 0xff]);
    let (_, text) = error(BERKELEY_PATH, &damaged);
    assert!(
        text.starts_with(&format!("Packages: page {bucket}: pair 0 of ")),
        "{text}"
    );
    let damaged = patched(BERKELEY_PATH, page(value) + 25, &[13]);
    let text = format!("Packages: page {value}: is not part of a value");
    corrupt(BERKELEY_PATH, &damaged, &text);
    let damaged = patched(BERKELEY_PATH, page(value) + 22, &[0, 0]);
    let text = format!("Packages: page {value}: has a wrong length");
    corrupt(BERKELEY_PATH, &damaged, &text);
    let damaged = patched(BERKELEY_PATH, page(value) + 16, &[0, 0, 0, 0]);
    let (_, text) = error(BERKELEY_PATH, &damaged);
    assert!(
        text.starts_with("Packages: a chain of pages ends "),
        "{text}"
    );
    // The second page of the value leads to itself, and brings one byte.
    let second = usize::from(content[page(value) + 16]);
    let endless = [second as u8, 0, 0, 0, 0, 0, 1, 0];
    let damaged = patched(BERKELEY_PATH, page(second) + 16, &endless);
    let text = format!("Packages: page {second}: the chain of pages has a loop");
    corrupt(BERKELEY_PATH, &damaged, &text);
    let damaged = patched(BERKELEY_PATH, 72, &[0xff, 0xff, 0xff, 0xff]);
    let text = "Packages: page 23 of 512 bytes and bucket 4294967295 in 12288 bytes";
    corrupt(BERKELEY_PATH, &damaged, text);
    let text = "Packages: page 23 of 512 bytes and bucket 1 in 12287 bytes";
    corrupt(BERKELEY_PATH, &content[..12287], text);
}

#[test]
fn damage_in_a_header_is_told_with_its_place() {
    // Behind the slots and the blob's own head.
    const HEADER: usize = 4096 + 16;
    let content = database(NDB_PATH);
    let length = length(&content);
    let told = |at: usize, bytes: &[u8], text: &str| {
        let text = format!("Packages.db: the header that starts at byte {HEADER}: {text}");
        corrupt(NDB_PATH, &patched(NDB_PATH, at, bytes), &text);
    };
    told(HEADER, &[0xff; 4], "4294967295 entries, not 1 to 65535");
    told(HEADER, &[0; 4], "0 entries, not 1 to 65535");
    let entries = usize::from(content[HEADER + 3]);
    let data = 8 + entries * 16;
    let text = format!("4294967295 bytes of data behind byte {data} of {length}");
    told(HEADER + 4, &[0xff; 4], &text);
    let name = find(&content, &[0, 0, 3, 0xe8, 0, 0, 0, 6]);
    told(name, &[0, 0, 3, 0xe0], "no value for tag 1000");
    told(
        name + 4,
        &[0, 0, 0, 4],
        "tag 1000: a value of type 4, not 6",
    );
    let text = format!(
        "tag 1000: byte 2147483647 of data that has {}",
        length - data
    );
    told(name + 8, &[0x7f, 0xff, 0xff, 0xff], &text);
    let files = find(&content, &[0, 0, 4, 0x5d, 0, 0, 0, 8]);
    let damaged = patched(NDB_PATH, files + 12, &[0xff; 4]);
    let packages = read(&host(NDB_PATH, damaged));
    let error = packages.owners_of("/boot/xen.gz").unwrap_err().to_string();
    let expected =
        format!("the header that starts at byte {HEADER}: tag 1117: 2 strings, not 4294967295");
    assert!(error.ends_with(&expected), "{error}");
}

/// Where `bytes` are for the first time.
fn find(content: &[u8], bytes: &[u8]) -> usize {
    content
        .windows(bytes.len())
        .position(|window| window == bytes)
        .unwrap()
}
