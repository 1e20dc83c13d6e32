use super::{BLOCK, Header, Sparse, archive, file, gnu_long, pax, pax_raw, record};
use crate::Good;

/// Sound tars of every flavour.
pub fn valid() -> Vec<Good> {
    [plain(), names(), sizes(), sparse()].concat()
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

fn plain() -> Vec<Good> {
    let one = file("a", b"alpha");
    let v7 = Header::new("a", b'\0', 5).field(257, [0; 8]).with(b"alpha");
    let directory = Header::new("dir/", b'5', 0).sealed();
    let link = Header::new("link", b'2', 0).field(157, "a").sealed();
    // Hard links repeat the size of what they name.
    let hard = Header::new("hard", b'1', 5).field(157, "a").sealed();
    let mut padded = archive(std::slice::from_ref(&one));
    padded.resize(10240, 0);
    vec![
        good("no members", archive(&[]), &[]),
        good(
            "one member",
            archive(std::slice::from_ref(&one)),
            &[("a", b"alpha")],
        ),
        good("padded to a record", padded, &[("a", b"alpha")]),
        good(
            "one block of zeros at the end",
            [one.clone(), vec![0; BLOCK]].concat(),
            &[("a", b"alpha")],
        ),
        good("v7", archive(&[v7]), &[("a", b"alpha")]),
        good(
            "directories and links",
            archive(&[directory, link, hard, one]),
            &[("dir/", b""), ("link", b""), ("hard", b""), ("a", b"alpha")],
        ),
    ]
}

fn names() -> Vec<Good> {
    let long = "long/".repeat(60) + "name";
    let data = file("short", b"alpha");
    let prefix = Header::new("name", b'0', 5)
        .field(345, "front/part")
        .with(b"alpha");
    vec![
        good(
            "a ustar prefix",
            archive(&[prefix]),
            &[("front/part/name", b"alpha")],
        ),
        good(
            "a GNU long name",
            archive(&[gnu_long(b'L', &long), data.clone()]),
            &[(&long, b"alpha")],
        ),
        good(
            "a PAX path",
            archive(&[pax(&[("path", &long), ("comment", "no")]), data.clone()]),
            &[(&long, b"alpha")],
        ),
        good(
            "a global PAX path, and one that goes before it",
            archive(&[
                pax_raw(b'g', &record("path", "all")),
                data.clone(),
                pax(&[("path", "own")]),
                data.clone(),
            ]),
            &[("all", b"alpha"), ("own", b"alpha")],
        ),
        good(
            "names that nobody should follow",
            archive(&[file("../a", b"1"), file("/a", b"2"), file("/a", b"3")]),
            &[("../a", b"1"), ("/a", b"2"), ("/a", b"3")],
        ),
    ]
}

fn sizes() -> Vec<Good> {
    let binary = Header::new("a", b'0', 0)
        .field(124, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
        .with(b"alpha");
    let blanks = Header::new("a", b'0', 0)
        .field(124, "          5 ")
        .with(b"alpha");
    let other = Header::new("a", b'0', 0).with(b"alpha");
    vec![
        good("a size in base 256", archive(&[binary]), &[("a", b"alpha")]),
        good(
            "a size after blanks",
            archive(&[blanks]),
            &[("a", b"alpha")],
        ),
        good(
            "a PAX size",
            archive(&[pax(&[("size", "5")]), other]),
            &[("a", b"alpha")],
        ),
    ]
}

fn sparse() -> Vec<Good> {
    let few = Sparse::new(5000, &[(512, 1024), (4096, 100)]);
    let many: Vec<(u64, u64)> = (0..60).map(|i| (i * 2048, 512)).collect();
    let many = Sparse::new(60 * 2048, &many);
    let hole = Sparse::new(9000, &[(9000, 0)]);
    let shape = |what, bytes: Vec<u8>, sparse: &Sparse| Good {
        what,
        bytes: archive(&[bytes, file("after", b"!")]),
        members: vec![
            ("disk.img".to_string(), sparse.content()),
            ("after".to_string(), b"!".to_vec()),
        ],
    };
    vec![
        shape("old GNU sparse", few.old_gnu(), &few),
        shape("old GNU sparse, a long map", many.old_gnu(), &many),
        shape("old GNU sparse, all hole", hole.old_gnu(), &hole),
        shape("PAX sparse 0.0", few.pax_0_0(), &few),
        shape("PAX sparse 0.0, all hole", hole.pax_0_0(), &hole),
        shape("PAX sparse 0.1", few.pax_0_1(), &few),
        shape("PAX sparse 1.0", few.pax_1_0(), &few),
        shape("PAX sparse 1.0, a long map", many.pax_1_0(), &many),
        shape("PAX sparse 1.0, all hole", hole.pax_1_0(), &hole),
    ]
}
