//! What is measured, against whom, and the goals.
//!
//! Commands run in the inputs' directory under `bash -o pipefail`; `$HTTP` is the address of a server
//! of that directory on loopback. What writes a disk writes `out.img`.

/// Something the program does, and others who do it.
pub(super) struct Job {
    /// What it is called.
    pub(super) name: &'static str,
    /// What the program is told.
    pub(super) command: &'static str,
    /// The disk that `out.img` must equal.
    pub(super) content: &'static str,
    /// Peak memory the program may take, in MiB.
    pub(super) memory: u64,
    /// Seconds the program may take, where the goal does not depend on the machine.
    pub(super) seconds: Option<f64>,
    /// The others.
    pub(super) peers: &'static [Peer],
}

/// Another way to do it, or a part of it.
pub(super) struct Peer {
    /// The program it stands for; `--without` goes by it.
    pub(super) tool: &'static str,
    /// What to run.
    pub(super) command: &'static str,
    /// The goal: how long the program may take, as a share of this peer's time.
    pub(super) at_most: Option<f64>,
}

const fn peer(tool: &'static str, command: &'static str, at_most: Option<f64>) -> Peer {
    Peer {
        tool,
        command,
        at_most,
    }
}

/// A terabyte's own goal, in seconds.
const TERABYTE: Option<f64> = Some(2.0);

pub(super) const JOBS: &[Job] = &[
    Job {
        name: "tar.gz, made by gzip -6",
        command: "innkeeper import disk.tar.gz --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
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
    },
    Job {
        name: "tar.gz, made by pigz",
        command: "innkeeper import disk.pigz.tar.gz --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[peer(
            "igzip",
            "igzip -dc disk.pigz.tar.gz >/dev/null",
            Some(0.7),
        )],
    },
    Job {
        name: "tar.gz, sparse, made by tar -Sz",
        command: "innkeeper import disk.sparse.tar.gz --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[peer(
            "igzip",
            "igzip -dc disk.sparse.tar.gz >/dev/null",
            None,
        )],
    },
    Job {
        name: "tar.zst, made by zstd -3",
        command: "innkeeper import disk.tar.zst --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[peer("zstd", "zstd -dc disk.tar.zst >/dev/null", Some(1.0))],
    },
    Job {
        name: "tar.xz, made by xz -T0",
        command: "innkeeper import disk.tar.xz --to out.img --quiet",
        content: "guest/disk.img",
        memory: 192,
        seconds: None,
        peers: &[peer("xz", "xz -T0 -dc disk.tar.xz >/dev/null", Some(1.0))],
    },
    Job {
        name: "raw to raw",
        command: "innkeeper import guest/disk.img --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[
            peer("cp", "cp --sparse=always guest/disk.img out.img", None),
            peer("nbdcopy", "nbdcopy guest/disk.img out.img", Some(1.0)),
        ],
    },
    Job {
        name: "tar.gz from standard input",
        command: "cat disk.tar.gz | innkeeper import - --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[peer(
            "from file",
            "innkeeper import disk.tar.gz --to out.img --quiet",
            Some(1.1),
        )],
    },
    Job {
        name: "tar.gz over HTTP on loopback",
        command: "innkeeper import $HTTP/disk.tar.gz --to out.img --quiet",
        content: "guest/disk.img",
        memory: 64,
        seconds: None,
        peers: &[peer(
            "from file",
            "innkeeper import disk.tar.gz --to out.img --quiet",
            Some(1.1),
        )],
    },
    Job {
        name: "1 TiB sparse raw, 10 MB of data",
        command: "innkeeper import terabyte.img --to out.img --quiet",
        content: "terabyte.img",
        memory: 64,
        seconds: TERABYTE,
        peers: &[],
    },
    Job {
        name: "1 TiB in a GNU sparse tar, 10 MB of data",
        command: "innkeeper import terabyte.tar --to out.img --quiet",
        content: "terabyte.img",
        memory: 64,
        seconds: TERABYTE,
        peers: &[],
    },
];
