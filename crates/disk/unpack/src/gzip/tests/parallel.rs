//! Several members at once give what one after another gives.

use super::*;

#[test]
fn many_members_are_the_same_in_parallel() {
    let parts: Vec<Vec<u8>> = (0..40).map(|i| text(60_000 + 9000 * i, i as u64)).collect();
    let content = parts.concat();
    let plain: Vec<u8> = parts.iter().flat_map(|part| member(part)).collect();
    let padded = [&plain[..], &[0; 100]].concat();
    let mixed = [bgzip(&content), plain.clone(), bgzip(b"the end")].concat();
    let twice = [&content[..], &content, b"the end"].concat();
    for (file, content) in [
        (&plain, &content),
        (&bgzip(&content), &content),
        (&padded, &content),
        (&mixed, &twice),
    ] {
        for n in [2, 4] {
            assert!(read(file, &threads(n)).unwrap() == *content);
            let source = SliceSource::in_steps(file, 10_000);
            assert!(read_by(Gzip::new(source, &threads(n))).unwrap() == *content);
        }
    }
    let small = Limits {
        memory: 8 << 20,
        ..threads(4)
    };
    assert!(read(&mixed, &small).unwrap() == twice);
}

/// A stored gzip file in a gzip file: nothing but wrong borders, one of them within a file name.
#[test]
fn wrong_guesses_do_no_harm() {
    let inner: Vec<u8> = (0..60).flat_map(|i| member(&text(30_000, i))).collect();
    let mut name = vec![b'n'; 300 << 10];
    name[270 << 10..(270 << 10) + 11]
        .copy_from_slice(b"\x1f\x8b\x08\x01\x01\x01\x01\x01\x02\x03\x01");
    let named = [
        &[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0xff, 0xff][..],
        &name[..0xffff],
        &member(b"named")[10..],
    ]
    .concat();
    let stored = member_with(Fields::default(), &inner, 0);
    let more = member(&text(900_000, 77));
    let file = [
        &member(b"first")[..],
        &named,
        &stored,
        &more,
        &more,
        &stored,
        &stored,
        &stored,
        &stored,
        &more,
    ]
    .concat();
    let expected = read(&file, &serial()).unwrap();
    assert!(read(&file, &threads(3)).unwrap() == expected);
    assert!(
        read(&[&file[..], &file].concat(), &threads(3)).unwrap()
            == [&expected[..], &expected].concat()
    );
    // Lengths that bgzip would not announce.
    let mut lying = bgzip(&text(3_000_000, 3));
    let at = lying
        .windows(4)
        .rposition(|bytes| bytes == b"BC\x02\0")
        .unwrap_or_default();
    let second = lying
        .windows(4)
        .position(|bytes| bytes == b"BC\x02\0")
        .unwrap_or_default();
    for at in [at, second] {
        lying[at + 4] ^= 0x55;
        assert!(read(&lying, &threads(3)).unwrap() == text(3_000_000, 3));
    }
}

#[test]
fn damage_is_found_in_parallel_too() {
    let parts: Vec<Vec<u8>> = (0..30).map(|i| member(&text(90_000, i))).collect();
    let start: usize = parts[..20].iter().map(Vec::len).sum();
    let whole = parts.concat();
    let expect = |file: &[u8]| {
        let error = read(file, &threads(3)).unwrap_err();
        assert_eq!(read(file, &serial()).unwrap_err(), error);
        assert_eq!(error.kind(), Kind::Corrupt);
        error.to_string()
    };
    let mut file = whole.clone();
    file[start + parts[20].len() - 8] ^= 1;
    assert!(expect(&file).starts_with("gzip member 21: CRC-32 is 0x"));
    let mut file = whole.clone();
    file[start] ^= 1;
    assert_eq!(
        expect(&file),
        "gzip member 20: trailing garbage after the member"
    );
    let mut file = whole.clone();
    file[start + 1] ^= 1;
    assert_eq!(
        expect(&file),
        "gzip member 21: begins with 1f 8a instead of 1f 8b"
    );
    for cut in [3, 15, 1000, parts[20].len() - 4] {
        expect(&whole[..start + cut]);
    }
    let garbage = [&whole[..], b"garbage"].concat();
    assert_eq!(
        expect(&garbage),
        "gzip member 30: trailing garbage after the member"
    );
}

#[test]
fn a_reader_may_leave_early() {
    let file: Vec<u8> = (0..60).flat_map(|i| member(&text(90_000, i))).collect();
    let mut gzip = Gzip::new(SliceSource::new(&file), &threads(3));
    let mut head = vec![0; 400_000];
    assert_eq!(read_full(&mut gzip, &mut head).unwrap(), head.len());
}
