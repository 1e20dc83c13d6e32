//! Checking hosts that are directories.

use crate::support::Room;
use crate::support::transcript::assert_snapshot;

/// A room with a host in which two configurations of guests can be corrected, and a kernel is not there.
fn room() -> Room {
    let room = Room::new();
    room.sh("mkdir -p root/etc/xen root/srv; touch root/srv/web.img root/srv/vmlinuz");
    room.write(
        "root/etc/xen/web.cfg",
        b"# The shop.\nname = \"web\"\nmemory = 512\ndisk = [ \"/srv/web.img,raw,xvda,rw\" ]\ncpus = [ \"^0\", \"2\" ]\nvcpus = 2\nkernel = \"/srv/vmlinuz\"\n",
    );
    room.write("root/etc/xen/old.cfg", b"name = \"old\"\r\n");
    room.write(
        "root/etc/xen/lost.cfg",
        b"name = \"lost\"\nmemory = 64\nkernel = \"/boot/gone\"\n",
    );
    room
}

#[test]
fn a_report_shows_the_line_the_reason_and_what_to_write() {
    let room = room();
    assert_snapshot!([
        room.run("check --root root --target xen=4.14 --quiet")
            .failed(5),
        room.run("check --root root --target xen=4.14 --fail-on never --quiet")
            .ok(),
    ]);
    let report = room
        .run("check --root root --target xen=4.14")
        .failed(5)
        .out();
    let (_, end) = report.rsplit_once("\n\n").unwrap();
    assert!(
        end.starts_with("3 errors, ") && end.contains(" checks passed"),
        "{end}"
    );
    assert!(
        end.ends_with("\nhint: --from 4.14 says which release ran before\n"),
        "{end}"
    );
}

#[test]
fn a_host_without_anything_is_a_host_without_findings() {
    let room = Room::new();
    room.sh("mkdir root");
    let ran = room.run("check --root root --quiet").ok();
    assert_eq!(ran.out(), "");
}

#[test]
fn the_document_has_what_was_found_passed_and_not_known() {
    let room = room();
    let report = room
        .run("check --root root --target xen=4.14 --json")
        .failed(5)
        .json();
    assert_eq!(report["schema"], 1);
    let finding = &report["findings"][0];
    let fields = [
        "rule", "severity", "file", "line", "column", "message", "hint", "source", "fixable",
    ];
    assert!(
        fields.iter().all(|field| finding.get(field).is_some()),
        "{finding}"
    );
    assert_eq!(report["counts"]["error"], 3);
    assert!(
        report["passed"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule == "guest-disk-missing")
    );
}

#[test]
fn what_can_be_corrected_is_shown_then_corrected_then_taken_back() {
    let room = room();
    let before = room.read("root/etc/xen/web.cfg");
    assert_snapshot!(
        "dry_run",
        room.run("check --root root --target xen=4.14 --fix --dry-run")
            .failed(5)
    );
    assert_eq!(room.read("root/etc/xen/web.cfg"), before);
    assert_snapshot!(
        "fixed",
        room.run("check --root root --target xen=4.14 --fix")
            .failed(5)
    );
    let after = String::from_utf8(room.read("root/etc/xen/web.cfg")).unwrap();
    assert!(
        after.starts_with("# The shop.\n") && after.contains("cpus = [ \"all,^0\", \"2\" ]"),
        "{after}"
    );
    room.run("undo --root root").ok();
    assert_eq!(room.read("root/etc/xen/web.cfg"), before);
}

#[test]
fn the_root_directory_of_the_environment_is_read_and_changed() {
    let room = room();
    let line = "check --target xen=4.14 --fix";
    let mut fix = room.innkeeper(line.split(' '));
    fix.env("INNKEEPER_ROOT", room.path("root"));
    assert_eq!(fix.output().unwrap().status.code(), Some(5));
    let after = String::from_utf8(room.read("root/etc/xen/web.cfg")).unwrap();
    assert!(after.contains("all,^0"), "{after}");
}

#[test]
fn only_what_an_earlier_report_lacks_is_shown() {
    let room = room();
    room.sh("mv root/etc/xen/old.cfg .");
    let report = room
        .run("check --root root --target xen=4.14 --json")
        .failed(5)
        .out();
    room.write("before.json", report.as_bytes());
    room.run("check --root root --target xen=4.14 --since before.json")
        .ok();
    room.sh("mv old.cfg root/etc/xen; sed -i '1i #' root/etc/xen/web.cfg; echo 1 > other.json; echo { > broken.json");
    assert_snapshot!([
        room.run("check --root root --target xen=4.14 --since before.json")
            .failed(5),
        room.run("check --root root --since other.json").failed(3),
        room.run("check --root root --since broken.json").failed(3),
        room.run("check --root root --since nowhere.json").failed(1),
    ]);
}

#[test]
fn each_rule_is_listed_and_explained() {
    let room = Room::new();
    let list = room.run("check --list").ok().out();
    assert!(
        list.lines()
            .any(|line| line.starts_with("guest-cpus-empty ")),
        "{list}"
    );
    assert_snapshot!([
        room.run("check --explain guest-pv-grub").ok(),
        room.run("check --explain guest-moon").failed(2),
    ]);
}

#[test]
fn wrong_usage_is_told_before_anything_is_read() {
    let room = Room::new();
    assert_snapshot!(
        [
            "--target 4.17",
            "--target xen=new",
            "--from new",
            "--dry-run",
            "--root nowhere",
            "--limit 0",
            "--vm nowhere.cfg",
        ]
        .map(|options| room
            .run(&format!("check {options}"))
            .failed(if options.contains("root") { 1 } else { 2 }))
    );
}
