//! Tars, byte by byte.

mod bad;
mod good;

pub use bad::hostile;
pub use good::valid;

/// What everything in a tar is padded to, in bytes.
pub const BLOCK: usize = 512;

/// A header under construction.
#[derive(Clone, Debug)]
pub struct Header([u8; BLOCK]);

impl Header {
    /// A ustar header of type `flag` for a member of `size` bytes.
    pub fn new(name: &str, flag: u8, size: u64) -> Self {
        Header([0; BLOCK])
            .field(0, name)
            .field(100, "0000644\0")
            .field(108, "0000000\0")
            .field(116, "0000000\0")
            .field(124, format!("{size:011o}\0"))
            .field(136, "00000000000\0")
            .field(156, [flag])
            .field(257, "ustar\x0000")
    }

    /// Puts `bytes` at `offset`.
    pub fn field(mut self, offset: usize, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// The block, with the checksum it should have.
    pub fn sealed(self) -> Vec<u8> {
        let mut block = self.field(148, "        ").0.to_vec();
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    /// The block and `data`, padded.
    pub fn with(self, data: &[u8]) -> Vec<u8> {
        let mut entry = self.sealed();
        entry.extend_from_slice(data);
        pad(&mut entry);
        entry
    }
}

/// Fills the last block.
pub fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
}

/// A file.
pub fn file(name: &str, data: &[u8]) -> Vec<u8> {
    Header::new(name, b'0', data.len() as u64).with(data)
}

/// One PAX record.
pub fn record(keyword: &str, value: &str) -> String {
    let rest = format!(" {keyword}={value}\n");
    let mut len = rest.len();
    while format!("{len}{rest}").len() != len {
        len = format!("{len}{rest}").len();
    }
    format!("{len}{rest}")
}

/// A PAX extended header with `records`.
pub fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let text: String = records
        .iter()
        .map(|(key, value)| record(key, value))
        .collect();
    pax_raw(b'x', &text)
}

/// A PAX header of type `flag` whose content is `text`.
pub fn pax_raw(flag: u8, text: &str) -> Vec<u8> {
    Header::new("PaxHeaders/x", flag, text.len() as u64).with(text.as_bytes())
}

/// A GNU header with a long text for the next member: `flag` is `L` for its name, `K` for its link.
pub fn gnu_long(flag: u8, text: &str) -> Vec<u8> {
    let text = format!("{text}\0");
    Header::new("././@LongLink", flag, text.len() as u64)
        .field(257, "ustar  \0")
        .with(text.as_bytes())
}

/// `parts`, the end mark behind them.
pub fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.extend([0; 2 * BLOCK]);
    bytes
}

/// A sparse file as GNU tar can store it.
#[derive(Clone, Debug)]
pub struct Sparse {
    /// The name.
    pub name: &'static str,
    /// The size with holes, in bytes.
    pub size: u64,
    /// Offset and length of each extent, in bytes.
    pub map: Vec<(u64, u64)>,
    /// The bytes of all extents.
    pub data: Vec<u8>,
}

impl Sparse {
    /// A file of `size` bytes with an extent of 0x11 bytes, one of 0x22, and so on.
    pub fn new(size: u64, map: &[(u64, u64)]) -> Self {
        let data = map
            .iter()
            .zip(1u8..)
            .flat_map(|(&(_, len), i)| vec![i.wrapping_mul(0x11); len as usize])
            .collect();
        Sparse {
            name: "disk.img",
            size,
            map: map.to_vec(),
            data,
        }
    }

    /// The whole content.
    pub fn content(&self) -> Vec<u8> {
        let mut content = vec![0; self.size as usize];
        let mut rest = &self.data[..];
        for &(offset, len) in &self.map {
            let (data, after) = rest.split_at(len as usize);
            content[offset as usize..][..data.len()].copy_from_slice(data);
            rest = after;
        }
        content
    }

    /// As `--format=gnu` stores it.
    pub fn old_gnu(&self) -> Vec<u8> {
        let entry = |&(offset, len): &(u64, u64)| format!("{offset:011o}\0{len:011o}\0");
        let (first, rest) = self.map.split_at(self.map.len().min(4));
        let map: String = first.iter().map(entry).collect();
        let mut bytes = Header::new(self.name, b'S', self.data.len() as u64)
            .field(257, "ustar  \0")
            .field(386, map)
            .field(482, [u8::from(!rest.is_empty())])
            .field(483, format!("{:011o}\0", self.size))
            .sealed();
        let mut chunks = rest.chunks(21).peekable();
        while let Some(chunk) = chunks.next() {
            let map: String = chunk.iter().map(entry).collect();
            bytes.extend(
                Header([0; BLOCK])
                    .field(0, map)
                    .field(504, [u8::from(chunks.peek().is_some())])
                    .0,
            );
        }
        self.followed_by_data(bytes)
    }

    /// As `--sparse-version=0.0` stores it.
    pub fn pax_0_0(&self) -> Vec<u8> {
        let mut text = record("GNU.sparse.size", &self.size.to_string());
        text += &record("GNU.sparse.numblocks", &self.map.len().to_string());
        for (offset, len) in &self.map {
            text += &record("GNU.sparse.offset", &offset.to_string());
            text += &record("GNU.sparse.numbytes", &len.to_string());
        }
        let mut bytes = pax_raw(b'x', &text);
        bytes.extend(Header::new(self.name, b'0', self.data.len() as u64).sealed());
        self.followed_by_data(bytes)
    }

    /// As `--sparse-version=0.1` stores it.
    pub fn pax_0_1(&self) -> Vec<u8> {
        let numbers: Vec<String> = self
            .map
            .iter()
            .map(|(offset, len)| format!("{offset},{len}"))
            .collect();
        let mut bytes = pax(&[
            ("GNU.sparse.size", &self.size.to_string()),
            ("GNU.sparse.numblocks", &self.map.len().to_string()),
            ("GNU.sparse.name", self.name),
            ("GNU.sparse.map", &numbers.join(",")),
        ]);
        let header = Header::new("GNUSparseFile.1/disk.img", b'0', self.data.len() as u64);
        bytes.extend(header.sealed());
        self.followed_by_data(bytes)
    }

    /// As `--sparse-version=1.0` stores it.
    pub fn pax_1_0(&self) -> Vec<u8> {
        let mut text = format!("{}\n", self.map.len());
        for (offset, len) in &self.map {
            text += &format!("{offset}\n{len}\n");
        }
        self.pax_1_0_with(&text)
    }

    /// The same with `map` in place of the right one.
    pub fn pax_1_0_with(&self, map: &str) -> Vec<u8> {
        let mut data = map.as_bytes().to_vec();
        pad(&mut data);
        data.extend(&self.data);
        let mut bytes = pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", self.name),
            ("GNU.sparse.realsize", &self.size.to_string()),
        ]);
        bytes.extend(Header::new("GNUSparseFile.1/disk.img", b'0', data.len() as u64).with(&data));
        bytes
    }

    fn followed_by_data(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.extend(&self.data);
        pad(&mut bytes);
        bytes
    }
}
