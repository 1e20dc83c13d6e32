use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use error::Error;
use sparse::{Lookahead, Piece, SliceSource, SparseRead, drain, skip};
use testkit::zip::{Member as Made, Sums, archive};

use super::Zip;
use crate::Limits;
use crate::archive::{Archive, Member, MemberKind, tests::contents};

mod descriptors;
mod embedded;
mod methods;

const SIGNED: Sums = Sums::After {
    signed: true,
    wide: false,
    field: false,
};

fn zip(bytes: &[u8], step: usize) -> Zip<SliceSource<'_>> {
    Zip::new(SliceSource::in_steps(bytes, step), &Limits::default())
}

fn read(bytes: &[u8]) -> Result<Vec<(Member, Vec<u8>)>, Error> {
    contents(&mut zip(bytes, usize::MAX))
}

fn named(members: Vec<(Member, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let name = |(member, content): (Member, _)| (member.name, content);
    members.into_iter().map(name).collect()
}

#[test]
fn sound_archives_read_as_they_were_made() {
    for good in testkit::zip::valid() {
        assert!(Zip::<SliceSource>::looks_like(&good.bytes));
        for step in [1, 3, 100, usize::MAX] {
            let members = contents(&mut zip(&good.bytes, step))
                .unwrap_or_else(|error| panic!("{}: {error}", good.what));
            assert_eq!(named(members), good.members, "{}", good.what);
        }
    }
}

#[test]
fn each_broken_thing_has_its_error() {
    for bad in testkit::zip::hostile() {
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
fn truncation_anywhere_is_an_error() {
    for good in testkit::zip::valid() {
        for len in 0..good.bytes.len() {
            let error = read(&good.bytes[..len]).expect_err(good.what);
            // A stored member's descriptor that is cut looks like content.
            let kinds = ["corrupt", "unsupported"];
            assert!(
                kinds.contains(&error.kind().name()),
                "{} cut at {len}",
                good.what
            );
        }
    }
}

#[test]
fn content_that_is_not_read_is_checked_all_the_same() {
    for good in testkit::zip::valid() {
        let mut archive = zip(&good.bytes, 100);
        let mut names = Vec::new();
        while let Some(member) = archive.next_member().unwrap() {
            skip(archive.content(), names.len() as u64).unwrap();
            names.push(member.name);
        }
        assert_eq!(archive.next_member(), Ok(None));
        assert_eq!(archive.content().peek(), Ok(Piece::End));
        assert!(names.iter().eq(good.members.iter().map(|(name, _)| name)));
    }
    let wrong = Made {
        crc: 1,
        ..Made::deflated("a", b"alpha")
    };
    let wrong = archive(&[wrong]);
    let mut archive = zip(&wrong, 100);
    archive.next_member().unwrap();
    assert!(archive.next_member().is_err());
}

#[test]
fn the_end_of_content_comes_after_its_checks() {
    let wrong = Made {
        crc: 1,
        ..Made::stored("a", b"alpha")
    };
    let wrong = archive(&[wrong]);
    let mut archive = zip(&wrong, 2);
    archive.next_member().unwrap();
    assert_eq!(skip(archive.content(), 5), Ok(5));
    assert!(archive.content().peek().is_err());
}

#[test]
fn archives_nest_in_members() {
    let tar = testkit::tar::archive(&[testkit::tar::file("disk.img", b"disk")]);
    let inner = archive(&[Made::deflated("disk.tar", &tar)]);
    let outer = archive(&[Made::stored("inner.zip", &inner), Made::stored("z", b"")]);
    let mut outer = zip(&outer, 10);
    assert_eq!(outer.next_member().unwrap().unwrap().name, "inner.zip");
    let mut inner = Zip::new(Lookahead::new(outer.content()), &Limits::default());
    assert_eq!(inner.next_member().unwrap().unwrap().kind, MemberKind::File);
    let mut tar: Box<dyn Archive> =
        Box::new(crate::tar::Tar::new(inner.content(), &Limits::default()));
    assert_eq!(tar.next_member().unwrap().unwrap().name, "disk.img");
    assert_eq!(drain(tar.content()), Ok(4));
    assert_eq!(tar.next_member(), Ok(None));
    drop(tar);
    assert_eq!(inner.next_member(), Ok(None));
    assert_eq!(outer.next_member().unwrap().unwrap().name, "z");
    assert_eq!(outer.next_member(), Ok(None));
}

#[test]
fn bombs_are_refused() {
    let sums = SIGNED;
    let bytes = archive(&[
        Made::deflated("a", &vec![0; 60_000]),
        Made::deflated("b", &vec![0; 60_000]).with(sums),
    ]);
    let limits = Limits {
        output: 100_000,
        ..Limits::default()
    };
    let error = contents(&mut Zip::new(SliceSource::new(&bytes), &limits)).unwrap_err();
    assert_eq!(error.kind().name(), "refused");
    assert_eq!(
        error.message(),
        "zip: the members decompress to more than 100000 bytes"
    );
    assert_eq!(error.advice(), Some(&crate::Advice::RaiseMaxSize));
}

/// A stored member that is a hole in the input stays one.
#[test]
fn holes_in_the_input_are_holes_in_the_content() {
    struct Hole<'a> {
        parts: [SliceSource<'a>; 2],
        hole: u64,
    }
    impl SparseRead for Hole<'_> {
        fn peek(&mut self) -> error::Result<Piece<'_>> {
            let [before, after] = &mut self.parts;
            if !before.peek()?.is_empty() {
                return before.peek();
            }
            match self.hole {
                0 => after.peek(),
                hole => Ok(Piece::Zeros(hole)),
            }
        }
        fn consume(&mut self, n: u64) {
            let [before, after] = &mut self.parts;
            if before.peek().is_ok_and(|piece| !piece.is_empty()) {
                before.consume(n);
            } else if self.hole > 0 {
                self.hole -= n;
            } else {
                after.consume(n);
            }
        }
    }
    const SIZE: u64 = 1 << 24;
    let made = archive(&[Made::stored("a", &vec![0; SIZE as usize])]);
    let input = Hole {
        parts: [
            SliceSource::new(&made[..31]),
            SliceSource::new(&made[31 + SIZE as usize..]),
        ],
        hole: SIZE,
    };
    let mut archive = Zip::new(input, &Limits::default());
    archive.next_member().unwrap();
    assert_eq!(archive.content().peek(), Ok(Piece::Zeros(SIZE)));
    assert_eq!(archive.next_member(), Ok(None));
}

#[test]
fn too_many_members_are_unsupported() {
    let bytes = Made::stored("", b"").local().repeat(super::MOST + 1);
    assert_eq!(
        read(&bytes).unwrap_err().message(),
        "zip: the archive has more than 262144 members"
    );
}

#[test]
fn a_zip_is_told_by_its_signature() {
    for (head, told) in [
        (&b"PK\x03\x04\x14"[..], true),
        (b"PK\x05\x06", true),
        (b"PK\x07\x08PK\x03\x04", true),
        (b"PK00PK\x03\x04", true),
        (b"PK\x03", false),
        (b"PK\x01\x02", false),
        (b"", false),
    ] {
        assert_eq!(Zip::<SliceSource>::looks_like(head), told, "{head:?}");
    }
}

/// Runs `script` in a shell in `folder`; a program that is missing fails the test.
fn run(folder: &Path, script: &str) {
    let output = Command::new("sh")
        .current_dir(folder)
        .args(["-e", "-c", script])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script} needs zip, bsdtar, python3: {output:?}"
    );
}

#[test]
fn zips_of_other_programs_are_understood() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("in");
    fs::create_dir_all(folder.join("dir")).unwrap();
    fs::write(folder.join("dir/text"), "tick tock\n".repeat(5000)).unwrap();
    fs::write(folder.join("empty"), "").unwrap();
    let mut disk = fs::File::create(folder.join("disk")).unwrap();
    for i in 0..200_000u32 {
        disk.write_all(&i.wrapping_mul(2_654_435_761).to_le_bytes())
            .unwrap();
    }
    disk.set_len(5_000_000).unwrap();
    let python = |arguments: &str, open: &str| {
        format!(
            "python3 -c \"import zipfile, sys
with zipfile.ZipFile({open}, 'w', {arguments}) as z:
  [z.write(n) for n in ('dir', 'dir/text', 'empty', 'disk')]\""
        )
    };
    let scripts = [
        "zip -q -r ../out.zip .".to_string(),
        "zip -q -0 -r ../out.zip .".to_string(),
        "zip -q -r - . | cat > ../out.zip".to_string(),
        "zip -q -fd -r ../out.zip .".to_string(),
        "zip -q -fz -r ../out.zip . && echo words | zip -z -q ../out.zip".to_string(),
        "bsdtar --format zip -cf ../out.zip .".to_string(),
        python("zipfile.ZIP_DEFLATED", "'../out.zip'"),
        python("zipfile.ZIP_STORED", "'../out.zip'"),
        python("zipfile.ZIP_DEFLATED", "sys.stdout.buffer") + " | cat > ../out.zip",
    ];
    for script in scripts {
        let _ = fs::remove_file(place.path().join("out.zip"));
        run(&folder, &script);
        let bytes = fs::read(place.path().join("out.zip")).unwrap();
        let members = read(&bytes).unwrap_or_else(|error| panic!("{script}: {error}"));
        let files: Vec<_> = members
            .iter()
            .filter(|(member, _)| member.kind == MemberKind::File)
            .collect();
        for (member, content) in &files {
            assert!(
                &fs::read(folder.join(&member.name)).unwrap() == content,
                "{script}"
            );
        }
        assert_eq!(files.len(), 3, "{script}");
    }
}

/// To a pipe, bsdtar writes whole blocks of 10 KiB, filled with zeros.
#[test]
fn zeros_may_follow_the_end_record() {
    let place = tempfile::tempdir().unwrap();
    run(
        place.path(),
        "mkdir in && seq 1000 >in/seq && ln -s seq in/link && : >in/empty
         bsdtar --format zip -cf - in | cat >out.zip",
    );
    let mut bytes = fs::read(place.path().join("out.zip")).unwrap();
    assert_eq!(bytes.len(), 10_240);
    assert!(bytes.ends_with(&[0; 1000]));
    for step in [1, 1000, usize::MAX] {
        let members = contents(&mut zip(&bytes, step)).unwrap();
        let seq = members.iter().find(|(member, _)| member.name == "in/seq");
        assert_eq!(seq.map(|(_, content)| content.len()), Some(3893));
    }
    bytes[10_239] = 1;
    assert_eq!(
        read(&bytes).unwrap_err().message(),
        "zip: trailing garbage at byte 10239, after the end record"
    );
}

/// What comes through a pipe has its size behind it: `zip` writes ZIP64 fields then, to be sure.
#[test]
fn zip_of_a_pipe_is_understood() {
    let place = tempfile::tempdir().unwrap();
    run(place.path(), "seq 100000 | zip -q - - | cat > out.zip");
    let bytes = fs::read(place.path().join("out.zip")).unwrap();
    let members = read(&bytes).unwrap();
    assert_eq!(members[0].0.name, "-");
    assert_eq!(members[0].0.size, None);
    assert_eq!(members[0].1.len(), 588_895);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn any_members_read_back(
        made in proptest::collection::vec(
            (proptest::bool::ANY, 0usize..3000, 0u8..9, "[a-z/.]{0,20}"),
            0..8,
        ),
        step in 1usize..1000,
    ) {
        let mut members = Vec::new();
        let mut expected = Vec::new();
        for (deflate, len, form, name) in made {
            let content: Vec<u8> = (0..len).map(|i| (i * i / 7) as u8).collect();
            let sums = Sums::After {
                signed: form & 1 != 0,
                wide: form & 2 != 0,
                field: form & 4 != 0,
            };
            members.push(match (deflate, form) {
                (true, 8) => Made::deflated(&name, &content),
                (true, _) => Made::deflated(&name, &content).with(sums),
                (false, 0..4) => Made::stored(&name, &content),
                (false, _) => Made::stored(&name, &content).with(Sums::BeforeWide),
            });
            expected.push((name, content));
        }
        let bytes = archive(&members);
        let members = contents(&mut zip(&bytes, step)).unwrap();
        proptest::prop_assert_eq!(named(members), expected);
    }

    /// A changed byte is an error, or it is in a field that nobody needs, and the members are the
    /// same.
    #[test]
    fn damage_never_changes_content(which in 0usize..100, at in 0usize..4096, with in 1u8..) {
        let all = testkit::zip::valid();
        let good = &all[which % all.len()];
        let mut bytes = good.bytes.clone();
        let at = at % bytes.len();
        bytes[at] ^= with;
        if let Ok(members) = read(&bytes) {
            proptest::prop_assert_eq!(named(members), good.members.clone());
        }
    }
}
