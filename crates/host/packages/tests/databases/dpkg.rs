//! dpkg's database: fields, states, lists, diversions.

use error::Kind as Problem;
use packages::{Kind, State};
use testkit::machine::FakeHost;

use crate::{error, files, host, lines, owners, read, without_directory};

const STATUS: &str = "var/lib/dpkg/status";

fn paragraph(name: &str, status: &str, rest: &str) -> String {
    format!("Package: {name}\nStatus: {status}\n{rest}Description: {name}\n of many\n lines\n\n")
}

/// A host with these packages, installed, of version 1, for amd64.
fn with_packages(names: &[&str]) -> FakeHost {
    let rest = "Architecture: amd64\nVersion: 1\n";
    let all = names
        .iter()
        .map(|name| paragraph(name, "install ok installed", rest));
    host(STATUS, all.collect::<String>())
}

fn list(fake: &FakeHost, name: &str, paths: &[&str]) {
    let text: String = paths.iter().map(|path| format!("{path}\n")).collect();
    fake.write(&format!("var/lib/dpkg/info/{name}.list"), &text);
}

#[test]
fn paragraphs_give_packages_and_their_states() {
    let status = [
        paragraph(
            "xen-utils-4.17",
            "install ok installed",
            "Architecture: amd64\nSource: xen (4.17.3)\nVersion: 4.17.3+10-1\n",
        ),
        paragraph(
            "libc6",
            "install ok installed",
            "architecture: i386\nVERSION: 2.36\n",
        ),
        paragraph(
            "libc6",
            "hold ok triggers-pending",
            "Architecture: amd64\nVersion:2.36  \n",
        ),
        paragraph("grub-xen", "install ok half-configured", "Version: 1:2\n"),
        paragraph("unpacked", "install ok unpacked", "Version: 1\n"),
        paragraph("broken", "install reinstreq half-installed", ""),
        paragraph(
            "xen-hypervisor-4.14",
            "deinstall ok config-files",
            "Version: 4.14\n",
        ),
        paragraph("older", "deinstall ok config-files", "Config-Version: 3\n"),
        paragraph("known", "purge ok not-installed", ""),
        "Package: named\nPriority: optional\n".to_owned(),
    ];
    let packages = read(&host(STATUS, status.concat()));
    assert_eq!(packages.kind(), Kind::Dpkg);
    let expected = [
        "broken  - - Partial",
        "grub-xen 1:2 - - Unpacked",
        "libc6 2.36 amd64 - Installed",
        "libc6 2.36 i386 - Installed",
        "older 3 - - Removed",
        "unpacked 1 - - Unpacked",
        "xen-hypervisor-4.14 4.14 - - Removed",
        "xen-utils-4.17 4.17.3+10-1 amd64 xen Installed",
    ];
    assert_eq!(lines(packages.all()), expected);
    assert_eq!(packages.named("libc6").len(), 2);
    assert_eq!(packages.installed("xen-hypervisor-4.14").count(), 0);
    assert_eq!(
        packages.named("xen-hypervisor-4.14")[0].state,
        State::Removed
    );
}

#[test]
fn files_are_owned_by_packages_whose_files_are_there() {
    let removed = paragraph(
        "xen-hypervisor-4.14",
        "deinstall ok config-files",
        "Version: 4.14\n",
    );
    let installed = paragraph(
        "xen-hypervisor-4.17",
        "install ok installed",
        "Version: 4.17\n",
    );
    let fake = host(STATUS, removed + &installed);
    list(
        &fake,
        "xen-hypervisor-4.14",
        &["/.", "/etc/default/grub.d/xen.cfg", "/boot/xen-4.14.gz"],
    );
    list(
        &fake,
        "xen-hypervisor-4.17",
        &[
            "/.",
            "/boot",
            "/boot/xen-4.17.gz",
            "/etc/default/grub.d/xen.cfg",
        ],
    );
    let packages = read(&fake);
    assert_eq!(
        owners(&packages, "/boot/xen-4.17.gz"),
        ["xen-hypervisor-4.17"]
    );
    assert_eq!(owners(&packages, "/boot/xen-4.14.gz"), [""; 0]);
    assert_eq!(
        owners(&packages, "/etc/default/grub.d/xen.cfg"),
        ["xen-hypervisor-4.17"]
    );
    assert_eq!(owners(&packages, "/boot/"), ["xen-hypervisor-4.17"]);
    assert_eq!(owners(&packages, "/"), ["xen-hypervisor-4.17"]);
    assert_eq!(
        owners(&packages, "boot/./xen-4.17.gz"),
        ["xen-hypervisor-4.17"]
    );
    assert_eq!(owners(&packages, "/boot/xen"), [""; 0]);
}

#[test]
fn a_library_of_two_architectures_has_two_lists() {
    let same = |name: &str| {
        paragraph(
            "libxen",
            "install ok installed",
            &format!("Architecture: {name}\nMulti-Arch: same\nVersion: 1\n"),
        )
    };
    let fake = host(STATUS, same("amd64") + &same("i386"));
    list(
        &fake,
        "libxen:amd64",
        &[
            "/usr/lib/x86_64-linux-gnu/libxl.so.4",
            "/usr/share/doc/libxen",
        ],
    );
    list(
        &fake,
        "libxen:i386",
        &[
            "/usr/lib/i386-linux-gnu/libxl.so.4",
            "/usr/share/doc/libxen",
        ],
    );
    let packages = read(&fake);
    let owner = packages
        .owner_of("/usr/lib/i386-linux-gnu/libxl.so.4")
        .unwrap()
        .unwrap();
    assert_eq!(owner.architecture.as_deref(), Some("i386"));
    assert_eq!(
        owners(&packages, "/usr/share/doc/libxen"),
        ["libxen", "libxen"]
    );
}

#[test]
fn bin_and_usr_bin_are_one_directory_where_one_is_a_link() {
    let fake = with_packages(&["bash", "coreutils"]);
    list(&fake, "bash", &["/bin", "/bin/bash", "/lib/x"]);
    list(&fake, "coreutils", &["/usr/bin", "/usr/bin/env"]);
    fake.write("lib/x", "");
    fake.write("usr/bin/env", "");
    let packages = read(&fake);
    assert_eq!(owners(&packages, "/usr/bin/bash"), [""; 0]);
    fake.link("bin", "usr/bin");
    let packages = read(&fake);
    for path in ["/bin/bash", "/usr/bin/bash"] {
        assert_eq!(owners(&packages, path), ["bash"], "{path}");
    }
    for path in ["/bin/env", "/usr/bin/env"] {
        assert_eq!(owners(&packages, path), ["coreutils"], "{path}");
    }
    // The link itself is a file, and /lib is none here.
    assert_eq!(owners(&packages, "/bin"), ["bash"]);
    assert_eq!(owners(&packages, "/usr/lib/x"), [""; 0]);
}

#[test]
fn links_in_the_middle_of_a_path_are_followed_and_one_at_its_end_is_not() {
    let fake = with_packages(&["xen-hypervisor"]);
    list(&fake, "xen-hypervisor", &["/boot/xen-4.17.gz"]);
    fake.write("boot/xen-4.17.gz", "");
    fake.link("boot/xen.gz", "xen-4.17.gz");
    fake.link("mnt/system", "/");
    let packages = read(&fake);
    assert_eq!(
        owners(&packages, "/mnt/system/boot/xen-4.17.gz"),
        ["xen-hypervisor"]
    );
    assert_eq!(owners(&packages, "/boot/xen.gz"), [""; 0]);
}

#[test]
fn a_diverted_file_is_where_it_was_diverted_to() {
    let fake = with_packages(&["dash", "bash", "mine"]);
    list(&fake, "dash", &["/bin/sh"]);
    list(&fake, "bash", &["/bin/sh"]);
    list(&fake, "mine", &["/usr/sbin/xl"]);
    let diversions = "/bin/sh\n/bin/sh.distrib\ndash\n/usr/sbin/xl\n/usr/sbin/xl.real\n:\n";
    fake.write("var/lib/dpkg/diversions", diversions);
    let packages = read(&fake);
    assert_eq!(owners(&packages, "/bin/sh"), ["dash"]);
    assert_eq!(owners(&packages, "/bin/sh.distrib"), ["bash"]);
    assert_eq!(owners(&packages, "/usr/sbin/xl"), [""; 0]);
    assert_eq!(files(&packages, "mine"), ["/usr/sbin/xl.real"]);
}

#[test]
fn an_interrupted_run_has_the_last_word() {
    let fake = with_packages(&["xen-utils", "xen-tools"]);
    let newer = paragraph(
        "xen-utils",
        "install ok half-configured",
        "Architecture: amd64\nVersion: 2\n",
    );
    fake.write("var/lib/dpkg/updates/0001", &newer);
    let gone = paragraph(
        "xen-tools",
        "purge ok not-installed",
        "Architecture: amd64\n",
    );
    fake.write("var/lib/dpkg/updates/0002", &gone);
    fake.write("var/lib/dpkg/updates/tmp.i", "half of a para");
    assert_eq!(lines(read(&fake).all()), ["xen-utils 2 amd64 - Unpacked"]);
}

#[test]
fn an_image_made_without_dpkg_has_a_file_for_each_package() {
    let paragraph = "Package: tzdata\nArchitecture: all\nVersion: 2024a-0\nSource: tzdata\n";
    let fake = host("var/lib/dpkg/status.d/tzdata", paragraph);
    let sums = "d41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\n";
    fake.write("var/lib/dpkg/status.d/tzdata.md5sums", sums);
    let packages = read(&fake);
    assert_eq!(
        lines(packages.all()),
        ["tzdata 2024a-0 all tzdata Installed"]
    );
    assert_eq!(owners(&packages, "/usr/share/zoneinfo/UTC"), ["tzdata"]);
}

#[test]
fn what_dpkg_would_not_read_is_told_with_its_line() {
    let cases = [
        ("Package\n", "line 1: a field has no colon"),
        (
            " of\n",
            "line 1: begins with a space, and there is no field before it",
        ),
        (
            "Version: 1\n\n",
            "line 2: the paragraph that ends here has no field Package",
        ),
        (
            "Package: ../a\n",
            "line 2: the paragraph that ends here has an invalid name of a package",
        ),
        (
            "\n\nPackage: a\nPackage: b\n",
            "line 4: a second value for a field of this paragraph",
        ),
        (
            "Package: a\nStatus: installed\n",
            "line 3: the paragraph that ends here has a field Status without three words",
        ),
        (
            "Package: a\nStatus: install ok done\n",
            "line 3: the paragraph that ends here has an unknown word in its field Status",
        ),
        (
            "Package: a\nStatus: install ok installed\n",
            "line 3: the paragraph that ends here has no field Version",
        ),
        ("\u{1}\u{2}\n", "line 1: a field has no colon"),
    ];
    for (text, expected) in cases {
        let expected = (Problem::Corrupt, format!("status: {expected}"));
        assert_eq!(error(STATUS, text), expected, "{text:?}");
    }
}

#[test]
fn damaged_lists_are_told_when_files_are_asked_for() {
    let fake = with_packages(&["xen-utils"]);
    list(&fake, "xen-utils", &["/.", "usr/sbin/xl"]);
    let packages = read(&fake);
    let told = |error: error::Error| (error.kind(), without_directory(&fake, &error));
    let expected = "xen-utils.list: line 2: the path does not begin with '/'";
    let expected = (Problem::Corrupt, expected.to_owned());
    assert_eq!(
        told(packages.files(&packages.all()[0]).unwrap_err()),
        expected
    );
    assert_eq!(
        told(packages.owner_of("/usr/sbin/xl").unwrap_err()),
        expected
    );
    fake.write("var/lib/dpkg/diversions", "/a\n/b\n");
    let host = host::Host::at(fake.root()).unwrap();
    let error = packages::Packages::read(&host).unwrap_err();
    let expected = "diversions: line 3: the last diversion does not have three lines";
    assert_eq!(told(error), (Problem::Corrupt, expected.to_owned()));
}
