//! tar: v7, ustar (POSIX 1003.1), PAX and GNU, with all three GNU ways to store a sparse file.
//!
//! Formats: POSIX.1-2017 `pax`, "pax Interchange Format" and "ustar Interchange Format"; the GNU tar
//! manual, "Basic Tar Format" and "Storing Sparse Files". Where tar programs disagree, this reader
//! takes what GNU tar takes or refuses; it never guesses.
//!
//! An archive is complete when at least one block of zeros follows its last member and nothing but
//! zeros comes after that. (The format asks for two blocks; GNU tar, too, accepts one.) Where the end mark is
//! missing, or something else comes behind it, there is a [`Doubt`].

mod body;
mod header;
mod pax;
mod span;
mod sparse_map;
#[cfg(test)]
mod tests;

use error::{Error, Result};
use sparse::zero::is_zero;
use sparse::{SparseRead, drain, read_full};

use crate::archive::{Archive, Counted, Doubt, Member, MemberKind, shown};
use crate::input::skip_zeros;
use crate::{Advice, Limits};
use body::Body;
use header::{Header, until_nul};
use pax::{Records, Sparse};
use span::{Place, Span, padding};
use sparse_map::Map;

/// The unit everything in a tar is padded to, in bytes.
const BLOCK: usize = 512;

/// The longest name that is taken for all members, in bytes.
const SHARED: usize = 4096;

/// A tar archive over a stream of its bytes.
#[derive(Debug)]
pub struct Tar<R> {
    body: Body<R>,
    globals: Records,
    /// Bytes the content of one member may have, holes included.
    largest: u64,
    complete: bool,
    doubt: Option<Doubt>,
}

/// What comes next between two members.
enum Next {
    Header(Box<Header>, Place),
    /// A block of zeros.
    Mark,
    /// The input ends here.
    End(u64),
}

/// What extension headers said about the member that follows them.
#[derive(Default)]
struct Extensions {
    records: Records,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl Extensions {
    /// The member's name: PAX goes before GNU, and both before the header.
    fn name(&mut self, header: &Header) -> String {
        let sparse = self.records.sparse.as_mut();
        let name = sparse
            .and_then(|sparse| sparse.name.take())
            .or_else(|| self.records.path.take())
            .or_else(|| self.long_name.take())
            .unwrap_or_else(|| header.name());
        String::from_utf8_lossy(&name).into_owned()
    }

    /// Where the member, a link, points.
    fn target(self, header: &Header) -> String {
        let target = self.records.link.or(self.long_link);
        String::from_utf8_lossy(&target.unwrap_or_else(|| header.link())).into_owned()
    }
}

impl<R: SparseRead> Tar<R> {
    /// Whether `head`, the first bytes of a stream, begins a tar: 512 bytes whose checksum is
    /// right. (An archive without members is nothing but zeros and cannot be told.)
    pub fn looks_like(head: &[u8]) -> bool {
        head.first_chunk()
            .is_some_and(|block| Header(*block).checksum_is_right())
    }

    /// Reads `input`, which begins with the first header, to its end.
    pub fn new(input: R, limits: &Limits) -> Self {
        Tar {
            body: Body::new(Counted::new(input)),
            globals: Records::default(),
            largest: limits.output,
            complete: false,
            doubt: None,
        }
    }

    /// The next header and where it is, or what is there instead.
    fn header(&mut self) -> Result<Next> {
        let place = Place(self.body.input.at());
        let mut block = [0; BLOCK];
        let read = read_full(&mut self.body.input, &mut block)?;
        // A block that is cut could only have been one of the end mark's.
        match (read, is_zero(&block)) {
            (BLOCK, true) => return Ok(Next::Mark),
            (BLOCK, false) => {}
            (_, true) => return Ok(Next::End(place.0)),
            (_, false) => return Err(ends_inside_a_block(place.0 + read as u64)),
        }
        let header = Box::new(Header(block));
        header.check(place)?;
        Ok(Next::Header(header, place))
    }

    /// Ends the archive at byte `at` of its input, which has nothing more.
    fn end_unmarked(&mut self, at: u64) {
        self.complete = true;
        self.doubt = Some(Doubt {
            error: Error::corrupt(format!(
                "tar: the archive ends at byte {at} without an end mark"
            )),
            more: false,
        });
    }

    /// Ends the archive behind the first block of an end mark.
    fn end(&mut self) -> Result<()> {
        self.complete = true;
        let input = &mut self.body.input;
        let zeros = skip_zeros(input)?;
        let at = input.at();
        let mut block = [0; BLOCK];
        let read = read_full(input, &mut block)?;
        if read == 0 {
            return Ok(());
        }
        drain(input)?;
        let another = at.is_multiple_of(BLOCK as u64) && Self::looks_like(&block[..read]);
        let lone = zeros < BLOCK as u64;
        let message = match (another, lone) {
            (true, _) => format!("tar: another archive begins at byte {at}, after the end mark"),
            (false, true) => {
                format!("tar: trailing garbage at byte {at}, after an end mark of one block")
            }
            (false, false) => format!("tar: trailing garbage at byte {at}, after the end mark"),
        };
        self.doubt = Some(Doubt {
            error: Error::corrupt(message),
            more: another,
        });
        Ok(())
    }

    /// Reads what `header` announces about the next member.
    fn extension(&mut self, header: &Header, place: Place, said: &mut Extensions) -> Result<()> {
        let size = header.size(place)?;
        let mut data = Span::new(&mut self.body.input, place, size);
        match header.type_flag() {
            b'L' => said.long_name = Some(until_nul(&data.text()?).to_vec()),
            b'K' => said.long_link = Some(until_nul(&data.text()?).to_vec()),
            _ => said.records.read(&mut data)?,
        }
        data.skip_with(padding(size))
    }

    /// Reads what `header` announces about all members to come.
    fn global(&mut self, header: &Header, place: Place) -> Result<()> {
        let size = header.size(place)?;
        let mut data = Span::new(&mut self.body.input, place, size);
        self.globals.read(&mut data)?;
        data.skip_with(padding(size))?;
        if self.globals.sparse.is_some() {
            return Err(place.unsupported("a sparse map for all members"));
        }
        // Every member takes a copy, however small it is itself.
        let names = [&self.globals.path, &self.globals.link];
        match names.into_iter().flatten().map(Vec::len).max() {
            Some(len) if len > SHARED => Err(place.unsupported(format!(
                "a name of {len} bytes for all members is longer than {SHARED} bytes"
            ))),
            _ => Ok(()),
        }
    }

    /// Reads the member that `header` begins as far as its content.
    fn begin(&mut self, header: &Header, place: Place, mut said: Extensions) -> Result<Member> {
        let name = said.name(header);
        let stored = match (header.type_flag(), said.records.size) {
            // A hard link's size is that of the file it names; no content follows.
            (b'1', _) => 0,
            (_, Some(size)) => size,
            (_, None) => header.size(place)?,
        };
        check_type(header, place, &name, stored)?;
        let map = self.map(header, place, said.records.sparse.take(), stored)?;
        let size = map.size();
        if size > self.largest {
            return Err(Error::refused(format!(
                "tar member {} decompresses to {size} bytes, more than {}",
                shown(&name),
                self.largest
            ))
            .advise(Advice::RaiseMaxSize));
        }
        self.body.begin(&name, map, stored);
        Ok(Member {
            kind: kind(header, &name, said),
            name,
            size: Some(size),
            refusal: None,
        })
    }

    /// What is stored of the member that `header` begins and takes `stored` bytes; `sparse` is what
    /// PAX records said about it.
    fn map(
        &mut self,
        header: &Header,
        place: Place,
        sparse: Option<Sparse>,
        stored: u64,
    ) -> Result<Map> {
        let input = &mut self.body.input;
        match (header.type_flag(), sparse) {
            (b'S', Some(_)) => Err(place.corrupt("two sparse maps for one member")),
            (b'S', None) => header::sparse_map(header, input, place, stored),
            (b'0' | b'\0' | b'7', Some(sparse)) => sparse.into_map(input, place, stored),
            (_, Some(_)) => Err(place.corrupt("a sparse map for something that is not a file")),
            (_, None) => Map::whole(place, stored),
        }
    }
}

impl<R: SparseRead> Archive for Tar<R> {
    fn next_member(&mut self) -> Result<Option<Member>> {
        if self.complete {
            return Ok(None);
        }
        self.body.finish()?;
        let mut said = Extensions {
            records: self.globals.clone(),
            ..Extensions::default()
        };
        let mut announced = None;
        loop {
            let (header, place) = match (self.header()?, announced) {
                (Next::Header(header, place), _) => (header, place),
                (Next::Mark | Next::End(_), Some(Place(at))) => {
                    return Err(Place(at).corrupt("it announces a member, the archive ends"));
                }
                (Next::Mark, None) => {
                    self.end()?;
                    return Ok(None);
                }
                (Next::End(at), None) => {
                    self.end_unmarked(at);
                    return Ok(None);
                }
            };
            match header.type_flag() {
                b'x' | b'X' | b'L' | b'K' => {
                    self.extension(&header, place, &mut said)?;
                    announced = Some(place);
                }
                b'g' if announced.is_some() => {
                    return Err(place.corrupt("a global header between a member and its own"));
                }
                b'g' => {
                    self.global(&header, place)?;
                    said.records = self.globals.clone();
                }
                _ => return self.begin(&header, place, said).map(Some),
            }
        }
    }

    fn content(&mut self) -> &mut dyn SparseRead {
        &mut self.body
    }

    fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }
}

/// What a header's type makes of the member.
fn kind(header: &Header, name: &str, said: Extensions) -> MemberKind {
    match header.type_flag() {
        // Before there was a type for directories, a slash at the end told them.
        b'0' | b'\0' | b'7' | b'S' if name.ends_with('/') => MemberKind::Directory,
        b'0' | b'\0' | b'7' | b'S' => MemberKind::File,
        b'1' | b'2' => MemberKind::Link {
            target: said.target(header),
        },
        b'5' | b'D' => MemberKind::Directory,
        _ => MemberKind::Other,
    }
}

/// Refuses types that cannot be read in one way only.
fn check_type(header: &Header, place: Place, name: &str, stored: u64) -> Result<()> {
    match header.type_flag() {
        b'M' => Err(place.unsupported(format!(
            "{} continues a file from another volume",
            shown(name)
        ))),
        // POSIX has no content here whatever the size says, GNU tar skips it.
        b'2'..=b'6' if stored > 0 => Err(place.unsupported(format!(
            "{} is not a file and has a size of {stored} bytes, which tar programs read differently",
            shown(name)
        ))),
        _ => Ok(()),
    }
}

fn ends_inside_a_block(at: u64) -> Error {
    Error::corrupt(format!(
        "tar: the archive ends at byte {at}, inside a block of {BLOCK} bytes"
    ))
}
