//! VMAs, the backups of Proxmox VE, written down from its specification (`vma_spec.txt`, `vma.h`).

mod bad;

use md5::{Digest, Md5};

pub use bad::hostile;

/// Bytes of a cluster.
pub const CLUSTER: usize = 64 << 10;
/// Bytes of a block, of which only those with data are stored.
pub const BLOCK: usize = 4 << 10;
/// Bytes of the header without its blobs.
pub const HEADER: usize = 12 << 10;
/// Bytes of the header of an extent.
pub const EXTENT: usize = 512;
/// Clusters that the header of an extent has room for.
pub const ROOM: usize = 59;

/// Where the checksum lies in the header, and in the header of an extent.
const SUMS: [usize; 2] = [32, 24];

/// A backup.
#[derive(Clone, Debug)]
pub struct Backup {
    /// What header and extents have in common.
    pub uuid: [u8; 16],
    /// Configurations: name and content.
    pub configs: Vec<(String, Vec<u8>)>,
    /// Devices, the first of which has the number 1.
    pub devices: Vec<Device>,
    /// The clusters in the order in which they are stored: the device's number and the cluster's.
    pub order: Vec<(u8, u32)>,
    /// Whether blocks of zeros are stored as well.
    pub full: bool,
    /// Clusters in an extent, at most [`ROOM`].
    pub in_extent: usize,
}

/// A device of a backup.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its name: `drive-scsi0`.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

impl Backup {
    /// A backup of devices with these names and contents, one cluster of each in turn, with a
    /// `qemu-server.conf`.
    pub fn new(devices: &[(&str, &[u8])]) -> Self {
        let device = |&(name, content): &(&str, &[u8])| Device {
            name: name.to_owned(),
            content: content.to_vec(),
        };
        let mut backup = Backup {
            uuid: *b"0123456789abcdef",
            configs: vec![("qemu-server.conf".into(), config(devices).into_bytes())],
            devices: devices.iter().map(device).collect(),
            order: Vec::new(),
            full: false,
            in_extent: ROOM - 1,
        };
        backup.order = backup.in_turn();
        backup
    }

    /// One cluster of each device in turn.
    pub fn in_turn(&self) -> Vec<(u8, u32)> {
        let mut order: Vec<_> = (self.devices.iter().zip(1..))
            .flat_map(|(device, id)| (0..device.clusters()).map(move |number| (id, number)))
            .collect();
        order.sort_by_key(|&(id, number)| (number, id));
        order
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        for clusters in self.order.chunks(self.in_extent) {
            bytes.extend(self.extent(clusters));
        }
        bytes
    }

    /// The header, its blobs included.
    pub fn header(&self) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        // Offset 0 means that there is nothing.
        let mut blobs = vec![0];
        header[..8].copy_from_slice(b"VMA\0\0\0\0\x01");
        header[8..24].copy_from_slice(&self.uuid);
        header[24..32].copy_from_slice(&1_700_000_000u64.to_be_bytes());
        for (i, (name, data)) in self.configs.iter().enumerate() {
            let pointers = [text(&mut blobs, name), blob(&mut blobs, data)];
            put(&mut header, 2044 + 4 * i, &pointers[0].to_be_bytes());
            put(&mut header, 3068 + 4 * i, &pointers[1].to_be_bytes());
        }
        for (i, device) in self.devices.iter().enumerate() {
            let (at, size) = (4096 + 32 * (i + 1), device.content.len() as u64);
            let name = text(&mut blobs, &device.name);
            put(&mut header, at, &name.to_be_bytes());
            put(&mut header, at + 8, &size.to_be_bytes());
        }
        let used = blobs.len() as u32;
        blobs.resize(blobs.len().next_multiple_of(512), 0);
        header.extend(&blobs);
        let size = header.len() as u32;
        put(&mut header, 48, &(HEADER as u32).to_be_bytes());
        put(&mut header, 52, &used.to_be_bytes());
        put(&mut header, 56, &size.to_be_bytes());
        seal(&mut header, SUMS[0]);
        header
    }

    /// An extent with these clusters.
    pub fn extent(&self, clusters: &[(u8, u32)]) -> Vec<u8> {
        let mut extent = vec![0; EXTENT];
        extent[..4].copy_from_slice(b"VMAE");
        extent[8..24].copy_from_slice(&self.uuid);
        for (i, &(id, number)) in clusters.iter().enumerate() {
            let (mask, data) = self.cluster(id, number);
            let at = 40 + 8 * i;
            put(&mut extent, at, &mask.to_be_bytes());
            put(&mut extent, at + 3, &[id]);
            put(&mut extent, at + 4, &number.to_be_bytes());
            extent.extend(data);
        }
        let blocks = (extent.len() - EXTENT) / BLOCK;
        put(&mut extent, 6, &(blocks as u16).to_be_bytes());
        seal(&mut extent[..EXTENT], SUMS[1]);
        extent
    }

    /// A cluster's mask and its blocks.
    fn cluster(&self, id: u8, number: u32) -> (u16, Vec<u8>) {
        let device = self.devices.get(usize::from(id).wrapping_sub(1));
        let content = device.map_or(&[][..], |device| &device.content);
        let from = content.len().min(number as usize * CLUSTER);
        let mut cluster = content[from..content.len().min(from + CLUSTER)].to_vec();
        cluster.resize(CLUSTER, 0);
        let (mut mask, mut data) = (0, Vec::new());
        for (bit, block) in cluster.chunks(BLOCK).enumerate() {
            if self.full || block.iter().any(|&byte| byte != 0) {
                mask |= 1 << bit;
                data.extend_from_slice(block);
            }
        }
        (mask, data)
    }
}

impl Device {
    fn clusters(&self) -> u32 {
        self.content.len().div_ceil(CLUSTER) as u32
    }
}

/// Makes the checksum of the header, which `bytes` begin with, right.
pub fn seal_header(bytes: &mut [u8]) {
    let size = bytes[56..60].try_into().map_or(0, u32::from_be_bytes) as usize;
    let size = size.min(bytes.len());
    seal(&mut bytes[..size], SUMS[0]);
}

/// Makes the checksum of the extent that begins at byte `at` right.
pub fn seal_extent(bytes: &mut [u8], at: usize) {
    seal(&mut bytes[at..at + EXTENT], SUMS[1]);
}

/// The configuration that Proxmox VE writes for a guest `web01` with these devices.
pub fn config(devices: &[(&str, &[u8])]) -> String {
    let mut config = String::from(
        "#a guest\nboot: order=scsi0\ncores: 2\nmemory: 1024\nname: web01\n\
         net0: virtio=BC:24:11:00:00:01,bridge=vmbr0\nostype: l26\n",
    );
    let disks = devices.iter().filter(|(name, _)| *name != "vmstate");
    for (number, (name, content)) in disks.enumerate() {
        let disk = name
            .trim_start_matches("drive-")
            .trim_end_matches("-backup");
        let kib = content.len().div_ceil(1024);
        config += &format!("{disk}: local-lvm:vm-100-disk-{number},size={kib}K\n");
        config += &format!("#qmdump#map:{disk}:{name}:local-lvm:raw:\n");
    }
    config
}

fn text(blobs: &mut Vec<u8>, text: &str) -> u32 {
    blob(blobs, &[text.as_bytes(), b"\0"].concat())
}

/// Appends a blob and returns where it is.
fn blob(blobs: &mut Vec<u8>, data: &[u8]) -> u32 {
    let at = blobs.len() as u32;
    // The one length in the format that is little-endian.
    blobs.extend((data.len() as u16).to_le_bytes());
    blobs.extend(data);
    at
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

fn seal(bytes: &mut [u8], at: usize) {
    bytes[at..at + 16].fill(0);
    let sum = Md5::digest(&*bytes);
    bytes[at..at + 16].copy_from_slice(&sum);
}
