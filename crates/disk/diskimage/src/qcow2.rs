//! QEMU's qcow2, versions 2 and 3.
//!
//! The format is that of QEMU's docs/interop/qcow2.txt. A disk is cut into clusters; an L1 table points to
//! L2 tables, and those to the clusters. Reference counts matter only to who writes, so they are not
//! read, and an image that was not closed properly is as good as any other.

mod backing;
mod bounds;
mod claims;
mod entry;
mod extension;
mod header;
mod map;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use error::{Error, Result};
use sparse::BlockRead;

use crate::about::{About, Reference};
use crate::file_access::shown;
use crate::layer::Layer;
use crate::map::{Coding, Extent, Location, Map};
use crate::options::OpenOptions;
use claims::{Claims, Owner};
use entry::Layout;
use extension::Extensions;
use header::{CORRUPT, DATA_FILE, DIRTY, EXTENDED, Header, State};
use map::Mapped;
use snapshot::Taken;

/// The incompatible features that are understood.
const KNOWN: u64 = DIRTY | CORRUPT | DATA_FILE | header::COMPRESSION | EXTENDED;

/// Bytes that may tell which cluster of the file belongs to whom; an image below another has half of
/// what that one has.
pub(crate) const CLAIMS: usize = 16 << 20;

/// Opens `file`; `memory` bytes may tell which of its clusters belongs to whom.
pub(crate) fn open(file: Arc<dyn BlockRead>, how: &OpenOptions, memory: usize) -> Result<Layer> {
    let (header, extensions) = head(&*file)?;
    check_features(&header, &extensions)?;
    let coding = header.coding()?;
    let (taken, snapshots_len) = snapshot::read(&*file, &header)?;
    let about = about(&header, &extensions, coding, &taken);
    let wanted = match &how.snapshot {
        None => None,
        Some(wanted) => Some(snapshot::find(&taken, wanted)?.state),
    };
    let layout = Layout {
        cluster_bits: header.cluster_bits,
        extended: header.has(EXTENDED),
        zero_flag: header.version > 2,
        size: wanted.unwrap_or(header.active).size,
        file_size: file.size(),
    };
    let mut claims = Claims::new(layout.file_size, layout.cluster_bits, memory);
    claim_tables(&header, snapshots_len, wanted, &layout, &mut claims)?;
    if let Some(why) = unreadable(&header, &extensions) {
        if !how.access.is_looking() {
            return Err(why);
        }
        let size = layout.size;
        return Ok(Layer::new(Unreadable { size, why }, vec![file], about));
    }
    let backing = match &extensions.backing {
        None => None,
        Some(name) => backing::open(name, extensions.backing_format.as_deref(), how)?,
    };
    let absent = match extensions.backing {
        None => Location::Nowhere,
        Some(_) => Location::Below,
    };
    let l1 = wanted.unwrap_or(header.active).l1;
    let map = Mapped::new(Arc::clone(&file), layout, l1, coding, absent, claims)?;
    Ok(Layer::new(map, vec![file], about).on(backing))
}

/// The header and what follows it in the first cluster.
fn head(file: &dyn BlockRead) -> Result<(Header, Extensions)> {
    let mut first = vec![0; 512];
    let read = file.read_at(0, &mut first)?;
    first.truncate(read);
    let header = Header::read(&first)?;
    first.resize(usize::try_from(header.cluster()).unwrap_or_default(), 0);
    let read = file.read_at(0, &mut first)?;
    first.truncate(read);
    let extensions = Extensions::read(&first, &header)?;
    Ok((header, extensions))
}

fn check_features(header: &Header, extensions: &Extensions) -> Result<()> {
    let unknown = header.incompatible & !KNOWN;
    if unknown != 0 {
        return Err(Error::unsupported(format!(
            "has incompatible features that are not known here: {}",
            extensions.names(unknown)
        )));
    }
    if header.has(CORRUPT) {
        return Err(
            Error::corrupt("is marked as corrupt: QEMU found its tables damaged")
                .hint("repair a copy of it first: qemu-img check -r all FILE"),
        );
    }
    Ok(())
}

/// Why the disk cannot be read although its header is understood.
fn unreadable(header: &Header, extensions: &Extensions) -> Option<Error> {
    let method = match header.encryption {
        0 if header.has(DATA_FILE) => {
            let message = match &extensions.data_file {
                Some(name) => format!("keeps its data in another file, {:?}", shown(name)),
                None => "keeps its data in another file, which it does not name".into(),
            };
            return Some(Error::refused(message).hint(
                "where the image can be trusted, make one file of it first: qemu-img convert -O qcow2",
            ));
        }
        0 => return None,
        1 => "AES",
        2 => "LUKS",
        other => {
            let message = format!("is encrypted with method {other}, which is not known here");
            return Some(Error::unsupported(message));
        }
    };
    Some(
        Error::refused(format!("is encrypted with {method}"))
            .hint("decrypt it first with qemu-img convert, which takes the key as a secret"),
    )
}

/// Checks where the tables are that the header names, and gives them their places.
fn claim_tables(
    header: &Header,
    snapshots_len: u64,
    wanted: Option<State>,
    layout: &Layout,
    claims: &mut Claims,
) -> Result<()> {
    let (cluster, file_size) = (layout.cluster(), layout.file_size);
    let check = |what, state: State| state.check(what, layout.covered(), cluster, file_size);
    let mut claim = |what: &str, offset: u64, len: u64| {
        claims
            .take(offset, len, Owner::Table)
            .map_err(|owner| Error::corrupt(format!("{what} at byte {offset} overlaps {owner}")))
    };
    claim("the header", 0, cluster)?;
    let len = check("the L1 table", header.active)?;
    claim("the L1 table", header.active.l1, len)?;
    let (offset, len) = header.refcount_table(file_size)?;
    claim("the refcount table", offset, len)?;
    claim("the snapshot table", header.snapshots, snapshots_len)?;
    if let Some(state) = wanted {
        let len = check("the snapshot's L1 table", state)?;
        claim("the snapshot's L1 table", state.l1, len)?;
    }
    Ok(())
}

fn about(header: &Header, extensions: &Extensions, coding: Coding, taken: &[Taken]) -> About {
    let reference = |what, name: &Option<String>| {
        let name = name.clone()?;
        Some(Reference { what, name })
    };
    let refers = [
        reference(backing::WHAT, &extensions.backing),
        reference("data file", &extensions.data_file),
    ];
    let mut notes = Vec::new();
    if let (Some(format), Some(_)) = (&extensions.backing_format, &extensions.backing) {
        notes.push(("backing format", format.clone()));
    }
    if header.has(EXTENDED) {
        notes.push(("subclusters", (header.cluster() / 32).to_string()));
    }
    match header.encryption {
        0 => {}
        1 => notes.push(("encryption", "AES".into())),
        2 => notes.push(("encryption", "LUKS".into())),
        other => notes.push(("encryption", format!("method {other}"))),
    }
    if header.has(DIRTY) {
        notes.push(("dirty", "it was not closed properly".into()));
    }
    About {
        variant: format!("version {}", header.version),
        unit: Some(header.cluster()),
        compression: Some(match coding {
            Coding::Zstd => "zstd",
            _ => "zlib",
        }),
        snapshots: taken.iter().map(|one| one.about.clone()).collect(),
        refers: refers.into_iter().flatten().collect(),
        sector: None,
        notes,
    }
}

/// A disk of which nothing can be told but what the header says.
struct Unreadable {
    size: u64,
    why: Error,
}

impl Map for Unreadable {
    fn size(&self) -> u64 {
        self.size
    }

    fn lookup(&mut self, _at: u64) -> Result<Extent> {
        Err(self.why.clone())
    }
}
