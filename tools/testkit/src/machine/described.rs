//! Hosts described by a text.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use super::{FakeHost, FakeTools};

/// A host made of a text, and the tools that it has.
///
/// Each file is behind a line with its path. A link has a path and a target, and `$` is in front of what a tool prints
/// when it is called so. `@` and seconds since 1970 behind a path say when the file was changed. Behind `hex` in front of
/// a path are bytes, each line with the place of its first one, all in hexadecimal: `1fe: 55 aa`. `␍` stands for a carriage
/// return, and `␄` behind the last line for no line end.
///
/// ```
/// let host = testkit::machine::Described::new("\
/// -- etc/xen/web.cfg --
/// name = \"web\"
/// -- etc/xen/auto/web -> ../web.cfg --
/// -- $ xl info --
/// xen_version : 4.17.3
/// ");
/// let linked = std::fs::read_to_string(host.files.root().join("etc/xen/auto/web"));
/// assert_eq!(linked.unwrap(), "name = \"web\"\n");
/// ```
pub struct Described {
    /// Its files. Those in directories of programs can be run.
    pub files: FakeHost,
    /// Its tools.
    pub tools: FakeTools,
}

/// Directories whose files are programs.
const PROGRAMS: [&str; 5] = ["bin", "sbin", "init.d", "scripts", "hooks"];

impl Described {
    /// The host that `text` describes.
    pub fn new(text: &str) -> Self {
        let host = Described {
            files: FakeHost::new(),
            tools: FakeTools::new(),
        };
        host.add(text);
        host
    }

    /// Where its tools are, and behind them those that they need themselves.
    pub fn path(&self) -> Vec<PathBuf> {
        vec![self.tools.programs(), "/usr/bin".into(), "/bin".into()]
    }

    /// Adds what `text` describes; a file that is there already is replaced.
    pub fn add(&self, text: &str) {
        let mut head = None;
        let mut body = String::new();
        for line in text.split_inclusive('\n') {
            let mark = line.trim_end().strip_prefix("-- ");
            match mark.and_then(|line| line.strip_suffix(" --")) {
                Some(next) => {
                    self.part(head.replace(next), &body);
                    body.clear();
                }
                None => body += line,
            }
        }
        self.part(head, &body);
    }

    fn part(&self, head: Option<&str>, body: &str) {
        let Some(head) = head else {
            return assert!(body.trim().is_empty(), "no path before {body:?}");
        };
        if let Some((path, target)) = head.split_once(" -> ") {
            return self.files.link(path, target);
        }
        let body = body.replace('␍', "\r").replace("␄\n", "");
        if let Some(call) = head.strip_prefix("$ ") {
            let words: Vec<_> = call.split(' ').collect();
            return self.tools.answer(words[0], &words[1..], &body);
        }
        if let Some(path) = head.strip_prefix("hex ") {
            return self.files.write_bytes(path, &bytes(&body));
        }
        let (head, modified) = match head.split_once(" @") {
            Some((path, seconds)) => (path, Some(seconds.parse().unwrap())),
            None => (head, None),
        };
        self.files.write(head, &body);
        if let Some(seconds) = modified {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            let file = File::options()
                .append(true)
                .open(self.files.root().join(head));
            file.unwrap().set_modified(time).unwrap();
        }
        if head.split('/').any(|name| PROGRAMS.contains(&name)) {
            self.files.run_bit(head);
        }
    }
}

/// The bytes that lines of hexadecimal numbers put at their places; zeros between.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (at, values) = line.split_once(':').unwrap();
        let at = usize::from_str_radix(at, 16).unwrap();
        let read = |value| u8::from_str_radix(value, 16).unwrap();
        let values: Vec<u8> = values.split_whitespace().map(read).collect();
        bytes.resize(bytes.len().max(at + values.len()), 0);
        bytes[at..at + values.len()].copy_from_slice(&values);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_put_at_their_places() {
        assert_eq!(bytes("4: 01 ff\n0: 7f\n"), [0x7f, 0, 0, 0, 1, 0xff]);
    }
}
