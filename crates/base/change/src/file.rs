//! Whole files, replaced by renaming.
//!
//! ```text
//! prepare   open the directory; write .NAME.innkeeper-TAG beside the file, with owner, mode and extended
//!           attributes; fsync
//! commit    rename it over the file, or remove the file; fsync the directory
//! ```

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use error::{Error, Result, amount};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resource::{Ready, Resource, below};
use crate::step::Step;

/// The name of this kind in journals.
pub const KIND: &str = "file";

/// The largest file that is changed, in bytes: configurations are far smaller, and the journal keeps two versions.
const LARGEST: u64 = 4 << 20;

/// A file's state; an absent file's is JSON's null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FileState {
    content: Content,
    mode: u32,
    uid: u32,
    gid: u32,
}

/// What a step wants of a file. What is not set stays; a new file is root's with mode 644.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wanted {
    content: Content,
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    Text(String),
    Base64(String),
}

/// A step that gives the file at the absolute path `target` this content. Its directory must exist. Owner and
/// mode stay unless `mode` is given.
pub fn write(target: &str, content: &[u8], mode: Option<u32>) -> Step {
    let wanted = Wanted {
        content: Content::of(content),
        mode,
        uid: None,
        gid: None,
    };
    step(format!("write {target}"), target, json_of(&wanted))
}

/// A step that removes the file at the absolute path `target`.
pub fn remove(target: &str) -> Step {
    step(format!("remove {target}"), target, Value::Null)
}

fn step(what: String, target: &str, wanted: Value) -> Step {
    Step {
        what,
        kind: KIND.into(),
        target: target.into(),
        wanted,
        required: true,
    }
}

/// Opens a file; see [`crate::Open`].
pub(crate) fn open(root: &Path, target: &str) -> Result<Box<dyn Resource>> {
    Ok(Box::new(WholeFile {
        path: below(root, target)?,
    }))
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Content::Text(text.into()),
            Err(_) => Content::Base64(STANDARD.encode(bytes)),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Content::Text(text) => Ok(text.as_bytes().to_vec()),
            Content::Base64(text) => STANDARD
                .decode(text)
                .map_err(|cause| Error::corrupt("invalid base64 in a file's state").cause(cause)),
        }
    }
}

struct WholeFile {
    path: PathBuf,
}

impl WholeFile {
    fn error(&self, message: &str) -> impl Fn(std::io::Error) -> Error {
        let message = message.to_owned();
        let place = self.path.display().to_string();
        move |cause| Error::io(&message, cause).at(&place)
    }

    /// The file, unless it is absent. A link or a device is refused: a rename would replace it.
    fn existing(&self) -> Result<Option<File>> {
        let unreadable = self.error("cannot be read");
        let metadata = match fs::symlink_metadata(&self.path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(&unreadable)?,
        };
        if !metadata.is_file() {
            let what = if metadata.is_symlink() {
                "a symbolic link, not a regular file"
            } else {
                "not a regular file"
            };
            return Err(Error::unsupported(what).at(self.path.display()));
        }
        File::open(&self.path).map(Some).map_err(unreadable)
    }

    fn state(&self) -> Result<Option<FileState>> {
        let Some(file) = self.existing()? else {
            return Ok(None);
        };
        let unreadable = self.error("cannot be read");
        let metadata = file.metadata().map_err(&unreadable)?;
        let mut content = Vec::new();
        let mut limited = file.take(LARGEST + 1);
        limited.read_to_end(&mut content).map_err(unreadable)?;
        self.check_size(content.len())?;
        Ok(Some(FileState {
            content: Content::of(&content),
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
        }))
    }

    fn check_size(&self, size: usize) -> Result<()> {
        if size as u64 <= LARGEST {
            return Ok(());
        }
        let message = format!("larger than {}", amount(LARGEST));
        Err(Error::unsupported(message).at(self.path.display()))
    }

    /// Its directory, open, and its name there.
    fn opened(&self) -> Result<(File, String)> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        let directory = File::open(parent).map_err(self.error("its directory cannot be opened"))?;
        let name = self.path.file_name().and_then(|name| name.to_str());
        let name = name
            .ok_or_else(|| Error::unsupported("the name is not UTF-8").at(self.path.display()))?;
        Ok((directory, name.to_owned()))
    }

    fn stage(&self, staged: &Staged, state: &FileState) -> std::io::Result<()> {
        let name = staged.temporary.as_deref().unwrap_or_default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&staged.directory, name, flags, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(file);
        let bytes = state.content.bytes().map_err(std::io::Error::other)?;
        file.write_all(&bytes)?;
        if let Ok(existing) = File::open(&self.path) {
            copy_attributes(&existing, &file)?;
        }
        let (uid, gid) = (Uid::from_raw(state.uid), Gid::from_raw(state.gid));
        let metadata = file.metadata()?;
        if (metadata.uid(), metadata.gid()) != (state.uid, state.gid) {
            rustix::fs::fchown(&file, Some(uid), Some(gid))?;
        }
        // After the owner: fchown(2) clears set-user-ID.
        rustix::fs::fchmod(&file, Mode::from_raw_mode(state.mode))?;
        file.sync_all()
    }
}

impl Resource for WholeFile {
    fn read(&self) -> Result<Value> {
        Ok(self.state()?.map_or(Value::Null, |state| json_of(&state)))
    }

    fn resolve(&self, before: &Value, wanted: &Value) -> Result<Value> {
        let (directory, _) = self.opened()?;
        let writable = rustix::fs::accessat(
            &directory,
            ".",
            rustix::fs::Access::WRITE_OK,
            AtFlags::empty(),
        );
        writable.map_err(|cause| self.error("its directory is not writable")(cause.into()))?;
        if wanted.is_null() {
            return Ok(Value::Null);
        }
        let wanted: Wanted = parsed(wanted)?;
        self.check_size(wanted.content.bytes()?.len())?;
        let existing: Option<FileState> = parsed(before)?;
        let existing = existing.as_ref();
        Ok(json_of(&FileState {
            content: wanted.content,
            mode: wanted.mode.or(existing.map(|is| is.mode)).unwrap_or(0o644),
            uid: wanted.uid.or(existing.map(|is| is.uid)).unwrap_or(0),
            gid: wanted.gid.or(existing.map(|is| is.gid)).unwrap_or(0),
        }))
    }

    fn prepare(&self, state: &Value, tag: &str) -> Result<Box<dyn Ready>> {
        self.clean(tag)?;
        let state: Option<FileState> = parsed(state)?;
        let (directory, name) = self.opened()?;
        let staged = Staged {
            path: self.path.clone(),
            directory,
            temporary: state.as_ref().map(|_| temporary(&name, tag)),
            name,
        };
        if let Some(state) = &state {
            self.stage(&staged, state)
                .map_err(self.error("its new content cannot be written"))?;
        }
        Ok(Box::new(staged))
    }

    fn clean(&self, tag: &str) -> Result<()> {
        let name = self.path.file_name().unwrap_or_default();
        let left = self
            .path
            .with_file_name(temporary(&name.to_string_lossy(), tag));
        match fs::remove_file(left) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                let message = "a temporary file beside it cannot be removed";
                Err(self.error(message)(cause))
            }
            _ => Ok(()),
        }
    }

    fn show(&self, state: &Value) -> String {
        let state: Result<Option<FileState>> = parsed(state);
        let Ok(Some(state)) = state else {
            return "absent".into();
        };
        let size = state.content.bytes().map_or(0, |bytes| bytes.len() as u64);
        format!("{}, mode {:o}", amount(size), state.mode)
    }
}

/// The new content beside the file, or no content where the file is to go.
struct Staged {
    path: PathBuf,
    directory: File,
    name: String,
    temporary: Option<String>,
}

impl Ready for Staged {
    fn commit(&mut self) -> Result<()> {
        let directory = &self.directory;
        let replaced = match &self.temporary {
            Some(temporary) => {
                let renamed = rustix::fs::renameat(directory, temporary, directory, &self.name);
                renamed.map_err(Into::into)
            }
            None => remove_at(directory, &self.name),
        };
        replaced
            .and_then(|()| directory.sync_all())
            .map_err(|cause| Error::io("cannot be replaced", cause).at(self.path.display()))?;
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = remove_at(&self.directory, temporary);
        }
    }
}

/// Not a name that run-parts(8), sysctl.d(5) or ifupdown read.
fn temporary(name: &str, tag: &str) -> String {
    format!(".{name}.innkeeper-{tag}")
}

fn remove_at(directory: &File, name: &str) -> std::io::Result<()> {
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        other => other.map_err(Into::into),
    }
}

/// Signatures of the old content, which the new one must not bear.
const SIGNATURES: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// Extended attributes: security labels and access lists; see xattr(7).
fn copy_attributes(from: &File, to: &File) -> std::io::Result<()> {
    let mut names = vec![0; 64 << 10];
    let length = match rustix::fs::flistxattr(from, &mut names[..]) {
        Err(Errno::OPNOTSUPP) => return Ok(()),
        other => other?,
    };
    for name in names[..length].split(|&byte| byte == 0) {
        if name.is_empty() || SIGNATURES.contains(&name) {
            continue;
        }
        let mut value = vec![0; 64 << 10];
        let length = rustix::fs::fgetxattr(from, name, &mut value[..])?;
        rustix::fs::fsetxattr(to, name, &value[..length], rustix::fs::XattrFlags::empty())?;
    }
    Ok(())
}

fn json_of(state: &impl Serialize) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}

fn parsed<T: for<'a> Deserialize<'a>>(state: &Value) -> Result<T> {
    T::deserialize(state).map_err(|cause| Error::corrupt("invalid state of a file").cause(cause))
}
