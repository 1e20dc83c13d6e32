//! Signals, kills and full disks: never a target that looks complete, never a file left that should
//! not be.

use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk};

/// An import from a pipe that has delivered part of a disk and then stays silent; it has begun to
/// write when this returns.
fn halfway(room: &Room, arguments: &str) -> Child {
    let mut child = room
        .innkeeper(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let pipe = child.stdin.as_mut().unwrap();
    pipe.write_all(&disk(4 << 20)).unwrap();
    while !room.names().iter().any(|name| name.ends_with(".partial")) {
        assert!(child.try_wait().unwrap().is_none(), "it waits for more");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, signal: &str) {
    crate::support::sh_in(
        std::path::Path::new("/"),
        &format!("kill -{signal} {}", child.id()),
    );
}

#[test]
fn signals_clean_up_as_a_failure_does() {
    let mut told = Vec::new();
    for name in ["INT", "TERM", "HUP"] {
        let room = Room::new();
        let mut child = halfway(&room, "import - --to out.img --keep copy.img");
        signal(&child, name);
        // The pipe stays open: the program must not wait for its source.
        let silence = child.stdin.take();
        let ran = Ran::of(child.wait_with_output());
        drop(silence);
        told.push(ran.failed(1));
        assert_eq!(room.names(), [] as [&str; 0], "{name}");
    }
    assert_snapshot!(told);
}

#[test]
fn a_kill_leaves_nothing_that_looks_complete_and_the_next_run_succeeds() {
    let room = Room::new();
    let mut child = halfway(&room, "import - --to out.img");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!room.exists("out.img"));
    let disk = disk(4 << 20);
    room.write("disk.img", &disk);
    room.run("import disk.img --to out.img").ok();
    assert!(room.read("out.img") == disk);
}

#[test]
fn a_pipe_that_breaks_in_the_middle_of_a_stream_is_corrupt() {
    let room = Room::new();
    room.write("disk.img", &disk(4 << 20));
    for tool in [
        "gzip",
        "xz",
        "zstd -q",
        "bzip2",
        "lz4 -q",
        "tar -c disk.img; true",
    ] {
        let script = match tool.split_once(' ') {
            Some(("tar", _)) => "tar -c disk.img > packed".to_owned(),
            _ => format!("{tool} < disk.img > packed"),
        };
        room.sh(&script);
        let packed = room.read("packed");
        let ran = room.run_with_input("import - --to out.img", &packed[..packed.len() * 2 / 3]);
        assert_eq!(ran.status, 3, "{tool}: {}", ran.story());
        assert!(!room.exists("out.img"), "{tool}");
    }
}

/// A file system of 1 MiB, gone with the value.
struct Small(std::path::PathBuf);

impl Small {
    fn mounted(room: &Room) -> Self {
        room.sh("mkdir small; mount -t tmpfs -o size=1M none small");
        Small(room.path("small"))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_file_system_is_an_error_that_names_the_byte() {
    let room = Room::new();
    let small = Small::mounted(&room);
    let mut disk = vec![7; 4 << 20];
    // An empty partition table makes a disk of it.
    disk[446..510].fill(0);
    disk[510..512].copy_from_slice(b"\x55\xaa");
    room.write("disk.img", &disk);
    let ran = room.run("import disk.img --to small/out.img --to out.img");
    assert_eq!(ran.status, 1, "{}", ran.story());
    assert!(
        ran.stderr
            .contains("error: small/out.img cannot be written at byte "),
        "{}",
        ran.story()
    );
    assert!(
        ran.stderr.contains("because: No space left on device"),
        "{}",
        ran.story()
    );
    assert_eq!(
        std::fs::read_dir(&small.0).unwrap().count(),
        0,
        "nothing is left"
    );
    assert!(room.read("out.img") == disk, "the other target is whole");
}

#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let room = Room::new();
    let disk = disk(4 << 20);
    room.write("disk.img", &disk);
    let program = env!("CARGO_BIN_EXE_innkeeper");
    room.sh(&format!(
        "mkfifo pipe; nohup {program} import pipe --to out.img >log 2>&1 &
         exec 3>pipe; head -c 1000000 disk.img >&3
         until ls -A | grep -q partial; do sleep 0.01; done
         kill -HUP $!; tail -c +1000001 disk.img >&3; exec 3>&-; wait $!"
    ));
    assert!(room.read("out.img") == disk);
}

#[test]
fn a_limit_on_file_sizes_is_an_error_like_any_other() {
    let room = Room::new();
    let mut disk = vec![7; 4 << 20];
    // An empty partition table makes a disk of it.
    disk[446..510].fill(0);
    disk[510..512].copy_from_slice(b"\x55\xaa");
    room.write("disk.img", &disk);
    let program = env!("CARGO_BIN_EXE_innkeeper");
    let output = room.sh(&format!(
        "set +e; ulimit -f 1024; cat disk.img | {program} import - --to out.img 2>&1; echo status ${{PIPESTATUS[1]}}"
    ));
    let story = String::from_utf8(output).unwrap();
    assert!(story.contains("because: File too large"), "{story}");
    assert!(story.ends_with("status 1\n"), "{story}");
    assert_eq!(room.names(), ["disk.img"]);
}
