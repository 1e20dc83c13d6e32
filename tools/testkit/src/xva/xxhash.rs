//! XXH64, written down the plain way: no state between calls.

const P: [u64; 5] = [
    11_400_714_785_074_694_791,
    14_029_467_366_897_019_727,
    1_609_587_929_392_839_161,
    9_650_029_242_287_828_579,
    2_870_177_450_012_600_261,
];

/// The hash of `data` with seed 0.
pub fn xxh64(data: &[u8]) -> u64 {
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| n << 8 | u64::from(byte))
    };
    let (mut hash, mut rest) = (P[4], data);
    if data.len() >= 32 {
        let mut lanes = [P[0].wrapping_add(P[1]), P[1], 0, P[0].wrapping_neg()];
        while let Some((stripe, after)) = rest.split_at_checked(32) {
            for (lane, bytes) in lanes.iter_mut().zip(stripe.chunks(8)) {
                *lane = round(*lane, word(bytes));
            }
            rest = after;
        }
        let turns = [1, 7, 12, 18];
        hash = (0..4).fold(0, |sum: u64, i| {
            sum.wrapping_add(lanes[i].rotate_left(turns[i]))
        });
        for lane in lanes {
            hash = (hash ^ round(0, lane))
                .wrapping_mul(P[0])
                .wrapping_add(P[3]);
        }
    }
    hash = hash.wrapping_add(data.len() as u64);
    while let Some((bytes, after)) = rest.split_at_checked(8) {
        hash = (hash ^ round(0, word(bytes))).rotate_left(27);
        hash = hash.wrapping_mul(P[0]).wrapping_add(P[3]);
        rest = after;
    }
    if let Some((bytes, after)) = rest.split_at_checked(4) {
        hash = (hash ^ word(bytes).wrapping_mul(P[0])).rotate_left(23);
        hash = hash.wrapping_mul(P[1]).wrapping_add(P[2]);
        rest = after;
    }
    for &byte in rest {
        hash = (hash ^ u64::from(byte).wrapping_mul(P[4])).rotate_left(11);
        hash = hash.wrapping_mul(P[0]);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(P[1]);
    hash = (hash ^ hash >> 29).wrapping_mul(P[2]);
    hash ^ hash >> 32
}

fn round(lane: u64, word: u64) -> u64 {
    let sum = lane.wrapping_add(word.wrapping_mul(P[1]));
    sum.rotate_left(31).wrapping_mul(P[0])
}
