//! Raw disks in archives, as they come from the network, and as they are.

use super::{Job, Section, WITH_DIGEST, job, peer};

pub(super) const SECTION: Section = Section {
    title: "Archives and raw disks",
    jobs: &[
        Job {
            peers: &[
                peer(
                    "pipe",
                    "cat disk.tar.gz | tar -O -xzf - guest/disk.img | dd bs=1024k of=out.img status=none",
                    Some(1.0 / 20.0),
                ),
                peer(
                    "pigz",
                    "tar -I pigz -O -xf disk.tar.gz guest/disk.img | dd bs=1024k iflag=fullblock conv=sparse of=out.img status=none",
                    None,
                ),
                peer(
                    "rapidgzip",
                    "rapidgzip -P 0 -dc disk.tar.gz >/dev/null",
                    None,
                ),
                peer("igzip", "igzip -dc disk.tar.gz >/dev/null", Some(0.7)),
            ],
            ..job(
                "tar.gz, made by gzip -6",
                "innkeeper import disk.tar.gz --to out.img --quiet",
            )
        },
        Job {
            peers: &[peer(
                "igzip",
                "igzip -dc disk.pigz.tar.gz >/dev/null",
                Some(0.7),
            )],
            ..job(
                "tar.gz, made by pigz",
                "innkeeper import disk.pigz.tar.gz --to out.img --quiet",
            )
        },
        Job {
            peers: &[peer(
                "igzip",
                "igzip -dc disk.sparse.tar.gz >/dev/null",
                None,
            )],
            ..job(
                "tar.gz, sparse, made by tar -Sz",
                "innkeeper import disk.sparse.tar.gz --to out.img --quiet",
            )
        },
        Job {
            peers: &[peer("zstd", "zstd -dc disk.tar.zst >/dev/null", Some(1.0))],
            ..job(
                "tar.zst, made by zstd -3",
                "innkeeper import disk.tar.zst --to out.img --quiet",
            )
        },
        Job {
            memory: 192,
            peers: &[peer("xz", "xz -T0 -dc disk.tar.xz >/dev/null", Some(1.0))],
            ..job(
                "tar.xz, made by xz -T0",
                "innkeeper import disk.tar.xz --to out.img --quiet",
            )
        },
        Job {
            peers: &[
                peer(
                    "bzip2",
                    "bzip2 -dc disk.tar.bz2 >/dev/null",
                    Some(1.0 / 1.3),
                ),
                peer("lbzip2", "lbzip2 -dc disk.tar.bz2 >/dev/null", None),
            ],
            ..job(
                "tar.bz2, made by lbzip2",
                "innkeeper import disk.tar.bz2 --to out.img --quiet",
            )
        },
        Job {
            peers: &[peer("lz4", "lz4 -q -dc disk.tar.lz4 >/dev/null", Some(1.0))],
            ..job(
                "tar.lz4, made by lz4",
                "innkeeper import disk.tar.lz4 --to out.img --quiet",
            )
        },
        Job {
            peers: &[
                peer("cp", "cp --sparse=always guest/disk.img out.img", None),
                peer("nbdcopy", "nbdcopy guest/disk.img out.img", Some(1.0)),
                peer(
                    "qemu-img",
                    "qemu-img convert -f raw -O raw guest/disk.img out.img",
                    None,
                ),
                peer(
                    "qemu-img",
                    "qemu-img convert -W -m 16 -f raw -O raw guest/disk.img out.img",
                    None,
                ),
                peer(
                    WITH_DIGEST,
                    "innkeeper import guest/disk.img --to out.img --json >/dev/null",
                    None,
                ),
            ],
            ..job(
                "raw to raw",
                "innkeeper import guest/disk.img --to out.img --quiet",
            )
        },
        Job {
            peers: FROM_FILE,
            ..job(
                "tar.gz from standard input",
                "cat disk.tar.gz | innkeeper import - --to out.img --quiet",
            )
        },
        Job {
            peers: FROM_FILE,
            ..job(
                "tar.gz over HTTP on loopback",
                "innkeeper import $HTTP/disk.tar.gz --to out.img --quiet",
            )
        },
    ],
};

/// The program itself, on the same archive in a file.
const FROM_FILE: &[super::Peer] = &[peer(
    "from file",
    "innkeeper import disk.tar.gz --to out.img --quiet",
    Some(1.1),
)];
