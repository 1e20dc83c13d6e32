use testkit::machine::{FakeHost, run};

use super::*;
use crate::Host;

fn files(fake: &FakeHost) -> Files {
    Host::at(fake.root()).unwrap().files().clone()
}

fn why<T: std::fmt::Debug>(result: Result<T>) -> (error::Kind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[test]
fn files_are_read_by_the_hosts_own_paths() {
    let fake = FakeHost::new();
    fake.write("etc/hostname", " xen1\n");
    let files = files(&fake);
    assert_eq!(files.read("/etc/hostname").unwrap().unwrap(), b" xen1\n");
    assert_eq!(files.value("etc/hostname").unwrap().unwrap(), "xen1");
    assert_eq!(
        files.text("/etc/./../etc/hostname").unwrap().unwrap(),
        " xen1\n"
    );
    let status = files.status("/etc/hostname").unwrap().unwrap();
    assert_eq!((status.kind, status.size), (Kind::File, 6));
    assert_eq!(files.status("/").unwrap().unwrap().kind, Kind::Directory);
}

#[test]
fn what_is_not_there_is_no_error() {
    let fake = FakeHost::new();
    fake.write("etc/hostname", "");
    fake.link("etc/dangling", "/nowhere");
    let files = files(&fake);
    for path in [
        "/etc/none",
        "/none/at/all",
        "/etc/hostname/x",
        "/etc/dangling",
    ] {
        assert_eq!(files.read(path).unwrap(), None, "{path}");
        assert_eq!(files.list(path).unwrap(), None, "{path}");
        assert!(!files.exists(path).unwrap(), "{path}");
    }
    let target = files.link("/etc/dangling").unwrap();
    assert_eq!(target.as_deref(), Some(Path::new("/nowhere")));
    assert_eq!(files.link("/etc/hostname").unwrap(), None);
}

#[test]
fn no_link_leads_out_of_the_root() {
    let fake = FakeHost::new();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let out = outside.path().to_str().unwrap();
    fake.link("absolute", format!("{out}/secret"));
    fake.link("directory", out);
    fake.link("up", format!("../../../../../../../..{out}/secret"));
    fake.link("real", "/etc/passwd");
    let files = files(&fake);
    for path in ["/absolute", "/directory/secret", "/up", "/real"] {
        assert_eq!(files.read(path).unwrap(), None, "{path}");
    }
    let dots = format!("/../../../../../../../../..{out}/secret");
    assert_eq!(files.read(dots).unwrap(), None);
    // The same links, once the root has something there.
    fake.write("etc/passwd", "the root's own");
    assert_eq!(files.text("/real").unwrap().unwrap(), "the root's own");
}

#[test]
fn links_are_followed_within_the_root() {
    let fake = FakeHost::new();
    fake.write("usr/lib/os/name", "here");
    fake.link("lib", "usr/lib");
    fake.link("etc/os", "../lib/os");
    fake.link("etc/name", "/etc/os/name");
    let files = files(&fake);
    assert_eq!(files.text("/etc/name").unwrap().unwrap(), "here");
    let real = files.canonical("/etc/name").unwrap();
    assert_eq!(real.as_deref(), Some(Path::new("/usr/lib/os/name")));
    assert_eq!(
        files.canonical("/lib/..").unwrap().unwrap(),
        Path::new("/usr")
    );
    assert_eq!(files.list("/lib").unwrap().unwrap(), ["os"]);
}

#[test]
fn circles_of_links_and_endless_paths_end() {
    let fake = FakeHost::new();
    fake.link("a", "b");
    fake.link("b", "/a");
    fake.link("grow", "grow/x");
    let deep = "d/".repeat(DEEP);
    fake.write(&format!("{deep}file"), "");
    let files = files(&fake);
    let failed = (error::Kind::Io, "cannot be read".to_owned());
    for path in ["/a", "/grow", &format!("/{deep}file")] {
        assert_eq!(why(files.read(path)), failed, "{path}");
    }
}

/// More directories than are followed.
const DEEP: usize = 200;

#[test]
fn only_regular_files_are_read() {
    let fake = FakeHost::new();
    fake.write("directory/file", "");
    let at = |name: &str| fake.root().join(name).to_str().unwrap().to_owned();
    run("mkfifo", &[&at("pipe")]);
    run("mknod", &[&at("zero"), "c", "1", "5"]);
    let files = files(&fake);
    let refused = (error::Kind::Refused, "is not a regular file".to_owned());
    for path in ["/pipe", "/zero", "/directory"] {
        assert_eq!(why(files.read(path)), refused, "{path}");
    }
    let live = Host::live();
    assert_eq!(why(live.files().read(at("pipe"))), refused);
    assert_eq!(why(live.files().read("/dev/zero")), refused);
}

#[test]
fn large_files_are_refused_and_odd_text_is_told() {
    let fake = FakeHost::new();
    fake.write("small", "1234");
    let huge = std::fs::File::create(fake.root().join("huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    std::fs::write(fake.root().join("odd"), b"\xff").unwrap();
    let files = files(&fake);
    let refused = |text: &str| (error::Kind::Refused, text.to_owned());
    assert_eq!(why(files.read("/huge")), refused("is larger than 16.0 MiB"));
    assert_eq!(files.read_within("/small", 4).unwrap().unwrap(), b"1234");
    assert_eq!(
        why(files.read_within("/small", 3)),
        refused("is larger than 3 bytes")
    );
    let error = files.text("/odd").unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
    let shown = fake.root().join("odd");
    assert_eq!(
        error.to_string(),
        format!("{}: is not UTF-8", shown.display())
    );
}

#[test]
fn devices_are_known_by_their_numbers() {
    let fake = FakeHost::new();
    let number = Number { major: 8, minor: 0 };
    fake.node("dev/sdx", number);
    fake.link("dev/disk/by-id/mine", "../../sdx");
    let host = Host::at(fake.root()).unwrap();
    for path in ["/dev/sdx", "/dev/disk/by-id/mine"] {
        assert_eq!(host.device(Path::new(path)), Some(number), "{path}");
    }
    assert_eq!(host.device(Path::new("/dev/none")), None);
    assert_eq!(host.device(Path::new("/proc/self/mountinfo")), None);
}

#[test]
fn the_running_system_is_the_root_by_any_of_its_names() {
    let live = Host::at(Path::new("/usr/..")).unwrap();
    assert!(live.is_live() && live.path() == Host::live().path());
    assert!(live.files().value("/proc/self/comm").unwrap().is_some());
    let fake = FakeHost::new();
    assert!(!Host::at(fake.root()).unwrap().is_live());
    let error = Host::at(&fake.root().join("none")).unwrap_err();
    let shown = fake.root().join("none");
    assert_eq!(
        error.to_string(),
        format!("{}: cannot be opened", shown.display())
    );
}
