use super::*;

/// A chunk of 1 MiB at logical byte 0 with `stripes` on devices 1, 2 …, which start at 1000, 2000 …
fn chunks(kind: u64, stripes: u64, sub: u16, device: u64) -> Result<Chunks> {
    let mut item = vec![0; HEADER];
    item[..8].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    item[16..24].copy_from_slice(&STRIPE.to_le_bytes());
    item[24..32].copy_from_slice(&(kind | kind::DATA).to_le_bytes());
    item[44] = stripes as u8;
    item[46..48].copy_from_slice(&sub.to_le_bytes());
    for stripe in 1..=stripes {
        item.extend_from_slice(&stripe.to_le_bytes());
        item.extend_from_slice(&(stripe * 1000).to_le_bytes());
        item.extend_from_slice(&[0; 16]);
    }
    let mut chunks = Chunks::new(device, false);
    chunks.add(0, &item)?;
    Ok(chunks)
}

/// The devices that have the stripes from logical byte 0 on, and the row that they are in.
fn spread(kind: u64, stripes: u64, sub: u16, count: u64) -> Vec<Vec<(u64, u64)>> {
    let on = |stripe: u64| {
        let here = |device| {
            let chunks = chunks(kind, stripes, sub, device).unwrap();
            let place = chunks.place(stripe * STRIPE + 5).unwrap();
            let here = place.here.first()?;
            assert_eq!(place.len, STRIPE - 5);
            let row = (here - device * 1000 - 5) / STRIPE;
            Some((device, row))
        };
        (1..=stripes).filter_map(here).collect()
    };
    (0..count).map(on).collect()
}

#[test]
fn stripes_are_where_their_profile_puts_them() {
    let raid0 = spread(kind::RAID0, 3, 1, 4);
    assert_eq!(raid0, [[(1, 0)], [(2, 0)], [(3, 0)], [(1, 1)]]);
    let raid10 = spread(kind::RAID10, 4, 2, 3);
    let pairs = [[(1, 0), (2, 0)], [(3, 0), (4, 0)], [(1, 1), (2, 1)]];
    assert_eq!(raid10, pairs);
    let raid5 = spread(kind::RAID5, 3, 1, 6);
    let rotated = [[(1, 0)], [(2, 0)], [(2, 1)], [(3, 1)], [(3, 2)], [(1, 2)]];
    assert_eq!(raid5, rotated);
    let raid6 = spread(kind::RAID6, 4, 1, 4);
    assert_eq!(raid6, [[(1, 0)], [(2, 0)], [(2, 1)], [(3, 1)]]);
    let raid6 = spread(kind::RAID6, 3, 1, 1);
    assert_eq!(raid6, [[(1, 0), (2, 0), (3, 0)]]);
}

#[test]
fn copies_are_on_each_device_and_one_behind_the_other() {
    for device in 1..=2 {
        let chunks = chunks(kind::RAID1, 2, 1, device).unwrap();
        let expected = Place {
            here: vec![device * 1000 + 70_000],
            len: (1 << 20) - 70_000,
            device: 1,
        };
        assert_eq!(chunks.place(70_000).unwrap(), expected);
    }
    let elsewhere = chunks(0, 1, 1, 7).unwrap().place(10).unwrap();
    assert_eq!((elsewhere.here, elsewhere.device), (vec![], 1));
}

#[test]
fn chunks_that_cannot_be_are_corrupt() {
    for (kind, stripes, sub) in [
        (0, 0, 1),
        (0, 2, 1),
        (kind::RAID0, 0, 1),
        (kind::RAID10, 3, 2),
        (kind::RAID10, 4, 0),
        (kind::RAID5, 1, 1),
        (kind::RAID6, 2, 1),
    ] {
        let error = chunks(kind, stripes, sub, 1).unwrap_err();
        assert_eq!(error.kind(), error::Kind::Corrupt, "{kind} {stripes}");
    }
    let error = chunks(1 << 11, 1, 1, 1).unwrap_err();
    let text = "error: chunk at logical byte 0: the profile 0x800, which is not known";
    assert_eq!(error.to_text(), text);
    let error = chunks(0, 1, 1, 1).unwrap().place(1 << 20).unwrap_err();
    let text = "error: logical byte 1048576 is in no chunk";
    assert_eq!(error.to_text(), text);
}

#[test]
fn data_that_only_the_stripe_tree_finds_is_not_read() {
    let mut striped = chunks(kind::RAID1, 1, 1, 1).unwrap();
    striped.has_stripe_tree = true;
    let error = striped.place(0).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Unsupported);
    let mut single = chunks(0, 1, 1, 1).unwrap();
    single.has_stripe_tree = true;
    assert!(single.place(0).is_ok());
}
