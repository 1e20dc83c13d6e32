//! What raw bytes are: whatever stands in a boot sector, a partition table or a superblock is judged without
//! a panic, and what counts as evidence of a disk also protects a target that holds it.

use std::convert::Infallible;

use error::Result;
use recognise::reach::{self, Fit};
use recognise::{HEAD, Verdict, foreign, holding, judge};

/// Judges `data` as the beginning of a file, and as all of it.
pub fn recognise(data: &[u8]) -> Result<()> {
    let head = &data[..data.len().min(HEAD)];
    let found = holding::in_head(head);
    for size in [None, Some(data.len() as u64), Some(1 << 40)] {
        match judge(head, size) {
            Verdict::Disk(disk) => assert_eq!(Some(disk), found),
            Verdict::Blank => assert!(head.iter().all(|&byte| byte == 0)),
            Verdict::Foreign(known) => assert_eq!(Some(known), foreign::in_head(head)),
            Verdict::Both(known, disk) => {
                assert!(known.is_strong() && Some(disk) == found, "{known:?}");
            }
            Verdict::Unknown => {}
        }
    }
    let read = |offset: u64, buffer: &mut [u8]| {
        let offset = offset as usize;
        buffer.copy_from_slice(&data[offset..offset + buffer.len()]);
        Ok::<(), Infallible>(())
    };
    let Ok(held) = holding::find_in(data.len() as u64, read);
    assert!(
        found.is_none() || held.is_some(),
        "{found:?} would be overwritten"
    );
    if let Some(reach) = reach::of(head) {
        assert!(reach.least <= reach.most);
        assert_eq!(reach.fit(reach.most), Fit::Whole);
        assert_ne!(reach.fit(reach.least), Fit::Cut);
    }
    if let Some(sector) = reach::sector(head) {
        assert!([512, 4096].contains(&sector), "{sector}");
    }
    // The bytes are judged and not taken apart: there is nothing to refuse.
    Ok(())
}
