//! What appliances are made of: an XVA's disk is what its members say one by one, and a manifest says
//! the same when it is written down again.

use std::fmt::Write;

use extent::{Piece, SliceSource, SparseRead};
use report::{Result, hex};
use unpack::Limits;
use unpack::archive::{Archive, MemberKind};
use unpack::manifest::{Algorithm, Certificate, Checking, Hashed, Manifest, Verdict};
use unpack::tar::Tar;
use unpack::xva::{Disk, reference};

use crate::told::{presentable, safe, told};

/// Bytes of a disk after which nobody reads on.
const ENOUGH: u64 = 4 << 20;

/// Runs an XVA: the first four bytes are the size of its disks, little-endian, the rest is the archive.
pub fn xva(data: &[u8]) -> Result<()> {
    let Some((&size, archive)) = data.split_first_chunk() else {
        return Ok(());
    };
    let size = u64::from(u32::from_le_bytes(size)) % ENOUGH;
    let (whole, cut) = (
        disks(archive, size, usize::MAX),
        disks(archive, size, 1 + archive.len() % 997),
    );
    match (whole, cut) {
        (Err(error), Err(other)) => {
            presentable(&error);
            assert_eq!(error.to_string(), other.to_string(), "how it was cut shows");
            Err(error)
        }
        (Ok(whole), Ok(cut)) => {
            assert!(whole == cut, "how it was cut shows");
            for (number, (name, disk)) in whole.iter().enumerate() {
                // A name that comes again means another disk, which is hard to find again.
                let first = whole.iter().position(|(other, _)| other == name);
                let is_first = first == Some(number);
                assert!(
                    !is_first || *disk == plain(archive, name, disk.len()),
                    "{name}"
                );
            }
            Ok(())
        }
        (whole, cut) => panic!("{:?} in one piece, {:?} in many", whole.err(), cut.err()),
    }
}

/// All disks of an archive, with what their members' names begin with.
fn disks(archive: &[u8], size: u64, step: usize) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = Tar::new(SliceSource::in_steps(archive, step), &Limits::default());
    let mut disks = Vec::new();
    let mut next = archive.next_member()?;
    while let Some(member) = next.take() {
        if reference(&member.name).is_none() {
            next = archive.next_member()?;
            continue;
        }
        let mut disk = Disk::start(&mut archive, member, size)?;
        let content = content(&mut disk)?;
        assert_eq!(content.len() as u64, size, "longer or shorter than said");
        disks.push((disk.reference().to_owned(), content));
        next = disk.next()?;
    }
    Ok(disks)
}

fn content(stream: &mut dyn SparseRead) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let len = match stream.peek()? {
            Piece::End => return Ok(content),
            Piece::Zeros(n) => {
                assert!(n <= ENOUGH, "a hole of {n} bytes");
                content.resize(content.len() + n as usize, 0);
                n
            }
            Piece::Data(data) => {
                content.extend_from_slice(data);
                data.len() as u64
            }
        };
        assert!(len > 0, "an empty piece");
        stream.consume(len);
    }
}

/// The disk called `disk`, which is sound, member by member.
fn plain(archive: &[u8], disk: &str, size: usize) -> Vec<u8> {
    let mut archive = Tar::new(SliceSource::new(archive), &Limits::default());
    let (mut plain, mut unit, mut alive) = (vec![0; size], None, 0);
    while let Some(member) = archive.next_member().expect("read before") {
        let own = member.name.starts_with(&format!("{disk}/"));
        if unit.is_some() && (!own || member.kind == MemberKind::Directory) {
            break;
        }
        let Some((_, number)) = reference(&member.name).filter(|_| own) else {
            continue;
        };
        let mut chunk = content(archive.content()).expect("read before");
        let unit = *unit.get_or_insert(chunk.len());
        if chunk.is_empty() {
            alive += 1;
            continue;
        }
        let at = (number as usize - alive) * unit;
        chunk.truncate(size.saturating_sub(at));
        if let Some(place) = plain.get_mut(at..at + chunk.len()) {
            place.copy_from_slice(&chunk);
        }
    }
    plain
}

/// Runs a manifest, and the same text as a certificate and as a file that has digests.
pub fn manifest(data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data);
    safe(&Certificate::parse("guest.cert", &text).to_string());
    let parsed = Manifest::parse(&text);
    told(&parsed);
    let manifest = parsed?;
    let mut again = String::new();
    for (name, algorithm, digest) in manifest.files() {
        assert_eq!(
            manifest.digest_of(name),
            Some((algorithm, digest.to_vec())),
            "{name:?}"
        );
        let algorithm = algorithm.name().replace('-', "");
        writeln!(again, "{algorithm}({name})= {}", hex(digest)).expect("a string takes all");
    }
    assert_eq!(Manifest::parse(&again), Ok(manifest), "{again}");
    verdicts(data, &text)
}

/// The file is asked for before its manifest and behind it, and is not what the manifest says: that
/// would take luck.
fn verdicts(data: &[u8], text: &str) -> Result<()> {
    let digests = |step| Hashed::new(SliceSource::in_steps(data, step), &Algorithm::ALL).finish();
    let digests = [digests(usize::MAX)?, digests(1 + data.len() % 61)?];
    assert_eq!(digests[0], digests[1], "how it was cut shows");
    let mut empty = Checking::default();
    assert!(empty.manifest("guest.mf", text)?, "it was read before");
    let verdict = empty.verdict();
    assert!(
        matches!(verdict, Ok(Verdict::Foreign(_))),
        "it names files, and none came: {verdict:?}"
    );
    Ok(())
}
