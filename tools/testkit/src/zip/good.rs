use super::{Member, Sums, archive, archive_listing, archive64};
use crate::Good;

/// Sound zips of every flavour.
pub fn valid() -> Vec<Good> {
    let text = b"tick tock ".repeat(100);
    let both = [Member::stored("a", b"alpha"), Member::deflated("b", &text)];
    let mut all = vec![
        good("no members", archive(&[]), &[]),
        good(
            "stored and deflate",
            archive(&both),
            &[("a", b"alpha"), ("b", &text)],
        ),
        good(
            "a comment",
            archive_listing(&both, &both, "PK\x05\x06 is no end"),
            &[("a", b"alpha"), ("b", &text)],
        ),
        good(
            "ZIP64 end records",
            archive64(&both),
            &[("a", b"alpha"), ("b", &text)],
        ),
        good("ZIP64 end records only", archive64(&[]), &[]),
        good(
            "empty ones",
            archive(&[
                Member::stored("dir/", b""),
                Member::stored("a", b""),
                Member::deflated("b", b""),
            ]),
            &[("dir/", b""), ("a", b""), ("b", b"")],
        ),
        good(
            "names that nobody should follow",
            archive(&[
                Member::stored("../a", b"1"),
                Member::stored("/a", b"2"),
                Member::stored("/a", b"3"),
            ]),
            &[("../a", b"1"), ("/a", b"2"), ("/a", b"3")],
        ),
        good(
            "almost split",
            [b"PK00".to_vec(), shifted(&both[..1])].concat(),
            &[("a", b"alpha")],
        ),
    ];
    let wide = both.clone().map(|member| Member {
        central_wide: true,
        ..member.with(Sums::BeforeWide)
    });
    all.push(good(
        "ZIP64 fields",
        archive64(&wide),
        &[("a", b"alpha"), ("b", &text)],
    ));
    all.extend(descriptors(&text));
    all.extend(streamed_stored(&text));
    all.extend(deflate64(&text));
    all
}

fn good(what: &'static str, bytes: Vec<u8>, members: &[(&str, &[u8])]) -> Good {
    let members = members
        .iter()
        .map(|(name, content)| (name.to_string(), content.to_vec()))
        .collect();
    Good {
        what,
        bytes,
        members,
    }
}

/// Every form of data descriptor, behind deflate and behind an empty stored member.
fn descriptors(text: &[u8]) -> Vec<Good> {
    let mut all = Vec::new();
    for sums in forms() {
        let members = [
            Member::deflated("a", text).with(sums),
            Member::deflated("b", b"").with(sums),
            Member::stored("c", b"").with(sums),
            Member::deflated("d", b"delta").with(sums),
        ];
        all.push(good(
            "data descriptors",
            archive(&members),
            &[("a", text), ("b", b""), ("c", b""), ("d", b"delta")],
        ));
    }
    all
}

/// Every form of data descriptor.
fn forms() -> impl Iterator<Item = Sums> {
    (0..8).map(|bits| Sums::After {
        signed: bits & 1 != 0,
        wide: bits & 2 != 0,
        field: bits & 4 != 0,
    })
}

/// Stored members whose sizes come behind them.
fn streamed_stored(text: &[u8]) -> Vec<Good> {
    let mut all = Vec::new();
    for sums in forms() {
        let stored = |name, content: &[u8]| Member::stored(name, content).with(sums);
        let inner = archive(&[stored("a", b"alpha"), stored("b", b"")]);
        // What looks like a descriptor, for other bytes or with another checksum.
        let with = |crc| {
            let mut content = text[..100].to_vec();
            let fake = Member {
                crc,
                compressed: content.len() as u64,
                size: content.len() as u64,
                ..stored("", b"")
            };
            content.extend(fake.descriptor());
            content.extend(Member::stored("x", b"").local());
            content
        };
        let wrong = with(!crc32fast::hash(&text[..100]));
        let signatures = b"PK\x03\x04PK\x07\x08PK\x01\x02PKPK\x05\x06PK".repeat(9);
        let members = [
            ("empty", &b""[..]),
            ("a", b"alpha"),
            ("inner.zip", &inner),
            ("wrong", &wrong),
            ("signatures", &signatures),
            ("zeros", &[0; 300]),
            ("P", b"PK"),
        ];
        let made = members.map(|(name, content)| stored(name, content));
        all.push(good("stored, sizes behind", archive64(&made), &members));
    }
    all
}

/// Deflate64, the sizes in all the places where they can be.
fn deflate64(text: &[u8]) -> Vec<Good> {
    let zeros = vec![0; 200_000];
    let members = [("a", text), ("zeros", &zeros[..]), ("b", b"")];
    let sums = [Sums::Before, Sums::BeforeWide].into_iter().chain(forms());
    let with = |sums| {
        let made = members.map(|(name, content)| Member {
            central_wide: sums == Sums::BeforeWide,
            ..Member::deflated64(name, content).with(sums)
        });
        good("Deflate64", archive(&made), &members)
    };
    sums.map(with).collect()
}

/// An archive that four bytes stand before.
fn shifted(members: &[Member]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members.iter().flat_map(Member::local).collect();
    let offset = bytes.len() as u32 + 4;
    let mut at = 4;
    for member in members {
        bytes.extend(member.central(at));
        at += member.local().len() as u64;
    }
    let size = bytes.len() as u32 + 4 - offset;
    bytes.extend(super::end(members.len() as u16, size, offset, ""));
    bytes
}
