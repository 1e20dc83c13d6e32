//! Whether the fields around a short magic number make sense. Each gets a file's first bytes.

use sparse::fields::{be16, be32, byte, holds, le16, le32};

/// Norton Ghost: a segment's number and a kind of compression behind the magic number.
pub(super) fn ghost(head: &[u8]) -> bool {
    (1..=2).contains(&byte(head, 2)) && byte(head, 3) <= 10
}

/// A CSO's header: how long it is, the disc's size, and blocks of a power of two. A GameCube's disc image
/// begins alike and goes on otherwise.
pub(super) fn ciso(head: &[u8]) -> bool {
    le32(head, 16).is_power_of_two() || le32(head, 4).is_power_of_two()
}

/// A JFFS2 node: one of the node types, and at least a header's length.
pub(super) fn jffs2(head: &[u8]) -> bool {
    let (kind, length) = match head.first() {
        Some(0x85) => (le16(head, 2), le32(head, 4)),
        _ => (be16(head, 2), be32(head, 4)),
    };
    [0xe001, 0xe002, 0x2003, 0x2004, 0x2006, 0xe008, 0xe009].contains(&kind) && length >= 12
}

/// An option ROM: its length in sectors, and the place of its PCI data.
pub(super) fn option_rom(head: &[u8]) -> bool {
    let data = usize::from(le16(head, 24));
    byte(head, 2) > 0 && holds(head, data, b"PCIR")
}

/// A binary cpio header: a name of a sensible length that ends with a zero.
pub(super) fn cpio(head: &[u8]) -> bool {
    let name = match head.first() {
        Some(0xc7) => le16(head, 20),
        _ => be16(head, 20),
    };
    let end = 26 + usize::from(name);
    (2..=1024).contains(&name) && head.get(end - 1) == Some(&0) && byte(head, 26) != 0
}

/// An ARJ header: no longer than one may be, with its own first part in it.
pub(super) fn arj(head: &[u8]) -> bool {
    let (len, first) = (le16(head, 2), byte(head, 4));
    (30..=2600).contains(&len) && (30..=len).contains(&u16::from(first))
}

/// An LHA header: the method's name ends with a dash, the level is one of four.
pub(super) fn lha(head: &[u8]) -> bool {
    byte(head, 6) == b'-' && byte(head, 20) <= 3
}

/// An ARC header: a method, and a name as DOS has them.
pub(super) fn arc(head: &[u8]) -> bool {
    let name = head.get(2..15).unwrap_or_default();
    let len = name.iter().position(|&byte| byte == 0).unwrap_or(0);
    let plain = |&byte: &u8| byte.is_ascii_graphic() && byte != b'/';
    (1..=9).contains(&byte(head, 1)) && len > 0 && name[..len].iter().all(plain)
}

/// A ZPAQ block without the locator tag: its level.
pub(super) fn zpaq(head: &[u8]) -> bool {
    (1..=2).contains(&byte(head, 3))
}

/// compress: 9 to 16 bits, and no flags that mean nothing.
pub(super) fn compress(head: &[u8]) -> bool {
    (9..=16).contains(&(byte(head, 2) & 0x1f)) && byte(head, 2) & 0x60 == 0
}

/// FSArchiver's volume header: an identity, then a dictionary whose size is no nonsense.
pub(super) fn fsarchiver(head: &[u8]) -> bool {
    head.len() > 32
}

/// A dar slice: whether it is the last one, and whether there is an extension of the header.
pub(super) fn dar(head: &[u8]) -> bool {
    matches!(byte(head, 14), b'N' | b'T' | b'E') && matches!(byte(head, 15), b'N' | b'S' | b'T')
}

/// AES Crypt: versions 0 to 3, then a reserved zero.
pub(super) fn aes_crypt(head: &[u8]) -> bool {
    byte(head, 3) <= 3 && byte(head, 4) == 0
}

/// eCryptfs: two words behind the size that belong together.
pub(super) fn ecryptfs(head: &[u8]) -> bool {
    let (first, second) = (be32(head, 8), be32(head, 12));
    head.len() >= 16 && first ^ 0x3c81_b7f5 == second
}

/// A binary OpenPGP message (RFC 9580) that begins with a session key, and whose next packet follows it.
pub(super) fn openpgp(head: &[u8]) -> bool {
    let Some((tag, body, len)) = packet(head) else {
        return false;
    };
    let version = byte(head, body);
    let key = match tag {
        1 => matches!(version, 2 | 3 | 6),
        3 => matches!(version, 4..=6),
        _ => false,
    };
    let next = head.get(body + len..).and_then(packet);
    key && next.is_none_or(|(tag, ..)| matches!(tag, 1 | 3 | 9 | 18 | 20))
        && (next.is_some() || body + len >= head.len())
}

/// The tag of the packet at the start of `bytes`, where its body begins, and how long that is.
fn packet(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return None;
    }
    if first & 0x40 == 0 {
        let (body, len) = match first & 3 {
            0 => (2, usize::from(byte(bytes, 1))),
            1 => (3, usize::from(be16(bytes, 1))),
            2 => (5, be32(bytes, 1) as usize),
            // Up to the end of the file.
            _ => (1, bytes.len().saturating_sub(1)),
        };
        return Some((first >> 2 & 0xf, body, len));
    }
    let (body, len) = match byte(bytes, 1) {
        short @ 0..=191 => (2, usize::from(short)),
        high @ 192..=223 => {
            let low = usize::from(byte(bytes, 2));
            (3, ((usize::from(high) - 192) << 8) + low + 192)
        }
        255 => (6, be32(bytes, 2) as usize),
        // A part of a length that is not known.
        part => (2, 1 << (part & 0x1f)),
    };
    Some((first & 0x3f, body, len))
}

/// CMS in DER or BER: a sequence whose first item is an object identifier below pkcs-7.
pub(super) fn cms(head: &[u8]) -> bool {
    let at = match (byte(head, 0), byte(head, 1)) {
        (0x30, 0x80) => 2,
        (0x30, 0x81) => 3,
        (0x30, 0x82) => 4,
        (0x30, 0x83) => 5,
        (0x30, 0x84) => 6,
        _ => return false,
    };
    holds(head, at, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07")
}

/// A PE header where the DOS header says.
pub(super) fn portable_executable(head: &[u8]) -> bool {
    holds(head, le32(head, 60) as usize, b"PE\0\0")
}

/// A JPEG's second marker.
pub(super) fn jpeg(head: &[u8]) -> bool {
    matches!(byte(head, 3), 0xc0..=0xfe)
}

/// A BMP's headers: reserved zeros, and a header of one of the usual lengths.
pub(super) fn bmp(head: &[u8]) -> bool {
    let header = le32(head, 14);
    le32(head, 6) == 0 && [12, 16, 40, 52, 56, 64, 108, 124].contains(&header)
}

/// An ID3 tag: its version, and a size whose bytes keep the highest bit clear.
pub(super) fn id3(head: &[u8]) -> bool {
    let size = head.get(6..10).unwrap_or(&[0xff]);
    (2..=4).contains(&byte(head, 3)) && size.iter().all(|&byte| byte < 0x80)
}

/// Two frames of MPEG audio, layer III, one behind the other.
pub(super) fn mp3(head: &[u8]) -> bool {
    let Some(len) = mp3_frame(head) else {
        return false;
    };
    head.get(len..).and_then(mp3_frame).is_some()
}

/// The length of the frame at the start of `bytes`.
fn mp3_frame(bytes: &[u8]) -> Option<usize> {
    const RATES: [usize; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const FREQUENCIES: [usize; 3] = [44_100, 48_000, 32_000];
    let (first, second, third) = (byte(bytes, 0), byte(bytes, 1), byte(bytes, 2));
    if first != 0xff || second & 0xfe != 0xfa {
        return None;
    }
    let rate = *RATES
        .get(usize::from(third >> 4))
        .filter(|&&rate| rate > 0)?;
    let frequency = FREQUENCIES.get(usize::from(third >> 2 & 3))?;
    Some(144_000 * rate / frequency + usize::from(third >> 1 & 1))
}

/// A table of contents with a sensible number of tables.
pub(super) fn truetype(head: &[u8]) -> bool {
    let tables = be16(head, 4);
    let first = head.get(12..16).unwrap_or_default();
    (1..=64).contains(&tables)
        && first
            .iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}
