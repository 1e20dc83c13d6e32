//! The manifests of appliances whose files lie in a folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use error::Result;
use sparse::{EntryKind, SparseRead, read_full};
use unpack::manifest::{Algorithm, Checking, Digests, Hashed, LONGEST, Manifest};

use super::files::Files;
use crate::members::What;
use crate::names::shortened;
use crate::references::inside;
use crate::source_reader::{ReaderOptions, SourceReader};
use crate::walk::archive::is_named;
use crate::walk::{File, NAMED, Walk};

/// The manifests in a folder and the digests of the files that they name.
#[derive(Default)]
pub(super) struct Manifests {
    listed: Vec<Listed>,
    /// Manifests and certificates.
    read: HashSet<PathBuf>,
}

/// One manifest.
struct Listed {
    checking: Checking,
    /// The folder that it lies in.
    directory: PathBuf,
    /// The files that it names and that are there, by their paths.
    files: HashMap<PathBuf, InManifest>,
}

/// A file as a manifest knows it.
struct InManifest {
    name: String,
    hashed: bool,
}

impl Manifests {
    /// How the file at `path` has to be hashed.
    pub(super) fn algorithms(&self, path: &Path) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        for listed in &self.listed {
            let file = listed.files.get(path).filter(|file| !file.hashed);
            algorithms.extend(
                file.map(|file| listed.checking.algorithms(&file.name))
                    .into_iter()
                    .flatten(),
            );
        }
        algorithms.sort_unstable();
        algorithms.dedup();
        algorithms
    }

    /// Whether the file at `path` is one of the manifests or certificates.
    pub(super) fn is_one(&self, path: &Path) -> bool {
        self.read.contains(path)
    }

    /// Takes the digests of the file at `path`.
    pub(super) fn hashed(&mut self, path: &Path, digests: &Digests) {
        for listed in &mut self.listed {
            if let Some(file) = listed.files.get_mut(path).filter(|file| !file.hashed) {
                file.hashed = true;
                listed.checking.member(&file.name, digests.clone());
            }
        }
    }

    /// Remembers that the file at `path` was taken, whether a manifest names it or not.
    pub(super) fn taken(&mut self, path: &Path) {
        for listed in &mut self.listed {
            let beside = path.strip_prefix(&listed.directory);
            if let (Ok(name), false) = (beside, listed.files.contains_key(path)) {
                let name = name.to_string_lossy();
                listed.checking.member(&name, Digests::default());
            }
        }
    }

    /// The files that are still to be hashed, sorted.
    fn left(&self) -> Vec<PathBuf> {
        let files = self.listed.iter().flat_map(|listed| &listed.files);
        let left = files.filter(|(_, file)| !file.hashed);
        let mut left: Vec<_> = left.map(|(path, _)| path.clone()).collect();
        left.sort_unstable();
        left.dedup();
        left
    }
}

impl Listed {
    /// Reads the manifest at `path` with this text.
    fn read(files: &Files, path: &Path, text: &str) -> Result<Self> {
        let mut checking = Checking::default();
        // What is no manifest at all is told by the verdict.
        let manifest = if checking.manifest(&name_of(path), text)? {
            Some(Manifest::parse(text)?)
        } else {
            None
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        let mut listed = HashMap::new();
        for (name, ..) in manifest.iter().flat_map(Manifest::files) {
            let place = inside(directory, Path::new(name));
            let found = place.map_or(Ok(None), |place| files.find(&place))?;
            if let Some(found) = found {
                let (name, hashed) = (name.to_owned(), false);
                listed.insert(found, InManifest { name, hashed });
            }
        }
        Ok(Listed {
            checking,
            directory: directory.to_owned(),
            files: listed,
        })
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Walk<'_> {
    /// Reads the manifest and the certificate of the OVF at `path`, if they are there.
    pub(super) fn manifest_of(
        &mut self,
        files: &Files,
        path: &Path,
        manifests: &mut Manifests,
    ) -> Result<()> {
        let Some(manifest) = find_manifest(files, path)? else {
            return Ok(());
        };
        if !manifests.read.insert(manifest.clone()) {
            return Ok(());
        }
        let text = self.text(files, &manifest, What::Manifest)?;
        let shown = shortened(&manifest.to_string_lossy(), NAMED);
        let listed = Listed::read(files, &manifest, &text);
        let mut listed = listed.map_err(|error| error.within(&shown))?;
        if let Some(certificate) = files.find(&path.with_extension("cert"))? {
            let text = self.text(files, &certificate, What::Certificate)?;
            listed.checking.certificate(&name_of(&certificate), &text);
            manifests.read.insert(certificate);
        }
        manifests.listed.push(listed);
        manifests.taken(path);
        Ok(())
    }

    /// The text of the file at `path`, as much of it as a manifest may have and a byte more.
    fn text(&mut self, files: &Files, path: &Path, what: What) -> Result<String> {
        let member = path.to_string_lossy();
        let name = shortened(&member, NAMED);
        let mut text = vec![0; LONGEST + 1];
        let mut read = || -> Result<(usize, Option<u64>)> {
            let source = files.open(path)?;
            let size = source.size();
            let mut reader =
                SourceReader::start(source, ReaderOptions::idle(), self.options.control)?;
            Ok((read_full(&mut reader, &mut text)?, size))
        };
        let (read, size) = read().map_err(|error| error.within(&name))?;
        text.truncate(read);
        self.note(&member, size, what);
        self.summary.rest.push(&member, size);
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Hashes what the manifests name and nobody has read yet, and says what they are found to say.
    pub(super) fn judge_manifests(
        &mut self,
        files: &Files,
        mut manifests: Manifests,
    ) -> Result<()> {
        for path in manifests.left() {
            self.options.control.check()?;
            let algorithms = manifests.algorithms(&path);
            let hashed = || -> Result<Digests> {
                let source = files.open(&path)?;
                let reader =
                    SourceReader::start(source, ReaderOptions::idle(), self.options.control)?;
                hashed(reader, &algorithms)
            };
            let name = shortened(&path.to_string_lossy(), NAMED);
            let digests = hashed().map_err(|error| error.within(&name))?;
            manifests.hashed(&path, &digests);
        }
        if manifests.listed.is_empty() {
            self.judge(Checking::default(), &File::default())?;
        }
        for listed in manifests.listed {
            self.judge(listed.checking, &File::default())?;
        }
        Ok(())
    }
}

/// The digests of all of `stream`.
fn hashed(stream: impl SparseRead, algorithms: &[Algorithm]) -> Result<Digests> {
    Hashed::new(stream, algorithms).finish()
}

/// The manifest of the OVF at `path`: the one that is called like it, or where the folder was listed the only
/// one beside it.
fn find_manifest(files: &Files, path: &Path) -> Result<Option<PathBuf>> {
    if let Some(found) = files.find(&path.with_extension("mf"))? {
        return Ok(Some(found));
    }
    let beside = files.listed().iter().filter(|entry| {
        let like = is_named(&entry.path.to_string_lossy(), &[".mf"]);
        like && entry.kind == EntryKind::File && entry.path.parent() == path.parent()
    });
    let beside: Vec<_> = beside.take(2).collect();
    Ok(match &beside[..] {
        [only] => Some(only.path.clone()),
        _ => None,
    })
}

/// Whether a folder's file is a manifest or a certificate by its name, and so no disk.
pub(super) fn is_signed_list(path: &Path) -> bool {
    is_named(&path.to_string_lossy(), &crate::walk::archive::MANIFEST)
}
