use super::{Member, Sums, archive, archive_listing, archive64, end};
use crate::Bad;

const SIGNED: Sums = Sums::After {
    signed: true,
    wide: false,
    field: false,
};

/// Zips with one thing broken each.
pub fn hostile() -> Vec<Bad> {
    [
        ends(),
        members(),
        methods(),
        descriptors(),
        directory(),
        end_records(),
    ]
    .concat()
}

fn a() -> Member {
    Member::stored("a", b"alpha")
}

/// Deflated in a stored block, so that no compressor has a say in its bytes.
fn b() -> Member {
    let content = b"tick tock ".repeat(100);
    let data = [&[1, 0xe8, 0x03, 0x17, 0xfc], &content[..]].concat();
    Member {
        method: 8,
        compressed: data.len() as u64,
        data,
        ..Member::stored("b", &content)
    }
}

fn ends() -> Vec<Bad> {
    let whole = archive(&[a()]);
    let cut = |len: usize| whole[..len].to_vec();
    let mut garbage = whole.clone();
    garbage.push(b'x');
    vec![
        Bad::corrupt(
            "empty",
            vec![],
            "zip: the archive ends at byte 0, inside a header",
        ),
        Bad::corrupt(
            "cut inside a local header",
            cut(20),
            "zip: the archive ends at byte 20, inside a local header",
        ),
        Bad::corrupt(
            "cut inside content",
            cut(33),
            "zip member \"a\": the archive ends at byte 2 of 5",
        ),
        Bad::corrupt(
            "cut before the central directory",
            cut(36),
            "zip: the archive ends at byte 36, inside a header",
        ),
        Bad::corrupt(
            "cut inside the central directory",
            cut(60),
            "zip: the archive ends at byte 60, inside the central directory",
        ),
        Bad::corrupt(
            "cut inside the end record",
            cut(whole.len() - 1),
            "zip: the archive ends at byte 104, inside the end record",
        ),
        Bad::corrupt(
            "trailing garbage",
            garbage,
            "zip: trailing garbage at byte 105, after the end record",
        ),
        Bad::corrupt(
            "no header behind the content",
            [a().local(), b"PK\x03\x05".to_vec()].concat(),
            "zip: no header at byte 36",
        ),
        Bad::unsupported(
            "a part of a split archive",
            [b"PK\x07\x08".to_vec(), whole].concat(),
            "zip: the archive is split into several files",
        ),
    ]
}

fn members() -> Vec<Bad> {
    let one = |member: Member| archive(&[member]);
    let huge = Member {
        size: u64::MAX,
        compressed: u64::MAX,
        ..a()
    };
    let mut full = a();
    full.size = u32::MAX.into();
    vec![
        Bad::corrupt(
            "a wrong CRC, stored",
            one(Member { crc: 1, ..a() }),
            "zip member \"a\": CRC-32 is 0x00000001, the data has 0xd0e0396a",
        ),
        Bad::corrupt(
            "a wrong CRC, deflate",
            one(Member { crc: 1, ..b() }),
            "zip member \"b\": CRC-32 is 0x00000001, the data has 0x0af95046",
        ),
        Bad::corrupt(
            "a size that is too small",
            one(Member { size: 999, ..b() }),
            "zip member \"b\" decompresses to more than the 999 bytes its header states",
        ),
        Bad::corrupt(
            "a size that is too large",
            one(Member { size: 1001, ..b() }),
            "zip member \"b\": the size is 1000, its header says 1001",
        ),
        Bad::corrupt(
            "a compressed size that is too large",
            one(Member {
                compressed: 1000,
                ..b()
            }),
            "zip member \"b\": the compressed size is 1005, its header says 1000",
        ),
        Bad::corrupt(
            "two sizes for a stored member",
            one(Member { size: 6, ..a() }),
            "zip member \"a\" is stored, 5 bytes, and has 6 bytes",
        ),
        Bad::refused(
            "a stored member of 16 EiB",
            one(huge.with(Sums::BeforeWide)),
            "zip: the members decompress to more than 70368744177664 bytes",
        ),
        Bad::corrupt(
            "a ZIP64 size without its field",
            one(full),
            "zip: the header at byte 0 says that its sizes are in a ZIP64 field and has none",
        ),
    ]
}

fn methods() -> Vec<Bad> {
    let method = |method| archive(&[Member { method, ..a() }]);
    let flags = |flags| archive(&[Member { flags, ..a() }]);
    vec![
        Bad::unsupported(
            "PPMd",
            method(98),
            "zip member \"a\" is compressed with PPMd",
        ),
        Bad::unsupported(
            "Implode",
            method(6),
            "zip member \"a\" is compressed with Implode",
        ),
        Bad::unsupported("AES", method(99), "zip member \"a\" is encrypted"),
        Bad::unsupported(
            "a method nobody knows",
            method(77),
            "zip member \"a\" is compressed with method 77",
        ),
        Bad::unsupported("encryption", flags(1), "zip member \"a\" is encrypted"),
        Bad::unsupported("a patch", flags(0x20), "zip member \"a\" is a patch"),
    ]
}

fn descriptors() -> Vec<Bad> {
    let one = |member: Member| archive(&[member.with(SIGNED)]);
    let cut = {
        let local = b().with(SIGNED).local();
        local[..local.len() - 2].to_vec()
    };
    vec![
        Bad::corrupt(
            "a data descriptor with a wrong CRC",
            one(Member { crc: 1, ..b() }),
            "zip member \"b\": CRC-32 is 0x00000001, the data has 0x0af95046",
        ),
        Bad::corrupt(
            "a data descriptor with a wrong size",
            one(Member { size: 1, ..b() }),
            "zip member \"b\": the size is 1000, its data descriptor says 1",
        ),
        Bad::corrupt(
            "a data descriptor with a wrong compressed size",
            one(Member {
                compressed: 1,
                ..b()
            }),
            "zip member \"b\": the compressed size is 1005, its data descriptor says 1",
        ),
        Bad::corrupt(
            "a stored member whose descriptor has a wrong CRC",
            archive(&[Member { crc: 1, ..a() }.with(SIGNED)]),
            "zip member \"a\": its size is unknown before its end, and no data descriptor that fits comes before the archive's end",
        ),
        Bad::corrupt(
            "a stored member whose descriptor has a wrong size",
            archive(&[Member {
                size: 6,
                compressed: 6,
                ..a()
            }
            .with(SIGNED)]),
            "zip member \"a\": its size is unknown before its end, and no data descriptor that fits comes before the archive's end",
        ),
        Bad::corrupt(
            "a data descriptor that is cut",
            cut,
            "zip: the archive ends at byte 1036, inside a data descriptor",
        ),
    ]
}

fn directory() -> Vec<Bad> {
    let two = [a(), b()];
    let listed = |entry: Member| archive_listing(&two, &[entry, b()], "");
    let mut twice: Vec<u8> = two.iter().flat_map(Member::local).collect();
    let offset = twice.len() as u32;
    twice.extend([a().central(0), a().central(0)].concat());
    twice.extend(end(2, twice.len() as u32 - offset, offset, ""));
    let elsewhere = [a().local(), a().central(7), end(1, 47, 36, "")].concat();
    let mut split = archive(&[a()]);
    split[36 + 34] = 1;
    vec![
        Bad::corrupt(
            "a member that is not listed",
            archive_listing(&two, &two[..1], ""),
            "zip: the central directory does not list the member at byte 36",
        ),
        Bad::corrupt(
            "a member that is listed twice",
            twice,
            "zip central directory entry 2 (\"a\"): lists the member at byte 0 again",
        ),
        Bad::corrupt(
            "a listed member that is not there",
            elsewhere,
            "zip central directory entry 1 (\"a\"): no member is at byte 7",
        ),
        Bad::corrupt(
            "another name",
            listed(Member {
                name: "c".to_string(),
                ..a()
            }),
            "zip central directory entry 1 (\"c\"): the member at byte 0 has another name",
        ),
        Bad::corrupt(
            "another size",
            listed(Member { size: 6, ..a() }),
            "zip central directory entry 1 (\"a\"): the size is 6, the member has 5",
        ),
        Bad::corrupt(
            "another compressed size",
            listed(Member {
                compressed: 6,
                ..a()
            }),
            "zip central directory entry 1 (\"a\"): the compressed size is 6, the member has 5",
        ),
        Bad::corrupt(
            "another method",
            listed(Member { method: 8, ..a() }),
            "zip central directory entry 1 (\"a\"): the method is 8, the member has 0",
        ),
        Bad::corrupt(
            "another CRC",
            listed(Member { crc: 1, ..a() }),
            "zip central directory entry 1 (\"a\"): CRC-32 is 0x00000001, the data has 0xd0e0396a",
        ),
        Bad::unsupported(
            "a member in another file",
            split,
            "zip: the archive is split into several files",
        ),
    ]
}

fn end_records() -> Vec<Bad> {
    let with = |entries, size, offset| {
        let mut bytes = archive(&[a()]);
        bytes.truncate(bytes.len() - 22);
        bytes.extend(end(entries, size, offset, ""));
        bytes
    };
    let wide = |at: usize, byte: u8| {
        let mut bytes = archive64(&[a()]);
        bytes[36 + 47 + at] = byte;
        bytes
    };
    let mut comment = archive(&[a()]);
    let last = comment.len() - 2;
    comment[last] = 3;
    vec![
        Bad::corrupt(
            "another number of entries",
            with(2, 47, 36),
            "zip: the number of entries is 1, the end record says 2",
        ),
        Bad::corrupt(
            "another size of the directory",
            with(1, 48, 36),
            "zip: the central directory's size is 47, the end record says 48",
        ),
        Bad::corrupt(
            "another offset of the directory",
            with(1, 47, 35),
            "zip: the central directory's offset is 36, the end record says 35",
        ),
        Bad::corrupt(
            "a comment that is cut",
            comment,
            "zip: the archive ends at byte 105, inside the archive's comment",
        ),
        Bad::corrupt(
            "a ZIP64 end record that is too short",
            wide(4, 43),
            "zip: the ZIP64 end record has 43 bytes, it needs 44",
        ),
        Bad::corrupt(
            "another number of entries in the ZIP64 end record",
            wide(24, 2),
            "zip: the number of entries is 1, the ZIP64 end record says 2",
        ),
        Bad::corrupt(
            "a locator that points elsewhere",
            wide(56 + 8, 84),
            "zip: the ZIP64 end record is at byte 83, its locator says 84",
        ),
        Bad::corrupt("no locator", wide(56 + 3, 8), "zip: no header at byte 139"),
    ]
}
