//! The files of a folder, as the walk through it and the images in it ask for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use diskimage::{Directory, FileAccess, Format, Image, OpenOptions, Reference};
use error::{Error, Result};
use sparse::{BlockRead, ByteSource, EntryKind, Folder, FolderEntry};

use super::joined::Joined;
use super::meant::Meant;
use crate::classify::HEAD;
use crate::references::inside;
use crate::siblings::{Families, Like, PartName};

/// A folder, listed at most once.
pub(super) struct Files {
    folder: Arc<dyn Folder>,
    entries: OnceLock<Vec<FolderEntry>>,
    /// Files by their last names in lower case.
    by_name: OnceLock<HashMap<String, Vec<PathBuf>>>,
    /// VDIs by their UUIDs.
    by_id: OnceLock<HashMap<String, Vec<PathBuf>>>,
}

impl Files {
    pub(super) fn new(folder: &Arc<dyn Folder>) -> Arc<Self> {
        Arc::new(Files {
            folder: Arc::clone(folder),
            entries: OnceLock::new(),
            by_name: OnceLock::new(),
            by_id: OnceLock::new(),
        })
    }

    /// What lies in the folder; nothing where that cannot be known.
    pub(super) fn entries(&self) -> Result<&[FolderEntry]> {
        if let Some(entries) = self.entries.get() {
            return Ok(entries);
        }
        let listed = self.folder.list()?.unwrap_or_default();
        Ok(self.entries.get_or_init(|| listed))
    }

    /// What lies in the folder, if somebody has asked for it.
    pub(super) fn listed(&self) -> &[FolderEntry] {
        self.entries.get().map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn find(&self, path: &Path) -> Result<Option<PathBuf>> {
        self.folder.find(path)
    }

    pub(super) fn open(&self, path: &Path) -> Result<Box<dyn ByteSource>> {
        self.folder.open(path)
    }

    /// Opens the file that is `meant`, all its chunks as one.
    pub(super) fn open_meant(&self, meant: &Meant) -> Result<Box<dyn ByteSource>> {
        let Some((files, chunks)) = &meant.chunks else {
            return self.open(&meant.path);
        };
        let opened = files.iter().map(|path| {
            let opened = self.bytes(path);
            opened.map_err(|error| error.within(&path.to_string_lossy()))
        });
        let opened = opened.collect::<Result<Vec<_>>>()?;
        let name = meant.path.to_string_lossy();
        let joined = Joined::new(&name, opened, chunks.size, chunks.total)?;
        Ok(Arc::new(joined).source())
    }

    /// Sees to it that the file at `path` is no part of a larger one, by all that shows.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] with the list of the parts when it is one.
    pub(super) fn is_whole(&self, path: &Path) -> Result<()> {
        let name = path.to_string_lossy();
        let (Some(part), Ok(entries)) = (PartName::parse(&name), self.entries()) else {
            return Ok(());
        };
        let mut families = Families::default();
        for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File) {
            let other = entry.path.to_string_lossy();
            let like = match PartName::parse(&other) {
                Some(other) if !part.is_sibling(&other) => continue,
                None => continue,
                Some(_) if part.is_packed() => Like::Nothing,
                Some(_) => Like::of(&self.head(&entry.path).unwrap_or_default()),
            };
            families.add(&other, Some(entry.size), like);
        }
        match families.of(&name).filter(|family| family.is_split()) {
            Some(family) => Err(family.refusal()),
            None => Ok(()),
        }
    }

    /// The file at `path`, to be read at any offset.
    pub(super) fn bytes(&self, path: &Path) -> Result<Arc<dyn BlockRead>> {
        let source = self.folder.open(path)?;
        let bytes = match source.at_any_offset() {
            Some(open) => open()?,
            None => None,
        };
        bytes.ok_or_else(|| Error::unsupported("cannot be read at any offset"))
    }

    /// The first bytes of the file at `path`.
    pub(super) fn head(&self, path: &Path) -> Result<Vec<u8>> {
        head_of(&*self.bytes(path)?)
    }

    /// The files that the image at `path` says it is made of, or lies on, as far as they are there.
    pub(super) fn parts(&self, path: &Path) -> Result<Vec<PathBuf>> {
        if self.folder.is_far() {
            return Ok(Vec::new());
        }
        let bytes = self.bytes(path)?;
        let format = diskimage::decide(&head_of(&*bytes)?, None)?;
        if format == Format::Raw {
            return Ok(Vec::new());
        }
        let looking = OpenOptions {
            access: FileAccess::looking(),
            ..OpenOptions::default()
        };
        let image = Image::open(format, bytes, &looking)?;
        let parts = image.about().refers.iter().take(MOST_PARTS);
        let parts = parts.map(|part| match format {
            Format::Vdi => self.with_id(&part.name),
            _ => self.part(path, part),
        });
        Ok(parts.filter_map(|part| part.ok().flatten()).collect())
    }

    fn part(&self, image: &Path, part: &Reference) -> Result<Option<PathBuf>> {
        match part.what {
            "extent" => self.find(&image.with_file_name(&part.name)),
            _ => self.below(image, &part.name),
        }
    }

    /// Where the file lies that the image at `image` calls `name`: where it says, or beside it, or the
    /// only one of that name in the folder.
    fn below(&self, image: &Path, name: &str) -> Result<Option<PathBuf>> {
        let directory = image.parent().unwrap_or(Path::new(""));
        let slashes = name.replace('\\', "/");
        let last = slashes.rsplit('/').next().unwrap_or_default();
        let places = [name, &slashes, last].map(|name| inside(directory, Path::new(name)));
        for place in places.iter().flatten() {
            if let Some(found) = self.find(place)?.filter(|found| found != image) {
                return Ok(Some(found));
            }
        }
        let named = self.by_name()?.get(&last.to_lowercase());
        let mut others = named.into_iter().flatten().filter(|path| *path != image);
        Ok(match (others.next(), others.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        })
    }

    /// The VDI that has this UUID.
    fn with_id(&self, id: &str) -> Result<Option<PathBuf>> {
        match self.by_id()?.get(id).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([only]) => Ok(Some(only.clone())),
            Some([one, other, ..]) => Err(Error::refused(format!(
                "needs its parent, which has the UUID {id}, and both {} and {} have it",
                one.display(),
                other.display()
            ))),
        }
    }

    fn by_id(&self) -> Result<&HashMap<String, Vec<PathBuf>>> {
        if let Some(ids) = self.by_id.get() {
            return Ok(ids);
        }
        let mut ids: HashMap<_, Vec<_>> = HashMap::new();
        let entries = self.entries()?.iter();
        for entry in entries.filter(|entry| entry.kind == EntryKind::File) {
            let id = self
                .bytes(&entry.path)
                .and_then(|bytes| diskimage::vdi_id(&*bytes));
            if let Ok(Some(id)) = id {
                ids.entry(id).or_default().push(entry.path.clone());
            }
        }
        Ok(self.by_id.get_or_init(|| ids))
    }

    fn by_name(&self) -> Result<&HashMap<String, Vec<PathBuf>>> {
        if let Some(names) = self.by_name.get() {
            return Ok(names);
        }
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for entry in self.entries()? {
            let name = entry.path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|_| entry.kind == EntryKind::File) {
                let same = names.entry(name.to_lowercase()).or_default();
                same.push(entry.path.clone());
            }
        }
        Ok(self.by_name.get_or_init(|| names))
    }
}

/// Extents and parents of one image that are looked for among the files beside it.
const MOST_PARTS: usize = 5000;

/// The first bytes of a file.
pub(super) fn head_of(bytes: &dyn BlockRead) -> Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let read = bytes.read_at(0, &mut head)?;
    head.truncate(read);
    Ok(head)
}

/// How the image at `path` is opened: its extents lie beside it, and the images below it anywhere in the
/// folder.
pub(super) fn how(how: &OpenOptions, files: &Arc<Files>, path: &Path) -> OpenOptions {
    let near = |anywhere| -> Arc<dyn Directory> {
        Arc::new(Near {
            files: Arc::clone(files),
            image: path.to_owned(),
            anywhere,
        })
    };
    let access = how.access.clone();
    OpenOptions {
        access: access
            .with_extents_beside(near(false))
            .or_images_below(near(true)),
        ..how.clone()
    }
}

/// The files around an image.
struct Near {
    files: Arc<Files>,
    /// The image.
    image: PathBuf,
    /// Whether all of the folder is around it, and not only the folder that it lies in.
    anywhere: bool,
}

impl Directory for Near {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        let path = self.image.with_file_name(name);
        let found = if self.anywhere {
            self.files.below(&self.image, name)
        } else {
            self.files.find(&path)
        };
        // Should it be missing, opening says why.
        let opened = found.and_then(|found| self.files.bytes(&found.unwrap_or(path)));
        opened.map_err(|error| error.at(name))
    }

    fn open_below(&self, whole: &str, name: &str) -> Result<Arc<dyn BlockRead>> {
        let found = self.files.below(&self.image, whole);
        let opened = found.and_then(|found| match found {
            Some(path) => self.files.bytes(&path),
            None => Err(Error::refused("is not there").advise(diskimage::Advice::AllowBacking)),
        });
        opened.map_err(|error| error.at(name))
    }

    fn open_by_id(&self, id: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        let found = self.files.with_id(id)?;
        found.map(|path| self.files.bytes(&path)).transpose()
    }
}
