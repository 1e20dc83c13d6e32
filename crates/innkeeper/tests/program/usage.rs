//! What the program says to wrong usage and to odd places.

use std::os::unix::net::UnixListener;

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk};

#[test]
fn the_readme_example_works() {
    let room = Room::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/guest.tar.gz");
    let ran = room.run(&format!("import {example} --to guest.img")).ok();
    assert_snapshot!(ran);
    let by_tar = room.sh(&format!("tar -xOzf {example} guest/disk.img"));
    assert!(
        room.read("guest.img") == by_tar,
        "the disk is what GNU tar takes out"
    );
}

#[test]
fn wrong_usage_is_status_2() {
    let room = Room::new();
    let lines = [
        "",
        "import",
        "import x",
        "import --to y",
        "import x --to y --size lots",
        "import x --to y --sha256 12",
        "import x --to y --sha512 12",
        "import x --to y --sha256 0123456789abcdef0123456789abcdef01234567",
        "import x --to y --fingerprint 12",
        "import http://127.0.0.1:1/x --to y --fingerprint 12",
        "import x --to y --format floppy",
        "import x --to y --memory 1M",
        "import x --to y --member [",
        "import x --to y --progress loud",
        "import x --to foo://y",
        "import x --to http://127.0.0.1/y",
        "import x --to lv:web01",
        "import x --to y --header nonsense",
        "import x --to y --to y",
        "import x --to x",
        "import x --to y --keep y",
        "import x --to - --verify",
        "import - --to y --checksums SHA256SUMS",
        "digest",
        "frobnicate",
    ];
    let runs = lines.map(|line| {
        let ran = room.run(line).failed(2);
        assert!(ran.stdout.is_empty(), "{}", ran.story());
        ran
    });
    assert_snapshot!(runs);
    assert_eq!(room.names(), [] as [&str; 0], "nothing was created");
}

#[test]
fn wrong_usage_is_told_as_json_too() {
    let room = Room::new();
    let lines = [
        "import x --to y --size lots --json",
        "import disk.img --json",
    ];
    assert_snapshot!(lines.map(|line| {
        let ran = room.run(line).failed(2);
        assert_eq!(ran.json()["errors"][0]["kind"], "usage");
        ran
    }));
}

#[test]
fn sources_that_are_no_files_are_refused() {
    let room = Room::new();
    std::fs::create_dir(room.path("dir")).unwrap();
    let _socket = UnixListener::bind(room.path("socket")).unwrap();
    room.write("empty", b"");
    room.write("page.html", b"<!DOCTYPE html>\n<title>Log in</title>\n");
    let cases = [
        ("missing", 1),
        ("dir", 3),
        ("socket", 3),
        ("empty", 3),
        ("page.html", 3),
    ];
    assert_snapshot!(cases.map(|(source, status)| {
        let line = format!("import {source} --to out.img");
        room.run(&line).failed(status)
    }));
    assert!(!room.exists("out.img"));
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    room.write("old", b"precious");
    assert_snapshot!(room.run("import disk.img --to old").failed(4));
    assert_eq!(room.read("old"), b"precious");
    room.run("import disk.img --to old --force").ok();
    assert!(room.read("old") == disk);
    assert_eq!(
        room.names(),
        ["disk.img", "old"],
        "no temporary file is left"
    );
}

#[test]
fn standard_input_and_output_carry_a_disk() {
    let room = Room::new();
    let disk = disk(1 << 20);
    let ran = room.run_with_input("import - --to -", &disk).ok();
    assert!(
        ran.stdout == disk,
        "the disk and nothing else is on standard output"
    );
    assert!(
        ran.stderr.contains("\ndigest  idd1:"),
        "the result is on standard error: {}",
        ran.stderr
    );
}

#[test]
fn json_holds_the_result_and_the_digest_is_what_digest_says() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    let ran = room
        .run("import disk.img --to a.img --to b.img --json --verify")
        .ok();
    let json = ran.json();
    assert_snapshot!(ran);
    let data = json["disk"]["data"].as_u64().unwrap();
    assert_eq!(json["disk"]["holes"], (1 << 20) - data);
    for file in ["a.img", "b.img"] {
        let digest = room.run(&format!("digest {file} --quiet")).ok().stdout;
        assert_eq!(
            String::from_utf8(digest).unwrap().trim(),
            json["disk"]["digest"]
        );
    }
}

#[test]
fn errors_are_json_when_the_result_would_be() {
    let room = Room::new();
    assert_snapshot!(room.run("import missing --to x --json").failed(1));
}

#[test]
fn the_digest_is_what_its_documentation_says() {
    let room = Room::new();
    let disk = disk((1 << 20) + 777);
    room.write("disk.img", &disk);
    let digest = room.run("digest disk.img --quiet").ok().stdout;
    // Written down a second time with the independent program b3sum.
    room.sh(
        "hash() { b3sum --no-names --raw; }
         printf 'innkeeper-disk-digest-1\\n' > text
         split -b 65536 -d -a 4 disk.img block.
         n=0; for block in block.*; do
             if ! cmp -s -n $(stat -c %s $block) $block /dev/zero; then
                 python3 -c 'import sys; sys.stdout.buffer.write(int(sys.argv[1]).to_bytes(8, \"little\"))' $n >> text
                 hash < $block >> text
             fi; n=$((n + 1)); done
         python3 -c 'import sys; sys.stdout.buffer.write(int(sys.argv[1]).to_bytes(8, \"little\"))' $(stat -c %s disk.img) >> text",
    );
    let expected = room.sh("echo idd1:$(b3sum --no-names text)");
    assert_eq!(String::from_utf8(digest), String::from_utf8(expected));
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let line = "import disk.img --to out.img --keep copy.img --dry-run";
    assert_snapshot!(["", " --json"].map(|json| room.run(&format!("{line}{json}")).ok()));
    assert_eq!(room.names(), ["disk.img"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let room = Room::new();
    room.write("disk.img", &disk(4 << 20));
    let program = env!("CARGO_BIN_EXE_innkeeper");
    let output = room.sh(&format!(
        "set +eo pipefail; {{ {program} import disk.img --to - --quiet 2>err; echo $? >status; }} | head -c 10 | wc -c; cat err"
    ));
    assert_eq!(
        String::from_utf8(output).unwrap(),
        "10\n",
        "nothing on standard error"
    );
    assert_eq!(
        room.read("status"),
        b"1\n",
        "an incomplete disk is a failure all the same"
    );
    let output = room.sh(&format!(
        "set +eo pipefail; {{ {program} completions bash 2>err; echo $? >status; }} | true; cat err"
    ));
    assert_eq!(String::from_utf8(output).unwrap(), "");
}

#[test]
fn manual_pages_and_completions_come_from_the_parser() {
    let room = Room::new();
    room.run("man --out .").ok();
    assert_eq!(
        room.names(),
        [
            "innkeeper-changes.1",
            "innkeeper-check.1",
            "innkeeper-completions.1",
            "innkeeper-confirm.1",
            "innkeeper-convert.1",
            "innkeeper-digest.1",
            "innkeeper-import.1",
            "innkeeper-inspect.1",
            "innkeeper-man.1",
            "innkeeper-undo.1",
            "innkeeper-vm-convert.1",
            "innkeeper-vm-fmt.1",
            "innkeeper-vm-list.1",
            "innkeeper-vm-set.1",
            "innkeeper-vm-show.1",
            "innkeeper-vm.1",
            "innkeeper.1"
        ]
    );
    let page = String::from_utf8(room.read("innkeeper-import.1")).unwrap();
    for option in ["keep", "target\\-is\\-zero", "max\\-size", "checksums"] {
        assert!(page.contains(option), "{option}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = room.run(&format!("completions {shell}")).ok().stdout;
        assert!(
            String::from_utf8(script)
                .unwrap()
                .contains("target-is-zero")
        );
    }
}

#[test]
fn a_size_that_is_too_small_is_refused_even_when_it_shows_at_the_end() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    assert_snapshot!([
        room.run_with_pipe("import - --to out.img --size 512K", &disk)
            .failed(4),
        room.run("import disk.img --to out.img --size 512K")
            .failed(4),
    ]);
    assert!(!room.exists("out.img"));
    room.run("import disk.img --to out.img --size 2M").ok();
    assert_eq!(room.read("out.img").len(), 2 << 20);
}

#[test]
fn one_file_under_two_names_is_one_file() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    room.sh("ln -s disk.img link");
    let lines = [
        "import disk.img --to new.img --keep ./new.img",
        "import disk.img --to ./disk.img --force",
        "import link --to disk.img --force",
    ];
    assert_snapshot!(lines.map(|line| room.run(line).failed(2)));
    assert_eq!(room.names(), ["disk.img", "link"]);
}

#[test]
fn what_an_image_names_is_not_written() {
    let room = Room::new();
    room.write("base.img", &disk(1 << 20));
    room.sh("qemu-img create -q -f qcow2 -b base.img -F raw top.qcow2
         qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat base.img d.vmdk");
    let before = (room.read("base.img"), room.read("d-flat.vmdk"));
    let lines = [
        "import top.qcow2 --to base.img --allow-backing .",
        "import top.qcow2 --to o{disk} --config base.img --allow-backing .",
        "import d.vmdk --to d-flat.vmdk",
        "import d.vmdk --to o.img --config d-flat.vmdk",
    ];
    assert_snapshot!(lines.map(|line| room.run(&format!("{line} --force")).failed(2)));
    assert!((room.read("base.img"), room.read("d-flat.vmdk")) == before);
    assert_eq!(
        room.names(),
        ["base.img", "d-flat.vmdk", "d.vmdk", "top.qcow2"]
    );
}

#[test]
fn a_mistyped_device_does_not_become_a_file() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let ran = room.run("import disk.img --to /dev/no-such-disk --force");
    assert_snapshot!(ran.failed(4));
    assert!(!std::path::Path::new("/dev/no-such-disk").exists());
}

#[test]
fn what_no_configuration_can_say_is_refused_at_first() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let lines = [
        "convert disk.img o.vdi --format vdi --config c",
        "import disk.img --to - --config c",
        "import disk.img --to nbd+unix:///x?socket=s --config c",
    ];
    assert_snapshot!(lines.map(|line| room.run(line).failed(2)));
    assert_eq!(room.names(), ["disk.img"]);
}

#[test]
fn no_place_is_two_things_at_once() {
    let room = Room::new();
    let source = disk(1 << 20);
    room.write("disk.img", &source);
    let lines = [
        "disk.img --to o.img --config disk.img",
        "disk.img --to o.img --keep ./disk.img",
        "disk.img --to o.img --keep kk --config ./kk",
        "disk.img --to kk --keep kk",
        "disk.img --to kk --config kk",
        "disk.img --to o{disk}.img --config disk.img",
        "disk.img --to kk{disk} --keep kk0",
    ];
    assert_snapshot!(lines.map(|line| {
        let ran = room.run(&format!("import {line}")).failed(2);
        let forced = room.run(&format!("import {line} --force")).failed(2);
        assert_eq!(ran.stderr, forced.stderr);
        ran
    }));
    assert_eq!(room.names(), ["disk.img"]);
    assert!(room.read("disk.img") == source);
}

#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let room = Room::new();
    let name = std::ffi::OsString::from_vec(b"disk\xff.img".to_vec());
    std::fs::write(room.path("x").with_file_name(&name), disk(1 << 20)).unwrap();
    let mut target = name.clone();
    target.push(".copy");
    let output = room
        .innkeeper([
            "import".into(),
            name,
            "--to".into(),
            target,
            "--json".into(),
        ])
        .output();
    Ran::of(output).ok().json();
}

#[test]
fn errors_do_not_end_up_in_the_disk() {
    let room = Room::new();
    room.write("broken.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\xff");
    for target in ["-", "/dev/stdout"] {
        let ran = room.run(&format!("import broken.gz --to {target} --json"));
        assert_eq!(ran.status, 3, "{}", ran.story());
        assert!(ran.stdout.is_empty(), "{}", ran.story());
        assert!(ran.stderr.contains("\"errors\""), "{}", ran.story());
    }
}

#[test]
fn programs_and_empty_members_are_no_disks() {
    let room = Room::new();
    room.write("empty.img", b"");
    room.sh("tar -cf a.tar empty.img");
    let lines = [
        "import /bin/true --to out.img",
        "import a.tar --to out.img --member empty.img",
    ];
    assert_snapshot!(lines.map(|line| room.run(line).failed(3)));
    assert!(!room.exists("out.img"));
}

#[test]
fn a_closed_standard_output_is_no_target() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let program = env!("CARGO_BIN_EXE_innkeeper");
    let output = room.sh(&format!(
        "{program} import disk.img --to - 2>err >&- || echo status $?; cat err
         {program} import disk.img --to - --quiet >/dev/null; echo status $?"
    ));
    assert_eq!(
        String::from_utf8(output).unwrap(),
        "status 4\nerror: - is closed, so there is nowhere to write to\n\
         hint: redirect standard output or give another target\nstatus 0\n"
    );
}

#[test]
fn progress_as_json_is_a_line_each() {
    let room = Room::new();
    room.write("disk.img", &disk(1 << 20));
    let ran: Ran = room
        .run("import disk.img --to out.img --progress json --quiet")
        .ok();
    assert!(ran.stdout.is_empty());
    let last = ran.stderr.lines().last().expect("a line at the end");
    let json: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(json["progress"]["disk_size"], 1 << 20);
    assert_eq!(json["progress"]["disk_bytes"], 1 << 20);
}
