//! Images without their zeros: a folded image is short enough to be worth damaging.
//!
//! It is a row of parts, each a number of zero sectors and a number of bytes, 16 bits each and
//! little-endian, and then that many bytes. Whatever the bytes are, they unfold to something. The most zeros and no
//! bytes are more than an image has: behind that another image begins, which the one before names.

/// Bytes in a sector, the unit of zeros.
const SECTOR: usize = 512;

/// Bytes that anything decompresses to at most.
const MOST: usize = 16 << 20;

/// A part that is longer than images are: the next one begins behind it.
const NEXT: [u8; 4] = [0xff, 0xff, 0, 0];

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

/// The parts of what `folded` stands for that are not zeros, with the offsets in bytes at which they begin, and its
/// size in bytes; what is cut short in `folded` stands for what there is.
pub fn parts(mut folded: &[u8]) -> (Vec<(usize, &[u8])>, usize) {
    let (mut parts, mut size) = (Vec::new(), 0);
    while let Some((&[a, b, c, d], rest)) = folded.split_first_chunk() {
        let zeros = usize::from(u16::from_le_bytes([a, b])) * SECTOR;
        let (data, rest) = rest.split_at(rest.len().min(u16::from_le_bytes([c, d]).into()));
        if size + zeros + data.len() > MOST {
            break;
        }
        parts.push((size + zeros, data));
        size += zeros + data.len();
        folded = rest;
    }
    (parts, size)
}

/// The folded images in `folded`, one behind the other; at least one.
pub fn images(folded: &[u8]) -> Vec<&[u8]> {
    let (mut images, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(&head) = folded.get(at..).and_then(|rest| rest.first_chunk()) {
        let [_, _, a, b] = head;
        if head == NEXT {
            images.push(&folded[start..at]);
            start = at + NEXT.len();
        }
        at += NEXT.len() + usize::from(u16::from_le_bytes([a, b]));
    }
    images.push(&folded[start..]);
    images
}

/// Folds images, one behind the other.
pub fn fold_all(images: &[Vec<u8>]) -> Vec<u8> {
    let folded: Vec<Vec<u8>> = images.iter().map(|image| fold(image)).collect();
    folded.join(&NEXT[..])
}

/// What `folded` stands for, zeros written out.
pub fn unfold(folded: &[u8]) -> Vec<u8> {
    let (parts, size) = parts(folded);
    let mut image = vec![0; size];
    for (start, data) in parts {
        image[start..start + data.len()].copy_from_slice(data);
    }
    image
}
