//! The members that were read, as the central directory lists them again.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use error::{Error, Result};

use super::record::Stated;

/// What the central directory has to say about a member that was read.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where the local header begins; ascends from entry to entry.
    pub(super) offset: u64,
    /// The name, as a hash with a key of this reader's own.
    pub(super) name: u64,
    pub(super) compressed: u64,
    /// Size and CRC-32 of the content, where it was read.
    pub(super) sums: Option<(u64, u32)>,
    pub(super) method: u16,
    pub(super) listed: bool,
}

/// Finds members by what the central directory says about them.
pub(super) struct Listing<'a> {
    members: &'a mut [Entry],
    /// Hashes names as those of the members were hashed.
    names: &'a RandomState,
    /// The members beyond 4 GiB, in the order of the lower 32 bits of their offset, once they are needed.
    far: Option<Vec<u32>>,
}

impl<'a> Listing<'a> {
    /// None of `members` listed yet.
    pub(super) fn new(members: &'a mut [Entry], names: &'a RandomState) -> Self {
        Listing {
            members,
            names,
            far: None,
        }
    }

    /// The member at `offset`, and whether it is called `name`: of several that the offset may mean, one
    /// that is not listed yet and has the name.
    pub(super) fn find(&mut self, offset: Stated, name: &[u8]) -> Option<(&mut Entry, bool)> {
        let name = self.names.hash_one(name);
        let near = self.at(offset.number());
        let free = |index: &usize| {
            let member = self.members.get(*index);
            member.is_some_and(|member| !member.listed && member.name == name)
        };
        let found = near.filter(free).or_else(|| self.far(offset, name));
        let member = self.members.get_mut(found.or(near)?)?;
        let same = member.name == name;
        Some((member, same))
    }

    fn at(&self, offset: u64) -> Option<usize> {
        let found = self
            .members
            .binary_search_by_key(&offset, |member| member.offset);
        found.ok()
    }

    /// A member beyond 4 GiB, of whose offset only the lower bits are stated.
    fn far(&mut self, offset: Stated, name: u64) -> Option<usize> {
        let (Stated::Narrow(low), Some(last)) = (offset, self.members.last()) else {
            return None;
        };
        if last.offset <= u32::MAX.into() {
            return None;
        }
        let low_bits = |members: &[Entry], index: u32| {
            members
                .get(index as usize)
                .map_or(0, |member| member.offset as u32)
        };
        let members = &*self.members;
        let far = self.far.get_or_insert_with(|| {
            let mut far: Vec<u32> = (0..members.len() as u32).collect();
            far.sort_by_key(|&index| low_bits(members, index));
            far
        });
        let start = far.partition_point(|&index| low_bits(members, index) < low);
        let same = far.get(start..).unwrap_or_default().iter();
        let same = same.take_while(|&&index| low_bits(members, index) == low);
        let mut indices = same.map(|&index| index as usize);
        indices.find(|&index| {
            let member = members.get(index);
            member.is_some_and(|member| !member.listed && member.name == name)
        })
    }

    /// Makes sure that every member was listed.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when one was not.
    pub(super) fn is_complete(&self) -> Result<()> {
        match self.members.iter().find(|member| !member.listed) {
            Some(member) => Err(Error::corrupt(format!(
                "zip: the central directory does not list the member at byte {}",
                member.offset
            ))),
            None => Ok(()),
        }
    }
}
