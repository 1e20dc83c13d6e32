//! What is measured, against whom, and the goals.
//!
//! Commands run in the inputs' directory under `bash -o pipefail`; `$HTTP` is the address of a server
//! of that directory on loopback. What writes a disk writes `out.img`, whatever its format.

mod archives;
mod formats;
mod sparse;

/// Jobs that belong together.
pub(super) struct Section {
    /// What they are about.
    pub(super) title: &'static str,
    /// In the order measured.
    pub(super) jobs: &'static [Job],
}

/// Everything that is measured.
pub(super) const SECTIONS: &[Section] = &[
    archives::SECTION,
    formats::READ,
    formats::WRITTEN,
    sparse::SECTION,
    sparse::FORMATS,
];

/// Something the program does, and others who do it.
pub(super) struct Job {
    /// What it is called.
    pub(super) name: &'static str,
    /// What the program is told.
    pub(super) command: &'static str,
    /// The disk that `out.img` must hold.
    pub(super) content: &'static str,
    /// The format of `out.img`, in qemu-img's words.
    pub(super) format: &'static str,
    /// Peak memory the program may take, in MiB.
    pub(super) memory: u64,
    /// Seconds the program may take, where the goal does not depend on the machine.
    pub(super) seconds: Option<f64>,
    /// How large the program's file may be, as a share of the smallest of the peers' files.
    pub(super) size: Option<f64>,
    /// The others.
    pub(super) peers: &'static [Peer],
}

/// Another way to do it, or a part of it. Several of the same tool are one peer with several sets of
/// flags: goals go by the fastest of them.
pub(super) struct Peer {
    /// The program it stands for; `--without` goes by it.
    pub(super) tool: &'static str,
    /// What to run.
    pub(super) command: &'static str,
    /// The goal: how long the program may take, as a share of this peer's time.
    pub(super) at_most: Option<f64>,
}

impl Section {
    /// The jobs whose name contains `text`, or all of them if the title does; in any case of letters.
    pub(super) fn named(&self, text: &str) -> Vec<&'static Job> {
        let text = text.to_lowercase();
        let named = |name: &str| name.to_lowercase().contains(&text);
        let jobs = self.jobs.iter();
        jobs.filter(|job| named(self.title) || named(job.name))
            .collect()
    }
}

impl Job {
    /// Whether its disk is the one that has a directory of its own.
    pub(super) fn is_large(&self) -> bool {
        self.content == super::large::NAME
    }

    /// Whether it reads or is compared with an input of this name.
    pub(super) fn needs(&self, input: &str) -> bool {
        let named = |text: &str| text.split([' ', '/']).any(|word| word == input);
        let peers = self.peers.iter().map(|peer| peer.command);
        self.content == input || named(self.command) || peers.into_iter().any(named)
    }
}

/// A job on the usual disk that writes a raw one, with nobody to compare with.
const fn job(name: &'static str, command: &'static str) -> Job {
    Job {
        name,
        command,
        content: "guest/disk.img",
        format: "raw",
        memory: 64,
        seconds: None,
        size: None,
        peers: &[],
    }
}

/// The program itself, when it tells what it did.
const WITH_DIGEST: &str = "with digest";

const fn peer(tool: &'static str, command: &'static str, at_most: Option<f64>) -> Peer {
    Peer {
        tool,
        command,
        at_most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_found_by_name_and_by_title() {
        let found = |text| -> usize { SECTIONS.iter().map(|one| one.named(text).len()).sum() };
        let all: usize = SECTIONS.iter().map(|section| section.jobs.len()).sum();
        assert_eq!(found(""), all);
        let of_formats = [formats::READ, formats::WRITTEN, sparse::FORMATS];
        let formats: usize = of_formats.iter().map(|one| one.jobs.len()).sum();
        assert_eq!(found("FORMATS"), formats);
        assert_eq!(found("tar.xz"), 1);
        assert_eq!(found("no such job"), 0);
    }

    #[test]
    fn inputs_are_found_in_commands() {
        const ZSTD: &[Peer] = &[peer("zstd", "zstd -dc b.zst >/dev/null", None)];
        let job = Job {
            peers: ZSTD,
            ..job("a", "innkeeper import $HTTP/a.gz --to out.img")
        };
        for input in ["a.gz", "b.zst", "guest/disk.img"] {
            assert!(job.needs(input), "{input}");
        }
        assert!(!job.needs("a"));
    }
}
