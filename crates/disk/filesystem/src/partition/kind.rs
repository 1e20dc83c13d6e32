//! What partitions are for.

use std::fmt;

/// The type of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionType {
    /// The byte in an MBR.
    Mbr(u8),
    /// The GUID in a GPT, lower case.
    Gpt(String),
}

/// The types that matter for starting a guest: the byte of an MBR, the GUID of a GPT, what it is. From the
/// UEFI specification, the Discoverable Partitions Specification, and fdisk's list.
const KNOWN: &[(u8, &str, &str)] = &[
    (0xef, ESP, "EFI system partition"),
    (0xea, XBOOTLDR, "extended boot loader partition"),
    (0, BIOS, "BIOS boot partition"),
    (
        0x41,
        "9e1a2d38-c612-4316-aa26-8b49521e5a8b",
        "PowerPC PReP boot partition",
    ),
    (
        0x83,
        "0fc63daf-8483-4772-8e79-3d69d8477de4",
        "Linux file system",
    ),
    (
        0,
        "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
        "Linux root (x86-64)",
    ),
    (
        0,
        "44479540-f297-41b2-9af7-d131d5f0458a",
        "Linux root (x86)",
    ),
    (
        0,
        "b921b045-1df0-41c3-af44-4c6f280d3fae",
        "Linux root (ARM64)",
    ),
    (
        0,
        "8484680c-9521-48c6-9c11-b0720656f69e",
        "Linux /usr (x86-64)",
    ),
    (
        0,
        "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6",
        "Linux /usr (CoreOS)",
    ),
    (0, "3884dd41-8582-4404-b9a8-e9b84f2df50e", "CoreOS root"),
    (0, "933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux home"),
    (0, "4d21b016-b534-45c2-a9fb-5c16e091fd2d", "Linux /var"),
    (0x82, "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap"),
    (0x8e, "e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM"),
    (0xfd, "a19d880f-05fc-4d3b-a006-743f0f84911e", "Linux RAID"),
    (0xe8, "ca7d7ccb-63ed-4c53-861c-1742536059cc", "LUKS"),
    (
        0,
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",
        "Microsoft reserved",
    ),
    (0x07, "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Windows data"),
    (
        0x27,
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",
        "Windows recovery",
    ),
    (0xa5, "516e7cb4-6ecf-11d6-8ff8-00022d09712b", "FreeBSD"),
    (0, "83bd6b9d-7f41-11dc-be0b-001560b84f0f", "FreeBSD boot"),
    (0, "516e7cb6-6ecf-11d6-8ff8-00022d09712b", "FreeBSD UFS"),
    (0, "516e7cba-6ecf-11d6-8ff8-00022d09712b", "FreeBSD ZFS"),
    (0x01, "", "FAT12"),
    (0x04, "", "FAT16"),
    (0x06, "", "FAT16"),
    (0x0b, "", "FAT32"),
    (0x0c, "", "FAT32"),
    (0x0e, "", "FAT16"),
    (0x17, "", "hidden NTFS, or a hybrid ISO"),
    (0x05, "", "extended partition"),
    (0x0f, "", "extended partition"),
    (0x85, "", "extended partition"),
    (0xee, "", "protective entry for a GPT"),
    (0xa6, "", "OpenBSD"),
    (0xa9, "", "NetBSD"),
    (0xbf, "", "Solaris"),
];

const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const XBOOTLDR: &str = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
const BIOS: &str = "21686148-6449-6e6f-744e-656564454649";

impl PartitionType {
    /// What it is for, in words; empty where that is not known.
    pub fn description(&self) -> &'static str {
        let known = KNOWN.iter().find(|(byte, guid, _)| match self {
            PartitionType::Mbr(number) => number == byte && *number != 0,
            PartitionType::Gpt(id) => id == guid,
        });
        known.map_or("", |(_, _, what)| what)
    }

    /// Whether it is an extended partition of an MBR, which holds only others.
    pub fn is_container(&self) -> bool {
        matches!(self, PartitionType::Mbr(0x05 | 0x0f | 0x85))
    }

    /// Whether it is an EFI system partition.
    pub fn is_efi_system(&self) -> bool {
        match self {
            PartitionType::Mbr(byte) => *byte == 0xef,
            PartitionType::Gpt(id) => id == ESP,
        }
    }

    /// Whether it is the extended boot loader partition (XBOOTLDR) of the Boot Loader Specification.
    pub fn is_extended_boot(&self) -> bool {
        match self {
            PartitionType::Mbr(byte) => *byte == 0xea,
            PartitionType::Gpt(id) => id == XBOOTLDR,
        }
    }

    /// Whether it holds GRUB's code for a BIOS.
    pub fn is_bios_boot(&self) -> bool {
        matches!(self, PartitionType::Gpt(id) if id == BIOS)
    }
}

impl fmt::Display for PartitionType {
    /// As blkid's `PART_ENTRY_TYPE`: `0x83`, or the GUID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartitionType::Mbr(byte) => write!(f, "{byte:#x}"),
            PartitionType::Gpt(id) => f.write_str(id),
        }
    }
}
