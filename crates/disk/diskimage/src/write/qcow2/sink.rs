//! What becomes of a disk's clusters.

use error::Result;

/// Takes the clusters of a disk that are not all zeros, in ascending order.
pub(super) trait Sink: Send {
    /// `count` clusters from number `first` on are stored as they are; [`Sink::data`] and
    /// [`Sink::zeros`] then give exactly their content. All are in the range of one L2 table.
    fn whole(&mut self, first: u64, count: u64) -> Result<()>;

    /// What comes next in them.
    fn data(&mut self, data: &[u8]) -> Result<()>;

    /// So many zeros come next in them.
    fn zeros(&mut self, len: u64) -> Result<()>;

    /// Cluster `number` is stored in these bytes, fewer than a cluster has.
    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()>;

    /// There is nothing more.
    fn finish(&mut self) -> Result<()>;
}
