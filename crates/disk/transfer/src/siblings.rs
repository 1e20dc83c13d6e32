//! Files that are only a part of something: what `split` and its like make of a disk or of an archive.
//!
//! The first part of a disk looks like a whole one, and taken alone it is half a disk. Its name tells: other
//! files have the same name with another number, and they do not begin as files of their own do.

mod family;
mod like;
mod name;

use diskimage::{Directory, FileAccess};
use error::Result;

use crate::classify::HEAD;
pub(crate) use family::Families;
pub(crate) use like::Like;
pub(crate) use name::{PartName, Series};

/// Files that are looked at beside the source.
const LOOKED_AT: usize = 1000;

/// Sees to it that the source called `name`, if it is a file that has a directory, is whole by all that shows.
///
/// # Errors
/// [`error::Kind::Refused`] with the list of the parts when it is one of them, and those of reading its
/// siblings.
pub(crate) fn check(name: &str, access: &FileAccess) -> Result<()> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let (Some(part), Some(directory)) = (PartName::parse(file), access.beside()) else {
        return Ok(());
    };
    // Who may not list a directory, or reads a device, has nothing to compare with.
    let Ok(names) = directory.names() else {
        return Ok(());
    };
    if directory.look(file).is_err() {
        return Ok(());
    }
    let same = |name: &&String| PartName::parse(name).is_some_and(|other| part.is_sibling(&other));
    let mut families = Families::default();
    for name in names.iter().filter(same).take(LOOKED_AT) {
        // What is no regular file is no part.
        if let Ok((size, like)) = look(directory, name, &part) {
            families.add(name, size, like);
        }
    }
    match families.of(file).filter(|family| family.is_split()) {
        Some(family) => Err(family.refusal()),
        None => Ok(()),
    }
}

/// The size of the file called `name`, and what it begins like.
fn look(directory: &dyn Directory, name: &str, part: &PartName<'_>) -> Result<(Option<u64>, Like)> {
    let file = directory.look(name)?;
    // What a part that is compressed by itself begins like says nothing.
    if part.is_packed() {
        return Ok((file.size(), Like::Nothing));
    }
    let mut head = vec![0; HEAD];
    let read = file.read_at(0, &mut head)?;
    Ok((file.size(), Like::of(head.get(..read).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use error::Error;
    use sparse::BlockRead;

    use super::*;

    #[derive(Default)]
    struct Files(HashMap<String, Vec<u8>>);

    impl Directory for Files {
        fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
            match self.0.get(name) {
                Some(file) => Ok(Arc::new(file.clone())),
                None => Err(Error::io(format!("{name} cannot be opened"), "not there")),
            }
        }

        fn names(&self) -> Result<Vec<String>> {
            Ok(self.0.keys().cloned().collect())
        }
    }

    fn told(source: &str, files: &[(&str, &[u8])]) -> Option<String> {
        let files = files
            .iter()
            .map(|(name, file)| ((*name).to_owned(), file.to_vec()));
        let access = FileAccess::none().with_extents_beside(Arc::new(Files(files.collect())));
        let refused = check(source, &access).err()?;
        Some(refused.to_string())
    }

    #[test]
    fn a_source_is_compared_with_the_files_beside_it() {
        let disk: &[u8] = b"KDMV";
        assert_eq!(
            told(
                "d/a.vmdk.001",
                &[("a.vmdk.001", disk), ("a.vmdk.002", b"xyz"), ("b.002", b"")]
            )
            .unwrap(),
            "is one of 2 parts of a file: a.vmdk.001 (4 bytes), a.vmdk.002 (3 bytes)"
        );
        assert_eq!(told("a.001", &[("a.001", disk), ("a.002", disk)]), None);
        assert_eq!(told("a.001", &[("a.001", disk), ("b.002", b"xyz")]), None);
        assert_eq!(
            told("a.001", &[("a.002", b"xyz"), ("a.003", b"xyz")]),
            None,
            "a device"
        );
        assert_eq!(
            told("a.img", &[("a.img", disk), ("a.img.001", b"xyz")]),
            None
        );
        let packed: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
        assert!(told("a.01.gz", &[("a.01.gz", packed), ("a.02.gz", packed)]).is_some());
        assert_eq!(check("a.001", &FileAccess::none()), Ok(()));
    }
}
