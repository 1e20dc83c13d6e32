//! What raw bytes are: whatever stands in a boot sector, a partition table or a superblock is judged without
//! a panic, and what counts as evidence of a disk also protects a target that holds it.

use std::convert::Infallible;

use error::Result;
use recognise::foreign::{Kind, Known};
use recognise::reach::{self, Fit};
use recognise::{HEAD, Verdict, foreign, holding, judge};

use crate::told::safe;

/// Judges `data` as the beginning of a file, and as all of it.
pub fn recognise(data: &[u8]) -> Result<()> {
    let head = &data[..data.len().min(HEAD)];
    let found = holding::in_head(head);
    for size in [None, Some(data.len() as u64), Some(1 << 40)] {
        match judge(head, size) {
            Verdict::Disk(disk) => assert_eq!(Some(disk), found),
            Verdict::Blank => assert!(head.iter().all(|&byte| byte == 0)),
            Verdict::Foreign(known) => {
                assert_eq!(Some(known), foreign::in_head(head));
                named(known);
            }
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
    for head in [0, 4096, HEAD as u64] {
        let Ok(behind) = holding::find_behind(head, data.len() as u64, read);
        assert!(
            behind.is_none() || held.is_some(),
            "{behind:?} is behind {head}, and nowhere"
        );
    }
    if let Some(known) = foreign::in_tail(&data[data.len().saturating_sub(foreign::TAIL)..]) {
        named(known);
    }
    if let Some(reach) = reach::of(head) {
        assert!(reach.least <= reach.most);
        assert_eq!(reach.fit(reach.most), Fit::Whole);
        assert_ne!(reach.fit(reach.least), Fit::Cut);
        assert!(reach.least == 0 || reach.fit(reach.least - 1) == Fit::Cut);
        assert!(reach.by.to_string().contains(reach.by.source()));
        safe(reach.by.excuse());
    }
    if let Some(sector) = reach::sector(head) {
        assert!([512, 4096].contains(&sector), "{sector}");
    }
    // The bytes are judged and not taken apart: there is nothing to refuse.
    Ok(())
}

/// A format that is known has words for what it is.
fn named(known: &Known) {
    assert!(known.what.ends_with(known.name()), "{known:?}");
    assert!(
        !known.kind.name().is_empty() && (known.telling() > 0 || known.is_strong()),
        "{known:?}"
    );
    let is_code = matches!(
        known.kind,
        Kind::Program | Kind::Document | Kind::Media | Kind::Font
    );
    assert!(!(is_code && known.kind.may_hold_a_disk()), "{known:?}");
}
