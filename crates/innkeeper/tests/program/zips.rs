//! Zips and tars of the kinds that come from other systems, through pipes and files.

use testkit::zip::{Member, Sums, archive, archive64};

use crate::support::transcript::assert_snapshot;
use crate::support::{Room, disk};

const BEHIND: [Sums; 3] = [
    Sums::After {
        signed: true,
        wide: false,
        field: false,
    },
    Sums::After {
        signed: false,
        wide: false,
        field: false,
    },
    Sums::After {
        signed: true,
        wide: true,
        field: true,
    },
];

/// Asserts that `packed` gives `disk`, from a file and from a pipe.
#[track_caller]
fn gives(room: &Room, packed: &[u8], disk: &[u8], what: &str) {
    room.write("packed", packed);
    room.run("import packed --to file.img --force").ok();
    assert!(room.read("file.img") == disk, "{what}, a file");
    room.run_with_pipe("import - --to pipe.img --force", packed)
        .ok();
    assert!(room.read("pipe.img") == disk, "{what}, a pipe");
}

#[test]
fn deflate64_gives_the_disk_as_unzip_does() {
    let room = Room::new();
    let disk = disk(4 << 20);
    let member = Member::deflated64("disk.raw", &disk);
    let readme = Member::deflated64("README", b"Read me first.\n");
    for sums in [Sums::Before, Sums::BeforeWide].into_iter().chain(BEHIND) {
        let members = [readme.clone().with(sums), member.clone().with(sums)];
        gives(&room, &archive(&members), &disk, "Deflate64");
        gives(&room, &archive64(&members), &disk, "Deflate64, ZIP64");
    }
    room.write("one.zip", &archive(&[member]));
    assert!(room.sh("unzip -p one.zip disk.raw") == disk);
}

#[test]
fn a_stored_disk_with_its_size_behind_it_is_whole() {
    let room = Room::new();
    let disk = disk(2 << 20);
    for sums in BEHIND {
        let readme = Member::stored("README", b"Read me first.\n").with(sums);
        let zip = archive(&[
            readme.clone(),
            Member::stored("disk.img", &disk).with(sums),
            readme,
        ]);
        gives(&room, &zip, &disk, "stored");
        // A zip in a zip: its descriptors are not the outer one's.
        let outer = archive(&[Member::stored("inner.zip", &zip).with(sums)]);
        gives(&room, &outer, &disk, "a zip in a zip");
        room.write("packed", &zip);
        let gz = room.sh("gzip -c packed");
        gives(&room, &gz, &disk, "a zip in gzip");
    }
}

#[test]
fn a_stored_disk_with_a_wrong_checksum_is_never_taken() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = disk(1 << 20);
    for sums in BEHIND {
        let wrong = Member {
            crc: 1,
            ..Member::stored("disk.img", &disk)
        };
        let zip = archive(&[wrong.with(sums)]);
        room.write("packed", &zip);
        told.push(room.run("import packed --to out.img").failed(3));
        told.push(room.run_with_pipe("import - --to out.img", &zip).failed(3));
        assert!(!room.exists("out.img"));
    }
    assert_snapshot!(told);
}

#[test]
fn an_encrypted_member_beside_the_disk_does_not_matter() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = disk(1 << 20);
    let secret = Member {
        flags: 1,
        ..Member::stored("secret.txt", b"a secret")
    };
    let zip = archive(&[secret.clone(), Member::deflated("disk.img", &disk)]);
    gives(&room, &zip, &disk, "an encrypted member");
    let json = room
        .run("import packed --to file.img --force --json")
        .ok()
        .json();
    let warnings = json["warnings"].to_string();
    assert!(warnings.contains("is encrypted; passed by"), "{warnings}");
    told.push(
        room.run("import packed --to out.img --member secret.txt")
            .failed(3),
    );
    room.write("packed", &archive(&[secret]));
    told.push(room.run("import packed --to out.img").failed(3));
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn lzma_gives_the_disk_and_what_a_tar_holds() {
    let room = Room::new();
    let disk = disk(4 << 20);
    room.write("disk.img", &disk);
    gives(
        &room,
        &room.sh("xz --format=lzma -0 -c disk.img"),
        &disk,
        ".lzma",
    );
    gives(
        &room,
        &room.sh("tar -c disk.img | xz --format=lzma -0"),
        &disk,
        ".tar.lzma",
    );
    let packed = room.sh("xz --format=lzma -0 -c disk.img");
    room.write("packed", &packed[..100_000]);
    assert_snapshot!(room.run("import packed --to out.img").failed(3));
    assert!(!room.exists("out.img"));
}

/// Old writers end a tar without a mark, or leave old bytes behind it.
#[test]
fn a_tar_without_an_end_mark_is_taken_where_something_shows_that_it_is_whole() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    let tar = room.sh("tar -b1 -c disk.img");
    let bare = &tar[..tar.len() - 1024];
    let without = format!(
        "tar: the archive ends at byte {} without an end mark",
        bare.len()
    );
    room.write("bare.tar", bare);
    told.push(room.run("import bare.tar --to out.img").failed(3));
    assert!(!room.exists("out.img"));
    let json = room
        .run("import bare.tar --to out.img --accept-bad-end --json")
        .ok()
        .json();
    assert!(json["warnings"].to_string().contains(&without));
    assert!(room.read("out.img") == disk);
    for pack in ["gzip", "xz -0", "zstd -q", "bzip2", "lz4 -q"] {
        room.sh(&format!("{pack} < bare.tar > packed"));
        let json = room
            .run("import packed --to out.img --force --json")
            .ok()
            .json();
        assert!(json["warnings"].to_string().contains(&without), "{pack}");
        assert!(room.read("out.img") == disk, "{pack}");
        told.push(room.run("import packed --to strict.img --strict").failed(3));
    }
    room.write("packed", &bare[..bare.len() - 512]);
    told.push(
        room.run("import packed --to new.img --accept-bad-end")
            .failed(3),
    );
    assert!(!room.exists("new.img"));
    assert_snapshot!(told);
}

#[test]
fn what_follows_the_end_mark_of_a_tar_is_left_where_the_tar_is_known_to_be_whole() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    let tar = room.sh("tar -c disk.img");
    let garbage = [&tar[..], b"old bytes on the tape"].concat();
    let twice = [&tar[..], &tar].concat();
    for (packed, message) in [
        (garbage, "tar: trailing garbage at byte "),
        (twice, "tar: another archive begins at byte "),
    ] {
        room.write("packed", &packed);
        told.push(room.run("import packed --to new.img").failed(3));
        assert!(!room.exists("new.img"));
        let line = "import packed --to out.img --accept-bad-end --force --json";
        let json = room.run(line).ok().json();
        assert!(json["warnings"].to_string().contains(message), "{message}");
        assert!(room.read("out.img") == disk);
        let gz = room.sh("gzip -c packed");
        if message.contains("another") {
            room.write("packed", &gz);
            told.push(room.run("import packed --to new.img").failed(3));
        } else {
            gives(&room, &gz, &disk, message)
        }
    }
    assert_snapshot!(told);
}

#[test]
fn a_manifest_shows_that_a_tar_without_an_end_mark_is_whole() {
    let room = Room::new();
    let disk = disk(1 << 20);
    room.write("disk.img", &disk);
    room.sh("sha256sum disk.img | sed 's/^\\(.*\\)  \\(.*\\)/SHA256(\\2)= \\1/' > vm.mf");
    let tar = room.sh("tar -b1 -c vm.mf disk.img");
    gives(&room, &tar[..tar.len() - 1024], &disk, "a manifest");
}
