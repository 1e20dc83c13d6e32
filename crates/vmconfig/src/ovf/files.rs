//! The files in which an envelope's disks lie, whatever its guests are like.

use report::{Error, Result};

use super::section;
use crate::limits::{check_devices, shown};
use crate::xml::{self, Element};

/// A file that holds a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFile {
    /// Where it is, as the envelope writes it: a relative URI most of the time.
    pub href: String,
    /// Bytes in each of the pieces that it is cut into, where it is.
    pub chunk: Option<u64>,
    /// Its size in bytes, by the envelope.
    pub size: Option<u64>,
}

/// The files that the disks of the OVF in `text` lie in, in the order of the disks, each once. A disk
/// without a file is blank; other files, CD images above all, hold no disk.
///
/// # Errors
/// [`report::Kind::Corrupt`] for what is no OVF, for a disk whose file is not listed and for numbers that
/// are none; [`report::Kind::Unsupported`] for what is beyond all measure.
pub fn disk_files(text: &str) -> Result<Vec<DiskFile>> {
    let envelope = xml::parse(text)?;
    if envelope.name != "Envelope" {
        return Err(Error::corrupt(format!(
            "it is no OVF: its root is <{}>, not <Envelope>",
            shown(&envelope.name)
        )));
    }
    let all = |list: &'static str, name: &'static str| {
        section(&envelope, list)
            .into_iter()
            .flat_map(move |list| list.all(name))
    };
    let mut found: Vec<DiskFile> = Vec::new();
    for disk in all("DiskSection", "Disk") {
        let Some(reference) = disk.attribute("fileRef").filter(|text| !text.is_empty()) else {
            continue;
        };
        // oVirt's disks name a file by where it is.
        let named = |name: &'static str| {
            all("References", "File").find(move |file| file.attribute(name) == Some(reference))
        };
        let Some(file) = named("id").or_else(|| named("href")) else {
            return Err(Error::corrupt(format!(
                "a disk lies in file {:?}, which is not among the references",
                shown(reference)
            )));
        };
        let file = read(file)?;
        if !found.iter().any(|known| known.href == file.href) {
            found.push(file);
        }
        check_devices("disks", found.len())?;
    }
    Ok(found)
}

fn read(file: &Element) -> Result<DiskFile> {
    let href = file.attribute("href").unwrap_or_default();
    if href.is_empty() {
        let id = shown(file.attribute("id").unwrap_or_default());
        return Err(Error::corrupt(format!(
            "file {id:?} does not say where it is"
        )));
    }
    let number = |name: &str| {
        let Some(text) = file
            .attribute(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Error::corrupt(format!(
                "{name} of file {}: invalid number '{}'",
                shown(href),
                shown(text)
            ))
        })
    };
    Ok(DiskFile {
        href: href.to_owned(),
        chunk: number("chunkSize")?,
        // Nobody needs it, and some products write nonsense.
        size: number("size").unwrap_or(None),
    })
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
                let file =
                    |file: DiskFile| format!("{} {:?} {:?}", file.href, file.chunk, file.size);
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
            "a disk lies in file \"a\", which is not among the references"
        );
        assert_eq!(
            told("<File id='a'/>", "<Disk fileRef='a'/>"),
            "file \"a\" does not say where it is"
        );
        assert_eq!(
            told(
                "<File id='a' href='x' chunkSize='-1'/>",
                "<Disk fileRef='a'/>"
            ),
            "chunkSize of file x: invalid number '-1'"
        );
        assert_eq!(
            disk_files("<domain/>").unwrap_err().message(),
            "it is no OVF: its root is <domain>, not <Envelope>"
        );
    }
}
