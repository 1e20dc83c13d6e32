//! Disks much larger than their data.

use super::{Job, Section, job};
use crate::bench::large::NAME as LARGE;

/// A terabyte's own goal, in seconds.
const TERABYTE: Option<f64> = Some(2.0);

pub(super) const SECTION: Section = Section {
    title: "Large sparse disks",
    jobs: &[
        Job {
            content: "terabyte.img",
            seconds: TERABYTE,
            ..job(
                "1 TiB sparse raw, 10 MB of data",
                "innkeeper import terabyte.img --to out.img --quiet",
            )
        },
        Job {
            content: "terabyte.img",
            seconds: TERABYTE,
            ..job(
                "1 TiB in a GNU sparse tar, 10 MB of data",
                "innkeeper import terabyte.tar --to out.img --quiet",
            )
        },
    ],
};

/// What is measured here is memory: the tables alone take 256 MiB.
pub(super) const FORMATS: Section = Section {
    title: "Large sparse disks in disk formats",
    jobs: &[
        Job {
            content: LARGE,
            ..job(
                "2 TiB in qcow2, 10 GB of data",
                "innkeeper import large.qcow2 --to out.img --quiet",
            )
        },
        Job {
            content: LARGE,
            ..job(
                "2 TiB in qcow2 in zstd, 10 GB of data",
                "innkeeper import large.qcow2.zst --to out.img --quiet",
            )
        },
    ],
};
