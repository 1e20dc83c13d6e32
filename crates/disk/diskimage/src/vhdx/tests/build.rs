//! VHDX files as no program at hand writes them.

use super::*;
use crate::test_util::refusal;

/// The state of a block that is in the file.
pub(super) const PRESENT: u64 = 6;

/// The id of the content of every file that is built.
pub(super) const CONTENT: [u8; 16] = [0xc0; 16];

/// Where things are in a file that is built.
pub(super) const LOG: usize = 1 << 20;
pub(super) const METADATA: usize = 2 << 20;
pub(super) const TABLE: usize = 3 << 20;
const DATA: usize = 4 << 20;

/// What a file is built of.
pub(super) struct Built {
    pub(super) sector: u32,
    pub(super) block: u32,
    pub(super) size: u64,
    /// 1 for a fixed disk, 2 for one with a parent.
    pub(super) flags: u32,
    /// The table's entries, those of bitmaps included.
    pub(super) table: Vec<u64>,
    /// What is behind the tables, from byte 4 MiB on.
    pub(super) data: Vec<u8>,
    pub(super) locator: Option<Vec<u8>>,
}

/// An entry of the table.
pub(super) fn at_mib(mib: u64, state: u64) -> u64 {
    mib << 20 | state
}

/// `file` with the checksum of the `len` bytes at `at` made right.
pub(super) fn sealed(file: Vec<u8>, at: usize, len: usize) -> Vec<u8> {
    let mut file = patched(&file, at + 4, &[0; 4]);
    let crc = crc32c::finish(crc32c::update(crc32c::START, &file[at..at + len]));
    file[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
    file
}

/// Why `file` is not read.
pub(super) fn told(file: Vec<u8>) -> String {
    refusal(Format::Vhdx, file)
}

/// The bytes of a GUID.
pub(super) fn id(text: &str) -> [u8; 16] {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let mut bytes: [u8; 16] =
        std::array::from_fn(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).unwrap());
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

impl Built {
    /// A dynamic disk of which nothing is there.
    pub(super) fn new(sector: u32, block: u32, size: u64) -> Self {
        let blocks = size.div_ceil(block.into());
        Built {
            sector,
            block,
            size,
            flags: 0,
            table: vec![0; blocks as usize],
            data: Vec::new(),
            locator: None,
        }
    }

    /// The file.
    pub(super) fn file(&self) -> Vec<u8> {
        let mut file = vec![0; DATA];
        file[..8].copy_from_slice(b"vhdxfile");
        for (number, at) in [(1u64, 64 << 10), (2, 128 << 10)] {
            let header = [
                b"head\0\0\0\0".as_slice(),
                &number.to_le_bytes(),
                &[0; 16],
                &CONTENT,
                &[0; 16],
                &0u16.to_le_bytes(),
                &1u16.to_le_bytes(),
                &(1u32 << 20).to_le_bytes(),
                &(LOG as u64).to_le_bytes(),
            ];
            file = sealed(patched(&file, at, &header.concat()), at, 4096);
        }
        let mut regions = b"regi\0\0\0\0\x02\0\0\0\0\0\0\0".to_vec();
        for (name, at) in [
            ("2dc27766-f623-4200-9d64-115e9bfd4a08", TABLE),
            ("8b7ca206-4790-4b9a-b8fe-575f050f886e", METADATA),
        ] {
            regions.extend(id(name));
            regions.extend((at as u64).to_le_bytes());
            regions.extend((1u32 << 20).to_le_bytes());
            regions.extend(1u32.to_le_bytes());
        }
        for at in [192 << 10, 256 << 10] {
            file = sealed(patched(&file, at, &regions), at, 64 << 10);
        }
        self.metadata(&mut file[METADATA..TABLE]);
        let table: Vec<u8> = self.table.iter().flat_map(|n| n.to_le_bytes()).collect();
        file[TABLE..][..table.len()].copy_from_slice(&table);
        file.extend(&self.data);
        file
    }

    fn metadata(&self, region: &mut [u8]) {
        let parameters = [self.block.to_le_bytes(), self.flags.to_le_bytes()];
        let items = [
            ("caa16737-fa36-4d43-b3b6-33f0aa44e76b", parameters.concat()),
            (
                "2fa54224-cd1b-4876-b211-5dbed83bf4b8",
                self.size.to_le_bytes().to_vec(),
            ),
            (
                "8141bf1d-a96f-4709-ba47-f233a8faab5f",
                self.sector.to_le_bytes().to_vec(),
            ),
            (
                "cda348c7-445d-4471-9cc9-e9885251c556",
                4096u32.to_le_bytes().to_vec(),
            ),
            ("beca12ab-b2e6-4523-93ef-c309e000c746", vec![3; 16]),
            (
                "a8d35f2d-b30b-454d-abf7-d3d84834ab0c",
                self.locator.clone().unwrap_or_default(),
            ),
        ];
        let count = if self.locator.is_some() { 6 } else { 5 };
        region[..8].copy_from_slice(b"metadata");
        region[10] = count as u8;
        let mut offset = 64 << 10;
        for (index, (name, item)) in items.iter().take(count).enumerate() {
            let entry = &mut region[32 + index * 32..][..32];
            entry[..16].copy_from_slice(&id(name));
            entry[16..20].copy_from_slice(&(offset as u32).to_le_bytes());
            entry[20..24].copy_from_slice(&(item.len() as u32).to_le_bytes());
            entry[24] = 4;
            region[offset..offset + item.len()].copy_from_slice(item);
            offset += item.len();
        }
    }
}
