use super::super::tests::{options, size_in_qemu, sparse, stored, written};
use crate::Format;
use crate::fields::{le32, le64};
use crate::test_util::random;

#[test]
fn the_file_is_laid_out_as_virtualbox_does_it() {
    let size = 300 << 20;
    let data = random(1, 4096);
    let file = sparse(
        Format::Vdi,
        size,
        &[(5 << 20, &data), ((7 << 20) - 4096, &data)],
    );
    assert_eq!(le32(&file, 64), 0xbeda_107f);
    let fields = [68, 72, 76, 340, 344, 360].map(|at| le32(&file, at));
    assert_eq!(fields, [0x10001, 400, 1, 1 << 20, 2 << 20, 512]);
    assert_eq!(le64(&file, 368), size);
    let fields = [376, 380, 384, 388, 468].map(|at| le32(&file, at));
    assert_eq!(fields, [1 << 20, 0, 300, 2, 512]);
    assert!(file[392..424].iter().any(|&byte| byte != 0));
    assert_eq!(file[424..456], [0; 32], "no parent");
    assert_eq!(file[399] >> 4, 8, "the UUID's version");
    let entry = |number: usize| le32(&file, (1 << 20) + number * 4);
    let entries = [0, 4, 5, 6, 7, 299].map(entry);
    assert_eq!(entries, [u32::MAX, u32::MAX, 0, 1, u32::MAX, u32::MAX]);
    assert_eq!(file[2 << 20..][..4096], data);
    assert_eq!(file[(4 << 20) - 4096..], data);
    assert_eq!(file.len(), 4 << 20);
}

#[test]
fn another_disk_has_another_uuid() {
    let uuid = |disk: &[u8]| written(Format::Vdi, &options(&[]), disk)[392..408].to_vec();
    let mut disk = random(1, 5 << 20);
    let before = uuid(&disk);
    disk[3_000_000] ^= 1;
    assert_ne!(uuid(&disk), before);
    assert_ne!(uuid(&[0; 512]), uuid(&[0; 1024]));
}

#[test]
fn two_tebibytes_are_mostly_nothing() {
    let size = 2 << 40;
    let data = random(1, 4096);
    let file = sparse(Format::Vdi, size, &[(size - 4096, &data)]);
    // The map takes 8 MiB.
    assert_eq!(file.len(), (1 + 8 + 1) << 20);
    assert_eq!(le32(&file, (1 << 20) + ((2 << 20) - 1) * 4), 0);
    assert_eq!(size_in_qemu(stored(&file).path(), "vdi"), size);
}
