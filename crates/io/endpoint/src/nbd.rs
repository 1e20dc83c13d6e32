//! Network block devices: a disk that another program serves, be it nbdkit, qemu-nbd or what stands
//! before Ceph.
//!
//! The protocol is the one of the NetworkBlockDevice project (doc/proto.md, doc/uri.md there): fixed
//! newstyle handshake, with structured replies, block status and block sizes where the server has
//! them and without where it has not. TLS is not spoken.
//!
//! A connection is shared by all readers: requests are sent as they come, and a reader that waits
//! for a reply while no other reads the socket reads it for all. So there is no thread of its own,
//! what is waited for goes straight into the waiting reader's buffer, and several requests are in
//! flight all the same. What a server says is believed only where it fits what was asked.

mod address;
mod client;
mod connection;
mod coverage;
mod handshake;
mod reply;
mod socket;
mod source;
mod status;
mod target;
mod trouble;
mod wire;
mod writer;

pub use address::Address;
pub use source::NbdSource;
pub(crate) use target::check;
