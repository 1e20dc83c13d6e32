//! What an OVF says about the files around it.

use std::borrow::Cow;

use error::Result;
use percent_encoding::percent_decode_str;
use sparse::{Lookahead, SparseRead};
use vmconfig::ovf;

use super::known::{Chunked, Fate};
use crate::classify::{Class, HEAD};
use crate::config::ConfigKind;
use crate::walk::leaf::beginning;
use crate::walk::{File, Walk};

/// The names that the file at `href` may have: not every program that writes a name there writes it as a URL.
fn names(href: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let name = href.strip_prefix("./").unwrap_or(href);
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let differs = decoded != name;
    std::iter::once(name.into()).chain(Some(decoded).filter(|_| differs))
}

impl Walk<'_> {
    /// Remembers which files the OVF in `file` lists, whose text is `text`.
    ///
    /// # Errors
    /// [`error::Kind::Unsupported`] when a chunk has passed already and the source cannot be read again, or when
    /// there are too many. What is wrong with the description does not matter here.
    pub(in crate::walk) fn lists(&mut self, file: &File, text: &str) -> Result<()> {
        let stem = file.stem();
        for listed in ovf::files(text).unwrap_or_default() {
            for name in names(&listed.href) {
                let key = format!("{stem}{name}");
                match &listed.chunks {
                    None => self.parts.add_whole(key),
                    Some(chunks) => self.comes_in_chunks(Chunked {
                        key,
                        chunk: chunks.size,
                        size: listed.size,
                        fate: Fate::Open,
                    })?,
                }
            }
        }
        Ok(())
    }

    fn comes_in_chunks(&mut self, file: Chunked) -> Result<()> {
        if self.parts.chunked.iter().any(|known| known.key == file.key) {
            return Ok(());
        }
        let first = format!("{}.000000000", file.key);
        let passed = !self.parts.is_ahead() && self.parts.families.of(&first).is_some();
        self.parts.add_chunked(file)?;
        if !passed {
            return Ok(());
        }
        if self.summary.taken.is_empty() && self.options.opening.means.again {
            self.look_ahead();
            return Ok(());
        }
        Err(self.early(&format!("comes after the chunk {first} that it lists")))
    }

    /// Nothing is taken in this pass: looks only for descriptions, of which `stream`, the whole file, may be one.
    pub(super) fn look_for_files(
        &mut self,
        stream: &mut Lookahead<&mut dyn SparseRead>,
        file: &File,
    ) -> Result<()> {
        let class = self.class(stream.head(HEAD)?, file);
        if !matches!(class, Ok(Class::Config(ConfigKind::Ovf))) {
            return Ok(());
        }
        let size = file.size.and_then(|size| usize::try_from(size).ok());
        let most = size.unwrap_or(vmconfig::TEXT).min(vmconfig::TEXT);
        let bytes = beginning(stream, most)?;
        self.lists(file, &vmconfig::decode(&bytes).text)
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_reference_may_be_a_url_or_a_name() {
        let told = |href| names(href).collect::<Vec<_>>().join(", ");
        assert_eq!(told("./a.vmdk"), "a.vmdk");
        assert_eq!(told("a%20b.vmdk"), "a%20b.vmdk, a b.vmdk");
        assert_eq!(told("100%.vmdk"), "100%.vmdk");
    }
}
