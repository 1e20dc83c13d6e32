//! Disks and discs in formats that are not read, and what is made for flash memory.

use super::Kind::{Firmware, Image};
use super::{Known, check};

const fn image(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Image, what, magic)
}

const fn firmware(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Firmware, what, magic)
}

const PARTCLONE: &str = "restore it to a file: partclone.restore -C -s FILE -o DISK";
const EWF: &str = "export it as raw first: ewfexport -f raw FILE";
const CHD: &str = "extract it first: chdman extracthd -i FILE -o DISK";

pub(super) const TABLE: &[Known] = &[
    // Disks.
    image("a cloop image", &[(0, b"#!/bin/sh\n#V2.0 Format")])
        .say("extract it first: extract_compressed_fs FILE DISK"),
    image("a cloop image", &[(0, b"#!/bin/sh\n#V1.0 Format")])
        .say("extract it first: extract_compressed_fs FILE DISK"),
    image("a Ghost image", &[(0, b"\xfe\xef\x01")])
        .when(check::ghost)
        .say("restore it with Ghost to a disk, and give that"),
    image("a partclone image", &[(0, b"partclone-image")]).say(PARTCLONE),
    image("a Partimage image", &[(0, b"PaRtImAgE-VoLuMe")])
        .say("restore it with partimage to a disk, and give that"),
    image("an ntfsclone image", &[(0, b"\0ntfsclone-image")])
        .pipe("ntfsclone --restore-image --overwrite - FILE"),
    image("an EnCase (EWF) image", &[(0, b"EVF\x09\x0d\x0a\xff\x00")]).say(EWF),
    image("an EnCase (EWF) image", &[(0, b"EVF2\x0d\x0a\x81\x00")]).say(EWF),
    image(
        "an EnCase (EWF) logical image",
        &[(0, b"LVF\x09\x0d\x0a\xff\x00")],
    ),
    image(
        "an EnCase (EWF) logical image",
        &[(0, b"LEF2\x0d\x0a\x81\x00")],
    ),
    image("an AFF image", &[(0, b"AFF10\r\n\0")]).say("export it as raw first: affconvert -r FILE"),
    image("a pipable WIM", &[(0, b"WLPWM\0\0\0")])
        .say("it holds files and not a disk: apply it with wimapply to a file system"),
    image(
        "a VMware space-efficient sparse extent",
        &[(0, b"\xbe\xba\xfe\xca\0\0\0\0")],
    )
    .say("export it with ovftool or vmkfstools -i first"),
    image("a user-mode Linux copy-on-write disk", &[(0, b"MOOO")])
        .say("merge it first: uml_moo -b BACKING FILE DISK"),
    image("an XFS metadata dump", &[(0, b"XFSM")]).say("it has no data of files in it"),
    image("an XFS metadata dump", &[(0, b"XMD2")]).say("it has no data of files in it"),
    image("a Windows deployment image (SDI)", &[(0, b"$SDI0001")]),
    image("an Apple sparse disk image", &[(0, b"sprs\0\0\0\x03")])
        .say("convert it first: hdiutil convert FILE -format UDTO -o DISK"),
    image("a MAME hard disk image (CHD)", &[(0, b"MComprHD")]).say(CHD),
    image("a Hercules DASD image", &[(0, b"CKD_P370")]),
    image("a Hercules DASD image", &[(0, b"CKD_C370")]),
    image("a Hercules DASD image", &[(0, b"CKD_P064")]),
    image("a Hercules DASD image", &[(0, b"CKD_C064")]),
    image("a T98 hard disk image", &[(0, b"T98HDDIMAGE.R0\0")]),
    image("a SunPC hard disk image", &[(0, b"SunPC 4.0 Hard Disk")]),
    image(
        "a btrfs metadata dump",
        &[(0, b"\x8b\x66\x95\x72\xe2\x25\x5c\xbd")],
    )
    .say("it has no data of files in it"),
    image("a Singularity image", &[(32, b"SIF_MAGIC\0")]),
    image("a DwarFS image", &[(0, b"DWARFS")]).say("extract it first: dwarfsextract -i FILE"),
    // Discs.
    image(
        "a disc image with raw sectors",
        &[(0, b"\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0")],
    )
    .say("convert it to ISO 9660 first, with ccd2iso or bchunk"),
    image("a compressed ISO (CSO)", &[(0, b"CISO")])
        .when(check::ciso)
        .say("extract it first, with ciso"),
    image("a compressed ISO (ZSO)", &[(0, b"ZISO")]),
    image("a zipped ISO", &[(0, b"IsZ!")]).say("extract it first, with UltraISO"),
    image("a PowerISO archive", &[(0, b"DAA\0\0\0")])
        .say("convert it first: poweriso convert FILE -o DISC"),
    image("a PowerISO archive", &[(0, b"GBI\0\0\0")])
        .say("convert it first: poweriso convert FILE -o DISC"),
    image("a disc's media descriptor", &[(0, b"MEDIA DESCRIPTOR")]).say("give the .mdf beside it"),
    image("a Wii disc image (WBFS)", &[(0, b"WBFS")]),
    image("a Dolphin disc image", &[(0, b"RVZ\x01")]),
    image("a Dolphin disc image", &[(0, b"WIA\x01")]),
    image(
        "a Dreamcast, Saturn or Mega CD disc image",
        &[(0, b"SEGA SEGAKATANA")],
    ),
    // Floppies.
    image("a floppy image of CopyQM", &[(0, b"CQ\x14")]),
    image("a floppy image of ImageDisk", &[(0, b"IMD 1.")]),
    image("a floppy image of HxC", &[(0, b"HXCPICFE")]),
    image(
        "a floppy image of ApriDisk",
        &[(0, b"ACT Apricot disk image\x1a\x04")],
    ),
    image("an Amstrad CPC floppy image", &[(0, b"MV - CPC")]),
    image(
        "an Amstrad CPC floppy image",
        &[(0, b"EXTENDED CPC DSK File")],
    ),
    image("an Apple II disk image", &[(0, b"2IMG")]),
    image("an Apple II disk image", &[(0, b"WOZ1\xff\n\r\n")]),
    image("an Apple II disk image", &[(0, b"WOZ2\xff\n\r\n")]),
    // Flash memory, ROMs, boot loaders.
    firmware("an Android boot image", &[(0, b"ANDROID!")]),
    firmware("an Android vendor boot image", &[(0, b"VNDRBOOT")]),
    firmware("an Android update payload", &[(0, b"CrAU\0\0\0")])
        .say("extract the partition's image from it first, with payload-dumper"),
    firmware("an Android verified boot image", &[(0, b"AVB0")]),
    firmware("a U-Boot image", &[(0, b"\x27\x05\x19\x56")]),
    firmware(
        "a device tree or U-Boot FIT image",
        &[(0, b"\xd0\x0d\xfe\xed")],
    ),
    firmware("a UBI image", &[(0, b"UBI#\x01")]),
    firmware("a UBIFS image", &[(0, b"\x31\x18\x10\x06")]),
    firmware("a JFFS2 image", &[(0, b"\x85\x19")]).when(check::jffs2),
    firmware("a JFFS2 image", &[(0, b"\x19\x85")]).when(check::jffs2),
    firmware("a TRX firmware image", &[(0, b"HDR0")]),
    firmware("a UEFI firmware volume", &[(40, b"_FVH")]),
    firmware(
        "a flash image with Intel's descriptor",
        &[(16, b"\x5a\xa5\xf0\x0f")],
    ),
    firmware("a UF2 firmware image", &[(0, b"UF2\n\x57\x51\x5d\x9e")]),
    firmware("a PCI option ROM", &[(0, b"\x55\xaa")]).when(check::option_rom),
    firmware("a Windows CE image", &[(0, b"B000FF\n")]),
];
