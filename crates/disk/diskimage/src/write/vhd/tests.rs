use super::super::check;
use super::super::tests::{options, size_in_qemu, sparse, stored, told, written};
use crate::Format;
use crate::fields::{be32, be64};
use crate::test_util::{random, read_by_qemu};

#[test]
fn the_file_is_laid_out_as_the_specification_says() {
    let size = 300 * (2 << 20) - 512;
    let data = random(1, 4096);
    let file = sparse(
        Format::Vhd,
        size,
        &[((2 << 20) + 8192, &data), (4 << 20, &data)],
    );
    let footer = &file[..512];
    assert_eq!(footer, &file[file.len() - 512..]);
    assert_eq!(&footer[..8], b"conectix");
    assert_eq!(&footer[28..32], b"win ");
    assert_eq!((be64(footer, 16), be32(footer, 60)), (512, 3));
    assert_eq!([40, 48].map(|at| be64(footer, at)), [size, size]);
    let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
    let own: u32 = footer[64..68].iter().map(|&byte| u32::from(byte)).sum();
    assert_eq!(be32(footer, 64), !(sum - own));

    let header = &file[512..1536];
    assert_eq!(&header[..8], b"cxsparse");
    assert_eq!([8, 16].map(|at| be64(header, at)), [u64::MAX, 1536]);
    assert_eq!([28, 32].map(|at| be32(header, at)), [300, 2 << 20]);
    let entry = |number: usize| be32(&file, 1536 + number * 4);
    // The table has 384 entries and ends at byte 3072; data begins at byte 8192 of the file.
    let first = (8192 - 512) / 512;
    let second = first + (4096 + (2 << 20)) / 512;
    let entries = [0, 1, 2, 3, 299, 383].map(entry);
    assert_eq!(
        entries,
        [u32::MAX, first, second, u32::MAX, u32::MAX, u32::MAX]
    );
    assert_eq!(file[8192 - 512..8192], [0xff; 512]);
    assert_eq!(file[8192 + 8192..][..4096], data);
    assert_eq!(file.len(), 4096 + 2 * (4096 + (2 << 20)) + 512);
}

#[test]
fn sizes_that_no_geometry_has_are_exact() {
    for size in [
        512,
        1 << 20,
        20_000_256,
        100_000_000_000 / 512 * 512,
        2040 << 30,
    ] {
        let file = stored(&sparse(Format::Vhd, size, &[]));
        assert_eq!(size_in_qemu(file.path(), "vpc"), size);
    }
}

#[test]
fn the_largest_disk_has_its_last_sector() {
    let data = random(1, 512);
    let size = 2040 << 30;
    let file = sparse(Format::Vhd, size, &[(size - 512, &data)]);
    let block = file.len() - 512 - (2 << 20);
    assert_eq!(file[file.len() - 1024..][..512], data);
    let entry = be32(&file, 1536 + (2040 * 512 - 1) * 4);
    assert_eq!(u64::from(entry) * 512, block as u64 - 512);
}

#[test]
fn a_later_version_of_the_same_disk_has_another_id() {
    let mut disk = random(1, 5 << 20);
    let id = |disk: &[u8]| written(Format::Vhd, &options(&[]), disk)[68..84].to_vec();
    let before = id(&disk);
    disk[3_000_000] ^= 1;
    assert_ne!(id(&disk), before);
}

#[test]
fn qemu_can_write_to_it() {
    let disk = random(1, 3 << 20);
    let file = stored(&sparse(Format::Vhd, 9 << 20, &[(0, &disk)]));
    let write = ["-f", "vpc", "-c", "write -P 7 6M 1M"];
    let run = std::process::Command::new("qemu-io")
        .args(write)
        .arg(file.path())
        .output();
    let run = run.expect("qemu-io is needed (Debian package qemu-utils)");
    assert!(run.status.success(), "{run:?}");
    let mut expected = disk;
    expected.resize(6 << 20, 0);
    expected.resize(7 << 20, 7);
    expected.resize(9 << 20, 0);
    assert!(read_by_qemu(file.path(), "vpc") == expected);
}

#[test]
fn a_fixed_disk_is_the_disk_and_a_footer() {
    let disk = random(1, (3 << 20) - 1000);
    let file = written(Format::Vhd, &options(&[("subformat", "fixed")]), &disk);
    let (body, footer) = file.split_at(file.len() - 512);
    assert_eq!(body.len(), 3 << 20, "whole MiB");
    assert!(body.starts_with(&disk) && body.ends_with(&[0; 1000]));
    assert_eq!(&footer[..8], b"conectix");
    assert_eq!((be32(footer, 8), be32(footer, 12)), (2, 0x10000));
    assert_eq!((be64(footer, 16), be32(footer, 60)), (u64::MAX, 2));
    assert_eq!([40, 48].map(|at| be64(footer, at)), [3 << 20; 2]);
    let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
    let own: u32 = footer[64..68].iter().map(|&byte| u32::from(byte)).sum();
    assert_eq!(be32(footer, 64), !(sum - own));
    assert_eq!(size_in_qemu(stored(&file).path(), "vpc"), 3 << 20);
}

#[test]
fn subformats_are_dynamic_and_fixed() {
    let text = |value| check(Format::Vhd, &options(&[("subformat", value)]));
    assert!(text("dynamic").is_ok() && text("fixed").is_ok());
    let expected = "error: vhd has no subformat 'differencing'\nhint: one of: dynamic, fixed";
    assert_eq!(told(text("differencing")), expected);
}
