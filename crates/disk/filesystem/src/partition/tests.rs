use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

/// A sparse disk of 64 MiB in a file, partitioned by `program` with `script` at its standard input.
fn disk(program: &str, arguments: &[&str], script: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(64 << 20).unwrap();
    let mut child = Command::new(program)
        .args(arguments)
        .arg(file.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    file
}

fn bytes(file: &tempfile::NamedTempFile) -> Vec<u8> {
    std::fs::read(file.path()).unwrap()
}

fn open(bytes: Vec<u8>) -> Result<Option<PartitionTable>> {
    let disk: Arc<dyn BlockRead> = Arc::new(bytes);
    PartitionTable::open(&disk)
}

fn table(bytes: Vec<u8>) -> PartitionTable {
    open(bytes).unwrap().unwrap()
}

/// What partx, which uses the library of blkid and counts in sectors of 512 bytes, says of the disk.
fn partx(path: &Path, sector: u64) -> Vec<String> {
    let fields = "NR,START,SECTORS,UUID,TYPE,FLAGS,NAME";
    let output = Command::new("partx")
        .args(["--raw", "--noheadings", "--output", fields])
        .args(["--sector-size", &sector.to_string()])
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end().to_owned());
    lines.collect()
}

/// The same of a table that was read here.
fn lines(table: &PartitionTable) -> Vec<String> {
    let line = |p: &Partition| {
        let sectors = p.length / 512;
        let flags = match table.kind {
            TableKind::Mbr if p.is_active => 0x80,
            _ => p.attributes,
        };
        let (start, name) = (p.start / 512, p.name.replace(' ', "\\x20"));
        let line = format!(
            "{} {start} {sectors} {} {} {flags:#x} {name}",
            p.number, p.uuid, p.kind
        );
        line.trim_end().to_owned()
    };
    table.partitions.iter().map(line).collect()
}

const MBR: &str = "label: dos
label-id: 0x1234abcd
start=2048, size=4096, type=83, bootable
start=8192, size=90000, type=f
start=10240, size=2048, type=83
start=14336, size=2048, type=8e
start=20480, size=4096, type=82
start=100000, size=2000, type=ef
";

#[test]
fn an_mbr_has_logical_partitions_from_5_on() {
    let file = disk("sfdisk", &["-q"], MBR);
    let table = table(bytes(&file));
    assert_eq!(table.uuid, "1234abcd");
    assert_eq!(table.kind.to_string(), "dos");
    let numbers: Vec<_> = table.partitions.iter().map(|p| p.number).collect();
    assert_eq!(numbers, [1, 2, 3, 5, 6, 7]);
    assert_eq!(lines(&table), partx(file.path(), 512));
    let fifth = table.partitions.iter().find(|p| p.number == 5).unwrap();
    assert_eq!(fifth.uuid, "1234abcd-05");
    assert_eq!(fifth.start, 10240 * 512);
    assert!(table.notes.is_empty(), "{:?}", table.notes);
}

#[test]
fn a_partition_is_a_window_of_its_disk() {
    let file = disk("sfdisk", &["-q"], MBR);
    let mut bytes = bytes(&file);
    bytes[10240 * 512] = 7;
    bytes[12288 * 512 - 1] = 8;
    bytes[12288 * 512] = 9;
    let disk: Arc<dyn BlockRead> = Arc::new(bytes);
    let table = PartitionTable::open(&disk).unwrap().unwrap();
    let fifth = table.partitions.iter().find(|p| p.number == 5).unwrap();
    let window = fifth.open(&disk).unwrap();
    assert_eq!(window.size(), Some(1 << 20));
    assert_eq!(window.name(), "memory: partition 5");
    let whole = piece(window.as_ref(), 0, 2 << 20).unwrap();
    assert_eq!(
        (whole.len(), whole[0], whole[(1 << 20) - 1]),
        (1 << 20, 7, 8)
    );
}

const GPT: &str = "label: gpt
label-id: 01234567-89ab-cdef-0123-456789abcdef
size=8M, type=U, name=\"EFI system\"
size=4M, type=L, name=\"Größe\", attrs=\"LegacyBIOSBootable GUID:59\"
size=1M, type=21686148-6449-6E6F-744E-656564454649
";

#[test]
fn a_gpt_has_names_types_and_attributes() {
    let file = disk("sfdisk", &["-q"], GPT);
    let table = table(bytes(&file));
    assert_eq!(table.uuid, "01234567-89ab-cdef-0123-456789abcdef");
    assert_eq!(table.kind.to_string(), "gpt");
    assert_eq!(table.sector, 512);
    assert_eq!(table.partitions[1].name, "Größe");
    assert!(table.partitions[1].is_active && !table.partitions[0].is_active);
    assert!(table.partitions[0].kind.is_efi_system());
    assert!(table.partitions[2].kind.is_bios_boot());
    assert_eq!(table.partitions[1].kind.description(), "Linux file system");
    // What is not ASCII, partx writes in hexadecimal digits.
    let ours = lines(&table).join("\n").replace("ö", "\\xc3\\xb6");
    let theirs = partx(file.path(), 512)
        .join("\n")
        .replace("ö", "\\xc3\\xb6");
    assert_eq!(
        ours.replace("ß", "\\xc3\\x9f"),
        theirs.replace("ß", "\\xc3\\x9f")
    );
}

#[test]
fn a_gpt_of_sectors_of_4096_bytes_is_found_by_its_header() {
    let script = "g\nn\n1\n256\n+4M\nn\n7\n\n+8M\nw\n";
    let file = disk("fdisk", &["-b", "4096"], script);
    let table = table(bytes(&file));
    assert_eq!(table.sector, 4096);
    assert_eq!(lines(&table), partx(file.path(), 4096));
    assert_eq!(table.partitions[1].number, 7);
    assert_eq!(table.partitions[0].start, 1 << 20);
}

#[test]
fn a_damaged_gpt_is_read_from_its_copy() {
    for (program, arguments, script) in [
        ("sfdisk", &["-q"][..], GPT),
        (
            "fdisk",
            &["-b", "4096"],
            "g\nn\n1\n256\n+4M\nn\n2\n\n+8M\nw\n",
        ),
    ] {
        let whole = bytes(&disk(program, arguments, script));
        let right = table(whole.clone());
        let sector = right.sector as usize;
        for (at, why) in [
            (
                sector + 20,
                format!("the checksum of the header at byte {sector} is wrong"),
            ),
            (
                2 * sector + 60,
                format!(
                    "the checksum of the entries at byte {} is wrong",
                    2 * sector
                ),
            ),
            (sector, "it is missing".into()),
        ] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let table = table(bytes);
            assert_eq!(table.partitions, right.partitions);
            let note = format!(
                "the first copy of the GPT is damaged ({why}); the one at the end is used, as Linux does only with the argument gpt"
            );
            assert_eq!(table.notes, [note]);
        }
    }
}

#[test]
fn a_gpt_with_both_copies_damaged_is_corrupt() {
    let mut bytes = bytes(&disk("sfdisk", &["-q"], GPT));
    let end = bytes.len();
    bytes[512 + 20] ^= 1;
    bytes[end - 512 + 20] ^= 1;
    let error = open(bytes).unwrap_err();
    assert_eq!(
        error.to_text(),
        "error: the GPT is damaged (the checksum of the header at byte 512 is wrong) and so is its copy at the end"
    );
}

#[test]
fn a_protective_mbr_without_a_gpt_has_no_partitions() {
    let mut bytes = bytes(&disk("sfdisk", &["-q"], GPT));
    let end = bytes.len();
    bytes[512..1024].fill(0);
    bytes[end - 512..].fill(0);
    let table = table(bytes);
    assert_eq!((table.kind, table.partitions.len()), (TableKind::Mbr, 0));
    assert!(
        table.notes[0].contains("there is none"),
        "{:?}",
        table.notes
    );
}

#[test]
fn a_gpt_that_the_mbr_does_not_name_is_not_used() {
    let mut bytes = bytes(&disk("sfdisk", &["-q"], GPT));
    bytes[446 + 4] = 0x83;
    assert_eq!(table(bytes).kind, TableKind::Mbr);
}

#[test]
fn a_partition_past_the_end_is_noted_and_ends_with_the_disk() {
    let mut bytes = bytes(&disk("sfdisk", &["-q"], MBR));
    bytes.truncate(101_000 * 512);
    let disk: Arc<dyn BlockRead> = Arc::new(bytes);
    let table = PartitionTable::open(&disk).unwrap().unwrap();
    let note = "partition 3 ends at byte 52224000, past the end of the disk at byte 51712000";
    assert_eq!(table.notes, [note]);
    let third = table.partitions.iter().find(|p| p.number == 3).unwrap();
    assert_eq!(third.open(&disk).unwrap().size(), Some(1000 * 512));
}

/// An entry of an MBR.
fn entry(status: u8, kind: u8, start: u32, sectors: u32) -> [u8; 16] {
    let mut entry = [0; 16];
    (entry[0], entry[4]) = (status, kind);
    entry[8..12].copy_from_slice(&start.to_le_bytes());
    entry[12..].copy_from_slice(&sectors.to_le_bytes());
    entry
}

/// A table at sector `at`.
fn write(bytes: &mut [u8], at: usize, entries: &[[u8; 16]]) {
    let sector = &mut bytes[at * 512..][..512];
    for (i, entry) in entries.iter().enumerate() {
        sector[446 + 16 * i..][..16].copy_from_slice(entry);
    }
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
}

#[test]
fn all_types_of_extended_partitions_are_followed() {
    for kind in [5, 0xf, 0x85] {
        let mut bytes = vec![0; 100 * 512];
        write(&mut bytes, 0, &[entry(0, kind, 10, 80)]);
        write(&mut bytes, 10, &[entry(0, 0x83, 1, 5), entry(0, 5, 20, 10)]);
        // An empty table is a link of the chain as well, and the link may come first.
        write(&mut bytes, 30, &[entry(0, kind, 40, 10)]);
        write(&mut bytes, 50, &[entry(0, 0x82, 2, 7)]);
        let table = table(bytes);
        let found: Vec<_> = table
            .partitions
            .iter()
            .map(|p| (p.number, p.start / 512))
            .collect();
        assert_eq!(found, [(1, 10), (5, 11), (6, 52)]);
        assert!(table.partitions.iter().all(|p| p.uuid.is_empty()));
    }
}

#[test]
fn logical_partitions_in_a_circle_end() {
    let mut bytes = vec![0; 100 * 512];
    write(&mut bytes, 0, &[entry(0, 5, 10, 80)]);
    write(&mut bytes, 10, &[entry(0, 0x83, 1, 5), entry(0, 5, 20, 10)]);
    write(&mut bytes, 30, &[entry(0, 0x83, 1, 5), entry(0, 5, 0, 10)]);
    let table = table(bytes);
    assert_eq!(table.partitions.len(), 3);
    assert_eq!(
        table.notes,
        ["the logical partitions end in a circle at sector 10"]
    );
}

#[test]
fn a_chain_that_leads_nowhere_is_noted() {
    let mut bytes = vec![0; 100 * 512];
    write(&mut bytes, 0, &[entry(0, 5, 10, 80)]);
    write(&mut bytes, 10, &[entry(0, 0x83, 1, 5), entry(0, 5, 20, 10)]);
    let table = table(bytes);
    assert_eq!(table.partitions.len(), 2);
    assert_eq!(
        table.notes,
        ["no table of logical partitions at sector 30; the rest is lost"]
    );
}

#[test]
fn a_hybrid_disc_has_a_partition_of_type_0() {
    let mut bytes = vec![0; 64 * 2048];
    write(
        &mut bytes,
        0,
        &[entry(0x80, 0, 0, 256), entry(0, 0xef, 100, 20)],
    );
    bytes[0x8000..0x8006].copy_from_slice(b"\x01CD001");
    let table = table(bytes);
    let found: Vec<_> = table
        .partitions
        .iter()
        .map(|p| (p.start, p.length))
        .collect();
    assert_eq!(found, [(0, 256 * 512), (100 * 512, 20 * 512)]);
    assert!(table.partitions[0].is_active);
}

#[test]
fn the_boot_sector_of_a_file_system_is_no_table() {
    let mut fat = vec![0; 1 << 20];
    // As mkfs.fat --mbr=yes writes it: a table around the file system.
    write(&mut fat, 0, &[entry(0x80, 0xc, 0, 2048)]);
    fat[..16].copy_from_slice(b"\xeb\x58\x90mkfs.fat\x00\x02\x08\x20\x00");
    (fat[16], fat[21]) = (2, 0xf8);
    fat[82..90].copy_from_slice(b"FAT32   ");
    assert!(open(fat.clone()).unwrap().is_none());
    let mut ntfs = vec![0; 1 << 20];
    write(&mut ntfs, 0, &[entry(0x80, 7, 0, 2048)]);
    ntfs[3..11].copy_from_slice(b"NTFS    ");
    assert!(open(ntfs).unwrap().is_none());
    // Text in the place of entries.
    fat[82..90].fill(0);
    fat[446..510].fill(b'x');
    assert!(open(fat).unwrap().is_none());
}

#[test]
fn a_disk_without_a_table_has_none() {
    for bytes in [vec![], vec![0; 100], vec![0; 1 << 20]] {
        assert!(open(bytes).unwrap().is_none());
    }
}

#[test]
fn damage_ends_without_harm() {
    for script in [MBR, GPT] {
        let whole = bytes(&disk("sfdisk", &["-q"], script));
        let mut random = 1u64;
        for round in 0..400 {
            // The places that matter: both ends and the tables of the logical partitions.
            let places = [0, 512, 1024, 8192 * 512, 12288 * 512, whole.len() - 1024];
            let mut bytes = whole[..8 << 20].to_vec();
            for _ in 0..=round % 7 {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let at = places[(random >> 33) as usize % 6] + (random >> 40) as usize % 512;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= (random >> 56) as u8;
                }
            }
            let disk: Arc<dyn BlockRead> = Arc::new(bytes);
            if let Ok(Some(table)) = PartitionTable::open(&disk) {
                for partition in &table.partitions {
                    let _ = partition.open(&disk).map(|window| piece(&window, 0, 512));
                }
            }
        }
    }
}
