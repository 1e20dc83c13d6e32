//! Seeds of decoders and archives that no program at hand makes.

use testkit::deflate64::{Blocks, compress};
use testkit::lzma::sized;
use testkit::zip::{Member, Sums, archive};

/// The target, the name, the content.
pub(super) fn made() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let text = b"the last words of a disk, and the first ones of another. ".repeat(9);
    let disk = [&text[..], &vec![0; 150_000], &text, &[7; 3000]].concat();
    let short = [&text[..], &[0; 3000], &text].concat();
    let deflate64 = |ways: &[Blocks]| compress(&disk, ways);
    vec![
        ("deflate64", "zeros", deflate64(&[Blocks::Zeros])),
        ("deflate64", "even", deflate64(&[Blocks::Even])),
        ("deflate64", "fixed", deflate64(&[Blocks::Fixed])),
        (
            "deflate64",
            "all-blocks",
            compress(&short, &[Blocks::Fixed, Blocks::Stored, Blocks::Zeros]),
        ),
        ("lzma", "sized", sized(&text)),
        (
            "zip",
            "deflate64",
            zip(Member::deflated64("disk.img", &disk)),
        ),
        (
            "zip",
            "stored-streamed",
            zip(Member::stored("disk.img", &text)),
        ),
    ]
}

/// An archive of `member` and another, their sizes behind them.
fn zip(member: Member) -> Vec<u8> {
    let sums = Sums::After {
        signed: true,
        wide: false,
        field: false,
    };
    archive(&[member.with(sums), Member::stored("a", b"alpha").with(sums)])
}
