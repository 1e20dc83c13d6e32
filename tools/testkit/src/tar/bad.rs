use super::{BLOCK, Header, Sparse, archive, file, gnu_long, pax, pax_raw, record};
use crate::Bad;

/// Tars with one thing broken each.
pub fn hostile() -> Vec<Bad> {
    [
        ends(),
        headers(),
        types(),
        pax_records(),
        maps(),
        pax_maps(),
    ]
    .concat()
}

fn ends() -> Vec<Bad> {
    let one = file("a", b"alpha");
    let whole = archive(std::slice::from_ref(&one));
    let cut = |len: usize| whole[..len].to_vec();
    let mut garbage = whole.clone();
    garbage.extend(b"x");
    vec![
        Bad::corrupt(
            "empty",
            vec![],
            "tar: the archive ends at byte 0 without an end mark",
        ),
        Bad::corrupt(
            "cut inside a header",
            cut(100),
            "tar: the archive ends at byte 100, inside a block of 512 bytes",
        ),
        Bad::corrupt(
            "cut inside content",
            cut(BLOCK + 3),
            "tar member \"a\": the archive ends at byte 3 of 5",
        ),
        Bad::corrupt(
            "cut inside padding",
            cut(BLOCK + 5),
            "tar member \"a\": the archive ends at byte 5 of 5",
        ),
        Bad::corrupt(
            "no end mark",
            cut(2 * BLOCK),
            "tar: the archive ends at byte 1024 without an end mark",
        ),
        Bad::corrupt(
            "trailing garbage",
            garbage,
            "tar: trailing garbage at byte 2048, after the end mark",
        ),
        Bad::corrupt(
            "two archives",
            [whole.clone(), whole].concat(),
            "tar: another archive begins at byte 2048, after the end mark",
        ),
        Bad::corrupt(
            "a name for nobody",
            archive(&[one, gnu_long(b'L', "nobody")]),
            "tar header at byte 1024: it announces a member, the archive ends",
        ),
    ]
}

fn headers() -> Vec<Bad> {
    let sized = |size: &[u8]| archive(&[Header::new("a", b'0', 0).field(124, size).with(b"")]);
    let mut flipped = file("a", b"alpha");
    flipped[0] ^= 1;
    let mut high = [0; 12];
    high[0] = 0x80;
    high[4] = 0x80;
    let mut wide = [0xff; 12];
    wide[0] = 0x80;
    vec![
        Bad::corrupt(
            "a flipped bit",
            archive(&[flipped]),
            "tar header at byte 0: the checksum is 3139, the block sums up to 3138",
        ),
        Bad::corrupt(
            "no checksum",
            vec![b'x'; BLOCK],
            "tar header at byte 0: the checksum is not a number",
        ),
        Bad::corrupt(
            "a size that is no number",
            sized(b"12a"),
            "tar header at byte 0: the size is not a number",
        ),
        Bad::corrupt(
            "a size below 0",
            sized(&[0xff; 12]),
            "tar header at byte 0: the size is negative",
        ),
        Bad::corrupt(
            "a size of 2^63",
            sized(&high),
            "tar header at byte 0: the size overflows",
        ),
        Bad::corrupt(
            "a size of 2^88",
            sized(&wide),
            "tar header at byte 0: the size overflows",
        ),
        Bad::refused(
            "a size of 8 EiB",
            archive(&[pax(&[("size", "9223372036854775807")]), file("a", b"")]),
            "tar member \"a\" decompresses to 9223372036854775807 bytes, more than 70368744177664",
        ),
        Bad::corrupt(
            "a size beyond the end",
            archive(&[Header::new("a", b'0', 1 << 30).with(b"")]),
            "tar member \"a\": the archive ends at byte 1024 of 1073741824",
        ),
    ]
}

fn types() -> Vec<Bad> {
    let sparse = Sparse::new(2048, &[(512, 512)]);
    let mut directory = pax(&[("GNU.sparse.map", "0,512"), ("GNU.sparse.size", "512")]);
    directory.extend(Header::new("d", b'5', 0).sealed());
    let mut both = pax(&[("GNU.sparse.map", "0,512"), ("GNU.sparse.size", "512")]);
    both.extend(sparse.old_gnu());
    vec![
        Bad::unsupported(
            "another volume",
            archive(&[Header::new("a", b'M', 5).with(b"alpha")]),
            "tar header at byte 0: \"a\" continues a file from another volume",
        ),
        Bad::unsupported(
            "a directory with content",
            archive(&[Header::new("d", b'5', 5).with(b"alpha")]),
            "tar header at byte 0: \"d\" is not a file and has a size of 5 bytes, which tar programs read differently",
        ),
        Bad::corrupt(
            "a sparse directory",
            archive(&[directory]),
            "tar header at byte 1024: a sparse map for something that is not a file",
        ),
        Bad::corrupt(
            "two maps",
            archive(&[both]),
            "tar header at byte 1024: two sparse maps for one member",
        ),
        Bad::corrupt(
            "a long name beyond the end",
            archive(&[Header::new("L", b'L', 1 << 20).with(b"")]),
            "tar header at byte 0: the archive ends inside the data of this header",
        ),
        Bad::unsupported(
            "an oversized long name",
            archive(&[Header::new("L", b'L', (1 << 20) + 1).with(b"")]),
            "tar header at byte 0: a text of 1048577 bytes is longer than 1048576 bytes",
        ),
    ]
}

fn pax_records() -> Vec<Bad> {
    let with = |text: &str| archive(&[pax_raw(b'x', text), file("a", b"")]);
    let one = |keyword, value| with(&record(keyword, value));
    vec![
        Bad::corrupt(
            "a PAX record without a length",
            with("path=a\n"),
            "tar header at byte 0: a PAX record's length is not a number",
        ),
        Bad::corrupt(
            "a PAX record of length 0",
            with("0 path=a\n"),
            "tar header at byte 0: a PAX record of 0 bytes is malformed",
        ),
        Bad::corrupt(
            "a PAX record that is too long",
            with("99 path=a\n"),
            "tar header at byte 0: a PAX record of 99 bytes does not fit in the 10 bytes left",
        ),
        Bad::corrupt(
            "a PAX record whose length overflows",
            with("18446744073709551616 path=a\n"),
            "tar header at byte 0: a PAX record's length overflows",
        ),
        Bad::corrupt(
            "a PAX record that is too short",
            with("8 path=a\n"),
            "tar header at byte 0: the PAX record \"path\" does not end with its line",
        ),
        Bad::corrupt(
            "a PAX record without =",
            with("7 path\n"),
            "tar header at byte 0: a PAX record has no =",
        ),
        Bad::corrupt(
            "a PAX name with a NUL",
            one("path", "a\0b"),
            "tar header at byte 0: the PAX value of path has a NUL in it",
        ),
        Bad::corrupt(
            "a PAX size that is no number",
            one("size", "5x"),
            "tar header at byte 0: the PAX value of size is not a number",
        ),
        Bad::corrupt(
            "a PAX size that overflows",
            one("size", "9223372036854775808"),
            "tar header at byte 0: the PAX value of size overflows",
        ),
        Bad::unsupported(
            "an oversized PAX name",
            one("path", &"a".repeat((1 << 20) + 1)),
            "tar header at byte 0: a text of 1048577 bytes is longer than 1048576 bytes",
        ),
        Bad::unsupported(
            "an oversized PAX keyword",
            one(&"k".repeat(4097), ""),
            "tar header at byte 0: a PAX keyword is longer than 4096 bytes",
        ),
        Bad::unsupported(
            "a sparse map for everybody",
            archive(&[pax_raw(b'g', &record("GNU.sparse.major", "1"))]),
            "tar header at byte 0: a sparse map for all members",
        ),
    ]
}

fn maps() -> Vec<Bad> {
    let of = |size, map: &[(u64, u64)]| archive(&[Sparse::new(size, map).old_gnu()]);
    let mut short = Sparse::new(4096, &[(512, 1024)]);
    short.data.truncate(512);
    let mut huge = Sparse::new(4096, &[]);
    huge.map = vec![(0o77777777777, 0), (0, 512)];
    let cut = |sparse: &Sparse, len: usize| sparse.old_gnu()[..len].to_vec();
    let long: Vec<(u64, u64)> = (0..9).map(|i| (i * 1024, 512)).collect();
    let long = Sparse::new(9216, &long);
    let mut no_number = Header::new("a", b'S', 0).field(386, "000000000zz\x0000000000000\0");
    no_number = no_number.field(483, "00000000000\0");
    let mut goes_on = long.old_gnu();
    goes_on[386 + 3 * 24 + 12] = 0;
    let block: [u8; BLOCK] = std::array::from_fn(|i| goes_on[i]);
    goes_on.splice(..BLOCK, Header(block).sealed());
    vec![
        Bad::corrupt(
            "extents that overlap",
            of(4096, &[(0, 1024), (512, 512)]),
            "tar header at byte 0: sparse map entry 2 begins at byte 512, the one before it ends at byte 1024",
        ),
        Bad::corrupt(
            "extents that go backwards",
            of(4096, &[(2048, 512), (0, 512)]),
            "tar header at byte 0: sparse map entry 2 begins at byte 0, the one before it ends at byte 2560",
        ),
        Bad::corrupt(
            "an extent before an empty one",
            archive(&[huge.old_gnu()]),
            "tar header at byte 0: sparse map entry 2 begins at byte 0, the one before it ends at byte 8589934591",
        ),
        Bad::corrupt(
            "an extent beyond the file",
            of(4096, &[(4096, 512)]),
            "tar header at byte 0: the sparse map ends at byte 4608, the file has 4096 bytes",
        ),
        Bad::corrupt(
            "less stored than mapped",
            archive(&[short.old_gnu()]),
            "tar header at byte 0: the sparse map has 1024 bytes of data, 512 are stored",
        ),
        Bad::unsupported(
            "an odd extent in the middle",
            of(4096, &[(0, 100), (512, 512)]),
            "tar header at byte 0: sparse map entry 1 does not end at a block of 512 bytes",
        ),
        Bad::corrupt(
            "a map that is cut",
            cut(&long, BLOCK + 100),
            "tar header at byte 0: the archive ends inside the sparse map",
        ),
        Bad::corrupt(
            "a map that goes on after its end",
            archive(&[goes_on]),
            "tar header at byte 0: the sparse map goes on after its end",
        ),
        Bad::corrupt(
            "a map entry that is no number",
            archive(&[no_number.sealed()]),
            "tar header at byte 0: a sparse map entry is not a number",
        ),
    ]
}

fn pax_maps() -> Vec<Bad> {
    let sparse = Sparse::new(4096, &[(0, 512), (1024, 512)]);
    let leading = |map: &str| archive(&[sparse.pax_1_0_with(map)]);
    let listed = |records: &[(&str, &str)]| archive(&[pax(records), file("a", &[7; 512])]);
    let size = ("GNU.sparse.size", "4096");
    vec![
        Bad::corrupt(
            "a 1.0 map that overflows",
            leading("1\n9223372036854775807\n9223372036854775807\n"),
            // The sum fits in 64 bits, not in the file.
            "tar header at byte 1024: the sparse map ends at byte 18446744073709551614, the file has 4096 bytes",
        ),
        Bad::corrupt(
            "a 1.0 map that is no number",
            leading("2\n0\nxyz\n"),
            "tar header at byte 1024: a sparse map line is not a number",
        ),
        Bad::corrupt(
            "a 1.0 map that runs past the data",
            leading(&format!("999\n{}", "0\n0\n".repeat(700))),
            "tar header at byte 1024: a sparse map line is not a number",
        ),
        Bad::corrupt(
            "a 1.0 map of other data",
            leading("1\n0\n512\n"),
            "tar header at byte 1024: the sparse map has 512 bytes of data, 1024 are stored",
        ),
        Bad::corrupt(
            "a 0.1 map of odd length",
            listed(&[size, ("GNU.sparse.map", "0,512,1024")]),
            "tar header at byte 0: GNU.sparse.map is not a list of offsets and lengths",
        ),
        Bad::corrupt(
            "a 0.1 map with a comma at its end",
            listed(&[size, ("GNU.sparse.map", "0,512,")]),
            "tar header at byte 0: GNU.sparse.map is not a list of offsets and lengths",
        ),
        Bad::corrupt(
            "a 0.1 map with another number of entries",
            listed(&[
                size,
                ("GNU.sparse.numblocks", "2"),
                ("GNU.sparse.map", "0,512"),
            ]),
            "tar header at byte 1024: the sparse map has 1 entries, GNU.sparse.numblocks says 2",
        ),
        Bad::corrupt(
            "a 0.0 map without a length",
            listed(&[size, ("GNU.sparse.offset", "0")]),
            "tar header at byte 1024: a sparse map entry has no length",
        ),
        Bad::corrupt(
            "a 0.0 map with two offsets",
            listed(&[size, ("GNU.sparse.offset", "0"), ("GNU.sparse.offset", "0")]),
            "tar header at byte 0: a sparse map entry has no length",
        ),
        Bad::corrupt(
            "a 0.0 map without an offset",
            listed(&[size, ("GNU.sparse.numbytes", "0")]),
            "tar header at byte 0: a sparse map entry has no offset",
        ),
        Bad::corrupt(
            "no real size",
            listed(&[("GNU.sparse.map", "0,512")]),
            "tar header at byte 1024: the sparse file's real size is missing",
        ),
        Bad::unsupported(
            "another version",
            listed(&[size, ("GNU.sparse.major", "2")]),
            "tar header at byte 1024: a sparse file of version 2.0",
        ),
    ]
}
