//! What is no grain: headers, markers, the descriptor.

use super::{GRAIN, SECTOR, TABLE};

/// Sectors in front of the first grain.
const OVERHEAD: u64 = 128;

/// Sectors that the descriptor has.
const DESCRIPTOR: u64 = 20;

/// In place of the directory's sector: the footer knows.
const AT_END: u64 = u64::MAX;

/// What a marker announces.
#[derive(Clone, Copy)]
pub(super) enum Marker {
    EndOfStream = 0,
    Table = 1,
    Directory = 2,
    Footer = 3,
}

impl Marker {
    /// The marker's sector, in front of `sectors` others.
    pub(super) fn bytes(self, sectors: u64) -> Vec<u8> {
        let mut bytes = sectors.to_le_bytes().to_vec();
        bytes.extend([0; 4]); // in a grain's marker, its length
        bytes.extend((self as u32).to_le_bytes());
        padded(bytes, 1)
    }
}

/// The header, or the footer, of a disk of `capacity` sectors whose directory is at the sector
/// `directory`.
pub(super) fn header(capacity: u64, directory: u64) -> Vec<u8> {
    const TABLES_BEHIND: u64 = 0;
    // How line ends are told from those that a transfer as text has changed; compressed grains;
    // markers.
    const FLAGS: u32 = 1 | 1 << 16 | 1 << 17;
    let mut bytes = b"KDMV".to_vec();
    bytes.extend([3, FLAGS].map(u32::to_le_bytes).as_flattened());
    let sizes = [capacity, GRAIN as u64 / SECTOR, 1, DESCRIPTOR];
    bytes.extend(sizes.map(u64::to_le_bytes).as_flattened());
    bytes.extend((TABLE as u32).to_le_bytes());
    let places = [TABLES_BEHIND, directory, OVERHEAD];
    bytes.extend(places.map(u64::to_le_bytes).as_flattened());
    bytes.extend(b"\0\n \r\n"); // closed properly, and line ends
    bytes.extend(1u16.to_le_bytes()); // deflate
    padded(bytes, 1)
}

/// What is in front of the first grain: the header and the descriptor.
pub(super) fn front(capacity: u64, adapter: &str) -> Vec<u8> {
    let mut bytes = header(capacity, AT_END);
    bytes.extend(descriptor(capacity, adapter).into_bytes());
    padded(bytes, OVERHEAD)
}

/// The descriptor of a disk of `capacity` sectors.
fn descriptor(capacity: u64, adapter: &str) -> String {
    // Drivers for IDE know no more heads and cylinders than these.
    let (heads, most) = match adapter {
        "ide" => (16, 16383),
        _ => (255, 65535),
    };
    let cylinders = capacity.div_ceil(heads * 63).min(most);
    // Neither of the two values that mean that there is none.
    let id = (capacity % 0xffff_fffb) + 1;
    format!(
        "# Disk DescriptorFile\n\
         version=1\n\
         encoding=\"UTF-8\"\n\
         CID={id:08x}\n\
         parentCID=ffffffff\n\
         createType=\"streamOptimized\"\n\
         \n\
         # Extent description\n\
         RW {capacity} SPARSE \"disk.vmdk\"\n\
         \n\
         # The Disk Data Base\n\
         #DDB\n\
         \n\
         ddb.virtualHWVersion = \"4\"\n\
         ddb.geometry.cylinders = \"{cylinders}\"\n\
         ddb.geometry.heads = \"{heads}\"\n\
         ddb.geometry.sectors = \"63\"\n\
         ddb.adapterType = \"{adapter}\"\n"
    )
}

/// `bytes` with zeros behind them, so that they are `sectors` sectors.
fn padded(mut bytes: Vec<u8>, sectors: u64) -> Vec<u8> {
    bytes.resize((sectors * SECTOR) as usize, 0);
    bytes
}
