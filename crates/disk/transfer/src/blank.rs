//! Disks that a description lists without a file: they are made at their size, with nothing in them.

use std::ops::ControlFlow::{self, Continue};

use diskimage::Format;
use error::{Error, Result, amount};
use sparse::{InOrder, Piece, SparseRead};
use vmconfig::{Content as Described, Disk as Plugged, Vm};

use crate::advice::Advice;
use crate::disk::{Disk, Taken};
use crate::open::Content;
use crate::selection::Selection;
use crate::sink::DiskSink;
use crate::summary::Summary;
use crate::writer::Writer;

/// Blank disks that are made for one guest.
const MOST: usize = 64;

/// Makes the blank disks of `vm`, where every disk has a place of its own; says which are not made.
///
/// # Errors
/// Those of their places.
pub(crate) fn make(
    vm: &Vm,
    selection: &Selection,
    writer: &mut Writer<'_>,
    summary: &mut Summary,
) -> Result<ControlFlow<()>> {
    let blank = |disk: &&Plugged| disk.content == Described::Blank && !disk.cdrom;
    let each = writer.has_place_for_each() && selection.member.is_none();
    for (number, disk) in vm.disks.iter().filter(blank).enumerate() {
        let Some(size) = disk.size.filter(|_| each && number < MOST) else {
            summary.warn(left_out(disk));
            continue;
        };
        let disk = Disk {
            member: disk.id.clone(),
            size: Some(size),
            format: Format::Raw,
            variant: "blank".into(),
        };
        summary.taken.push(Taken {
            disk: disk.clone(),
            layers: Vec::new(),
        });
        let mut zeros = InOrder::new(Zeros(size), Some(size));
        let flow = writer.take(&disk, &summary.configs, Content::Stream(&mut zeros))?;
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(Continue(()))
}

/// A blank disk that is not made.
fn left_out(disk: &Plugged) -> Error {
    let size = match disk.size {
        Some(size) => format!("of {} ({size} bytes)", amount(size)),
        None => "of unknown size".to_owned(),
    };
    let error = Error::refused(format!("is a blank disk {size}, and is not made"));
    let error = match disk.size {
        Some(_) => error.advise(Advice::PlaceEach),
        None => error,
    };
    error.at(&disk.id)
}

/// So many bytes of nothing.
struct Zeros(u64);

impl SparseRead for Zeros {
    fn peek(&mut self) -> Result<Piece<'_>> {
        Ok(match self.0 {
            0 => Piece::End,
            left => Piece::Zeros(left),
        })
    }

    fn consume(&mut self, n: u64) {
        self.0 -= n.min(self.0);
    }
}
