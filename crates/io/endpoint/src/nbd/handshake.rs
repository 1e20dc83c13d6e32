//! The handshake: what the export is and what both sides can (doc/proto.md, "Protocol phases").

use std::io::{Read, Write};

use error::{Error, Result};

use super::reply::array;
use super::trouble::{CLOSED, Trouble};
use super::wire::{
    INIT_MAGIC, OLDSTYLE_MAGIC, OPTION_MAGIC, OPTION_REPLY_MAGIC, flag, handshake_flag, info,
    option, option_reply,
};

/// The metadata context that tells holes from data.
const CONTEXT: &str = "base:allocation";

/// Most bytes in a reply to an option.
const LONGEST_REPLY: u32 = 64 << 10;

/// Most replies to an option.
const MOST_REPLIES: u32 = 256;

/// The largest block a server may insist on.
const LARGEST_BLOCK: u32 = 64 << 10;

/// Bytes in a read or a write that every server takes that does not say otherwise.
const LARGEST_REQUEST: u32 = 32 << 20;

/// What every server takes that does not tell its block sizes.
const USUAL_BLOCK: u32 = 512;

/// What a server serves and what it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Export {
    /// In bytes.
    pub(super) size: u64,
    flags: u16,
    /// Whether replies come in chunks.
    pub(super) structured: bool,
    /// The number of `base:allocation`, where the server tells holes.
    pub(super) context: Option<u32>,
    /// What every range begins and ends at multiples of, but for the end of the export; a power of two.
    pub(super) block: u32,
    /// Most bytes that one read or write may carry; a multiple of `block`.
    pub(super) most: u32,
}

impl Export {
    pub(super) fn is_read_only(&self) -> bool {
        self.flags & flag::READ_ONLY != 0
    }

    pub(super) fn flushes(&self) -> bool {
        self.flags & flag::SEND_FLUSH != 0
    }

    pub(super) fn writes_zeroes(&self) -> bool {
        self.flags & flag::SEND_WRITE_ZEROES != 0
    }
}

/// Asks the server behind `stream`, which has just been connected, for the export `name`.
///
/// # Errors
/// [`error::Kind::Unsupported`] when the server insists on what is not spoken here,
/// [`error::Kind::Io`] when it does not serve the export, breaks off or breaks the protocol.
pub(super) fn negotiate<S: Read + Write>(stream: &mut S, name: &str) -> Result<Export> {
    let fixed = greet(stream).map_err(failed)??;
    let mut handshake = Handshake {
        stream,
        name,
        structured: false,
        context: None,
    };
    if fixed.newstyle {
        handshake.agree().map_err(failed)?;
        if let Some(export) = handshake.go()? {
            return Ok(export);
        }
    }
    handshake
        .export_name(fixed.padding)
        .map_err(|trouble| match trouble {
            Trouble::Broken(text) if text == CLOSED => Error::io(not_served(name), CLOSED),
            other => failed(other),
        })
}

fn failed(trouble: Trouble) -> Error {
    Error::io("cannot be connected to", trouble)
}

fn not_served(name: &str) -> String {
    match name {
        "" => "the server has no default export".to_owned(),
        name => format!("the server has no export {name:?}"),
    }
}

/// What the server's greeting says.
struct Greeting {
    /// It knows options.
    newstyle: bool,
    /// It ends the oldest way of asking for an export with zeros.
    padding: bool,
}

fn greet(stream: &mut (impl Read + Write)) -> Result<Result<Greeting>, Trouble> {
    if u64::from_be_bytes(array(stream)?) != INIT_MAGIC {
        return Ok(Err(Error::io(
            "cannot be connected to",
            "the server there does not speak NBD",
        )));
    }
    match u64::from_be_bytes(array(stream)?) {
        OPTION_MAGIC => {}
        OLDSTYLE_MAGIC => {
            let text = "the server speaks the oldstyle protocol only, which knows no exports";
            return Ok(Err(
                Error::unsupported(text).hint("serve the disk with nbdkit or qemu-nbd")
            ));
        }
        other => return Err(Trouble::nonsense(format!("its greeting is {other:#018x}"))),
    }
    let flags = u16::from_be_bytes(array(stream)?);
    let own = flags & (handshake_flag::FIXED_NEWSTYLE | handshake_flag::NO_ZEROES);
    stream.write_all(&u32::from(own).to_be_bytes())?;
    Ok(Ok(Greeting {
        newstyle: flags & handshake_flag::FIXED_NEWSTYLE != 0,
        padding: flags & handshake_flag::NO_ZEROES == 0,
    }))
}

/// The option phase.
struct Handshake<'a, S> {
    stream: &'a mut S,
    name: &'a str,
    structured: bool,
    context: Option<u32>,
}

impl<S: Read + Write> Handshake<'_, S> {
    /// Structured replies and block status, as far as the server has them.
    fn agree(&mut self) -> Result<(), Trouble> {
        self.ask(option::STRUCTURED_REPLY, &[])?;
        self.structured = self
            .answer(option::STRUCTURED_REPLY, |_, _| Ok(()))?
            .is_ok();
        if !self.structured {
            return Ok(());
        }
        let mut query = self.sized_name();
        query.extend_from_slice(&1u32.to_be_bytes());
        query.extend_from_slice(&(CONTEXT.len() as u32).to_be_bytes());
        query.extend_from_slice(CONTEXT.as_bytes());
        self.ask(option::SET_META_CONTEXT, &query)?;
        let mut context = None;
        let told = self.answer(option::SET_META_CONTEXT, |kind, mut data| {
            if kind == option_reply::META_CONTEXT {
                let id = u32::from_be_bytes(array(&mut data)?);
                if data == CONTEXT.as_bytes() {
                    context = Some(id);
                }
            }
            Ok(())
        })?;
        self.context = context.filter(|_| told.is_ok());
        Ok(())
    }

    /// Asks for the export and its block sizes; `None` when the server does not know how to.
    fn go(&mut self) -> Result<Option<Export>> {
        let mut query = self.sized_name();
        query.extend_from_slice(&1u16.to_be_bytes());
        query.extend_from_slice(&info::BLOCK_SIZE.to_be_bytes());
        self.ask(option::GO, &query).map_err(failed)?;
        let (mut export, mut sizes) = (None, None);
        let answer = self.answer(option::GO, |kind, mut data| {
            if kind != option_reply::INFO {
                return Ok(());
            }
            match u16::from_be_bytes(array(&mut data)?) {
                info::EXPORT => {
                    let size = u64::from_be_bytes(array(&mut data)?);
                    export = Some((size, u16::from_be_bytes(array(&mut data)?)));
                }
                info::BLOCK_SIZE => {
                    let least = u32::from_be_bytes(array(&mut data)?);
                    let _preferred: [u8; 4] = array(&mut data)?;
                    sizes = Some((least, u32::from_be_bytes(array(&mut data)?)));
                }
                _ => {}
            }
            Ok(())
        });
        match answer.map_err(failed)? {
            Ok(()) => {}
            Err(refusal) if refusal.kind == option_reply::ERR_UNSUP => return Ok(None),
            Err(refusal) => return Err(refusal.error(self.name)),
        }
        let (size, flags) = export.ok_or_else(|| {
            failed(Trouble::nonsense(
                "it does not report the size of the export",
            ))
        })?;
        self.export(size, flags, sizes).map(Some).map_err(failed)
    }

    /// The oldest way to ask for an export: a server that does not have it hangs up.
    fn export_name(&mut self, padding: bool) -> Result<Export, Trouble> {
        self.ask(option::EXPORT_NAME, self.name.as_bytes())?;
        let size = u64::from_be_bytes(array(self.stream)?);
        let flags = u16::from_be_bytes(array(self.stream)?);
        if padding {
            let _: [u8; 124] = array(self.stream)?;
        }
        self.export(size, flags, None)
    }

    fn export(&self, size: u64, flags: u16, sizes: Option<(u32, u32)>) -> Result<Export, Trouble> {
        let (block, most) = sizes.unwrap_or((USUAL_BLOCK, LARGEST_REQUEST));
        if !block.is_power_of_two() || block > LARGEST_BLOCK || most < block {
            return Err(Trouble::nonsense(format!(
                "blocks of {block} bytes, requests of at most {most}"
            )));
        }
        if size > i64::MAX as u64 {
            return Err(Trouble::nonsense(format!("an export of {size} bytes")));
        }
        Ok(Export {
            size,
            flags,
            structured: self.structured,
            context: self.context,
            block,
            most: most.min(LARGEST_REQUEST) / block * block,
        })
    }

    fn sized_name(&self) -> Vec<u8> {
        let len = self.name.len() as u32;
        [&len.to_be_bytes()[..], self.name.as_bytes()].concat()
    }

    fn ask(&mut self, option: u32, data: &[u8]) -> Result<(), Trouble> {
        let mut message = OPTION_MAGIC.to_be_bytes().to_vec();
        message.extend_from_slice(&option.to_be_bytes());
        message.extend_from_slice(&(data.len() as u32).to_be_bytes());
        message.extend_from_slice(data);
        Ok(self.stream.write_all(&message)?)
    }

    /// Reads the replies to `option` up to the last one, which says yes or no.
    fn answer(
        &mut self,
        option: u32,
        mut take: impl FnMut(u32, &[u8]) -> Result<(), Trouble>,
    ) -> Result<Result<(), Refusal>, Trouble> {
        for _ in 0..MOST_REPLIES {
            let magic = u64::from_be_bytes(array(self.stream)?);
            let about = u32::from_be_bytes(array(self.stream)?);
            let kind = u32::from_be_bytes(array(self.stream)?);
            let len = u32::from_be_bytes(array(self.stream)?);
            if magic != OPTION_REPLY_MAGIC || about != option || len > LONGEST_REPLY {
                return Err(Trouble::nonsense(format!(
                    "the reply to option {option} begins with {magic:#018x}, is about option \
                     {about} and has {len} bytes"
                )));
            }
            let mut data = vec![0; len as usize];
            self.stream.read_exact(&mut data)?;
            match kind {
                option_reply::ACK => return Ok(Ok(())),
                kind if kind & option_reply::ERROR != 0 => {
                    let message = String::from_utf8_lossy(&data).trim().to_owned();
                    return Ok(Err(Refusal { kind, message }));
                }
                kind => take(kind, &data).map_err(|_| {
                    let text = format!("the reply to option {option} has {len} bytes");
                    Trouble::nonsense(text)
                })?,
            }
        }
        Err(Trouble::nonsense(format!(
            "more than {MOST_REPLIES} replies to option {option}"
        )))
    }
}

/// The server's no to an option.
struct Refusal {
    kind: u32,
    message: String,
}

impl Refusal {
    fn error(self, name: &str) -> Error {
        let said = if self.message.is_empty() {
            format!("the server says error {}", self.kind & !option_reply::ERROR)
        } else {
            format!("the server says: {}", self.message)
        };
        match self.kind {
            option_reply::ERR_TLS_REQD => {
                Error::unsupported("the server insists on TLS, which is not spoken here")
                    .cause(said)
                    .hint("reach it through a tunnel, for instance ssh -L, on a port without TLS")
            }
            option_reply::ERR_UNKNOWN => {
                Error::io(not_served(name), said).hint("nbdinfo --list shows what a server has")
            }
            option_reply::ERR_POLICY => Error::io("the server does not allow it", said),
            option_reply::ERR_SHUTDOWN => Error::io("the server is shutting down", said),
            _ => Error::io("the server does not give the export", said),
        }
    }
}
