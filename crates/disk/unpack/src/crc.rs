//! Cyclic redundancy checks over data and holes.
//!
//! A CRC is arithmetic with polynomials over GF(2): n zero bytes multiply the state by x^8n, so a
//! hole costs a few multiplications, whatever its length.

/// A CRC-64 (ECMA-182, reflected), as xz uses it.
#[derive(Clone, Debug)]
pub(crate) struct Crc64(u64);

const CRC64: u64 = 0xC96C_5795_D787_0F42;
const CRC32: u64 = 0xEDB8_8320;

impl Crc64 {
    /// The state before the first byte.
    pub(crate) fn new() -> Self {
        Crc64(!0)
    }

    /// Takes `data`.
    pub(crate) fn update(&mut self, data: &[u8]) {
        let mut state = self.0;
        let (words, tail) = data.as_chunks();
        for word in words {
            let bytes = (state ^ u64::from_le_bytes(*word)).to_le_bytes();
            state = (0..8).fold(0, |sum, i| sum ^ CRC64_TABLES[7 - i][usize::from(bytes[i])]);
        }
        for byte in tail {
            state = CRC64_TABLES[0][usize::from(state as u8 ^ byte)] ^ (state >> 8);
        }
        self.0 = state;
    }

    /// Takes `n` zero bytes.
    pub(crate) fn update_zeros(&mut self, n: u64) {
        self.0 = times_zeros::<64>(self.0, n, &CRC64_SHIFTS, CRC64);
    }

    /// The check of everything taken so far.
    pub(crate) fn finish(&self) -> u64 {
        !self.0
    }
}

/// A CRC-32 (ISO-HDLC), as gzip and xz use it.
#[derive(Clone, Debug)]
pub(crate) struct Crc32(crc32fast::Hasher);

impl Crc32 {
    /// The state before the first byte.
    pub(crate) fn new() -> Self {
        Crc32(crc32fast::Hasher::new())
    }

    /// Takes `data`.
    pub(crate) fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// Takes `n` zero bytes.
    pub(crate) fn update_zeros(&mut self, n: u64) {
        let state = !self.finish();
        let after = times_zeros::<32>(state.into(), n, &CRC32_SHIFTS, CRC32);
        self.0 = crc32fast::Hasher::new_with_initial(!(after as u32));
    }

    /// The check of everything taken so far.
    pub(crate) fn finish(&self) -> u32 {
        self.0.clone().finalize()
    }
}

/// A CRC-32 whose bytes go in most significant bit first, as bzip2 uses it: the mirror image of the
/// usual one.
#[derive(Clone, Debug)]
pub(crate) struct MirroredCrc32 {
    crc: Crc32,
    mirrored: Vec<u8>,
}

impl MirroredCrc32 {
    /// The state before the first byte.
    pub(crate) fn new() -> Self {
        MirroredCrc32 {
            crc: Crc32::new(),
            mirrored: Vec::new(),
        }
    }

    /// Takes `data`.
    pub(crate) fn update(&mut self, data: &[u8]) {
        for part in data.chunks(4096) {
            self.mirrored.clear();
            self.mirrored
                .extend(part.iter().map(|byte| byte.reverse_bits()));
            self.crc.update(&self.mirrored);
        }
    }

    /// Takes `n` zero bytes.
    pub(crate) fn update_zeros(&mut self, n: u64) {
        self.crc.update_zeros(n);
    }

    /// The check of everything taken so far.
    pub(crate) fn finish(&self) -> u32 {
        self.crc.finish().reverse_bits()
    }
}

/// `state` behind `n` zero bytes; `shifts[i]` is x^(8·2^i).
fn times_zeros<const WIDTH: u32>(mut state: u64, mut n: u64, shifts: &[u64; 64], poly: u64) -> u64 {
    for shift in shifts {
        if n & 1 != 0 {
            state = product(WIDTH, state, *shift, poly);
        }
        n >>= 1;
    }
    state
}

/// The product of two reflected polynomials of degree below `width`, modulo `poly`.
const fn product(width: u32, a: u64, mut b: u64, poly: u64) -> u64 {
    let mut sum = 0;
    let mut bit = width;
    while bit > 0 {
        bit -= 1;
        if a >> bit & 1 != 0 {
            sum ^= b;
        }
        b = b >> 1 ^ if b & 1 != 0 { poly } else { 0 };
    }
    sum
}

const fn shifts(width: u32, poly: u64) -> [u64; 64] {
    let mut shifts = [0; 64];
    // In reflected order 1 is the top bit, so x^8 lies eight below it.
    shifts[0] = 1 << (width - 1 - 8);
    let mut i = 1;
    while i < 64 {
        shifts[i] = product(width, shifts[i - 1], shifts[i - 1], poly);
        i += 1;
    }
    shifts
}

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut state = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            state = state >> 1 ^ if state & 1 != 0 { CRC64 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = state;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let state = tables[table - 1][byte];
            tables[table][byte] = tables[0][(state & 0xff) as usize] ^ (state >> 8);
            byte += 1;
        }
        table += 1;
    }
    tables
}

static CRC32_SHIFTS: [u64; 64] = shifts(32, CRC32);
static CRC64_SHIFTS: [u64; 64] = shifts(64, CRC64);
static CRC64_TABLES: [[u64; 256]; 8] = tables();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checks() {
        let mut crc64 = Crc64::new();
        crc64.update(b"123456789");
        assert_eq!(crc64.finish(), 0x995D_C9BB_DF19_39FA);
        let mut crc32 = Crc32::new();
        crc32.update(b"123456789");
        assert_eq!(crc32.finish(), 0xCBF4_3926);
        let mut mirrored = MirroredCrc32::new();
        mirrored.update(b"123456789");
        assert_eq!(mirrored.finish(), 0xFC89_1918);
    }

    #[test]
    fn holes_count_like_zeros() {
        for n in [0, 1, 7, 8, 100, 4096, 70_001] {
            let zeros = vec![0; n];
            let (mut crc32, mut crc64) = (Crc32::new(), Crc64::new());
            crc32.update(b"data");
            crc64.update(b"data");
            let (mut crc32_hole, mut crc64_hole) = (crc32.clone(), crc64.clone());
            crc32.update(&zeros);
            crc64.update(&zeros);
            crc32_hole.update_zeros(n as u64);
            crc64_hole.update_zeros(n as u64);
            assert_eq!(crc32.finish(), crc32_hole.finish(), "{n}");
            assert_eq!(crc64.finish(), crc64_hole.finish(), "{n}");
        }
    }
}
