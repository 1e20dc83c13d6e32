use super::*;

/// Every codeword of a code, found through the table, decodes to its symbol.
fn assert_decodes(lengths: &[u8]) {
    let mut tables = Tables::new(false);
    tables.set_litlen(lengths).unwrap();
    let mut code = 0u32;
    for length in 1..=15u8 {
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == length) {
            let reversed = code.reverse_bits() >> (32 - u32::from(length));
            let noise = 0x5a5a_a5a5u64 << length;
            let bits = u64::from(reversed) | noise;
            let entry = crate::inflate::symbol::lookup(&tables.litlen, LITLEN_BITS, bits);
            assert_eq!(entry >> 8 & 15, u32::from(length), "symbol {symbol}");
            assert_eq!(entry & !0xf1f, LITLEN[symbol] & !0x1f, "symbol {symbol}");
            code += 1;
        }
        code <<= 1;
    }
}

#[test]
fn codes_of_every_shape_decode() {
    assert_decodes(&[vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat());
    // One codeword of each length, the longest twice.
    let mut comb: Vec<u8> = (1..=15).collect();
    comb.push(15);
    assert_decodes(&comb);
    comb.reverse();
    assert_decodes(&comb);
    assert_decodes(&[1, 1]);
    // A few short codewords and 256 long ones: many subtables.
    let mut lengths = vec![14u8; 256];
    lengths.extend([6; 31].iter().chain(&[1]));
    assert_decodes(&lengths);
}

#[test]
fn the_symbols_mean_what_the_rfc_says() {
    let base_and_extra = |entry: u32| (entry >> 16, entry & 0xff);
    assert_eq!(base_and_extra(LITLEN[257]), (3, 0));
    assert_eq!(base_and_extra(LITLEN[264]), (10, 0));
    assert_eq!(base_and_extra(LITLEN[265]), (11, 1));
    assert_eq!(base_and_extra(LITLEN[284]), (227, 5));
    assert_eq!(base_and_extra(LITLEN[285]), (258, 0));
    assert_eq!(base_and_extra(DISTANCE[0]), (1, 0));
    assert_eq!(base_and_extra(DISTANCE[4]), (5, 1));
    assert_eq!(base_and_extra(DISTANCE[29]), (24577, 13));
    assert_eq!(base_and_extra(LITLEN64[284]), (227, 5));
    assert_eq!(base_and_extra(LITLEN64[285]), (3, 16));
    assert_eq!(base_and_extra(DISTANCE64[29]), (24577, 13));
    assert_eq!(base_and_extra(DISTANCE64[30]), (32769, 14));
    assert_eq!(base_and_extra(DISTANCE64[31]), (49153, 14));
}
