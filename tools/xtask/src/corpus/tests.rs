use std::os::unix::fs::PermissionsExt;

use testkit::shell::output;

use super::*;

/// A program that does what the name of its source says; a source without such a name is copied.
const PROGRAM: &str = r#"#!/bin/bash
source=$2; to=${4/\{disk\}/0}
took() { echo "{\"disks\": [{\"disk\": {\"member\": \"$1\", \"format\": \"$2\", \"variant\": \"\", \"size\": 1}}]}"; }
case $source in
    *refused*) echo '{"errors": [{"kind": "corrupt", "message": "is broken"}]}'; exit 3 ;;
    *leaves*) echo x > "$to"; echo '{"errors": [{"kind": "io", "message": "is broken"}]}'; exit 1 ;;
    *crash*) echo "thread 'main' panicked at here" >&2; exit 101 ;;
    *killed*) kill -9 $$ ;;
    *mute*) exit 3 ;;
    *hang*) sleep 600 ;;
    *nothing*) took "" raw ;;
    *none*) echo '{"disks": []}' ;;
    *other*) head -c 4096 /dev/zero > "$to"; took "" raw ;;
    *image*) cat "${source%/*}/disk.raw" > "$to"; took "" qcow2 ;;
    *container*) cat "$source" > "$to"; took "" raw ;;
    *.gz) cat "${source%/*}/disk.raw" > "$to"; took "" raw ;;
    *.tar) cat "${source%/*}/disk.raw" > "$to"; took "a/disk.raw" raw ;;
    *.zip) cat "${source%/*}/disk.raw" > "$to"; took 'a\\disk.raw.xz' raw ;;
    *.ovf) cat "${source%/*}/disk.raw" > "$to"; took "disk.raw" raw ;;
    *) cat "$source" > "$to"; took "" raw ;;
esac
"#;

struct Room(tempfile::TempDir);

impl Room {
    /// A directory with `program` and, in `files`, `disk.raw`.
    fn new() -> Self {
        let room = Room(tempfile::tempdir().unwrap());
        fs::create_dir(room.path("files")).unwrap();
        fs::write(room.path("program"), PROGRAM).unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(room.path("program"), mode).unwrap();
        let disk: Vec<u8> = (0..8192u32).map(|byte| (byte % 251) as u8).collect();
        fs::write(room.path("files/disk.raw"), disk).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sh(&self, script: &str) {
        let mut command = std::process::Command::new("bash");
        command
            .args(["-euc", script])
            .current_dir(self.path("files"));
        output(&mut command).unwrap();
    }

    fn verdict(&self, file: &str) -> String {
        let bounds = Bounds {
            patience: Duration::from_secs(60),
            max_size: 1 << 40,
        };
        let file = self.path("files").join(file);
        let verdict = judge(&self.path("program"), &file, bounds).unwrap();
        verdict.line("it")
    }
}

#[test]
fn what_the_program_says_of_a_file_is_its_outcome() {
    let room = Room::new();
    for (file, expected) in [
        ("disk.raw", "right     it  raw, 1 bytes"),
        ("refused", "refused   it  corrupt: is broken"),
        (
            "leaves",
            "wrong     it  fails and leaves [\"0.img\"] behind: is broken",
        ),
        (
            "crash",
            "wrong     it  exit status: 101: thread 'main' panicked at here",
        ),
        ("killed", "wrong     it  signal: 9 (SIGKILL): "),
        ("mute", "wrong     it  fails without a reason"),
        ("nothing", "wrong     it  status 0 without disk 0"),
        ("none", "wrong     it  status 0 without a disk"),
        ("other", "wrong     it  differs at byte 1 of 8192"),
    ] {
        if file != "disk.raw" {
            room.sh(&format!("cp disk.raw {file}"));
        }
        assert_eq!(room.verdict(file), expected);
    }
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    let room = Room::new();
    let bounds = Bounds {
        patience: Duration::from_millis(100),
        max_size: 1 << 40,
    };
    let file = room.path("files/hang");
    let verdict = judge(&room.path("program"), &file, bounds).unwrap();
    assert_eq!(verdict.line("it"), "wrong     it  does not end within 0 s");
}

#[test]
fn disks_are_held_against_what_other_programs_read() {
    let room = Room::new();
    room.sh(
        "qemu-img convert -f raw -O qcow2 disk.raw image; cp image container
             gzip -k disk.raw; head -c 20 disk.raw.gz > cut.gz
             mkdir a; cp disk.raw a; tar -cf disk.tar a; xz a/disk.raw; cp disk.tar 'x:y.tar'
             python3 -c \"import zipfile; zipfile.ZipFile('disk.zip', 'w').write('a/disk.raw.xz')\"
             echo '<Envelope/>' > disk.ovf; echo QFI > broken-image",
    );
    for (file, expected) in [
        ("image", "right     it  qcow2, 1 bytes"),
        (
            "container",
            "wrong     it  taken for a raw disk, and qemu-img says qcow2",
        ),
        ("disk.raw.gz", "right     it  raw, 1 bytes"),
        ("disk.tar", "right     it  a/disk.raw raw, 1 bytes"),
        ("x:y.tar", "right     it  a/disk.raw raw, 1 bytes"),
        ("disk.zip", "right     it  a\\disk.raw.xz raw, 1 bytes"),
        ("disk.ovf", "right     it  disk.raw raw, 1 bytes"),
    ] {
        assert_eq!(room.verdict(file), expected);
    }
    let broken = room.verdict("cut.gz");
    assert!(
        broken.starts_with("wrong     it  taken, and gzip says "),
        "{broken}"
    );
    let broken = room.verdict("broken-image");
    assert!(
        broken.starts_with("wrong     it  taken, and qemu-img: "),
        "{broken}"
    );
    room.sh("mkdir empty; mv disk.ovf empty");
    assert_eq!(
        room.verdict("empty/disk.ovf"),
        "unjudged  it  disk.raw: disk.raw is not found"
    );
}

#[test]
fn files_are_found_and_told() {
    let room = Room::new();
    room.sh("mkdir -p b/c; cp disk.raw b/c/refused; cp disk.raw b/other; ln -s disk.raw link; mkfifo pipe");
    let told = |program: &str| {
        run(&Options {
            directory: room.path("files"),
            program: Some(room.path(program)),
            seconds: 60,
            max_size: 1 << 40,
            json: true,
        })
        .map_err(|error| error.to_string())
    };
    assert_eq!(told("program"), Err("1 of 3 files came out wrong".into()));
    room.sh("rm b/other");
    assert_eq!(told("program"), Ok(()));
    assert!(told("no-program").is_err());
    let mut tally = Tally::default();
    tally.add("a", Verdict::refused("corrupt", "is broken"));
    tally.add("b", Verdict::new(Outcome::Right, "raw"));
    assert_eq!(
        tally.table(),
        "right     1\nrefused   1\nwrong     0\nunjudged  0\n"
    );
    let document = tally.document();
    assert_eq!(document["counts"]["refused"], 1);
    assert_eq!(document["files"][0]["kind"], "corrupt");
    assert_eq!(document["files"][1]["outcome"], "right");
}
