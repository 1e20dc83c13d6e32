//! Paths of a file system: names, links and limits in one place for all formats.

use std::ops::ControlFlow;
use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::port::{About, DirEntry, FileSystem, Kind, Metadata, Node};

/// Most symbolic links on the way to one file, as in Linux.
const LINKS: usize = 40;

/// Most bytes of a path, and of a link's target, as in Linux.
const LONGEST: usize = 4096;

/// Most names of a directory that are looked at. A directory of mail has fewer.
const NAMES: usize = 1 << 20;

/// A file system by its paths.
///
/// A path is taken from the root that the call names, with or without a `/` at its beginning. `..` goes up, but not above that
/// root, and the target of an absolute link starts there too: as for a kernel that mounts it, never for this machine.
#[derive(Clone)]
pub struct Tree {
    system: Arc<dyn FileSystem>,
    root: Node,
}

/// What is at the end of a path.
struct Found {
    node: Node,
    metadata: Metadata,
}

impl Tree {
    /// `system` from its root on.
    pub fn new(system: Arc<dyn FileSystem>) -> Self {
        let root = system.root();
        Tree { system, root }
    }

    /// The same file system seen from the directory that is mounted by default.
    #[must_use]
    pub fn mounted(&self) -> Self {
        Tree {
            root: self.system.mounted(),
            ..self.clone()
        }
    }

    /// What the file system calls itself.
    pub fn about(&self) -> &About {
        self.system.about()
    }

    /// What is at `path`, links followed; `None` where there is nothing.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for damage on the way, for too many links and for a path that is too long.
    pub fn metadata(&self, path: &[u8]) -> Result<Option<Metadata>> {
        Ok(self.find(path)?.map(|found| found.metadata))
    }

    /// The content of the file at `path`; `None` where nothing or something else is there.
    ///
    /// # Errors
    /// As [`Tree::metadata`], and as [`FileSystem::open`].
    pub fn open(&self, path: &[u8]) -> Result<Option<Arc<dyn BlockRead>>> {
        match self.find(path)? {
            Some(found) if found.metadata.kind == Kind::File => {
                let name = shown(path);
                let file = self.system.open(found.node, &name);
                file.map(Some).map_err(|error| error.at(name))
            }
            _ => Ok(None),
        }
    }

    /// The file at `path`, whole; `None` where nothing or something else is there.
    ///
    /// # Errors
    /// As [`Tree::open`]; [`error::Kind::Unsupported`] when it has more than `limit` bytes.
    pub fn read(&self, path: &[u8], limit: usize) -> Result<Option<Vec<u8>>> {
        match self.open(path)? {
            None => Ok(None),
            Some(file) => whole(file.as_ref(), limit)
                .map(Some)
                .map_err(|error| error.at(shown(path))),
        }
    }

    /// The names in the directory at `path`, sorted; `None` where nothing or something else is there.
    ///
    /// # Errors
    /// As [`Tree::metadata`]; [`error::Kind::Unsupported`] for a directory of more than a million names.
    pub fn list(&self, path: &[u8]) -> Result<Option<Vec<Vec<u8>>>> {
        let Some(found) = self.find(path)? else {
            return Ok(None);
        };
        if found.metadata.kind != Kind::Directory {
            return Ok(None);
        }
        let mut names = Vec::new();
        self.each(found.node, |entry| {
            names.push(entry.name);
            ControlFlow::Continue(())
        })
        .map_err(|error| error.at(shown(path)))?;
        names.sort_unstable();
        Ok(Some(names))
    }

    fn find(&self, path: &[u8]) -> Result<Option<Found>> {
        self.walk(path).map_err(|error| error.at(shown(path)))
    }

    fn walk(&self, path: &[u8]) -> Result<Option<Found>> {
        check_length(path)?;
        // The directories from the root down, which is what `..` goes back along.
        let mut above: Vec<Node> = Vec::new();
        let mut at = self.root;
        let mut metadata = self.system.metadata(at)?;
        let mut todo: Vec<Vec<u8>> = names(path);
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if metadata.kind != Kind::Directory {
                return Ok(None);
            }
            if name == b".." {
                at = above.pop().unwrap_or(self.root);
                metadata = self.system.metadata(at)?;
                continue;
            }
            let Some(next) = self.look_up(at, &name)? else {
                return Ok(None);
            };
            let is = self.system.metadata(next)?;
            if is.kind == Kind::Link {
                links += 1;
                if links > LINKS {
                    return Err(Error::corrupt(format!("more than {LINKS} symbolic links")));
                }
                let target = self.target(next, &name)?;
                if target.first() == Some(&b'/') {
                    above.clear();
                    at = self.root;
                    metadata = self.system.metadata(at)?;
                }
                todo.extend(names(&target));
                if todo.iter().map(Vec::len).sum::<usize>() > LONGEST {
                    return Err(Error::corrupt("the links on the way make a path too long"));
                }
                continue;
            }
            above.push(at);
            at = next;
            metadata = is;
        }
        Ok(Some(Found { node: at, metadata }))
    }

    fn target(&self, link: Node, name: &[u8]) -> Result<Vec<u8>> {
        let target = self.system.open(link, &shown(name))?;
        let target = whole(target.as_ref(), LONGEST)?;
        // Some formats store the zero that ends a text in C.
        let end = target.iter().position(|byte| *byte == 0);
        Ok(target[..end.unwrap_or(target.len())].to_vec())
    }

    fn look_up(&self, directory: Node, name: &[u8]) -> Result<Option<Node>> {
        let ignores_case = self.system.ignores_case(directory)?;
        let folded = ignores_case.then(|| fold(name));
        let mut exact = None;
        let mut near = None;
        self.each(directory, |entry| {
            if entry.name == name {
                exact = Some(entry.node);
                return ControlFlow::Break(());
            }
            if let Some(folded) = &folded
                && near.is_none()
                && fold(&entry.name) == *folded
            {
                near = Some(entry.node);
            }
            ControlFlow::Continue(())
        })?;
        Ok(exact.or(near))
    }

    fn each(
        &self,
        directory: Node,
        mut visit: impl FnMut(DirEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut seen = 0;
        self.system.entries(directory, &mut |entry| {
            seen += 1;
            if seen > NAMES {
                return ControlFlow::Break(());
            }
            visit(entry)
        })?;
        if seen > NAMES {
            let text = format!("a directory has more than {NAMES} names");
            return Err(Error::unsupported(text));
        }
        Ok(())
    }
}

fn check_length(path: &[u8]) -> Result<()> {
    if path.len() > LONGEST {
        let text = format!("a path of {} bytes; the most is {LONGEST}", path.len());
        return Err(Error::corrupt(text));
    }
    Ok(())
}

/// The names of a path, the last one first; without `.` and empty ones.
fn names(path: &[u8]) -> Vec<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/');
    let names = names.filter(|name| !name.is_empty() && *name != b".");
    names.rev().map(<[u8]>::to_vec).collect()
}

/// A name without upper and lower case.
fn fold(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

fn shown(path: &[u8]) -> String {
    error::printable(&String::from_utf8_lossy(path))
}

/// The whole content of `file`.
fn whole(file: &dyn BlockRead, limit: usize) -> Result<Vec<u8>> {
    let size = file.size().unwrap_or(u64::MAX);
    if size > limit as u64 {
        return Err(Error::unsupported(format!(
            "{size} bytes; at most {limit} are read"
        )));
    }
    let mut bytes = vec![0; size as usize];
    let n = file.read_at(0, &mut bytes)?;
    bytes.truncate(n);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file system in memory: each node's name, parent, and content, or a directory without.
    struct Fake(Vec<(&'static str, u64, Kind, &'static str)>);

    impl FileSystem for Fake {
        fn about(&self) -> &About {
            unreachable!()
        }
        fn root(&self) -> Node {
            Node { tree: 0, number: 0 }
        }
        fn metadata(&self, node: Node) -> Result<Metadata> {
            let (_, _, kind, content) = self.0[node.number as usize];
            let size = content.len() as u64;
            Ok(Metadata { kind, size })
        }
        fn open(&self, node: Node, _: &str) -> Result<Arc<dyn BlockRead>> {
            Ok(Arc::new(self.0[node.number as usize].3.as_bytes().to_vec()))
        }
        fn entries(
            &self,
            node: Node,
            visit: &mut dyn FnMut(DirEntry) -> ControlFlow<()>,
        ) -> Result<()> {
            for (number, (name, parent, ..)) in self.0.iter().enumerate().skip(1) {
                let name = name.as_bytes().to_vec();
                let number = number as u64;
                let entry = DirEntry {
                    name,
                    node: Node { tree: 0, number },
                };
                if *parent == node.number && visit(entry).is_break() {
                    break;
                }
            }
            Ok(())
        }
        fn ignores_case(&self, node: Node) -> Result<bool> {
            Ok(node.number == 4)
        }
    }

    fn tree() -> Tree {
        Tree::new(Arc::new(Fake(vec![
            ("", 0, Kind::Directory, ""),
            ("boot", 0, Kind::Directory, ""),
            ("vmlinuz", 1, Kind::File, "kernel"),
            ("here", 1, Kind::Link, "."),
            ("EFI", 0, Kind::Directory, ""),
            ("GRUB.CFG", 4, Kind::File, "menu"),
            ("Grub.cfg", 4, Kind::File, "exact"),
            ("kernel", 0, Kind::Link, "/boot/here/./vmlinuz\0"),
            ("loop", 0, Kind::Link, "loop"),
            ("up", 1, Kind::Link, "../../../EFI"),
            ("dead", 0, Kind::Link, "boot/none"),
        ])))
    }

    fn read(path: &str) -> Option<String> {
        let bytes = tree().read(path.as_bytes(), 100).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn paths_lead_to_files() {
        let kernel = Some("kernel".to_owned());
        for path in [
            "boot/vmlinuz",
            "//boot//vmlinuz/",
            "/../boot/./vmlinuz",
            "/EFI/../boot/vmlinuz",
            "/kernel",
            "/boot/here/here/vmlinuz",
        ] {
            assert_eq!(read(path), kernel, "{path}");
        }
        for path in [
            "/none",
            "/boot",
            "/dead",
            "/boot/vmlinuz/x",
            "/EFI/../vmlinuz",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn an_exact_name_wins_where_case_does_not_matter() {
        assert_eq!(read("/EFI/Grub.cfg").as_deref(), Some("exact"));
        assert_eq!(read("/boot/up/grub.CFG").as_deref(), Some("menu"));
        assert_eq!(read("/BOOT/vmlinuz"), None);
    }

    #[test]
    fn links_that_do_not_end_are_corrupt() {
        let error = tree().read(b"/loop", 100).unwrap_err();
        assert_eq!(error.to_text(), "error: /loop: more than 40 symbolic links");
        let long = vec![b'a'; 5000];
        assert!(tree().metadata(&long).is_err());
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let error = tree().read(b"boot/vmlinuz", 5).unwrap_err();
        let text = "error: boot/vmlinuz: 6 bytes; at most 5 are read";
        assert_eq!(error.to_text(), text);
    }

    #[test]
    fn a_directory_is_listed_by_name() {
        let names = tree().list(b"/EFI").unwrap().unwrap();
        let expected = [b"GRUB.CFG".to_vec(), b"Grub.cfg".to_vec()];
        assert_eq!(names, expected);
        assert_eq!(tree().list(b"/boot/vmlinuz").unwrap(), None);
    }
}
