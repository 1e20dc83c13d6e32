//! The way through the stream: header, descriptor, tables, marker after marker.

use error::{Error, Result};
use sparse::SparseRead;

use super::batch::{Batch, Grain};
use super::input::Input;
use super::ledger::Ledger;
use crate::fields::le32;
use crate::unpacker::grain::{MARKER, Marker};
use crate::vmdk::descriptor::Descriptor;
use crate::vmdk::footer;
use crate::vmdk::header::{Header, LEN, SECTOR};

/// Sectors that a grain directory may be longer than it has to be.
const SLACK: u64 = 128;

/// Goes through a stream.
pub(super) struct Scan<R> {
    input: Input<R>,
    pub(super) header: Header,
    ledger: Ledger,
    /// The grain directory and where it was, in bytes, once it has passed.
    directory: Option<(u64, Vec<u32>)>,
    footer: bool,
    ended: bool,
    /// The sector last read, which a marker begins.
    sector: [u8; LEN],
    /// The grain whose marker is in `sector`, which was one too many for the last batch.
    waiting: Option<Grain>,
}

impl<R: SparseRead> Scan<R> {
    /// Reads all that comes before the grains.
    ///
    /// # Errors
    /// As [`super::Stream::new`].
    pub(super) fn new(inner: R) -> Result<(Self, Descriptor)> {
        let mut input = Input::new(inner);
        let mut sector = [0; LEN];
        input.fill(&mut sector, "the header")?;
        let header = Header::parse(&sector)?;
        if !header.compressed {
            return Err(Error::unsupported(
                "is a vmdk disk that is not streamOptimized, and so cannot be read in one pass",
            ));
        }
        let overhead = header.overhead.saturating_mul(SECTOR);
        if overhead < header.floor() {
            return Err(Error::corrupt(format!(
                "has its first grain at byte {overhead}, in the header or the descriptor, which end at byte {}",
                header.floor()
            )));
        }
        let (first, sectors) = header.descriptor.unwrap_or((1, 0));
        input.skip_to(
            first.saturating_mul(SECTOR),
            "the space before the descriptor",
        )?;
        let mut text = Vec::new();
        input.append(&mut text, (sectors * SECTOR) as usize, "the descriptor")?;
        let descriptor = crate::vmdk::inside(&header, &text)?;
        let mut scan = Scan {
            ledger: Ledger::new(&header)?,
            input,
            header,
            directory: None,
            footer: false,
            ended: false,
            sector,
            waiting: None,
        };
        scan.tables_in_front()?;
        scan.input
            .skip_to(overhead, "the space before the grains")?;
        Ok((scan, descriptor))
    }

    /// Reads the grain directory and the tables it names, if they come before the grains.
    fn tables_in_front(&mut self) -> Result<()> {
        let Some(sector) = self.header.directory else {
            return Ok(());
        };
        self.pass_to(sector, self.header.tables() * 4, "grain directory")?;
        self.take_directory()?;
        let directory = self.directory.iter().flat_map(|(_, directory)| directory);
        let mut tables: Vec<u32> = directory.copied().filter(|&sector| sector != 0).collect();
        tables.sort_unstable();
        for sector in tables {
            self.pass_to(u64::from(sector), self.header.entries * 4, "grain table")?;
            self.take_table()?;
        }
        Ok(())
    }

    /// Moves to `sector`, where `what` is, `len` bytes of it, before the grains and not behind us.
    fn pass_to(&mut self, sector: u64, len: u64, what: &str) -> Result<()> {
        let at = sector.saturating_mul(SECTOR);
        let (from, to) = (
            self.input.position(),
            self.header.overhead.saturating_mul(SECTOR),
        );
        if at < from || at.saturating_add(len) > to {
            return Err(Error::corrupt(format!(
                "has a {what} at byte {at}, and there is room for it from byte {from} to byte {to}"
            )));
        }
        self.input.skip_to(at, "the space before the grain tables")
    }

    fn take_directory(&mut self) -> Result<()> {
        let at = self.input.position();
        let mut bytes = Vec::new();
        let len = (self.header.tables() * 4) as usize;
        self.input.append(&mut bytes, len, "the grain directory")?;
        let directory = bytes.chunks(4).map(|entry| le32(entry, 0)).collect();
        self.directory = Some((at, directory));
        Ok(())
    }

    fn take_table(&mut self) -> Result<()> {
        let at = self.input.position();
        let mut bytes = Vec::new();
        let len = (self.header.entries * 4) as usize;
        self.input.append(&mut bytes, len, "a grain table")?;
        self.ledger.table(at, &bytes)
    }

    /// Fills `batch`, an empty one; leaves it empty at the stream's end, when all that could be
    /// checked was right.
    ///
    /// # Errors
    /// The stream's, and [`error::Kind::Corrupt`].
    pub(super) fn fill(&mut self, batch: &mut Batch) -> Result<()> {
        loop {
            let grain = match self.waiting.take() {
                Some(grain) => grain,
                None => match self.next_grain()? {
                    Some(grain) => grain,
                    None => return Ok(()),
                },
            };
            if !batch.takes(&grain, &self.header) {
                self.waiting = Some(grain);
                return Ok(());
            }
            let len = grain.len;
            batch.push(grain);
            let first = self.sector.get(..len).unwrap_or(&self.sector);
            batch.raw.extend_from_slice(first);
            let more = len - first.len();
            self.input.append(&mut batch.raw, more, "a grain")?;
            let next = self.input.position().next_multiple_of(SECTOR);
            self.input.skip_to(next, "a grain's last sector")?;
        }
    }

    /// The next grain, whose first sector is then in `sector`; `None` at the end.
    fn next_grain(&mut self) -> Result<Option<Grain>> {
        while !self.ended {
            let at = self.input.position();
            if self.header.directory.is_some() && self.input.at_end()? {
                // Not every program that writes its tables in front writes an end as well.
                self.finish()?;
                break;
            }
            self.input.fill(&mut self.sector, "a marker")?;
            match Marker::parse(&self.sector) {
                Marker::Grain { sector, len } => return self.grain(at, sector, len).map(Some),
                Marker::Other { sectors, kind } => self.other(at, sectors, kind)?,
            }
        }
        Ok(None)
    }

    fn grain(&mut self, at: u64, sector: u64, len: u32) -> Result<Grain> {
        let bad = |what: String| Err(Error::corrupt(format!("has a grain at byte {at} {what}")));
        let header = &self.header;
        let len = len as usize + MARKER;
        if self.footer {
            return bad("behind the footer".into());
        }
        if !sector.is_multiple_of(header.grain) || sector >= header.capacity {
            return bad(format!(
                "whose marker says sector {sector}, where no grain of a disk of {} sectors begins",
                header.capacity
            ));
        }
        if len as u64 > header.stored_bytes() {
            return bad(format!(
                "whose marker claims {} bytes, more than {}",
                len - MARKER,
                header.stored_bytes() - MARKER as u64
            ));
        }
        let number = sector / header.grain;
        if self.ledger.grain(number, at) {
            Ok(Grain { number, at, len })
        } else {
            bad(format!("for sector {sector}, which has passed before"))
        }
    }

    /// What follows a marker of `kind`, of so many sectors.
    fn other(&mut self, at: u64, sectors: u64, kind: u32) -> Result<()> {
        let directory = (self.header.tables() * 4).div_ceil(SECTOR);
        let (name, wanted) = match kind {
            Marker::END => ("end of the stream", 0..=0),
            Marker::TABLE => ("grain table", {
                let table = self.header.entries * 4 / SECTOR;
                table..=table
            }),
            Marker::DIRECTORY => ("grain directory", directory..=directory + SLACK),
            Marker::FOOTER => ("footer", 1..=1),
            Marker::PROGRESS => ("progress", 0..=0),
            kind => {
                return Err(Error::corrupt(format!(
                    "has a marker of the unknown type {kind} at byte {at}"
                )));
            }
        };
        if !wanted.contains(&sectors) {
            return Err(Error::corrupt(format!(
                "has a marker at byte {at} that claims {sectors} sectors for its {name}, and not {}",
                wanted.start()
            )));
        }
        if self.footer && kind != Marker::END {
            return Err(Error::corrupt(format!(
                "has a {name} at byte {at} behind the footer"
            )));
        }
        match kind {
            Marker::END => self.finish(),
            Marker::TABLE => self.take_table(),
            Marker::FOOTER => self.take_footer(),
            Marker::PROGRESS => Ok(()),
            _ if self.directory.is_some() => Err(Error::corrupt(format!(
                "has another grain directory at byte {at}"
            ))),
            _ => {
                self.take_directory()?;
                let next = at.saturating_add((sectors + 1) * SECTOR);
                self.input.skip_to(next, "the grain directory")
            }
        }
    }

    fn take_footer(&mut self) -> Result<()> {
        let at = self.input.position();
        self.input.fill(&mut self.sector, "the footer")?;
        let footer = footer::parse(&self.header, &self.sector, at)?;
        let says = footer.directory.unwrap_or(0).saturating_mul(SECTOR);
        match &self.directory {
            Some((at, _)) if *at == says => {}
            Some((at, _)) => {
                return Err(Error::corrupt(format!(
                    "has a footer that says the grain directory is at byte {says}, and it is at byte {at}"
                )));
            }
            None => return Err(Error::corrupt("has a footer and no grain directory")),
        }
        self.footer = true;
        Ok(())
    }

    /// The end: all checks that had to wait for it.
    fn finish(&mut self) -> Result<()> {
        self.ended = true;
        if let Some(at) = self.input.skip_zeros_to_end()? {
            return Err(Error::corrupt(format!(
                "goes on at byte {at}, behind its end-of-stream marker"
            )));
        }
        match &self.directory {
            Some((_, directory)) if self.footer || self.header.directory.is_some() => {
                self.ledger.settle(directory)
            }
            _ => Err(Error::corrupt(
                "has an end-of-stream marker, and no footer before it",
            )),
        }
    }
}
