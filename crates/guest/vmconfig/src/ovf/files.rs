//! The files in which an envelope's disks are, whatever its guests are like.

use error::{Error, Result};

use super::storage::{self, FileReference};
use super::{envelope, section};
use crate::limits::{check_devices, shown};

/// The files that the disks of the OVF in `text` are in, in the order of the disks, each once. A disk
/// without a file is blank; other files, CD images above all, hold no disk.
///
/// # Errors
/// [`error::Kind::Corrupt`] for what is not an OVF and for a disk whose file is not listed or has no name;
/// [`error::Kind::Unsupported`] for what is beyond all measure.
pub fn disk_files(text: &str) -> Result<Vec<FileReference>> {
    let envelope = envelope(text)?;
    let listed: Vec<_> = storage::files(&envelope).collect();
    let disks = section(&envelope, "DiskSection").into_iter();
    let mut found: Vec<FileReference> = Vec::new();
    for disk in disks.flat_map(|list| list.all("Disk")) {
        let Some(reference) = disk.attribute("fileRef").filter(|text| !text.is_empty()) else {
            continue;
        };
        // oVirt's disks name a file by where it is.
        let by_id = listed.iter().find(|file| file.id == reference);
        let Some(file) = by_id.or_else(|| listed.iter().find(|file| file.href == reference)) else {
            return Err(Error::corrupt(format!(
                "a disk is in file {:?}, which is not among the references",
                shown(reference)
            )));
        };
        if file.href.is_empty() {
            let message = format!("file {:?} does not say where it is", shown(reference));
            return Err(Error::corrupt(message));
        }
        if !found.iter().any(|known| known.href == file.href) {
            found.push(file.stated());
        }
        check_devices("disks", found.len())?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(references: &str, disks: &str) -> String {
        let text = format!(
            "<Envelope><References>{references}</References><DiskSection>{disks}</DiskSection></Envelope>"
        );
        match disk_files(&text) {
            Err(error) => error.to_string(),
            Ok(files) => {
                let file = |file: FileReference| {
                    let chunk = file.chunks.map(|chunks| chunks.size);
                    format!("{} {chunk:?} {:?}", file.href, file.size)
                };
                files.into_iter().map(file).collect::<Vec<_>>().join(", ")
            }
        }
    }

    #[test]
    fn files_of_disks_are_listed_in_the_disks_order_and_once() {
        let references = "<File id='a' href='cd.iso'/><File id='b' href='b.vmdk' size='7'/>\
                          <File id='c' href='c.vmdk' size='lots' chunkSize='512'/>";
        let disks = "<Disk diskId='1' fileRef='c'/><Disk diskId='2'/><Disk diskId='3' fileRef='b'/>\
                     <Disk diskId='4' fileRef='b.vmdk'/>";
        assert_eq!(
            told(references, disks),
            "c.vmdk Some(512) None, b.vmdk None Some(7)"
        );
        assert_eq!(told(references, ""), "");
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        assert_eq!(
            told("", "<Disk fileRef='a'/>"),
            "a disk is in file \"a\", which is not among the references"
        );
        assert_eq!(
            told("<File id='a'/>", "<Disk fileRef='a'/>"),
            "file \"a\" does not say where it is"
        );
        assert_eq!(
            disk_files("<domain/>").unwrap_err().message(),
            "it is not an OVF: its root is <domain>, not <Envelope>"
        );
    }
}
