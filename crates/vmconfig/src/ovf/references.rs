//! The files of an appliance, for a reader of archives: which of them come in chunks.

use report::Result;

use super::section;
use crate::xml;

/// A file that an envelope's references list (DSP0243, section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReference {
    /// Its name relative to the description, as it is written.
    pub href: String,
    /// Bytes in each of its chunks but the last, which may have fewer. The chunks are files of their own,
    /// called `HREF.000000000`, `HREF.000000001` and so on.
    pub chunk: Option<u64>,
    /// Its size in bytes, all chunks together.
    pub size: Option<u64>,
}

/// The files that the description in `text` lists.
///
/// # Errors
/// As [`super::read`] for what is no XML. A size that is no number is left out.
pub fn references(text: &str) -> Result<Vec<FileReference>> {
    let envelope = xml::parse(text)?;
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
    let files = section(&envelope, "References").into_iter();
    let files = files.flat_map(|references| references.all("File"));
    let file = |file: &xml::Element| {
        Some(FileReference {
            href: file.attribute("href")?.to_owned(),
            chunk: number(file.attribute("chunkSize")).filter(|&chunk| chunk > 0),
            size: number(file.attribute("size")),
        })
    };
    Ok(files.filter_map(file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &str) -> Vec<FileReference> {
        let text = format!(
            "<Envelope xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\"><References>{files}</References></Envelope>"
        );
        references(&text).unwrap()
    }

    #[test]
    fn chunks_are_told_from_whole_files() {
        let file = |href: &str, chunk, size| FileReference {
            href: href.into(),
            chunk,
            size,
        };
        assert_eq!(
            read(
                "<File ovf:href=\"a.vmdk\" ovf:id=\"1\" ovf:chunkSize=\"7516192768\" ovf:size=\"9\"/>\
                 <ovf:File ovf:href=\"b.vmdk\"/><File ovf:href=\"c\" ovf:chunkSize=\" 12 \" ovf:size=\"x\"/>\
                 <File ovf:href=\"d\" ovf:chunkSize=\"0\"/><File/>"
            ),
            [
                file("a.vmdk", Some(7_516_192_768), Some(9)),
                file("b.vmdk", None, None),
                file("c", Some(12), None),
                file("d", None, None),
            ]
        );
        assert!(references("<Envelope/>").unwrap().is_empty());
        assert!(references("<Envelope").is_err());
    }
}
