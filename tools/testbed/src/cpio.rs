//! Archives in cpio's "newc" format, as the kernel unpacks them into its first file system
//! (Documentation/driver-api/early-userspace/buffer-format.rst in the Linux source).

/// An archive being written; everything in it belongs to root.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// Adds a directory. Its parent comes first.
    pub(crate) fn directory(&mut self, path: &str) {
        self.entry(path, 0o040_755, &[]);
    }

    /// Adds a file that may be run.
    pub(crate) fn program(&mut self, path: &str, content: &[u8]) {
        self.entry(path, 0o100_755, content);
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, path: &str, content: &[u8]) {
        self.entry(path, 0o100_644, content);
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.entry(path, 0o120_777, target.as_bytes());
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let (inode, links, name_len) = (self.entries, 1, path.len() as u32 + 1);
        // inode, mode, uid, gid, links, time, size, four device numbers, length of the name, checksum.
        let fields = [
            inode,
            mode,
            0,
            0,
            links,
            0,
            content.len() as u32,
            0,
            0,
            0,
            0,
            name_len,
            0,
        ];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(path.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::machine::run;

    #[test]
    fn another_program_reads_it() {
        let mut archive = Archive::default();
        archive.directory("bin");
        archive.program("bin/tool", b"#!/bin/sh\n");
        archive.file("words", b"five!");
        archive.link("bin/sh", "tool");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive.cpio");
        std::fs::write(&path, archive.finish()).unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(
            run("bsdtar", &["-tvf", path, "--numeric-owner"])
                .lines()
                .map(|line| {
                    let words: Vec<_> = line.split_whitespace().collect();
                    format!("{} {} {}", words[0], words[4], words[8..].join(" "))
                })
                .collect::<Vec<_>>(),
            [
                "drwxr-xr-x 0 bin",
                "-rwxr-xr-x 10 bin/tool",
                "-rw-r--r-- 5 words",
                "lrwxrwxrwx 4 bin/sh -> tool"
            ]
        );
        let out = dir.path().to_str().unwrap();
        run("bsdtar", &["-xf", path, "-C", out]);
        assert_eq!(std::fs::read(dir.path().join("words")).unwrap(), b"five!");
    }
}
