//! The one place where a file that an image names may be opened.
//!
//! An image comes from a stranger and can name any file on the host: as the extent of a VMDK, as the
//! backing file of a qcow2, as the parent of a VHD. Every reader asks here, and nowhere else.

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::advice::Advice;

/// Opens files in one directory, and in nothing outside it.
pub trait Directory: Send + Sync {
    /// Opens the file called `name`, a path relative to the directory. Where no file is called so, the one is
    /// opened whose name differs only in capitals: Windows does not tell them apart.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when it is outside or two files have such a name,
    /// [`error::Kind::Io`] when it cannot be opened.
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>>;

    /// Whether there is a file called `name`, in whatever case: that is opened by this name.
    fn has(&self, name: &str) -> bool {
        self.look(name).is_ok()
    }

    /// Opens the image below that an image calls `whole`; its last part is `name`, and usually all that
    /// counts.
    ///
    /// # Errors
    /// As [`Directory::open`].
    fn open_below(&self, whole: &str, name: &str) -> Result<Arc<dyn BlockRead>> {
        let _ = whole;
        self.open(name)
    }

    /// Opens the image below that is known by `id` only, as [`crate::vdi_id`] tells it. `None` when there is
    /// none, or it cannot be looked for.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] when several files have the id, and as [`Directory::open`].
    fn open_by_id(&self, id: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        let _ = id;
        Ok(None)
    }

    /// Opens the file called `name` for a look at it, which makes it no part of an image.
    ///
    /// # Errors
    /// As [`Directory::open`].
    fn look(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        self.open(name)
    }

    /// The names in the directory, as far as they can be known; in no order.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when they cannot be listed.
    fn names(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// What an image's reader may open.
#[derive(Clone, Default)]
pub struct FileAccess {
    beside: Option<Arc<dyn Directory>>,
    below: Option<Arc<dyn Directory>>,
    looking: bool,
}

impl FileAccess {
    /// Opens nothing: for an image in a stream.
    pub fn none() -> Self {
        FileAccess::default()
    }

    /// For a look at what an image says: nothing is opened and nothing is refused, what an image names
    /// simply is not there.
    pub fn looking() -> Self {
        FileAccess {
            looking: true,
            ..FileAccess::default()
        }
    }

    /// Whether this is only a look at what an image says.
    pub(crate) fn is_looking(&self) -> bool {
        self.looking
    }

    /// The directory that the image is in, if it is in one.
    pub fn beside(&self) -> Option<&dyn Directory> {
        self.beside.as_deref()
    }

    /// Lets extents be opened in `directory`, the one that the image is in.
    pub fn with_extents_beside(mut self, directory: Arc<dyn Directory>) -> Self {
        self.beside = Some(directory);
        self
    }

    /// Lets images below, that is backing files and parents, be opened in `directory`.
    pub fn with_images_below(mut self, directory: Arc<dyn Directory>) -> Self {
        self.below = Some(directory);
        self
    }

    /// Lets images below be opened in `directory`, unless another one was given for them.
    pub fn or_images_below(mut self, directory: Arc<dyn Directory>) -> Self {
        self.below.get_or_insert(directory);
        self
    }

    /// The access of an image in a stream: whatever is where the stream comes from, nothing is beside
    /// the image.
    pub(crate) fn of_stream(&self) -> FileAccess {
        FileAccess {
            beside: None,
            ..self.clone()
        }
    }

    /// The access of the image below: its extents are where it is, in the directory that the user
    /// gave for such images.
    pub(crate) fn of_image_below(&self) -> FileAccess {
        FileAccess {
            beside: self.below.clone(),
            ..self.clone()
        }
    }

    /// Opens an extent: a file of the same disk that is beside its descriptor. `None` when it is
    /// not to be read.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] for a name that is more than a name and where there is no directory,
    /// [`error::Kind::Corrupt`] when it is not there, [`error::Kind::Io`] when it cannot be opened.
    pub fn extent(&self, name: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name == ".." || name == "." {
            return Err(Error::refused(format!(
                "names {:?} as an extent, which is not a plain file name beside it",
                shown(name)
            )));
        }
        match &self.beside {
            _ if self.looking => Ok(None),
            Some(directory) if directory.has(name) => directory.open(name).map(Some),
            Some(_) => Err(Error::corrupt(format!(
                "is stored in the file {:?} beside it, which is missing",
                shown(name)
            ))),
            None => Err(Error::refused(format!(
                "is stored in the file {:?} beside it, which cannot be reached from here",
                shown(name)
            ))
            .advise(Advice::SaveTogether)),
        }
    }

    /// Of the names that an image has for the one below it, the first under which there is a file, or else the
    /// first.
    pub fn likeliest<'a>(&self, names: &'a [String]) -> &'a str {
        let there = |name: &&String| {
            let below = self.below.as_ref();
            below.is_some_and(|below| !is_no_name(last(name)) && below.has(last(name)))
        };
        let there = names.iter().find(there).or(names.first());
        there.map(String::as_str).unwrap_or_default()
    }

    /// Opens the image below, as the image names it: a backing file or a parent, which is `what`.
    /// Directories in the name are dropped: only the user says where such files are. `None` when
    /// it is not to be read.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] unless the user allowed it, [`error::Kind::Io`] when it cannot be
    /// opened.
    pub fn below(&self, what: &str, name: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        if self.looking {
            return Ok(None);
        }
        let Some(directory) = &self.below else {
            return Err(
                Error::refused(format!("needs its {what} {:?}", shown(name)))
                    .advise(Advice::AllowBacking),
            );
        };
        let last = last(name);
        if is_no_name(last) {
            let message = format!(
                "names {:?} as its {what}, which is not a file name",
                shown(name)
            );
            return Err(Error::refused(message));
        }
        directory.open_below(name, last).map(Some)
    }

    /// Opens the image below, a parent that the image knows by its `id` only. `None` when it is not to be
    /// read.
    ///
    /// # Errors
    /// [`error::Kind::Refused`] unless the user allowed it, and when it is not there.
    pub fn below_by_id(&self, id: &str) -> Result<Option<Arc<dyn BlockRead>>> {
        if self.looking {
            return Ok(None);
        }
        let found = match &self.below {
            Some(directory) => directory.open_by_id(id)?,
            None => None,
        };
        match (found, &self.below) {
            (Some(file), _) => Ok(Some(file)),
            (None, Some(_)) => Err(Error::refused(format!(
                "needs its parent, which has the UUID {id}, and no file there has it"
            ))),
            (None, None) => Err(Error::refused(format!(
                "needs its parent, which has the UUID {id}"
            ))
            .advise(Advice::AllowBacking)),
        }
    }
}

/// As much of a stranger's text as a message should hold.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The last part of a path as any system writes it.
fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn is_no_name(last: &str) -> bool {
    ["", ".", ".."].contains(&last) || last.contains('\0')
}

impl std::fmt::Debug for FileAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileAccess")
            .field("beside", &self.beside.is_some())
            .field("below", &self.below.is_some())
            .field("looking", &self.looking)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Everything;

    impl Directory for Everything {
        fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
            Ok(Arc::new(name.as_bytes().to_vec()))
        }
    }

    fn told(opened: Result<Option<Arc<dyn BlockRead>>>) -> String {
        match opened {
            Err(error) => error.to_string(),
            Ok(None) => "nothing".into(),
            Ok(Some(file)) => format!("{} bytes", file.size().unwrap()),
        }
    }

    #[test]
    fn an_extent_is_a_plain_name_beside_the_descriptor() {
        let access = FileAccess::none().with_extents_beside(Arc::new(Everything));
        assert_eq!(told(access.extent("a-flat.vmdk")), "11 bytes");
        for name in ["", "/etc/shadow", "../x", "a/b", r"a\b", "..", ".", "a\0"] {
            let expected =
                format!("names {name:?} as an extent, which is not a plain file name beside it");
            assert_eq!(told(access.extent(name)), expected);
            assert_eq!(told(FileAccess::looking().extent(name)), expected);
        }
        assert_eq!(
            told(FileAccess::none().extent("a")),
            r#"is stored in the file "a" beside it, which cannot be reached from here"#
        );
        assert_eq!(told(FileAccess::looking().extent("a")), "nothing");
    }

    #[test]
    fn an_image_below_is_opened_only_where_the_person_says() {
        let error = FileAccess::none()
            .below("backing file", "/etc/shadow")
            .err();
        assert_eq!(
            crate::test_util::advised(&error.unwrap()),
            "error: needs its backing file \"/etc/shadow\"\nadvice: AllowBacking"
        );
        let access = FileAccess::none().with_images_below(Arc::new(Everything));
        assert_eq!(
            told(access.below("parent", "/elsewhere/base.vhd")),
            "8 bytes"
        );
        assert_eq!(told(access.below("parent", r"C:\vms\base.vhd")), "8 bytes");
        assert_eq!(
            told(access.below("parent", "a/..")),
            r#"names "a/.." as its parent, which is not a file name"#
        );
        assert_eq!(told(FileAccess::looking().below("parent", "x")), "nothing");
    }

    #[test]
    fn a_long_name_is_shortened_in_messages() {
        let (name, start) = ("é".repeat(30_000), "é".repeat(80));
        let refused = FileAccess::none().below("parent", &name).err().unwrap();
        assert_eq!(
            refused.to_string(),
            format!("needs its parent \"{start}…\"")
        );
        assert_eq!(
            told(FileAccess::none().extent(&name)),
            format!(
                "is stored in the file \"{start}…\" beside it, which cannot be reached from here"
            )
        );
    }

    struct Two;

    impl Directory for Two {
        fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
            match name {
                "b.vhd" | "c.vhd" => Everything.open(name),
                _ => Err(Error::io("cannot be opened", "it is not there")),
            }
        }
    }

    #[test]
    fn of_several_names_the_one_counts_that_is_there() {
        let access = FileAccess::none()
            .with_images_below(Arc::new(Two))
            .with_extents_beside(Arc::new(Two));
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|&it| it.into()).collect() };
        let likeliest = |given: &[&str]| access.likeliest(&names(given)).to_owned();
        assert_eq!(likeliest(&["a.vhd", r"C:\x\b.vhd", "c.vhd"]), r"C:\x\b.vhd");
        assert_eq!(likeliest(&["a.vhd", "d.vhd", ".."]), "a.vhd");
        assert_eq!(likeliest(&[]), "");
        assert_eq!(FileAccess::none().likeliest(&names(&["a", "b.vhd"])), "a");
        assert_eq!(
            told(access.extent("a.vhd")),
            r#"is stored in the file "a.vhd" beside it, which is missing"#
        );
    }
}
