//! Hosts that an input describes: several files, and links.
//!
//! ```text
//! -- etc/default/grub --          the lines as far as the next such line are its content
//! GRUB_DEFAULT=0
//! -- bin/sh -> dash --            a link
//! ```

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use testkit::machine::FakeHost;

/// Most files and links.
const MOST: usize = 24;

/// What an input describes.
#[derive(Default)]
pub(crate) struct Described {
    /// The files with their content, by their paths below the root.
    files: Vec<(String, String)>,
    /// Links and where they lead.
    links: Vec<(String, String)>,
}

impl Described {
    /// The files that `text` has; `None` where it names none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut described = Described::default();
        let mut content = None;
        for line in text.split_inclusive('\n') {
            match name(line) {
                Some(_) if described.files.len() + described.links.len() == MOST => break,
                Some((path, None)) => {
                    described.files.push((path, String::new()));
                    content = Some(described.files.len() - 1);
                }
                Some((path, Some(target))) => {
                    described.links.push((path, target));
                    content = None;
                }
                None => {
                    if let Some((_, content)) = content.map(|at| &mut described.files[at]) {
                        content.push_str(line);
                    }
                }
            }
        }
        (!described.files.is_empty()).then_some(described)
    }

    /// Makes the host. What cannot be made, a file below a file, is not there.
    pub(crate) fn host(&self) -> FakeHost {
        let fake = FakeHost::new();
        let root = fake.root();
        for (path, content) in &self.files {
            let _ = make_parent(root, path).and_then(|()| fs::write(root.join(path), content));
        }
        // All directories before the first link, so that none is made through one.
        for (path, _) in &self.links {
            let _ = make_parent(root, path);
        }
        let root_itself = root.canonicalize().expect("it has been made");
        for (path, target) in &self.links {
            let place = root.join(path);
            let parent = place.parent().and_then(|parent| parent.canonicalize().ok());
            if parent.is_some_and(|parent| parent.starts_with(&root_itself)) {
                let _ = symlink(target, place);
            }
        }
        fake
    }

    /// The content of the file that the host calls `path`.
    pub(crate) fn content(&self, path: &Path) -> Option<&str> {
        // Of several with this name the last is there.
        let mut files = self.files.iter().rev();
        let found = files.find(|(name, _)| Path::new("/").join(name) == path);
        found.map(|(_, content)| content.as_str())
    }
}

/// The path in a line `-- PATH --`, and in `-- PATH -> TARGET --` the target too.
fn name(line: &str) -> Option<(String, Option<String>)> {
    let inside = line.trim_end().strip_prefix("-- ")?.strip_suffix(" --")?;
    let (path, target) = match inside.split_once(" -> ") {
        Some((path, target)) => (path, Some(target.to_owned())),
        None => (inside, None),
    };
    let is_part = |part: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+:@".contains(c);
        !part.is_empty() && !part.trim_matches('.').is_empty() && part.chars().all(is_plain)
    };
    let is_path = path.len() < 200 && path.split('/').all(is_part);
    let is_target = target.as_ref().is_none_or(|target| !target.contains('\0'));
    (is_path && is_target).then(|| (path.to_owned(), target))
}

fn make_parent(root: &Path, path: &str) -> std::io::Result<()> {
    let parent: PathBuf = root
        .join(path)
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default();
    fs::create_dir_all(parent)
}
