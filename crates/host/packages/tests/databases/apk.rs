//! apk's database: records, files, where it is.

use error::Kind as Problem;
use packages::Kind;

use crate::{error, files, host, lines, owners, read, without_directory};

const INSTALLED: &str = "lib/apk/db/installed";

const RECORDS: &str = "\
C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=
P:xen
V:4.6.1-r0
A:x86_64
S:1000
T:Xen hypervisor
o:xen
D:so:libc.musl-x86_64.so.1
F:
F:usr/sbin
M:0:0:755
R:xl
a:0:0:755
Z:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=
R:xenstored
F:etc/xen
R:xl.conf

P:xen-hypervisor
V:4.4.1-r10
A:x86_64
f:f
F:boot
R:xen.gz


P:script
V:1-r0
f:xsS";

#[test]
fn records_give_packages_and_their_states() {
    let packages = read(&host(INSTALLED, RECORDS));
    assert_eq!(packages.kind(), Kind::Apk);
    let expected = [
        "script 1-r0 - - Unpacked",
        "xen 4.6.1-r0 x86_64 xen Installed",
        "xen-hypervisor 4.4.1-r10 x86_64 - Partial",
    ];
    assert_eq!(lines(packages.all()), expected);
}

#[test]
fn records_have_files_below_their_directories() {
    let packages = read(&host(INSTALLED, RECORDS));
    let expected = [
        "/",
        "/usr/sbin",
        "/usr/sbin/xl",
        "/usr/sbin/xenstored",
        "/etc/xen",
        "/etc/xen/xl.conf",
    ];
    assert_eq!(files(&packages, "xen"), expected);
    assert_eq!(
        files(&packages, "xen-hypervisor"),
        ["/boot", "/boot/xen.gz"]
    );
    assert_eq!(owners(&packages, "/usr/sbin/xl"), ["xen"]);
    // It may be there or not.
    assert_eq!(owners(&packages, "/boot/xen.gz"), [""; 0]);
}

#[test]
fn the_database_is_in_either_place() {
    let newer = "P:xen\nV:4.20.1-r0\n\n";
    let fake = host("usr/lib/apk/db/installed", newer);
    assert_eq!(lines(read(&fake).all()), ["xen 4.20.1-r0 - - Installed"]);
    fake.write(INSTALLED, RECORDS);
    assert_eq!(read(&fake).all().len(), 1);
    fake.write("usr/lib/apk/db/installed", "");
    assert_eq!(read(&fake).all().len(), 3);
}

#[test]
fn what_apk_would_not_read_is_told_with_its_line() {
    let cases = [
        ("P:a\nV:1\nx\n", "line 3: not a letter, a colon and a value"),
        (
            "P:a\n\n",
            "line 2: the record that starts at line 1 has no name (P:) or no version (V:)",
        ),
        (
            "\nV:1\n",
            "line 3: the record that starts at line 2 has no name (P:) or no version (V:)",
        ),
        ("\0\0\n", "line 1: not a letter, a colon and a value"),
    ];
    for (text, expected) in cases {
        let expected = (Problem::Corrupt, format!("installed: {expected}"));
        assert_eq!(error(INSTALLED, text), expected, "{text:?}");
    }
    let fake = host(INSTALLED, "\nP:a\nV:1\nR:file\n");
    let packages = read(&fake);
    let error = packages.files(&packages.all()[0]).unwrap_err();
    let expected = "installed: line 4: a file before the first directory";
    assert_eq!(without_directory(&fake, &error), expected);
}

#[test]
fn paths_of_files_have_a_limit_each_and_together() {
    let long = "d".repeat(4000);
    let record = |files: &str| format!("P:a\nV:1\nF:{long}\n{files}\n");
    let refusal = |files: &str| {
        let fake = host(INSTALLED, record(files));
        let packages = read(&fake);
        let error = packages.files(&packages.all()[0]).unwrap_err();
        let owner = packages.owner_of("/x").unwrap_err();
        assert_eq!(owner.to_string(), error.to_string());
        (error.kind(), error.to_string())
    };
    let packages = read(&host(INSTALLED, record(&format!("R:{}\n", "f".repeat(94)))));
    assert_eq!(packages.files(&packages.all()[0]).unwrap().len(), 2);
    let text = "a: a path of 4097 bytes, longer than 4096";
    assert_eq!(
        refusal(&format!("R:{}\n", "f".repeat(95))),
        (Problem::Refused, text.into())
    );
    let text = "a: paths of files of more than 64.0 MiB";
    assert_eq!(
        refusal(&"R:f\n".repeat(17_000)),
        (Problem::Refused, text.into())
    );
}
