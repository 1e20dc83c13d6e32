//! The content of one member, checked against its header or its data descriptor.

use error::{Error, Result};
use sparse::{Piece, SparseRead, drain};

use super::Input;
use super::data::End;
use super::descriptor;
use super::method::Method;
use super::record::Local;
use super::source::Source;
use super::sums::{Sums, agree, agree_crc};
use crate::Limits;
use crate::archive::{clip, shown};
use crate::chunk::unfolds_too_far;
use crate::crc::Crc32;

/// What is known of a member that is behind.
pub(super) struct Finished {
    /// Bytes of its data.
    pub(super) compressed: u64,
    /// Size and CRC-32 of its content, where that was read.
    pub(super) content: Option<(u64, u32)>,
}

/// The archive's bytes, seen as the content of the current member.
pub(super) struct Content<R> {
    source: Source<R>,
    member: Option<Current>,
    limits: Limits,
    /// Bytes that all members together may still have.
    allowance: u64,
}

struct Current {
    name: String,
    /// `None` for a member that is only passed by.
    method: Option<Method>,
    /// What the local header says; before a data descriptor, none of it counts.
    stated: Sums,
    /// The content's size, where the header knows it.
    size: Option<u64>,
    /// Whether a data descriptor follows; its sizes are probably wide.
    descriptor: Option<bool>,
    start: u64,
    at: u64,
    sum: Crc32,
    checked: Option<Sums>,
}

impl<R: SparseRead> Content<R> {
    /// No content yet.
    pub(super) fn new(input: Input<R>, limits: &Limits) -> Self {
        Content {
            source: Source::new(input),
            member: None,
            limits: *limits,
            allowance: limits.output,
        }
    }

    /// The archive's bytes, between two members.
    pub(super) fn input(&mut self) -> Result<&mut Input<R>> {
        Ok(&mut self.source.data()?.input)
    }

    /// Becomes the content of the member whose header was just read, unpacked by `method`; returns its
    /// size if known. Without a method, there is nothing to read but the data's end.
    pub(super) fn begin(
        &mut self,
        name: &str,
        local: &Local,
        method: Option<Method>,
    ) -> Result<Option<u64>> {
        let streamed = local.has_descriptor();
        let size = match method {
            Some(Method::Stored) => local.stored_size(),
            Some(_) => (!streamed).then_some(local.size),
            None => None,
        };
        if size > Some(self.allowance) {
            return Err(self.too_much());
        }
        let data = self.source.data()?;
        data.begin(
            name,
            match local.data_size() {
                Some(compressed) => End::After(compressed),
                None => End::unknown(method == Some(Method::Stored)),
            },
        );
        let start = data.input.at();
        if let Some(method) = method {
            let started = self.source.start(method, local, &self.limits);
            started.map_err(|error| error.at(format!("zip member {}", shown(name))))?;
        }
        self.member = Some(Current {
            name: name.to_string(),
            method,
            stated: Sums {
                crc: local.crc,
                compressed: local.compressed,
                size: local.size,
            },
            size,
            descriptor: streamed.then_some(local.wide),
            start,
            at: 0,
            sum: Crc32::new(),
            checked: None,
        });
        Ok(size)
    }

    /// Whether the current member's content comes by way of a decoder that needs much memory.
    pub(super) fn is_costly(&self) -> bool {
        use Method::{Bzip2, Lzma, Xz, Zstd};
        let method = self.member.as_ref().and_then(|member| member.method);
        matches!(method, Some(Bzip2 | Lzma | Xz | Zstd))
    }

    /// Moves past what is left of the member. If there was one, tells how long its data is, and of what was
    /// read, size and CRC-32 of the content.
    pub(super) fn finish(&mut self) -> Result<Option<Finished>> {
        if let Some(Current { method: None, .. }) = self.member {
            let compressed = self.pass_by()?;
            return Ok(Some(Finished {
                compressed,
                content: None,
            }));
        }
        if let Err(error) = drain(self) {
            return Err(match &self.member {
                Some(member) => error.at(shown(&member.name)),
                None => error,
            });
        }
        let checked = self.member.take().and_then(|member| member.checked);
        Ok(checked.map(|sums| Finished {
            compressed: sums.compressed,
            content: Some((sums.size, sums.crc)),
        }))
    }

    /// Moves past the data of a member that is not read, and its descriptor; returns the data's length.
    fn pass_by(&mut self) -> Result<u64> {
        let data = self.source.data()?;
        let compressed = drain(data)?;
        if let Some(member) = self.member.take()
            && member.descriptor.is_some()
        {
            descriptor::pass(&mut data.input, compressed, &member.name)?;
        }
        Ok(compressed)
    }

    fn too_much(&self) -> Error {
        unfolds_too_far("zip: the members decompress", self.limits.output)
    }

    /// Checks a member whose content is over.
    fn check(&mut self) -> Result<()> {
        let Some(member) = &mut self.member else {
            return Ok(());
        };
        let name = shown(&member.name);
        self.source.stop()?;
        let data = self.source.data()?;
        let by_itself = member.method.is_some_and(Method::ends_itself);
        if !by_itself && !data.peek()?.is_empty() {
            return Err(Error::corrupt(format!(
                "zip member {name}: the compressed data goes on behind its end"
            )));
        }
        let sums = Sums {
            crc: member.sum.finish(),
            compressed: data.input.at() - member.start,
            size: member.at,
        };
        match member.descriptor {
            Some(wide) => descriptor::check(&mut data.input, &name, &sums, wide, &member.stated)?,
            None => {
                let Sums {
                    crc,
                    compressed,
                    size,
                } = member.stated;
                agree(&name, "its header", "size", Some(size), sums.size)?;
                let what = "compressed size";
                agree(&name, "its header", what, Some(compressed), sums.compressed)?;
                agree_crc(&name, crc, sums.crc)?;
            }
        }
        member.checked = Some(sums);
        Ok(())
    }
}

/// What comes next, decided before it is shown.
enum Next {
    Over,
    Check,
    Content,
}

impl<R: SparseRead> Content<R> {
    fn next(&mut self) -> Result<Next> {
        let Some(member) = &self.member else {
            return Ok(Next::Over);
        };
        if member.checked.is_some() || member.method.is_none() {
            return Ok(Next::Over);
        }
        let len = self.source.peek()?.len();
        if len == 0 {
            return Ok(Next::Check);
        }
        if self.allowance < len {
            return Err(self.too_much());
        }
        match member.size.map(|size| size - member.at) {
            Some(left) if left < len => Err(Error::corrupt(format!(
                "zip member {} decompresses to more than the {} bytes its header states",
                shown(&member.name),
                left + member.at
            ))),
            _ => Ok(Next::Content),
        }
    }
}

impl<R: SparseRead> SparseRead for Content<R> {
    fn peek(&mut self) -> Result<Piece<'_>> {
        match self.next()? {
            Next::Over => Ok(Piece::End),
            Next::Check => {
                self.check()?;
                Ok(Piece::End)
            }
            Next::Content => self.source.peek(),
        }
    }

    fn consume(&mut self, n: u64) {
        let Some(member) = &mut self.member else {
            return;
        };
        // The same piece again, to sum it up before it goes.
        match self.source.peek().map(|piece| clip(piece, n)) {
            Ok(Piece::Data(data)) => member.sum.update(data),
            Ok(Piece::Zeros(len)) => member.sum.update_zeros(len),
            // Nothing to consume: the next `peek` says why.
            Ok(Piece::End) | Err(_) => return,
        }
        self.source.consume(n);
        member.at += n;
        self.allowance -= n;
    }
}
