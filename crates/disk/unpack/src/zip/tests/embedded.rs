//! Zips behind something else.

use testkit::zip::{Member as Made, archive, archive64, end};

use super::super::{Embedded, Zip, embedded};
use super::contents;
use crate::Limits;
use sparse::SliceSource;

fn zips() -> [Vec<u8>; 2] {
    let members = [Made::stored("a", b"one"), Made::deflated("b", b"two")];
    [archive(&members), archive64(&members)]
}

#[test]
fn the_end_tells_where_the_archive_begins() {
    for zip in zips() {
        for before in [1, 511, 70_000] {
            let bytes = [vec![7; before], zip.clone()].concat();
            let found = embedded(&bytes).unwrap().unwrap();
            let place = Embedded {
                start: before as u64,
                offset: 0,
            };
            assert_eq!(found, place);
            let input = SliceSource::new(&bytes[before..]);
            let mut archive = Zip::at_offset(found.offset, input, &Limits::default());
            assert_eq!(contents(&mut archive).unwrap().len(), 2);
        }
        assert_eq!(embedded(&zip).unwrap(), None, "nothing is before it");
    }
}

#[test]
fn a_beginning_that_cannot_be_told_is_none() {
    let [zip, zip64] = zips();
    let behind = |zip: &[u8]| [b"stub", zip].concat();
    let mut hostile = vec![
        Vec::new(),
        b"PK\x05\x06".to_vec(),
        behind(&end(0, 0, 0, "")),
        behind(&end(1, 4, 0, "")),
        behind(&end(u16::MAX, u32::MAX, u32::MAX, "")),
        behind(&end(1, 0, 3, "a comment")),
        [behind(&zip), b"more".to_vec()].concat(),
        behind(&zip[4..]),
    ];
    let mut many = b"stub".to_vec();
    for _ in 0..2000 {
        many.extend(end(1, 10, 0, ""));
    }
    hostile.push(many);
    for bytes in hostile {
        assert_eq!(embedded(&bytes).unwrap(), None, "{bytes:?}");
    }
    // Whatever is cut off, it is none or the right one.
    for zip in [zip, zip64] {
        let bytes = behind(&zip);
        for len in 0..bytes.len() {
            assert_eq!(embedded(&bytes[..len].to_vec()).unwrap(), None, "{len}");
        }
    }
}
