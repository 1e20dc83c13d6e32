//! Streams that no program at hand writes.

use super::GRAIN;

/// A stream as VMware's programs write it: tables behind their grains, a footer, an end.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    tables: Vec<u32>,
}

impl Writer {
    fn sector(&self) -> u32 {
        (self.out.len() / 512) as u32
    }

    fn pad(&mut self) {
        self.out.resize(self.out.len().next_multiple_of(512), 0);
    }

    pub(super) fn header(&mut self, capacity: usize, directory: u64) {
        self.out.extend(b"KDMV");
        self.out.extend(3u32.to_le_bytes());
        self.out.extend(0x3_0001u32.to_le_bytes());
        for field in [capacity as u64, 128, 1, 20] {
            self.out.extend(field.to_le_bytes());
        }
        self.out.extend(512u32.to_le_bytes());
        for field in [0, directory, 128] {
            self.out.extend(field.to_le_bytes());
        }
        self.out.extend(b"\0\n \r\n\x01\0");
        self.pad();
    }

    pub(super) fn marker(&mut self, sectors: u64, kind: u32) {
        self.out.extend(sectors.to_le_bytes());
        self.out.extend([0; 4]);
        self.out.extend(kind.to_le_bytes());
        self.pad();
    }

    pub(super) fn grain(&mut self, sector: usize, data: &[u8]) -> u32 {
        let at = self.sector();
        let level = libdeflater::CompressionLvl::new(6).unwrap();
        let mut compressor = libdeflater::Compressor::new(level);
        let mut packed = vec![0; compressor.zlib_compress_bound(data.len())];
        let len = compressor.zlib_compress(data, &mut packed).unwrap();
        self.out.extend((sector as u64).to_le_bytes());
        self.out.extend((len as u32).to_le_bytes());
        self.out.extend(&packed[..len]);
        self.pad();
        at
    }

    fn table(&mut self, grains: &[u32]) {
        if grains.iter().all(|&sector| sector == 0) {
            return self.tables.push(0);
        }
        self.marker(4, 1);
        self.tables.push(self.sector());
        let mut grains = grains.to_vec();
        grains.resize(512, 0);
        self.out
            .extend(grains.iter().flat_map(|sector| sector.to_le_bytes()));
    }

    /// All of `disk`, the grains of each table in the order that `order` gives them.
    pub(super) fn stream(disk: &[u8], order: impl Fn(&mut Vec<usize>)) -> Vec<u8> {
        let mut writer = Writer::default();
        let capacity = disk.len() / 512;
        writer.header(capacity, u64::MAX);
        writer.out.extend(format!("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\nRW {capacity} SPARSE \"call-me-stream.vmdk\"\n").bytes());
        writer.out.resize(GRAIN, 0);
        let count = disk.len().div_ceil(GRAIN);
        for first in (0..count).step_by(512) {
            let mut grains: Vec<usize> = (first..count.min(first + 512)).collect();
            order(&mut grains);
            let mut table = vec![0; 512];
            for i in grains {
                let mut data = disk[i * GRAIN..disk.len().min((i + 1) * GRAIN)].to_vec();
                data.resize(GRAIN, 0);
                if !sparse::zero::is_zero(&data) {
                    table[i - first] = writer.grain(i * 128, &data);
                }
            }
            writer.table(&table);
        }
        let tables = std::mem::take(&mut writer.tables);
        writer.marker((tables.len() as u64 * 4).div_ceil(512), 2);
        let directory = writer.sector();
        writer
            .out
            .extend(tables.iter().flat_map(|sector| sector.to_le_bytes()));
        writer.pad();
        writer.marker(1, 3);
        writer.header(capacity, u64::from(directory));
        writer.marker(0, 0);
        writer.out
    }
}
