use super::super::tests::{options, size_in_qemu, sparse, stored, told, written};
use super::super::{check, writer};
use crate::Format;
use crate::fields::{le16, le32, le64};
use crate::test_util::{Memory, by_qemu, random};

/// The sector of the file with this number.
fn sector(file: &[u8], number: usize) -> &[u8] {
    &file[number * 512..][..512]
}

#[test]
fn the_file_is_laid_out_as_the_specification_says() {
    let grain = random(1, 4096);
    let capacity = 3 * (32 << 20) / 512 + 7;
    let size = capacity * 512;
    // One grain in the first table, none in the second, one in the third.
    let file = sparse(Format::Vmdk, size, &[(65536, &grain), (64 << 20, &grain)]);
    let sectors = file.len() / 512;

    let header = sector(&file, 0);
    assert_eq!(&header[..4], b"KDMV");
    assert_eq!((le32(header, 4), le32(header, 8)), (3, 0x30001));
    let fields = [12, 20, 28, 36].map(|at| le64(header, at));
    assert_eq!(fields, [capacity, 128, 1, 20]);
    assert_eq!(le32(header, 44), 512);
    let fields = [48, 56, 64].map(|at| le64(header, at));
    assert_eq!(fields, [0, u64::MAX, 128]);
    assert_eq!(&header[72..77], b"\0\n \r\n");
    assert_eq!(le16(header, 77), 1);

    // Grain, table, grain, table, directory, footer, end.
    let stored = sector(&file, 128);
    assert_eq!(le64(stored, 0), 128, "first sector of the disk");
    let table = 128 + (12 + le32(stored, 8) as usize).div_ceil(512);
    let marker = |number| {
        let sector = sector(&file, number);
        (le64(sector, 0), le32(sector, 8), le32(sector, 12))
    };
    assert_eq!(marker(table), (4, 0, 1));
    let entry = |table: usize, index: usize| le32(&file[(table + 1) * 512..], index * 4);
    assert_eq!([0, 1, 2].map(|index| entry(table, index)), [0, 128, 0]);
    let second = table + 5;
    assert_eq!(le64(sector(&file, second), 0), (64 << 20) / 512);
    let other = second + (12 + le32(sector(&file, second), 8) as usize).div_ceil(512);
    assert_eq!(marker(other), (4, 0, 1));
    assert_eq!(entry(other, 0), second as u32);

    let directory = other + 5;
    assert_eq!(marker(directory), (1, 0, 2));
    let tables = [0, 1, 2, 3].map(|index| entry(directory, index));
    assert_eq!(tables, [table as u32 + 1, 0, other as u32 + 1, 0]);
    assert_eq!(marker(directory + 2), (1, 0, 3));
    let mut footer = sector(&file, directory + 3).to_vec();
    assert_eq!(le64(&footer, 56), directory as u64 + 1);
    footer[56..64].fill(0xff);
    assert_eq!(footer, header);
    assert_eq!(sectors, directory + 5);
    assert!(sparse::zero::is_zero(sector(&file, sectors - 1)));
}

#[test]
fn the_descriptor_says_what_the_disk_is() {
    let descriptor = |given: &[(&str, &str)], size| {
        let memory = Memory::strict();
        let inner = Box::new(memory.clone());
        let mut writer = writer(Format::Vmdk, &options(given), size, inner).unwrap();
        writer.finish(size).unwrap();
        let text = memory.file()[512..21 * 512].to_vec();
        String::from_utf8(text).unwrap()
    };
    let expected = "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=01000001\n\
        parentCID=ffffffff\ncreateType=\"streamOptimized\"\n\n# Extent description\n\
        RW 16777216 SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\n\n\
        ddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"1045\"\n\
        ddb.geometry.heads = \"255\"\nddb.geometry.sectors = \"63\"\n\
        ddb.adapterType = \"lsilogic\"\n";
    assert_eq!(descriptor(&[], 8 << 30).trim_end_matches('\0'), expected);
    let ide = descriptor(&[("adapter_type", "ide")], 8 << 30);
    assert!(ide.contains("cylinders = \"16383\"\nddb.geometry.heads = \"16\""));
    assert!(ide.contains("adapterType = \"ide\""));
}

#[test]
fn every_level_is_read_by_us_and_the_highest_is_smaller() {
    let numbers = (0..60_000u64).map(|n| format!("{} ", n * n));
    let disk = numbers.collect::<String>().into_bytes();
    let of = |level| {
        let file = written(Format::Vmdk, &options(&[("level", level)]), &disk);
        let mut read = crate::test_util::read(Format::Vmdk, file.clone()).unwrap();
        read.truncate(disk.len());
        assert!(read == disk, "{level}");
        file.len()
    };
    assert!(of("12") < of("1"));
}

#[test]
fn the_file_is_no_larger_than_that_of_qemu() {
    let text = |i: usize| ((i * i / 977) % 61 + 48) as u8;
    let disk: Vec<u8> = (0..4 << 20).map(text).collect();
    let own = written(Format::Vmdk, &options(&[]), &disk).len();
    let other = by_qemu(&disk, "vmdk", "subformat=streamOptimized", &[]).len();
    assert!(own * 100 <= other * 102, "{own} and {other} bytes");
}

#[test]
fn two_tebibytes_are_mostly_nothing() {
    let size = 2 << 40;
    let data = random(1, 4096);
    let file = sparse(
        Format::Vmdk,
        size,
        &[(1 << 40, &data), (size - 4096, &data)],
    );
    assert!(file.len() < 400 << 10, "{}", file.len());
    assert_eq!(size_in_qemu(stored(&file).path(), "vmdk"), size);
}

#[test]
fn options_have_their_values() {
    let text = |key, value| told(check(Format::Vmdk, &options(&[(key, value)])));
    for level in ["0", "13", "-1", "x", ""] {
        let expected = format!("error: invalid compression level '{level}': must be 1 to 12");
        assert_eq!(text("level", level), expected);
    }
    let expected = "error: invalid adapter type 'scsi' for vmdk\n\
                    hint: one of: lsilogic, ide, buslogic, legacyESX";
    assert_eq!(text("adapter_type", "scsi"), expected);
    let good = options(&[("level", "12"), ("adapter_type", "ide")]);
    assert!(check(Format::Vmdk, &good).is_ok());
}
