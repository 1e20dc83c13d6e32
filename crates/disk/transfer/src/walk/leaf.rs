//! Files without layers: disks, configurations, and everything else.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use diskimage::{Format, Image, OpenOptions};
use error::{Error, Result};
use sparse::{BlockRead, Lookahead, SparseRead, drain, read_full};
use unpack::layer::sniff;

use super::{File, NAMED, Walk};
use crate::advice::Advice;
use crate::classify::{Class, HEAD, classify};
use crate::config::{Config, ConfigKind};
use crate::disk::{Disk, Taken};
use crate::members::What;
use crate::names::{last_part, shortened};
use crate::open::{Content, Footer, Streamed, format_by_end};
use crate::sink::FileContent;
use crate::stub;

/// Configurations that are remembered.
const CONFIGS: usize = 100;
/// Disks that are taken out of one source: each keeps its targets open until the last one was right.
const DISKS: usize = 100;
/// Bytes of all configurations that are remembered.
const TEXTS: usize = 2 * vmconfig::TEXT;

impl Walk<'_> {
    /// Takes the disk that `bytes` hold, if they are one without any layer around it and it is better
    /// read at any offset than as a stream.
    ///
    /// # Errors
    /// Those of reading the image and of the sink.
    pub(crate) fn direct(&mut self, bytes: Arc<dyn BlockRead>) -> Result<Option<ControlFlow<()>>> {
        let file = File {
            size: bytes.size(),
            ..File::default()
        };
        let mut head = vec![0; HEAD];
        let read = bytes.read_at(0, &mut head)?;
        head.truncate(read);
        if self.options.selection.member.is_some() {
            return Ok(None);
        }
        if self.options.opening.device.is_none() && stub::archive_in(&head, &*bytes)?.is_some() {
            return Ok(None);
        }
        match self.plain(&head, &file, Some(&*bytes))? {
            Some((format, class)) => {
                self.is_of_guest("")?;
                let how = &self.options.opening.how;
                self.image(format, bytes, class, &file, how).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The format and the class of the disk in `file`, which begins with `head`, if it is one without any layer
    /// around it; `bytes` are all of it, where they can be read at any offset.
    pub(super) fn plain(
        &mut self,
        head: &[u8],
        file: &File,
        bytes: Option<&dyn BlockRead>,
    ) -> Result<Option<(Format, Class)>> {
        if head.is_empty() || sniff(head).is_some() {
            return Ok(None);
        }
        let class = self.class(head, file)?;
        let class = match bytes {
            Some(bytes) => self.whole_class(class, bytes)?,
            None => class,
        };
        let Some(format) = self.format(file, class)? else {
            return Ok(None);
        };
        self.is_no_extent(head, file)?;
        Ok(Some((format, class)))
    }

    /// Takes the disk in `bytes`, all of `file`, which begins as one in `format` does and is of this `class`.
    pub(super) fn image(
        &mut self,
        format: Format,
        bytes: Arc<dyn BlockRead>,
        class: Class,
        file: &File,
        how: &OpenOptions,
    ) -> Result<ControlFlow<()>> {
        let format = match format {
            Format::Raw => format_by_end(&*bytes, Footer::of(self.options.selection.format))?,
            format => format,
        };
        self.summary.at_any_offset = true;
        let found = self.disk_file(file, format, class, how, None);
        let described = self.sink.describe(&found, FileContent::Bytes(&bytes))?;
        if let Some(described) = described {
            return Ok(self.was_described(described));
        }
        let image = Image::open(format, bytes, how)?;
        let disk = Disk {
            member: file.member.clone(),
            size: Some(image.size()),
            format,
            variant: image.about().variant.clone(),
        };
        let content = Content::Image(image);
        match format {
            Format::Raw => self.hand_over_raw(disk, content, file, class),
            _ => self.hand_over(disk, content),
        }
    }

    pub(super) fn class(&self, head: &[u8], file: &File) -> Result<Class> {
        let raw = self.says_raw(file).is_some();
        if self.options.selection.wants(&file.member) {
            classify(head, file.size, self.options.selection.format, raw)
        } else {
            Ok(classify(head, file.size, None, raw).unwrap_or(Class::Other))
        }
    }

    pub(super) fn leaf(
        &mut self,
        mut stream: Lookahead<&mut dyn SparseRead>,
        file: &File,
    ) -> Result<ControlFlow<()>> {
        if self.belongs(&mut stream, file)? {
            return Ok(Continue(()));
        }
        let head = stream.head(HEAD)?;
        let class = self.class(head, file)?;
        let Some(format) = self.format(file, class)? else {
            return match class {
                Class::Config(kind) if self.is_described(file) => {
                    self.beside(&mut stream, kind, file.size)
                }
                class => self.list(&mut stream, file, class),
            };
        };
        if !self.may_take(&file.member, file.size)? {
            self.note(&file.member, file.size, What::Disk(format));
            return Ok(Continue(()));
        }
        if head.is_empty() {
            return Err(Error::refused("is empty"));
        }
        let alone = file.member.is_empty() && self.nesting.layers.is_empty();
        let looks = !self.sink.wants_content();
        if alone
            && (looks || !passes_well(format, head))
            && let Some(open) = &self.options.opening.far
            && let Some(bytes) = open()?
        {
            return self.image(format, bytes, class, file, &self.options.opening.how);
        }
        let (opening, member) = (self.options.opening, &file.member);
        let part = self.is_no_extent(stream.head(HEAD)?, file).err();
        let found = self.disk_file(file, format, class, &opening.how, part);
        let described = self
            .sink
            .describe(&found, FileContent::Stream(&mut stream))?;
        if let Some(described) = described {
            return Ok(self.was_described(described));
        }
        if let Some(part) = found.part {
            return Err(part);
        }
        let opened = opening.stream(format, stream, member, file.size, &mut self.earlier.sieves)?;
        let Streamed::Disk {
            mut disk,
            variant,
            sector,
        } = opened
        else {
            self.summary.again = true;
            return Ok(Break(()));
        };
        self.sector = sector;
        let mut size = disk.size();
        if format == Format::Raw && Footer::of(self.options.selection.format) == Footer::Due {
            size = size.map(|size| size.saturating_sub(diskimage::END as u64));
        }
        let found = Disk {
            member: file.member.clone(),
            size,
            format,
            variant,
        };
        let content = Content::Stream(&mut *disk);
        let flow = match format {
            Format::Raw => self.hand_over_raw(found, content, file, class)?,
            _ => self.hand_over(found, content)?,
        };
        self.earlier.sieves.remove(&file.member);
        if flow.is_continue() {
            // What is behind the disk's end is checked too.
            drain(&mut disk)?;
            let raw = (format == Format::Raw).then(|| disk.offset());
            self.parts.taken(file.key(), raw.transpose()?);
        }
        Ok(flow)
    }

    /// Whether the disk called `member` is to be taken; remembers it if not.
    ///
    /// # Errors
    /// Those of [`Walk::is_of_guest`].
    pub(super) fn may_take(&mut self, member: &str, size: Option<u64>) -> Result<bool> {
        if self.parts.is_ahead() {
            return Ok(false);
        }
        if !self.options.selection.wants(member) || !self.is_of_guest(member)? {
            self.summary.rest.push(member, size);
            return Ok(false);
        }
        if let Some(index) = self
            .earlier
            .taken_before
            .iter()
            .position(|taken| taken == member)
        {
            self.earlier.taken_before.swap_remove(index);
            return Ok(false);
        }
        let same = |taken: &Taken| taken.disk.member == member;
        let twice = self.summary.taken.iter().any(same);
        self.summary.twice |= twice;
        if twice || (!self.options.selection.several && !self.summary.taken.is_empty()) {
            self.summary.rivals.push(member, size);
            return Ok(false);
        }
        if self.summary.first.count == 0 {
            self.summary.first.push(member, size);
        }
        Ok(true)
    }

    /// Hands on a disk that needs no other evidence than its format.
    pub(super) fn hand_over(
        &mut self,
        disk: Disk,
        content: Content<'_>,
    ) -> Result<ControlFlow<()>> {
        self.guarded(disk, content, None)
    }

    /// Hands on a disk that is what it seems to be.
    pub(super) fn deliver(&mut self, disk: Disk, content: Content<'_>) -> Result<ControlFlow<()>> {
        self.begin_disk(&disk)?;
        self.sink.take(&disk, &self.summary.configs, content)
    }

    /// Remembers that `disk` is taken.
    pub(super) fn begin_disk(&mut self, disk: &Disk) -> Result<()> {
        if self.summary.taken.len() >= DISKS {
            return Err(Error::unsupported(format!(
                "holds more than {DISKS} disks, too many to be written in one pass"
            ))
            .advise(Advice::SelectFewer));
        }
        self.summary.taken.push(Taken {
            disk: disk.clone(),
            layers: self.nesting.layers.clone(),
        });
        Ok(())
    }

    /// Remembers a file that is no disk.
    pub(super) fn list(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
        class: Class,
    ) -> Result<ControlFlow<()>> {
        if let Class::Config(kind) = class
            && self.summary.configs.len() < CONFIGS
        {
            self.remember(stream, file, kind)?;
        }
        let size = match file.size {
            Some(size) => size,
            None => drain(stream)?,
        };
        self.summary.rest.push(&file.member, Some(size));
        self.note(&file.member, Some(size), What::of(class));
        Ok(Continue(()))
    }

    /// Whether `file`, a description of a guest, is the source, so that the disks lie beside it.
    fn is_described(&mut self, file: &File) -> bool {
        let looks = !self.sink.wants_content();
        file.member.is_empty() && (self.options.opening.beside.is_some() || !looks)
    }

    pub(super) fn remember(
        &mut self,
        stream: &mut dyn SparseRead,
        file: &File,
        kind: ConfigKind,
    ) -> Result<()> {
        // This one says which disks there are, and so it is read whatever came before it.
        let tells_disks = kind == ConfigKind::Xapi && last_part(&file.member) == "ova.xml";
        let spent: usize = self
            .summary
            .configs
            .iter()
            .map(|past| past.text.len())
            .sum();
        let room = TEXTS.saturating_sub(spent);
        let mut text = match self.description(stream, file)? {
            Ok(text) if tells_disks => {
                self.lists_disks(&text)?;
                text
            }
            Ok(text) => text,
            Err(too_long) if tells_disks => return Err(too_long),
            Err(too_long) => {
                self.warn(file, too_long);
                String::new()
            }
        };
        if text.len() > room {
            let message = format!("is not read: descriptions of {spent} bytes came before it");
            self.warn(file, Error::unsupported(message));
            text = String::new();
        }
        if kind == ConfigKind::Ovf {
            self.lists(file, &text)?;
        }
        let member = shortened(&file.member, NAMED);
        self.summary.configs.push(Config { member, kind, text });
        Ok(())
    }

    /// The text of a description, or why it is too long.
    fn description(&mut self, stream: &mut dyn SparseRead, file: &File) -> Result<Result<String>> {
        let limit = vmconfig::TEXT;
        let size = file.size.and_then(|size| usize::try_from(size).ok());
        let most = size.map_or(limit + 1, |size| size.min(limit + 1));
        let bytes = beginning(stream, most)?;
        if bytes.len() > limit {
            let has = match file.size {
                Some(size) => format!("has {size} bytes"),
                None => format!("has more than {limit} bytes"),
            };
            let message = format!("{has}, and a description is read up to {limit}");
            return Ok(Err(Error::unsupported(message)));
        }
        let decoded = vmconfig::decode(&bytes);
        if let Some(warning) = decoded.warning {
            self.warn(file, warning);
        }
        Ok(Ok(decoded.text))
    }

    /// Remembers the disks that `text`, an ova.xml, lists.
    fn lists_disks(&mut self, text: &str) -> Result<()> {
        let disks = vmconfig::xva::vdis(text)?.into_iter();
        self.nesting.xva = disks.map(|disk| (disk.reference, disk.size)).collect();
        Ok(())
    }
}

/// The first bytes of a stream, at most `most` of them.
pub(super) fn beginning(stream: &mut dyn SparseRead, most: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let read = read_full(stream, &mut bytes)?;
    bytes.truncate(read);
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Formats that one forward pass is made for; where each read is a way to another machine, that is
/// the better way.
pub(super) fn passes_well(format: Format, head: &[u8]) -> bool {
    match format {
        Format::Raw | Format::Vdi | Format::Vhd => true,
        Format::Vmdk => diskimage::vmdk_is_stream(head),
        _ => false,
    }
}
