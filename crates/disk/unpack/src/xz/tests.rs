use error::{Kind, Result};
use proptest::prelude::*;
use sparse::SliceSource;

use super::Xz;
use crate::Limits;
use crate::test_util::{
    content, disk, error, flips_show, mangled_files_are_refused, run, threads, truncations_show,
    unfold, unfolds_to,
};

fn open(source: SliceSource<'_>, limits: &Limits) -> Result<Vec<u8>> {
    unfold(Xz::new(source, limits)?)
}

fn pack(arguments: &[&str], content: &[u8]) -> Vec<u8> {
    run("xz", &[&["-q", "-c"], arguments].concat(), content)
}

#[test]
fn reads_what_the_tool_makes() {
    let disk = disk();
    for arguments in [
        "-0 -T1",
        "-6 -T1",
        "-9e -T1",
        "-T2 --block-size=100000 -0",
        "-T1 --block-size=100000 -0",
        "-T2 --block-list=1,70000,300000,0 -1",
        "--check=none -0",
        "--check=crc32 -T2 --block-size=300000 -0",
        "--check=sha256 -0",
        "--check=sha256 -T2 --block-size=300000 -0",
        "--x86 --lzma2=preset=1",
        "--delta=dist=4 --arm --lzma2=preset=1 -T2 --block-size=300000",
        "--lzma2=dict=4KiB,lc=0,lp=4,pb=0",
        "--lzma2=dict=64KiB,lc=4,lp=0,pb=4,mf=hc3,mode=fast,nice=5",
        "--lzma2=dict=128KiB,lc=1,lp=2,pb=1,nice=273",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        unfolds_to(
            open,
            &pack(&arguments, &disk),
            &disk,
            &format!("xz {arguments:?}"),
        );
    }
    unfolds_to(open, &pack(&[], b""), b"", "nothing");
    unfolds_to(open, &pack(&[], b"a"), b"a", "one byte");
}

#[test]
fn streams_and_padding_follow_one_another() {
    let (disk, padding) = (disk(), vec![0; 4096 + 8]);
    let file = [
        pack(&["-T2", "--block-size=500000", "-0"], &disk),
        padding.clone(),
        pack(&[], b""),
        pack(&["-T2", "--check=none"], b"abc"),
        padding,
    ]
    .concat();
    unfolds_to(open, &file, &[disk.as_slice(), b"abc"].concat(), "streams");
    let odd = [pack(&[], b"abc"), vec![0; 6]].concat();
    assert!(error(open, &odd).starts_with("the xz data ends at byte "));
}

#[test]
fn zeros_are_holes_and_blocks_of_zeros_are_known() {
    let mut disk = b"begin".to_vec();
    disk.resize(40 << 20, 0);
    disk.extend(b"end");
    for arguments in [
        ["-T1", "-1"],
        ["-T2", "-1"],
        ["--block-size=1000000", "-T2"],
    ] {
        let file = pack(&arguments, &disk);
        unfolds_to(open, &file, &disk, "zeros");
        let mut stream = Xz::new(SliceSource::new(&file), &threads(2)).unwrap();
        let mut data = 0;
        loop {
            let piece = sparse::SparseRead::peek(&mut stream).unwrap();
            let len = piece.len();
            match piece {
                sparse::Piece::Data(bytes) => data += bytes.len(),
                sparse::Piece::Zeros(_) => {}
                sparse::Piece::End => break,
            }
            sparse::SparseRead::consume(&mut stream, len);
        }
        assert!(
            data < 10_000,
            "{arguments:?}: {data} bytes of zeros written out"
        );
    }
}

#[test]
fn damage_shows() {
    let content: Vec<u8> = disk()[299_960..300_080].to_vec();
    for arguments in [
        ["-T2", "--block-size=50"],
        ["-T1", "--check=crc32"],
        ["--x86", "--lzma2"],
    ] {
        let file = pack(&arguments, &content);
        truncations_show(open, &file);
        flips_show(open, &file, &content);
    }
}

#[test]
fn mangled_files() {
    mangled_files_are_refused(
        open,
        &pack(
            &["-T2", "--check=none", "--block-size=200000"],
            &disk()[200_000..700_000],
        ),
    );
}

#[test]
fn each_error_says_what_is_wrong() {
    let file = pack(&["--check=crc32", "-T2", "--block-size=1000"], b"some text");
    let with = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        error(open, &file)
    };
    assert_eq!(with(0, 0), "no xz stream begins at byte 0");
    assert!(with(8, 0).starts_with("xz: the CRC-32 of a stream's header is 0x"));
    assert!(with(13, 0).starts_with("xz: the CRC-32 of a block's header is 0x"));
    let block = 12 + 4 * (usize::from(file[12]) + 1);
    assert_eq!(
        with(block, 7),
        "xz block 1: an LZMA2 chunk cannot begin with 0x07"
    );
    assert_eq!(with(block, 2), "xz block 1: the compressed data is damaged");
    let text = block + 3;
    assert!(with(text, b'S').starts_with("xz block 1: the CRC-32 is "));
    assert_eq!(with(text + 10, 1), "xz block 1: the padding is not zero");
    let index = text + 9 + 1 + 3 + 4;
    assert_eq!(file[index], 0);
    assert_eq!(
        with(index + 1, 2),
        "the xz index names 2 blocks, which are not the 1 blocks there are"
    );
    assert!(with(index + 4, !file[index + 4]).starts_with("xz: the CRC-32 of the index is 0x"));
    assert!(with(file.len() - 5, 9).starts_with("xz: the CRC-32 of a stream's footer is 0x"));
    assert_eq!(
        with(file.len() - 1, 0),
        "an xz stream footer is damaged, though its checksum is right"
    );
    assert_eq!(
        error(open, &[file.as_slice(), b"some more garbage"].concat()),
        format!("no xz stream begins at byte {}", file.len())
    );
    assert_eq!(
        error(open, b""),
        "the xz data ends at byte 0, in the middle of a stream's header"
    );
}

#[test]
fn unknown_checks_and_filters_are_not_supported() {
    let mut file = pack(&[], b"text");
    file[7] = 2;
    let crc = crc32fast::hash(&file[6..8]).to_le_bytes();
    file[8..12].copy_from_slice(&crc);
    let failure = open(SliceSource::new(&file), &threads(1)).unwrap_err();
    assert_eq!(
        (failure.kind(), failure.message()),
        (Kind::Unsupported, "the xz check 2 is unknown")
    );
    let mut file = pack(&["--x86", "--lzma2"], b"text");
    let header = 12..12 + 4 * usize::from(file[12]);
    file[14] = 0x3f;
    let crc = crc32fast::hash(&file[header.clone()]).to_le_bytes();
    file[header.end..][..4].copy_from_slice(&crc);
    let failure = open(SliceSource::new(&file), &threads(1)).unwrap_err();
    assert_eq!(
        (failure.kind(), failure.message()),
        (Kind::Unsupported, "the xz filters 0x3f, 0x21 are unknown")
    );
}

#[test]
fn limits_are_kept() {
    let content = disk();
    let file = pack(&["-9", "-T1"], &content);
    let limits = Limits {
        xz_memory: 20 << 20,
        ..threads(2)
    };
    let failure = open(SliceSource::new(&file), &limits).unwrap_err();
    assert_eq!(failure.kind(), Kind::Unsupported);
    assert_eq!(
        failure.message(),
        "the xz dictionary needs 100663329 bytes of memory, the limit is 20971520"
    );
    assert_eq!(
        failure.advice(),
        Some(&crate::Advice::AllowMemory { mib: 121 })
    );
    // Enough for one block, not for two: no error, one at a time.
    let file = pack(&["-6", "-T2", "--block-size=300000"], &content);
    assert!(open(SliceSource::new(&file), &limits).unwrap() == content);
    let limits = Limits {
        output: 20 << 20,
        ..threads(2)
    };
    let bomb = pack(&["-1"], &vec![0; 30 << 20]);
    let failure = open(SliceSource::new(&bomb), &limits).unwrap_err();
    assert_eq!(
        failure.message(),
        "the xz data decompresses to more than 20971520 bytes"
    );
}

/// What liblzma makes of a file.
fn liblzma(file: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut decoder = liblzma::read::XzDecoder::new_multi_decoder(file);
    std::io::Read::read_to_end(&mut decoder, &mut content)?;
    Ok(content)
}

fn pack_here(content: &[u8], preset: u32) -> Vec<u8> {
    let mut encoder = liblzma::read::XzEncoder::new(content, preset);
    let mut file = Vec::new();
    std::io::Read::read_to_end(&mut encoder, &mut file).unwrap();
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_content_comes_back(content in content(), preset in 0u32..7) {
        let file = pack_here(&content, preset);
        prop_assert!(open(SliceSource::new(&file), &threads(1)).unwrap() == content);
    }

    /// Damage inside the compressed data, checks taken away: the decoders must agree.
    #[test]
    fn liblzma_agrees_about_damage(content in content(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut file = pack_here(&content, 1);
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        let here = open(SliceSource::new(&file), &threads(1)).ok();
        prop_assert!(here == liblzma(&file).ok());
    }
}
