use std::fs;
use std::path::Path;
use std::process::Command;

use error::Error;
use sparse::{Piece, SliceSource, skip};

use super::Tar;
use crate::Limits;
use crate::archive::{Archive, Member, MemberKind, tests::contents};

fn tar(bytes: &[u8], step: usize) -> Tar<SliceSource<'_>> {
    Tar::new(SliceSource::in_steps(bytes, step), &Limits::default())
}

fn read(bytes: &[u8]) -> Result<Vec<(Member, Vec<u8>)>, Error> {
    contents(&mut tar(bytes, usize::MAX))
}

#[test]
fn sound_archives_read_as_they_were_made() {
    for good in testkit::tar::valid() {
        for step in [1, 511, 512, usize::MAX] {
            let members: Vec<(String, Vec<u8>)> = contents(&mut tar(&good.bytes, step))
                .unwrap_or_else(|error| panic!("{}: {error}", good.what))
                .into_iter()
                .map(|(member, content)| (member.name, content))
                .collect();
            assert_eq!(members, good.members, "{}", good.what);
        }
    }
}

#[test]
fn each_broken_thing_has_its_error() {
    for bad in testkit::tar::hostile() {
        let error = read(&bad.bytes).expect_err(bad.what);
        assert_eq!(
            (error.kind().name(), error.message()),
            (bad.kind, bad.message),
            "{}",
            bad.what
        );
    }
}

#[test]
fn content_that_is_not_read_is_passed_by() {
    for good in testkit::tar::valid() {
        let mut archive = tar(&good.bytes, 100);
        let mut names = Vec::new();
        while let Some(member) = archive.next_member().unwrap() {
            skip(archive.content(), names.len() as u64).unwrap();
            names.push(member.name);
        }
        assert_eq!(archive.next_member(), Ok(None));
        assert_eq!(archive.content().peek(), Ok(Piece::End));
        assert!(names.iter().eq(good.members.iter().map(|(name, _)| name)));
    }
}

#[test]
fn truncation_anywhere_is_an_error() {
    for good in testkit::tar::valid() {
        // The end mark may be one block, and so may what remains of the padding.
        let marked = good.bytes.iter().rposition(|&byte| byte != 0);
        let marked = marked.map_or(512, |last| (last + 1).next_multiple_of(512) + 512);
        for len in 0..marked {
            let mut archive = tar(&good.bytes[..len], usize::MAX);
            let error = loop {
                match archive.next_member() {
                    Ok(Some(_)) => {}
                    Ok(None) => break archive.doubt().map(|doubt| doubt.error.clone()),
                    Err(error) => break Some(error),
                }
            };
            let error = error.unwrap_or_else(|| panic!("{} cut at {len} is complete", good.what));
            assert_eq!(error.kind().name(), "corrupt", "{} cut at {len}", good.what);
        }
    }
}

/// What follows the last member, and what it leaves in doubt.
#[test]
fn an_end_is_told_from_what_need_not_be_one() {
    let member = testkit::tar::file("a", b"alpha");
    let with = |zeros: usize, more: &[u8]| [&member[..], &vec![0; zeros], more].concat();
    let over = |message: &'static str| Some((message, false));
    let more = |message: &'static str| Some((message, true));
    let without = "tar: the archive ends at byte 1024 without an end mark";
    for (bytes, doubt) in [
        (with(1024, b""), None),
        (with(512, b""), None),
        (with(9 * 1024 + 77, b""), None),
        (with(700, b""), None),
        (with(0, b""), over(without)),
        (with(511, b""), over(without)),
        (
            with(1024, b"x"),
            over("tar: trailing garbage at byte 2048, after the end mark"),
        ),
        (
            with(9000, &[7; 2000]),
            over("tar: trailing garbage at byte 10024, after the end mark"),
        ),
        (
            with(512, b"x"),
            over("tar: trailing garbage at byte 1536, after an end mark of one block"),
        ),
        (
            with(512, &member),
            more("tar: another archive begins at byte 1536, after the end mark"),
        ),
        (
            with(9216, &member),
            more("tar: another archive begins at byte 10240, after the end mark"),
        ),
    ] {
        for step in [1, 100, usize::MAX] {
            let mut archive = tar(&bytes, step);
            assert_eq!(archive.next_member().unwrap().unwrap().name, "a");
            assert_eq!(archive.next_member(), Ok(None));
            let found = archive.doubt();
            let found = found.map(|found| (found.error.message(), found.more));
            assert_eq!(found, doubt, "{} bytes", bytes.len());
        }
    }
    // Less than a block that is not zero may be anything.
    let cut = [&member[..], b"b"].concat();
    assert_eq!(
        read(&cut).unwrap_err().message(),
        "tar: the archive ends at byte 1025, inside a block of 512 bytes"
    );
}

#[test]
fn kinds_come_from_types() {
    let header = |name, flag| testkit::tar::Header::new(name, flag, 0);
    let bytes = testkit::tar::archive(&[
        header("f", b'0').sealed(),
        header("d", b'5').sealed(),
        header("old/", b'\0').sealed(),
        header("s", b'2').field(157, "to").sealed(),
        testkit::tar::gnu_long(b'K', "far away"),
        header("h", b'1').field(157, "far").sealed(),
        header("dev", b'4').sealed(),
        header("label", b'V').sealed(),
    ]);
    let link = |target: &str| MemberKind::Link {
        target: target.into(),
    };
    let kinds: Vec<MemberKind> = read(&bytes)
        .unwrap()
        .into_iter()
        .map(|m| m.0.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            MemberKind::File,
            MemberKind::Directory,
            MemberKind::Directory,
            link("to"),
            link("far away"),
            MemberKind::Other,
            MemberKind::Other,
        ]
    );
}

#[test]
fn a_signed_checksum_is_right_too() {
    let mut bytes = testkit::tar::file("\u{e4}", b"");
    let signed: i64 = bytes[..512].iter().map(|&byte| i64::from(byte as i8)).sum();
    let stored: i64 = bytes[148..156].iter().map(|&byte| i64::from(byte)).sum();
    bytes[148..156].copy_from_slice(format!("{:06o}\0 ", signed - stored + 256).as_bytes());
    assert!(Tar::<SliceSource>::looks_like(&bytes));
    assert_eq!(read(&testkit::tar::archive(&[bytes])).unwrap().len(), 1);
}

#[test]
fn a_tar_is_told_by_its_first_header() {
    let bytes = testkit::tar::file("a", b"");
    assert!(Tar::<SliceSource>::looks_like(&bytes));
    assert!(!Tar::<SliceSource>::looks_like(&bytes[..511]));
    assert!(!Tar::<SliceSource>::looks_like(&[0; 512]));
    assert!(!Tar::<SliceSource>::looks_like(&[b'0'; 512]));
}

/// The holes of a member of a terabyte are three pieces, not a terabyte of them.
#[test]
fn holes_are_single_pieces() {
    const TIB: u64 = 1 << 40;
    let sparse = testkit::tar::Sparse {
        size: TIB,
        ..testkit::tar::Sparse::new(0, &[(1 << 30, 1024), (TIB - 512, 512)])
    };
    let shapes = [sparse.pax_0_0(), sparse.pax_0_1(), sparse.pax_1_0()];
    for bytes in shapes {
        let bytes = testkit::tar::archive(&[bytes]);
        let mut archive = tar(&bytes, usize::MAX);
        assert_eq!(archive.next_member().unwrap().unwrap().size, Some(TIB));
        let mut pieces = Vec::new();
        loop {
            let piece = archive.content().peek().unwrap();
            let (data, len) = (matches!(piece, Piece::Data(_)), piece.len());
            if len == 0 {
                break;
            }
            pieces.push((data, len));
            archive.content().consume(len);
        }
        let hole = TIB - 512 - (1 << 30) - 1024;
        assert_eq!(
            pieces,
            [(false, 1 << 30), (true, 1024), (false, hole), (true, 512)]
        );
        assert_eq!(archive.next_member(), Ok(None));
    }
}

#[test]
fn too_many_extents_are_unsupported() {
    let mut map = String::from("2000000\n");
    for i in 0..(1u64 << 20) + 1 {
        map += &format!("{}\n512\n", i * 1024);
    }
    let bytes = testkit::tar::Sparse::new(1 << 40, &[]).pax_1_0_with(&map);
    let error = read(&bytes).unwrap_err();
    assert_eq!(
        error.message(),
        "tar header at byte 1024: the sparse map has more than 1048576 extents"
    );
}

/// Runs a program in `folder`; one that is missing or fails fails the test.
fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed for this test: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
}

/// A folder with a sparse file, a long name, an odd size, a link and an empty file.
fn sample(folder: &Path) {
    use std::os::unix::fs::FileExt;
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
    fs::create_dir_all(folder.join(&long).parent().unwrap()).unwrap();
    fs::write(folder.join(&long), "long name").unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    fs::write(folder.join("odd"), [7; 1234]).unwrap();
    std::os::unix::fs::symlink("odd", folder.join("link")).unwrap();
    fs::hard_link(folder.join("odd"), folder.join("twin")).unwrap();
    let disk = fs::File::create(folder.join("disk")).unwrap();
    disk.set_len(3_000_001).unwrap();
    for i in 0..40u8 {
        disk.write_all_at(&[i + 1; 5000], u64::from(i) * 70_000 + 12_288)
            .unwrap();
    }
    let hole = fs::File::create(folder.join("hole")).unwrap();
    hole.set_len(1 << 20).unwrap();
}

/// What the programs made of the sample reads back as the files are.
fn compare(folder: &Path, archive: &Path, what: &str) {
    let bytes = fs::read(archive).unwrap();
    let members = read(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut files = 0;
    for (member, content) in members {
        let path = folder.join(&member.name);
        let same = match &member.kind {
            MemberKind::File => {
                files += 1;
                fs::read(&path).unwrap() == content
            }
            MemberKind::Directory => path.is_dir() && content.is_empty(),
            MemberKind::Link { target } => {
                files += 1;
                path.exists() && target.ends_with(|end| "ndt".contains(end)) && content.is_empty()
            }
            MemberKind::Other => false,
        };
        assert!(same, "{what}: {member:?}");
    }
    assert_eq!(files, 7, "{what}");
}

#[test]
fn gnu_tar_is_understood() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("in");
    fs::create_dir(&folder).unwrap();
    sample(&folder);
    let flavours: [&[&str]; 9] = [
        &["--format=ustar"],
        &["--format=gnu"],
        &["--format=pax"],
        &["--format=oldgnu", "--sparse"],
        &["--format=gnu", "--sparse", "--blocking-factor=1"],
        &["--format=pax", "--sparse", "--sparse-version=0.0"],
        &["--format=pax", "--sparse", "--sparse-version=0.1"],
        &["--format=pax", "--sparse", "--sparse-version=1.0"],
        &[
            "--format=pax",
            "--sparse",
            "--hole-detection=raw",
            "--pax-option=globexthdr.comment=x",
        ],
    ];
    for flavour in flavours {
        let mut arguments = vec!["-cf", "../out.tar"];
        arguments.extend(flavour);
        arguments.push(".");
        run(&folder, "tar", &arguments);
        compare(&folder, &place.path().join("out.tar"), &flavour.join(" "));
    }
    run(&folder, "sh", &["-c", "rm -r ddd*; echo > ndt"]);
    run(&folder, "tar", &["--format=v7", "-cf", "../out.tar", "."]);
    compare(&folder, &place.path().join("out.tar"), "v7");
}

/// GNU tar writes offsets beyond 8 GiB in base 256.
#[test]
fn gnu_tars_of_a_terabyte_of_nothing_are_understood() {
    use std::os::unix::fs::FileExt;
    const END: u64 = (1 << 40) + 4096;
    let place = tempfile::tempdir().unwrap();
    let disk = fs::File::create(place.path().join("disk")).unwrap();
    for offset in [100 << 30, 1 << 40] {
        disk.write_all_at(&[7; 4096], offset).unwrap();
    }
    for format in ["gnu", "pax"] {
        run(
            place.path(),
            "tar",
            &["--sparse", "--format", format, "-cf", "out", "disk"],
        );
        let bytes = fs::read(place.path().join("out")).unwrap();
        let mut archive = tar(&bytes, usize::MAX);
        assert_eq!(archive.next_member().unwrap().unwrap().size, Some(END));
        for (offset, at) in [(100 << 30, 0), (1 << 40, (100 << 30) + 4096)] {
            assert_eq!(skip(archive.content(), offset - at), Ok(offset - at));
            let mut data = [0; 4096];
            assert!(sparse::read_exact(archive.content(), &mut data).unwrap());
            assert_eq!(data, [7; 4096], "{format}");
        }
        assert_eq!(archive.next_member(), Ok(None));
    }
}

#[test]
fn a_long_name_for_all_members_is_not_taken() {
    let path = format!("path={}\n", "a".repeat(4097));
    let record = format!("{} {path}", path.len() + 5);
    let header = testkit::tar::Header::new("g", b'g', record.len() as u64).with(record.as_bytes());
    assert_eq!(
        read(&testkit::tar::archive(&[header]))
            .unwrap_err()
            .message(),
        "tar header at byte 0: a name of 4097 bytes for all members is longer than 4096 bytes"
    );
}

#[test]
fn bsdtar_and_python_are_understood() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("in");
    fs::create_dir(&folder).unwrap();
    sample(&folder);
    for format in ["pax", "ustar", "gnutar"] {
        run(
            &folder,
            "bsdtar",
            &["--format", format, "-cf", "../out.tar", "."],
        );
        compare(&folder, &place.path().join("out.tar"), format);
    }
    run(&folder, "bsdtar", &["-cf", "../out.tar", "."]);
    compare(&folder, &place.path().join("out.tar"), "bsdtar");
    for format in ["PAX", "USTAR", "GNU"] {
        let script = format!(
            "import tarfile\nwith tarfile.open('../out.tar', 'w', format=tarfile.{format}_FORMAT) as t: t.add('.')"
        );
        run(&folder, "python3", &["-c", &script]);
        compare(&folder, &place.path().join("out.tar"), &script);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn any_extents_in_any_encoding_read_back(
        runs in proptest::collection::vec((0u64..5, 0u64..4), 0..70),
        tail in 0u64..512,
        step in 1usize..1500,
    ) {
        let mut at = 0;
        let mut map = Vec::new();
        for (hole, data) in runs {
            map.push((at + hole * 512, data * 512));
            at += (hole + data) * 512;
        }
        map.push((at, tail));
        let mut sparse = testkit::tar::Sparse::new(at + tail, &[]);
        let stored: u64 = map.iter().map(|(_, len)| len).sum();
        sparse.data = (0..stored).map(|i| (i % 251) as u8).collect();
        sparse.map = map;
        for bytes in [sparse.old_gnu(), sparse.pax_0_0(), sparse.pax_0_1(), sparse.pax_1_0()] {
            let bytes = testkit::tar::archive(&[bytes]);
            let members = contents(&mut tar(&bytes, step)).unwrap();
            proptest::prop_assert_eq!(members.len(), 1);
            proptest::prop_assert_eq!(&members[0].1, &sparse.content());
        }
    }

    /// Damage may hide in names and content, but it never panics and never changes the structure
    /// without an error that names it.
    #[test]
    fn damage_is_survived(which in 0usize..100, at in 0usize..4096, with in 1u8..) {
        let all = testkit::tar::valid();
        let mut bytes = all[which % all.len()].bytes.clone();
        let at = at % bytes.len();
        bytes[at] ^= with;
        let _ = read(&bytes);
    }
}
