use sparse::{InOrder, SliceSource, drain};

use super::*;
use crate::basis::Says;

const MIB: usize = 1 << 20;

/// A disk of `size` bytes with one partition up to byte `end`.
fn disk(size: usize, end: usize) -> Vec<u8> {
    let mut disk = vec![0; size];
    disk[446 + 4] = 0x83;
    disk[446 + 8] = 1;
    disk[446 + 12..446 + 16].copy_from_slice(&(end as u32 / 512 - 1).to_le_bytes());
    disk[510..512].copy_from_slice(b"\x55\xaa");
    disk[size - 1] = 7;
    disk
}

fn claim(basis: Basis) -> Claim {
    Claim {
        basis: Some(basis),
        may_be_cut: false,
    }
}

/// What passing `bytes` ends with, in steps of several lengths, its size known before or not.
fn passed(bytes: &[u8], claim: Claim) -> Option<String> {
    let mut outcomes = Vec::new();
    for step in [usize::MAX, 4096, 777, 65_537] {
        for size in [None, Some(bytes.len() as u64)] {
            let mut inner = InOrder::new(SliceSource::in_steps(bytes, step), size);
            let mut guarded = Guarded::new(&mut inner, claim);
            let outcome = guarded.begin().and_then(|()| drain(&mut guarded));
            outcomes.push(outcome.err().map(|error| error.message().to_owned()));
        }
    }
    outcomes.dedup();
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes.pop().flatten()
}

const UNKNOWN: &str = "nothing recognised in it: no partition table, file system or boot code";

#[test]
fn a_disk_that_is_all_there_passes() {
    assert_eq!(passed(&disk(MIB, MIB), claim(Basis::Evidence)), None);
    assert_eq!(passed(&disk(MIB, MIB), Claim::default()), None);
}

#[test]
fn a_disk_that_is_cut_off_is_refused_unless_it_may_be() {
    let cut = "is cut off: partition 1 of its MBR ends at byte 2097152, the disk at byte 1048576";
    let half = &disk(2 * MIB, 2 * MIB)[..MIB];
    assert_eq!(passed(half, claim(Basis::Evidence)).as_deref(), Some(cut));
    assert_eq!(passed(half, Claim::default()).as_deref(), Some(cut));
    let user = Says::User(Format::Raw);
    assert_eq!(passed(half, claim(Basis::Said(user))).as_deref(), Some(cut));
    let may_be = Claim {
        may_be_cut: true,
        ..claim(Basis::Evidence)
    };
    assert_eq!(passed(half, may_be), None);
    let mut inner = InOrder::new(SliceSource::new(half), None);
    let mut guarded = Guarded::new(&mut inner, may_be);
    drain(&mut guarded).unwrap();
    assert_eq!(guarded.warning().unwrap().message(), cut);
}

#[test]
fn a_cut_disk_is_refused_before_it_passes_where_its_size_is_known() {
    let half = &disk(2 * MIB, 2 * MIB)[..MIB];
    let mut inner = InOrder::new(SliceSource::in_steps(half, 512), Some(MIB as u64));
    let mut guarded = Guarded::new(&mut inner, claim(Basis::Evidence));
    assert!(guarded.begin().is_err());
    assert_eq!(guarded.passed, 0);
}

#[test]
fn what_begins_with_zeros_has_to_go_on_so() {
    let mut zeros = vec![0; MIB];
    assert_eq!(passed(&zeros, claim(Basis::Blank)), None);
    zeros[700_000] = 1;
    assert_eq!(
        passed(&zeros, claim(Basis::Blank)).as_deref(),
        Some(UNKNOWN)
    );
    assert_eq!(passed(&zeros, claim(Basis::Said(Says::Device))), None);
    zeros[700_000] = 0;
    zeros[MIB - 1] = 1;
    assert_eq!(
        passed(&zeros, claim(Basis::Blank)).as_deref(),
        Some(UNKNOWN)
    );
}

/// The footer of a fixed VHD.
fn footer() -> Vec<u8> {
    let mut footer = vec![0; END];
    footer[..8].copy_from_slice(b"conectix");
    let sum: u32 = footer.iter().map(|&byte| u32::from(byte)).sum();
    footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
    footer
}

#[test]
fn a_blank_disk_may_have_the_footer_of_a_vhd() {
    let blank = [vec![0; MIB], footer()].concat();
    assert_eq!(passed(&blank, claim(Basis::Blank)), None);
    let behind = [vec![0; MIB - 1], vec![1], footer()].concat();
    assert_eq!(
        passed(&behind, claim(Basis::Blank)).as_deref(),
        Some(UNKNOWN)
    );
}

#[test]
fn what_shows_only_at_the_end_is_refused_there() {
    let mut nero = disk(MIB, MIB);
    nero[MIB - 12..MIB - 8].copy_from_slice(b"NER5");
    let message = "shows at its end that it is a Nero disc image, which is not read here";
    assert_eq!(
        passed(&nero, claim(Basis::Evidence)).as_deref(),
        Some(message)
    );
    let user = Says::User(Format::Raw);
    assert_eq!(passed(&nero, claim(Basis::Said(user))), None);
    let odd = &disk(MIB, MIB / 2)[..MIB - 1];
    let message = "has 1048575 bytes, but a disk has whole sectors of 512 bytes";
    assert_eq!(
        passed(odd, claim(Basis::Evidence)).as_deref(),
        Some(message)
    );
    assert_eq!(passed(odd, claim(Basis::Said(user))), None);
}

#[test]
fn holes_count_as_zeros() {
    let mut watch = Watch::new(claim(Basis::Blank));
    watch.zeros(0, 1 << 40).unwrap();
    // Shown again, and more of it.
    watch.zeros(1 << 39, 1 << 40).unwrap();
    let end = (1 << 39) + (1 << 40);
    assert!(watch.end(end, None).is_ok());
    assert!(watch.see(end, &[0; 512]).is_ok());
    assert!(
        watch.see(end + 512, &[0, 1]).is_ok(),
        "a footer may be there"
    );
    assert!(watch.end(end + 514, None).is_err());
}

#[test]
fn pieces_in_another_order_are_put_together_as_far_as_they_go() {
    let disk = disk(2 * MIB, 2 * MIB);
    let mut watch = Watch::new(Claim::default());
    watch.see(65_536, &disk[65_536..131_072]).unwrap();
    assert!(watch.fits(MIB as u64).is_ok(), "nothing is known yet");
    watch.see(0, &disk[..65_536]).unwrap();
    assert!(watch.fits(MIB as u64).is_err());
    assert!(watch.fits(2 * MIB as u64).is_ok());
    assert_eq!(watch.sector(), None);
    assert!(watch.is_partitioned());
}

#[test]
fn whoever_only_looks_is_told_and_reads_on() {
    let half = &disk(2 * MIB, 2 * MIB)[..MIB];
    let mut inner = InOrder::new(SliceSource::new(half), None);
    let mut guarded = Guarded::looked_at(&mut inner, claim(Basis::Evidence));
    assert_eq!(drain(&mut guarded).unwrap(), MIB as u64);
    let message = guarded.trouble.unwrap();
    assert!(message.message().starts_with("is cut off"), "{message}");
}
