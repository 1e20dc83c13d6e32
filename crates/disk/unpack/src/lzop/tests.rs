use error::{Kind, Result};
use proptest::prelude::*;
use sparse::SliceSource;

use super::Lzop;
use crate::Limits;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, run, truncations_show, unfold,
    unfolds_to,
};

fn open(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Lzop::new(source, limits)?)
}

fn pack(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    run("lzop", &[&["-q", "-c"], arguments].concat(), content)
}

#[test]
fn reads_what_the_tool_makes() {
    let disk = disk();
    for arguments in [
        "-1",
        "-3",
        "-9",
        "-1 --crc32",
        "-F",
        "-3 -C",
        "--crc32 -C",
        "-f -P",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let file = pack(&arguments, &disk);
        unfolds_to(open, &file, &disk, &format!("lzop {arguments:?}"));
    }
    unfolds_to(open, &pack(&[], b""), b"", "nothing");
}

#[test]
fn files_follow_one_another() {
    let file = [
        pack(&["-1"], b"abc"),
        pack(&["-9"], &disk()),
        pack(&["-F"], b"def"),
    ]
    .concat();
    unfolds_to(
        open,
        &file,
        &[b"abc", &disk()[..], b"def"].concat(),
        "files",
    );
    let layer = crate::layer::sniff(&file);
    assert_eq!(layer.map(crate::layer::Layer::name), Some("lzop"));
}

#[test]
fn whole_blocks_of_zeros_are_holes() {
    let file = pack(&[], &vec![0; 8 << 20]);
    let mut stream = Lzop::new(SliceSource::new(&file), &Limits::default()).unwrap();
    let first = sparse::SparseRead::peek(&mut stream).unwrap();
    assert_eq!(first, sparse::Piece::Zeros(256 << 10));
    assert_eq!(sparse::drain(&mut stream).unwrap(), 8 << 20);
}

#[test]
fn damage_shows() {
    let content: Vec<u8> = disk()[299_990..300_100].to_vec();
    let file = pack(&["--crc32", "-C"], &content);
    truncations_show(open, &file);
    flips_show(open, &file, &content);
}

#[test]
fn mangled_files() {
    mangled_files_are_refused(open, &pack(&["-1"], &disk()[200_000..700_000]));
}

/// A file with one block and the checksum of the header right again.
fn with(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut file = pack(&["-1"], &[b"some text ".repeat(90), vec![7; 90]].concat());
    change(&mut file);
    // Up to the name, which a pipe does not have.
    let sum = libdeflater::adler32(&file[9..34]).to_be_bytes();
    file[34..38].copy_from_slice(&sum);
    file
}

#[test]
fn each_error_says_what_is_wrong() {
    let put =
        |at: usize, bytes: &[u8]| with(|file| file[at..at + bytes.len()].copy_from_slice(bytes));
    assert_eq!(
        open(SliceSource::new(&put(0, b"\x89")), &Limits::default())
            .unwrap()
            .len(),
        990
    );
    for (file, message) in [
        (
            put(8, b"\r"),
            "lzop file 1: cannot begin with what is at byte 0",
        ),
        (
            put(13, b"\x20"),
            "lzop file 1 has version 0x2040, which is not read here",
        ),
        (
            put(15, b"\x80"),
            "lzop file 1 has method 128, which is not read here",
        ),
        (
            put(19, b"\x04"),
            "lzop file 1 has further parts, which is not read here",
        ),
        (
            put(38, &[0xff; 4]),
            "lzop file 1: has a block of 4294967295 bytes, at most 67108864 are possible",
        ),
        (
            put(42, &[0; 4]),
            "lzop file 1: has a block of 990 bytes that takes 0",
        ),
        (
            put(42, &991u32.to_be_bytes()),
            "lzop file 1: has a block of 990 bytes that takes 991",
        ),
        (
            put(38, &991u32.to_be_bytes()),
            "lzop file 1: has a block of 991 bytes that decompresses to 990",
        ),
        (
            put(38, &989u32.to_be_bytes()),
            "lzop file 1: has a block that cannot be decoded",
        ),
    ] {
        assert_eq!(error(open, &file), message);
    }
    let mut file = with(|_| {});
    file[20] ^= 2;
    assert!(error(open, &file).starts_with("lzop file 1: the header has the Adler-32 0x"));
    let mut file = with(|_| {});
    file[46] ^= 1;
    assert!(error(open, &file).starts_with("lzop file 1: a block has the Adler-32 0x"));
    let file = [with(|_| {}), vec![0; 9]].concat();
    assert_eq!(
        error(open, &file),
        format!(
            "lzop file 2: cannot begin with what is at byte {}",
            file.len() - 9
        )
    );
    // A filter has a field of its own.
    let mut file = with(|file| file[19] = 8);
    file.splice(21..21, [0; 4]);
    let sum = libdeflater::adler32(&file[9..38]).to_be_bytes();
    file[38..42].copy_from_slice(&sum);
    assert_eq!(
        error(open, &file),
        "lzop file 1 has a filter, which is not read here"
    );
}

#[test]
fn blocks_need_no_more_memory_than_there_is() {
    let file = pack(&["-1"], &disk());
    let limits = Limits {
        memory: 256 << 10,
        ..Limits::default()
    };
    let error = open(SliceSource::new(&file), &limits).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    assert!(
        error.message().starts_with("an lzop block needs "),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_content_comes_out_as_it_went_in(content in content(), level in 1..10) {
        let file = pack(&[&format!("-{level}")], &content);
        prop_assert!(open(SliceSource::in_steps(&file, 1777), &Limits::default()).unwrap() == content);
    }
}
