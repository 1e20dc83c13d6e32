//! Images without their zeros: a folded image is short enough to be worth damaging.
//!
//! It is a row of parts, each a number of zero sectors and a number of bytes, 16 bits each and
//! little-endian, and then that many bytes. Whatever the bytes are, they unfold to something.

/// Bytes in a sector, the unit of zeros.
const SECTOR: usize = 512;

/// Bytes that anything unfolds to at most.
const MOST: usize = 16 << 20;

/// `image` without its zeros.
pub fn fold(image: &[u8]) -> Vec<u8> {
    let mut folded = Vec::new();
    let mut sectors = image.chunks(SECTOR).peekable();
    while sectors.peek().is_some() {
        let mut zeros = 0u16;
        while zeros < u16::MAX && sectors.next_if(|sector| is_hole(sector)).is_some() {
            zeros += 1;
        }
        let mut data = Vec::new();
        while data.len() < 32 << 10
            && let Some(sector) = sectors.next_if(|sector| !is_hole(sector))
        {
            data.extend_from_slice(sector);
        }
        folded.extend(zeros.to_le_bytes());
        folded.extend((data.len() as u16).to_le_bytes());
        folded.extend(data);
    }
    folded
}

/// Whether `sector` is whole and nothing but zeros.
fn is_hole(sector: &[u8]) -> bool {
    sector.len() == SECTOR && sector.iter().all(|&byte| byte == 0)
}

/// What `folded` stands for; what is cut short in it stands for what there is.
pub fn unfold(mut folded: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    while let Some((&[a, b, c, d], rest)) = folded.split_first_chunk() {
        let zeros = usize::from(u16::from_le_bytes([a, b])) * SECTOR;
        let (data, rest) = rest.split_at(rest.len().min(u16::from_le_bytes([c, d]).into()));
        if image.len() + zeros + data.len() > MOST {
            break;
        }
        image.resize(image.len() + zeros, 0);
        image.extend_from_slice(data);
        folded = rest;
    }
    image
}
