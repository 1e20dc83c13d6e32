//! XVAs with one thing broken.

use super::{Sum, chunk, ova_xml};
use crate::{Bad, tar};

/// What `ova.xml` says of the disk in each of [`hostile`], in bytes. Its chunks have 1000.
pub const SIZE: u64 = 4500;

/// XVAs whose disk has one thing broken each.
pub fn hostile() -> Vec<Bad> {
    [order(), sizes(), checksums(), kinds()].concat()
}

/// An export of one disk of [`SIZE`] bytes with these members.
fn export(members: &[Vec<u8>]) -> Vec<u8> {
    let xml = ova_xml("web01", &[("Ref:5", SIZE)]);
    let xml = tar::file("ova.xml", xml.as_bytes());
    tar::archive(&[&[xml], members].concat())
}

/// Chunk `number` with `len` bytes of 7.
fn sized(number: u64, len: usize) -> Vec<u8> {
    chunk(&format!("Ref:5/{number:08}"), &vec![7; len], Sum::Sha1)
}

fn whole(number: u64) -> Vec<u8> {
    sized(number, 1000)
}

fn order() -> Vec<Bad> {
    vec![
        Bad::corrupt(
            "no first chunk",
            export(&[whole(1), whole(2)]),
            "Ref:5/00000001 comes first, chunk 0 is missing",
        ),
        Bad::corrupt(
            "a chunk twice",
            export(&[whole(0), whole(2), whole(2)]),
            "Ref:5/00000002 comes twice",
        ),
        Bad::corrupt(
            "chunks out of order",
            export(&[whole(0), whole(3), whole(2)]),
            "Ref:5/00000002 comes after Ref:5/00000003",
        ),
        Bad::corrupt(
            "a chunk behind the end",
            export(&[whole(0), whole(5)]),
            "Ref:5/00000005 is at byte 5000 of the disk, which has 4500 bytes",
        ),
        Bad::corrupt(
            "a number that overflows",
            export(&[
                whole(0),
                chunk("Ref:5/18446744073709551615", b"7", Sum::Sha1),
            ]),
            "Ref:5/18446744073709551615 is at byte 18446744073709551615000 of the disk, \
             which has 4500 bytes",
        ),
        Bad::corrupt(
            "a number that is none",
            export(&[whole(0), tar::file("Ref:5/1e3", b"")]),
            "\"Ref:5/1e3\" follows Ref:5/00000000, it is neither a chunk nor its checksum",
        ),
    ]
}

fn sizes() -> Vec<Bad> {
    // The chunk's two blocks, its checksum with a header, the end mark.
    let at = export(&[whole(0)]).len() - 4 * tar::BLOCK - 1000;
    vec![
        Bad::corrupt(
            "a first chunk without bytes",
            export(&[sized(0, 0)]),
            "Ref:5/00000000 has no bytes, the disk has 4500",
        ),
        Bad::corrupt(
            "a short chunk in the middle",
            export(&[whole(0), sized(1, 999), whole(2)]),
            "Ref:5/00000001 has 999 bytes, the first chunk has 1000",
        ),
        Bad::corrupt(
            "a long chunk",
            export(&[whole(0), sized(1, 1001)]),
            "Ref:5/00000001 has 1001 bytes, the first chunk has 1000",
        ),
        Bad::corrupt(
            "a last chunk that is too short",
            export(&[whole(0), sized(4, 499)]),
            "Ref:5/00000004 has 499 bytes, the first chunk has 1000",
        ),
        Bad::corrupt(
            "data behind the end",
            export(&[whole(0), whole(4)]),
            "Ref:5/00000004 has data behind the end of the disk, which has 4500 bytes",
        ),
        Bad::unsupported(
            "a chunk that is enormous",
            export(&[tar::Header::new("Ref:5/00000000", b'0', (64 << 20) + 1).sealed()]),
            "Ref:5/00000000 has 67108865 bytes, chunks of more than 67108864 are not read here",
        ),
        Bad::corrupt(
            "a chunk that is cut",
            export(&[whole(0)])[..at].to_vec(),
            "tar member \"Ref:5/00000000\": the archive ends at byte 24 of 1000",
        ),
    ]
}

fn checksums() -> Vec<Bad> {
    let sevens = [7; 1000];
    let bare = |number: u64| chunk(&format!("Ref:5/{number:08}"), &sevens, Sum::None);
    let claim = |name: &str, text: &str| tar::file(name, text.as_bytes());
    let sha1 = "Ref:5/00000000.checksum";
    let xxh64 = "Ref:5/00000000.xxhash";
    vec![
        Bad::corrupt(
            "a wrong SHA-1",
            export(&[bare(0), claim(sha1, &"0".repeat(40)), whole(1)]),
            "Ref:5/00000000 has the SHA-1 c6c414d758c46de0abbe573cbacf77897fd8491e, \
             its checksum says 0000000000000000000000000000000000000000",
        ),
        Bad::corrupt(
            "a wrong XXH64",
            export(&[bare(0), claim(xxh64, "ABCDEF0123456789")]),
            "Ref:5/00000000 has the XXH64 9811439635e8b9e9, its checksum says abcdef0123456789",
        ),
        Bad::corrupt(
            "a checksum that is too short",
            export(&[bare(0), claim(sha1, "abc")]),
            "the checksum of Ref:5/00000000 is not a valid SHA-1: \"abc\"",
        ),
        Bad::corrupt(
            "a checksum that is too long",
            export(&[bare(0), claim(xxh64, &"0".repeat(129))]),
            "the checksum of Ref:5/00000000 is not a valid XXH64: \
             \"00000000000000000000000000000000000000000000000000000000000000000000000000000000\"…",
        ),
        Bad::corrupt(
            "a checksum of no digits",
            export(&[bare(0), claim(xxh64, "0123456789abcdeg")]),
            "the checksum of Ref:5/00000000 is not a valid XXH64: \"0123456789abcdeg\"",
        ),
        Bad::corrupt(
            "a missing checksum",
            export(&[whole(0), bare(1), whole(2)]),
            "Ref:5/00000001 has no checksum, those before have",
        ),
        Bad::corrupt(
            "a checksum for the last one only",
            export(&[bare(0), whole(1)]),
            "Ref:5/00000001 has a checksum, those before have none",
        ),
        Bad::corrupt(
            "two checksums",
            export(&[whole(0), claim(xxh64, "0123456789abcdef")]),
            "\"Ref:5/00000000.xxhash\" follows Ref:5/00000000, \
             it is neither a chunk nor its checksum",
        ),
        Bad::corrupt(
            "another chunk's checksum",
            export(&[bare(0), claim("Ref:5/00000001.checksum", "00")]),
            "\"Ref:5/00000001.checksum\" follows Ref:5/00000000, \
             it is neither a chunk nor its checksum",
        ),
        Bad::corrupt(
            "checksums of two kinds",
            export(&[whole(0), chunk("Ref:5/00000001", &sevens, Sum::Xxh64)]),
            "Ref:5/00000001 has an XXH64 checksum, those before have SHA-1",
        ),
    ]
}

fn kinds() -> Vec<Bad> {
    let link = tar::Header::new("Ref:5/00000001", b'2', 0).field(157, "/etc/passwd");
    vec![Bad::corrupt(
        "a link for a chunk",
        export(&[whole(0), link.with(b"")]),
        "Ref:5/00000001 is not a file",
    )]
}
