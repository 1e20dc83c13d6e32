//! The text that `llvm-cov export -format=lcov` writes: for each file `SF:PATH`, then among others a `DA:LINE,COUNT` for
//! each line that holds code, then `end_of_record`.

use std::path::{Path, PathBuf};

/// The lines of a file that hold code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// The file's path below the directory that was read of.
    pub file: PathBuf,
    /// The lines' numbers, from 1 and in order, and whether they were reached.
    pub lines: Vec<(usize, bool)>,
}

impl Lines {
    /// Forgets the lines between two others, both included.
    pub(super) fn leave_out(&mut self, ranges: &[(usize, usize)]) {
        let is_out = |line| {
            ranges
                .iter()
                .any(|&(first, last)| (first..=last).contains(&line))
        };
        self.lines.retain(|(line, _)| !is_out(*line));
    }

    /// How many lines were reached.
    pub(super) fn reached(&self) -> usize {
        self.lines.iter().filter(|(_, reached)| *reached).count()
    }

    /// The first and the last of the lines that follow each other and were not reached.
    pub(super) fn missed(&self) -> Vec<(usize, usize)> {
        let runs = self
            .lines
            .chunk_by(|(one, reached), (next, also)| reached == also && one + 1 == *next);
        let missed = runs.filter_map(|run| match run {
            [(first, false), ..] => Some((*first, run.last()?.0)),
            _ => None,
        });
        missed.collect()
    }
}

/// The files below `directory` that a report names.
pub(super) fn read(report: &str, directory: &Path) -> Vec<Lines> {
    report
        .split("end_of_record")
        .filter_map(|record| file(record, directory))
        .collect()
}

fn file(record: &str, directory: &Path) -> Option<Lines> {
    let path = record.lines().find_map(|line| line.strip_prefix("SF:"))?;
    let file = Path::new(path).strip_prefix(directory).ok()?.to_owned();
    let counted = |line: &str| {
        let (number, count) = line.strip_prefix("DA:")?.split_once(',')?;
        Some((number.parse().ok()?, count != "0"))
    };
    let mut lines: Vec<(usize, bool)> = record.lines().filter_map(counted).collect();
    lines.sort();
    Some(Lines { file, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = "SF:/a/crates/xz.rs\nFN:1,main\nDA:1,10\nDA:2,0\nLF:2\nLH:1\nend_of_record\n\
            SF:/b/other.rs\nDA:1,1\nend_of_record\n";
        let expected = Lines {
            file: "xz.rs".into(),
            lines: vec![(1, true), (2, false)],
        };
        assert_eq!(read(report, Path::new("/a/crates")), [expected]);
    }

    #[test]
    fn what_was_missed_is_told_in_runs() {
        let lines = [(1, false), (2, false), (3, true), (7, false), (9, false)].to_vec();
        let mut lines = Lines {
            file: PathBuf::new(),
            lines,
        };
        assert_eq!(lines.missed(), [(1, 2), (7, 7), (9, 9)]);
        assert_eq!(lines.reached(), 1);
        lines.leave_out(&[(2, 7), (8, 8)]);
        assert_eq!(lines.missed(), [(1, 1), (9, 9)]);
    }
}
