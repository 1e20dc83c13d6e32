//! The footer: the header once more, at the end, when the grain directory's place is known.

use error::{Error, Result};
use sparse::BlockRead;

use super::header::{Header, LEN, SECTOR};
use crate::fields::read_exact;
use crate::unpacker::grain::Marker;

/// Bytes before the end in which the footer is looked for: what pads a file to some block.
const PADDING: u64 = 64 << 10;

/// Checks the footer in `sector`, which is at byte `at`, against the header.
///
/// # Errors
/// [`error::Kind::Corrupt`] when it is no header, or another one.
pub(super) fn parse(header: &Header, sector: &[u8], at: u64) -> Result<Header> {
    let footer = Header::parse(sector).map_err(|error| error.at(format!("footer at byte {at}")))?;
    if header.agrees_with(&footer) {
        Ok(footer)
    } else {
        Err(Error::corrupt(format!(
            "has a footer at byte {at} that disagrees with its header"
        )))
    }
}

/// Finds the footer of `file`, whose header leaves it to the footer to know where the grain directory
/// is.
///
/// # Errors
/// [`error::Kind::Corrupt`] when there is none, or one that disagrees with the header, and those of
/// reading.
pub(super) fn find(file: &dyn BlockRead, header: &Header) -> Result<Header> {
    let Some(size) = file.size() else {
        return Err(Error::unsupported(
            "has its grain directory at its end, and how long it is is not known",
        ));
    };
    let size = size / SECTOR * SECTOR;
    let start = size.saturating_sub(PADDING);
    file.will_need(std::slice::from_ref(&(start..size)));
    let mut end = vec![0; (size - start) as usize];
    read_exact(file, start, &mut end, "footer")?;
    let (sectors, _) = end.as_chunks::<LEN>();
    // The marker of the end is a sector of zeros: the footer is the last that has anything in it.
    let last = sectors
        .iter()
        .rposition(|sector| !sparse::zero::is_zero(sector));
    let at = last.filter(|&last| last > 0 && last + 1 < sectors.len());
    let pair = at.and_then(|at| Some((at, sectors.get(at - 1)?, sectors.get(at)?)));
    let Some((at, marker, sector)) = pair else {
        return Err(missing());
    };
    match Marker::parse(marker) {
        Marker::Other {
            kind: Marker::FOOTER,
            sectors: 1,
        } => parse(header, sector, start + at as u64 * SECTOR),
        _ => Err(missing()),
    }
}

fn missing() -> Error {
    Error::corrupt(
        "does not end with a footer and an end-of-stream marker: it is cut off or damaged",
    )
}
