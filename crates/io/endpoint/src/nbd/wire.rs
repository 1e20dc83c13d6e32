//! The protocol's numbers (doc/proto.md, "Values"). Everything is big-endian.

/// What every server says first.
pub(super) const INIT_MAGIC: u64 = 0x4e42_444d_4147_4943;
/// Newstyle negotiation follows; also begins every option.
pub(super) const OPTION_MAGIC: u64 = 0x4948_4156_454f_5054;
/// Oldstyle negotiation follows.
pub(super) const OLDSTYLE_MAGIC: u64 = 0x0000_4202_8186_1253;
/// Begins every reply to an option.
pub(super) const OPTION_REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;

/// Handshake flags, the server's and the client's alike.
pub(super) mod handshake_flag {
    pub(in super::super) const FIXED_NEWSTYLE: u16 = 1;
    pub(in super::super) const NO_ZEROES: u16 = 2;
}

/// Options that a client asks for.
pub(super) mod option {
    pub(in super::super) const EXPORT_NAME: u32 = 1;
    pub(in super::super) const GO: u32 = 7;
    pub(in super::super) const STRUCTURED_REPLY: u32 = 8;
    pub(in super::super) const SET_META_CONTEXT: u32 = 10;
}

/// Replies to options; those with the highest bit are errors.
pub(super) mod option_reply {
    pub(in super::super) const ACK: u32 = 1;
    pub(in super::super) const INFO: u32 = 3;
    pub(in super::super) const META_CONTEXT: u32 = 4;
    pub(in super::super) const ERROR: u32 = 1 << 31;
    pub(in super::super) const ERR_UNSUP: u32 = ERROR | 1;
    pub(in super::super) const ERR_POLICY: u32 = ERROR | 2;
    pub(in super::super) const ERR_TLS_REQD: u32 = ERROR | 5;
    pub(in super::super) const ERR_UNKNOWN: u32 = ERROR | 6;
    pub(in super::super) const ERR_SHUTDOWN: u32 = ERROR | 7;
}

/// What `NBD_REP_INFO` tells about.
pub(super) mod info {
    pub(in super::super) const EXPORT: u16 = 0;
    pub(in super::super) const BLOCK_SIZE: u16 = 3;
}

/// What the export can, as the server says at the end of the handshake.
pub(super) mod flag {
    pub(in super::super) const READ_ONLY: u16 = 1 << 1;
    pub(in super::super) const SEND_FLUSH: u16 = 1 << 2;
    pub(in super::super) const SEND_WRITE_ZEROES: u16 = 1 << 6;
}

/// Begins every request.
pub(super) const REQUEST_MAGIC: u32 = 0x2560_9513;
/// Begins a simple reply.
pub(super) const SIMPLE_MAGIC: u32 = 0x6744_6698;
/// Begins a chunk of a structured reply.
pub(super) const CHUNK_MAGIC: u32 = 0x668e_33ef;

/// What a structured reply's chunk is; those with the highest bit are errors.
pub(super) mod chunk {
    pub(in super::super) const DONE: u16 = 1;
    pub(in super::super) const NONE: u16 = 0;
    pub(in super::super) const OFFSET_DATA: u16 = 1;
    pub(in super::super) const OFFSET_HOLE: u16 = 2;
    pub(in super::super) const BLOCK_STATUS: u16 = 5;
    pub(in super::super) const ERROR: u16 = 1 << 15;
}

/// Of `base:allocation`: the bytes read as zeros.
pub(super) const STATE_ZERO: u32 = 2;

/// What is asked for in the transmission phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Read,
    Write,
    Disconnect,
    Flush,
    WriteZeroes,
    BlockStatus,
}

impl Command {
    fn number(self) -> u16 {
        match self {
            Command::Read => 0,
            Command::Write => 1,
            Command::Disconnect => 2,
            Command::Flush => 3,
            Command::WriteZeroes => 6,
            Command::BlockStatus => 7,
        }
    }
}

/// A request: what, and of which bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) command: Command,
    pub(super) offset: u64,
    pub(super) len: u32,
}

impl Request {
    /// The request as it is sent, to be answered under `cookie`. No flag is ever set.
    pub(super) fn encode(&self, cookie: u64) -> [u8; 28] {
        let mut bytes = [0; 28];
        bytes[..4].copy_from_slice(&REQUEST_MAGIC.to_be_bytes());
        bytes[6..8].copy_from_slice(&self.command.number().to_be_bytes());
        bytes[8..16].copy_from_slice(&cookie.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_be_bytes());
        bytes[24..].copy_from_slice(&self.len.to_be_bytes());
        bytes
    }
}
