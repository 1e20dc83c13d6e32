//! Disk formats, read and written, beside qemu-img with whatever flags suit it best.

use super::{Job, Peer, Section, WITH_DIGEST, job, peer};

/// A file in a format, made raw. `$qemu` is qemu's name of the format.
macro_rules! read {
    ($name:literal, $file:literal, $qemu:literal, $most:literal) => {
        Job {
            peers: &[
                qemu(
                    concat!("qemu-img convert -f ", $qemu, " -O raw ", $file, " out.img"),
                    $most,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -W -m 16 -f ",
                        $qemu,
                        " -O raw ",
                        $file,
                        " out.img"
                    ),
                    $most,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -t none -T none -f ",
                        $qemu,
                        " -O raw ",
                        $file,
                        " out.img"
                    ),
                    $most,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -W -m 16 -t none -T none -f ",
                        $qemu,
                        " -O raw ",
                        $file,
                        " out.img"
                    ),
                    $most,
                ),
                peer(
                    "nbdcopy",
                    concat!(
                        "nbdcopy -- [ qemu-nbd -r -f ",
                        $qemu,
                        " ",
                        $file,
                        " ] out.img"
                    ),
                    None,
                ),
                peer(
                    WITH_DIGEST,
                    concat!(
                        "innkeeper import ",
                        $file,
                        " --to out.img --json >/dev/null"
                    ),
                    None,
                ),
            ],
            ..job(
                $name,
                concat!("innkeeper import ", $file, " --to out.img --quiet"),
            )
        }
    };
}

/// The raw disk, made a file in a format: `$ours` is what the program is told to write, `$theirs` what
/// qemu-img is.
macro_rules! written {
    ($name:literal, $format:literal, $ours:literal, $theirs:literal) => {
        Job {
            format: $format,
            peers: &[
                qemu(
                    concat!(
                        "qemu-img convert -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -W -m 16 -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -t none -T none -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
            ],
            ..job(
                $name,
                concat!(
                    "innkeeper convert guest/disk.img out.img --quiet --format ",
                    $ours
                ),
            )
        }
    };
}

/// The same where compressing takes the time, and where how the disk is read and written does not:
/// only the number of clusters compressed at once makes a difference.
macro_rules! compressed {
    ($name:literal, $format:literal, $ours:literal, $theirs:literal, $size:expr) => {
        Job {
            format: $format,
            size: $size,
            peers: &[
                qemu(
                    concat!(
                        "qemu-img convert -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -W -m 8 -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
                qemu(
                    concat!(
                        "qemu-img convert -W -m 16 -O ",
                        $format,
                        $theirs,
                        " guest/disk.img out.img"
                    ),
                    1.0,
                ),
            ],
            ..job(
                $name,
                concat!(
                    "innkeeper convert guest/disk.img out.img --quiet --format ",
                    $ours
                ),
            )
        }
    };
}

const fn qemu(command: &'static str, at_most: f64) -> Peer {
    peer("qemu-img", command, Some(at_most))
}

pub(super) const READ: Section = Section {
    title: "Disk formats, read",
    jobs: &[
        read!("VMDK streamOptimized to raw", "disk.vmdk", "vmdk", 0.35),
        read!(
            "qcow2 with zlib clusters to raw",
            "disk.zlib.qcow2",
            "qcow2",
            0.5
        ),
        read!(
            "qcow2 with zstd clusters to raw",
            "disk.zstd.qcow2",
            "qcow2",
            0.5
        ),
        read!("plain qcow2 to raw", "disk.qcow2", "qcow2", 0.9),
        read!("VDI to raw", "disk.vdi", "vdi", 0.9),
        read!("VHD to raw", "disk.vhd", "vpc", 0.9),
        read!("VHDX to raw", "disk.vhdx", "vhdx", 0.9),
    ],
};

pub(super) const WRITTEN: Section = Section {
    title: "Disk formats, written",
    jobs: &[
        compressed!(
            "raw to qcow2 with zlib clusters",
            "qcow2",
            "qcow2 -o compression=zlib",
            " -c -o compression_type=zlib",
            Some(1.02)
        ),
        compressed!(
            "raw to qcow2 with zstd clusters",
            "qcow2",
            "qcow2 -o compression=zstd",
            " -c -o compression_type=zstd",
            Some(1.02)
        ),
        compressed!(
            "raw to VMDK streamOptimized",
            "vmdk",
            "vmdk",
            " -o subformat=streamOptimized",
            None
        ),
        written!("raw to plain qcow2", "qcow2", "qcow2", ""),
        written!(
            "raw to VHD",
            "vpc",
            "vhd",
            " -o subformat=dynamic,force_size=on"
        ),
        written!("raw to VDI", "vdi", "vdi", ""),
    ],
};
