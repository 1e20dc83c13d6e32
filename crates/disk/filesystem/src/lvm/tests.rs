use super::*;
use crate::piece::piece;
use error::Kind;

/// What LVM 2.03.16 wrote: a linear volume of two segments, a striped one over three physical volumes, zeros, RAID0.
const REAL: &str = include_str!("tests/vg-one");

const MIB: u64 = 1 << 20;

/// Where the metadata area is.
const AREA: usize = 4096;

/// A device of 96 MiB: a head, and then bytes that tell where they are.
struct Device {
    name: String,
    number: u64,
    head: Vec<u8>,
}

/// The byte at `offset` of device `number`.
fn byte_at(number: u64, offset: u64) -> u8 {
    (number * 31 + offset / 4096 * 7 + offset % 251) as u8
}

impl BlockRead for Device {
    fn name(&self) -> &str {
        &self.name
    }
    fn size(&self) -> Option<u64> {
        Some(96 * MIB)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let n = (96 * MIB).saturating_sub(offset).min(buffer.len() as u64) as usize;
        for (at, byte) in (offset..).zip(&mut buffer[..n]) {
            let head = self.head.get(at as usize).copied();
            *byte = head.unwrap_or(byte_at(self.number, at));
        }
        Ok(n)
    }
}

/// The first MiB of a physical volume as LVM writes it, with its text at byte `place` of its metadata area.
fn head(id: &str, text: &str, place: usize) -> Vec<u8> {
    let mut head = vec![0; MIB as usize];
    let size = MIB as usize - AREA;
    let text = [text.as_bytes(), b"\0"].concat();
    for (i, byte) in text.iter().enumerate() {
        let at = if place + i < size {
            place + i
        } else {
            place + i - size + 512
        };
        head[AREA + at] = *byte;
    }
    let number = |head: &mut [u8], at: usize, value: u64| {
        head[at..at + 8].copy_from_slice(&value.to_le_bytes());
    };
    let label = &mut head[512..1024];
    label[..8].copy_from_slice(b"LABELONE");
    number(label, 8, 1);
    label[20] = 32;
    label[24..32].copy_from_slice(b"LVM2 001");
    label[32..64].copy_from_slice(id.replace('-', "").as_bytes());
    for (at, value) in [
        (64, 96 * MIB),
        (72, MIB),
        (104, AREA as u64),
        (112, size as u64),
    ] {
        number(label, at, value);
    }
    let sum = label::sum(&label[20..]);
    label[16..20].copy_from_slice(&sum.to_le_bytes());
    let header = &mut head[AREA..AREA + 512];
    header[4..20].copy_from_slice(b"\x20LVM2\x20x[5A%r0N*>");
    header[20] = 1;
    for (at, value) in [(24, AREA), (32, size), (40, place), (48, text.len())] {
        number(header, at, value as u64);
    }
    header[56..60].copy_from_slice(&label::sum(&text).to_le_bytes());
    let sum = label::sum(&header[4..]);
    header[..4].copy_from_slice(&sum.to_le_bytes());
    head
}

/// The UUIDs of the physical volumes in [`REAL`].
const IDS: [&str; 3] = [
    "PqeTvy-OLHS-uRpM-9akh-ooUA-idlg-QfiKqO",
    "jk5kgr-K3sh-9Udz-MOH8-Vuhn-SsVd-LwTziE",
    "n9jXlk-3XZN-m2gP-zHY1-PcBJ-e3Gd-S2A1iJ",
];

/// A physical volume with what is in `head`.
fn volume(number: u64, head: Vec<u8>) -> PhysicalVolume {
    let name = format!("disk{number}");
    let device = Arc::new(Device { name, number, head });
    PhysicalVolume::open(device).unwrap().unwrap()
}

/// The physical volumes `numbers`, all with `text`.
fn groups(text: &str, numbers: &[u64]) -> VolumeGroups {
    let volumes = numbers.iter().map(|number| {
        let id = IDS[*number as usize];
        volume(*number, head(id, text, 0x4800))
    });
    VolumeGroups::assemble(volumes.collect())
}

fn found<'a>(groups: &'a VolumeGroups, name: &str) -> &'a LogicalVolume {
    let volumes = groups.groups.iter().flat_map(|group| &group.volumes);
    volumes
        .into_iter()
        .find(|volume| volume.name == name)
        .unwrap()
}

/// `len` bytes of each device and offset, in this order, are what the volume has.
fn check(volume: &LogicalVolume, places: impl IntoIterator<Item = (u64, u64, u64)>) {
    let content = volume.open().unwrap();
    let mut at = 0;
    for (number, offset, len) in places {
        let bytes = piece(content.as_ref(), at, len as usize).unwrap();
        let expected: Vec<u8> = (offset..offset + len).map(|o| byte_at(number, o)).collect();
        assert!(bytes == expected, "byte {at} of {}", volume.path());
        at += len;
    }
    assert_eq!(content.size(), Some(at));
    assert_eq!(volume.size, at);
}

/// Byte 0 of extent `number`, with extents of 4 MiB.
fn extent(number: u64) -> u64 {
    MIB + number * 4 * MIB
}

#[test]
fn a_linear_volume_is_its_segments() {
    let groups = groups(REAL, &[0, 1, 2]);
    assert_eq!(groups.notes, Vec::<String>::new());
    assert_eq!(groups.groups[0].name, "vg-one");
    assert_eq!(groups.groups[0].missing, Vec::<String>::new());
    check(
        found(&groups, "root-fs"),
        [(0, extent(0), 8 * MIB), (2, extent(1), 8 * MIB)],
    );
}

#[test]
fn a_striped_volume_takes_turns() {
    let groups = groups(REAL, &[2, 1, 0]);
    let starts = [(0, extent(2)), (1, extent(2)), (2, extent(0))];
    let stripes = (0..64).flat_map(|row| starts.map(|(n, at)| (n, at + row * 65536, 65536)));
    check(found(&groups, "striped"), stripes);
    // A read over many stripes is the same.
    let content = found(&groups, "striped").open().unwrap();
    let whole = piece(content.as_ref(), 0, 1 << 20).unwrap();
    let parts: Vec<u8> = (0..1 << 20)
        .step_by(4096)
        .flat_map(|at| piece(content.as_ref(), at, 4096).unwrap())
        .collect();
    assert!(whole == parts);
}

#[test]
fn names_are_those_of_linux_and_grub() {
    let groups = groups(REAL, &[0, 1, 2]);
    let root = found(&groups, "root-fs");
    assert_eq!(root.path(), "/dev/vg-one/root-fs");
    assert_eq!(root.mapper_path(), "/dev/mapper/vg--one-root--fs");
    assert_eq!(root.grub_name(), "lvm/vg--one-root--fs");
    assert_eq!(
        root.grub_id(),
        "lvmid/8b6MWB-chCk-kDzs-YBhV-nNXM-0NuS-RuAwng/hjoG1Y-a0oN-tjlk-QxsR-Pc3F-wins-r0opeR"
    );
    let names: Vec<_> = groups.groups[0]
        .volumes
        .iter()
        .map(|v| &v.name[..])
        .collect();
    assert_eq!(names, ["root-fs", "other", "striped", "zero", "r0"]);
}

#[test]
fn zeros_are_a_hole() {
    let groups = groups(REAL, &[0, 1, 2]);
    let zeros = found(&groups, "zero").open().unwrap();
    assert_eq!(zeros.run_at(100).unwrap(), sparse::Run::Hole(4 * MIB - 100));
    assert_eq!(piece(zeros.as_ref(), 1, 10).unwrap(), [0; 10]);
}

#[test]
fn what_needs_a_missing_disk_says_so() {
    let groups = groups(REAL, &[0, 1]);
    let missing = format!("{} (/dev/loop2 when it was last seen)", IDS[2]);
    assert_eq!(groups.groups[0].missing, std::slice::from_ref(&missing));
    assert!(found(&groups, "other").open().is_ok());
    let error = found(&groups, "striped").open().err().unwrap();
    assert_eq!(
        error.to_text(),
        format!("error: /dev/vg-one/striped: the physical volume {missing} is missing")
    );
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let groups = groups(REAL, &[0, 1, 2]);
    let error = found(&groups, "r0").open().err().unwrap();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.to_text(),
        "error: /dev/vg-one/r0: LVM segments of type raid0"
    );
}

#[test]
fn the_text_goes_on_at_the_beginning_of_its_area() {
    let place = MIB as usize - AREA - 1000;
    let volume = volume(0, head(IDS[0], REAL, place));
    let groups = VolumeGroups::assemble(vec![volume]);
    assert_eq!(groups.notes, Vec::<String>::new());
    assert_eq!(groups.groups[0].volumes.len(), 5);
}

#[test]
fn the_newest_metadata_counts() {
    let old = REAL
        .replace("seqno = 9", "seqno = 8")
        .replace("root-fs", "old-fs");
    let volumes = vec![
        volume(0, head(IDS[0], &old, 512)),
        volume(1, head(IDS[1], REAL, 512)),
        volume(2, head(IDS[2], &old, 2048)),
    ];
    let groups = VolumeGroups::assemble(volumes);
    assert_eq!(groups.groups.len(), 1);
    assert_eq!(groups.groups[0].volumes[0].name, "root-fs");
}

#[test]
fn damaged_metadata_is_read_from_another_volume() {
    let mut damaged = head(IDS[0], REAL, 512);
    damaged[AREA + 600] ^= 1;
    let volumes = vec![volume(0, damaged), volume(1, head(IDS[1], REAL, 512))];
    let groups = VolumeGroups::assemble(volumes);
    assert!(found(&groups, "other").open().is_ok());
    assert!(groups.notes[0].contains("disk0"), "{:?}", groups.notes);
    assert!(
        groups.notes[0].contains("its checksum is"),
        "{:?}",
        groups.notes
    );
}

#[test]
fn a_volume_that_is_there_twice_is_used_once() {
    let groups = groups(REAL, &[0, 1, 1]);
    let note = format!(
        "disk1: physical volume {} is there twice; the first one is used",
        IDS[1]
    );
    assert_eq!(groups.notes, [note]);
}

#[test]
fn a_damaged_label_is_corrupt_and_no_label_is_no_volume() {
    let mut damaged = head(IDS[0], REAL, 512);
    damaged[512 + 40] ^= 1;
    let error = PhysicalVolume::open(Arc::new(damaged)).err().unwrap();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(
        error.message().contains("the LVM label in sector 1"),
        "{error:?}"
    );
    for size in [0, 100, 1 << 20] {
        assert!(
            PhysicalVolume::open(Arc::new(vec![0; size]))
                .unwrap()
                .is_none()
        );
    }
}

/// A group with physical volumes 0 and 1 and the logical volumes `volumes`, extents of 4 MiB.
fn text(volumes: &str) -> String {
    let devices = [0, 1].map(|n| {
        let id = IDS[n];
        format!("pv{n} {{\nid = \"{id}\"\npe_start = 2048\npe_count = 23\n}}\n")
    });
    let devices = devices.concat();
    format!(
        "vg {{\nid = \"VG\"\nseqno = 1\nextent_size = 8192\nphysical_volumes {{\n{devices}}}\nlogical_volumes {{\n{volumes}}}\n}}\n"
    )
}

/// A logical volume of `count` extents with `segment`.
fn logical(name: &str, status: &str, count: u64, segment: &str) -> String {
    format!(
        "{name} {{\nid = \"{name}\"\nstatus = [{status}]\nsegment_count = 1\nsegment1 {{\nstart_extent = 0\nextent_count = {count}\n{segment}\n}}\n}}\n"
    )
}

const VISIBLE: &str = "\"READ\", \"WRITE\", \"VISIBLE\"";
const HIDDEN: &str = "\"READ\", \"WRITE\"";

/// A linear volume of an extent.
fn linear(name: &str, status: &str, device: &str, first: u64) -> String {
    let segment = format!(
        "type = \"striped\"\nstripe_count = 1\t# linear\nstripes = [\n\"{device}\", {first}\n]"
    );
    logical(name, status, 1, &segment)
}

#[test]
fn a_mirror_is_its_first_whole_copy() {
    let raid = "type = \"raid1\"\ndevice_count = 2\nregion_size = 4096\n\
                raids = [\n\"m_rmeta_0\", \"m_rimage_0\", \"m_rmeta_1\", \"m_rimage_1\"\n]";
    let mirror =
        "type = \"mirror\"\nmirror_count = 2\nmirrors = [\n\"o_mimage_0\", 0, \"o_mimage_1\", 0\n]";
    let text = text(
        &[
            logical("m", VISIBLE, 1, raid),
            linear("m_rimage_0", HIDDEN, "pv0", 1),
            linear("m_rmeta_0", HIDDEN, "pv0", 0),
            linear("m_rimage_1", HIDDEN, "pv1", 3),
            linear("m_rmeta_1", HIDDEN, "pv1", 0),
            logical("o", VISIBLE, 1, mirror),
            linear("o_mimage_0", HIDDEN, "pv1", 5),
            linear("o_mimage_1", HIDDEN, "pv0", 6),
        ]
        .concat(),
    );
    let both = groups(&text, &[0, 1]);
    let names: Vec<_> = both.groups[0].volumes.iter().map(|v| &v.name[..]).collect();
    assert_eq!(names, ["m", "o"]);
    check(found(&both, "m"), [(0, extent(1), 4 * MIB)]);
    check(found(&both, "o"), [(1, extent(5), 4 * MIB)]);
    let second = groups(&text, &[1]);
    check(found(&second, "m"), [(1, extent(3), 4 * MIB)]);
    let first = groups(&text, &[0]);
    check(found(&first, "o"), [(0, extent(6), 4 * MIB)]);
}

#[test]
fn snapshots_thin_volumes_and_caches_are_named() {
    let snapshot = "type = \"snapshot\"\nchunk_size = 8\norigin = \"root\"\ncow_store = \"snap\"";
    let text = text(
        &[
            linear("root", VISIBLE, "pv0", 0),
            linear("snap", VISIBLE, "pv0", 4),
            logical("snapshot0", VISIBLE, 1, snapshot),
            logical(
                "thin",
                VISIBLE,
                4,
                "type = \"thin\"\nthin_pool = \"pool\"\ntransaction_id = 0\ndevice_id = 1",
            ),
            logical(
                "pool",
                VISIBLE,
                4,
                "type = \"thin-pool+METADATA_FORMAT\"\nmetadata = \"m\"",
            ),
            logical(
                "cached",
                VISIBLE,
                4,
                "type = \"cache\"\ncache_pool = \"c\"\norigin = \"x\"",
            ),
        ]
        .concat(),
    );
    let groups = groups(&text, &[0]);
    let names: Vec<_> = groups.groups[0]
        .volumes
        .iter()
        .map(|v| &v.name[..])
        .collect();
    assert_eq!(names, ["root", "snap", "thin", "pool", "cached"]);
    check(found(&groups, "root"), [(0, extent(0), 4 * MIB)]);
    for (name, what) in [
        ("snap", "an LVM snapshot of root"),
        ("thin", "LVM segments of type thin"),
        ("pool", "LVM segments of type thin-pool"),
        ("cached", "LVM segments of type cache"),
    ] {
        let error = found(&groups, name).open().err().unwrap();
        assert_eq!(error.to_text(), format!("error: /dev/vg/{name}: {what}"));
        assert_eq!(error.kind(), Kind::Unsupported);
    }
}

#[test]
fn volumes_in_a_circle_are_corrupt() {
    let text = text(
        &[
            linear("a", VISIBLE, "b", 0),
            linear("b", VISIBLE, "a", 0),
            linear("c", VISIBLE, "c", 0),
            linear("d", VISIBLE, "nothing", 0),
        ]
        .concat(),
    );
    let groups = groups(&text, &[0]);
    for name in ["a", "b", "c", "d"] {
        let error = found(&groups, name).open().err().unwrap();
        assert_eq!(error.kind(), Kind::Corrupt, "{name}");
    }
}

#[test]
fn a_segment_that_leaves_a_gap_is_corrupt() {
    let text = REAL.replace("start_extent = 2", "start_extent = 3");
    let groups = groups(&text, &[0, 1, 2]);
    let error = found(&groups, "root-fs").open().err().unwrap();
    assert_eq!(
        error.to_text(),
        "error: /dev/vg-one/root-fs: a segment starts at extent 3, not at 2"
    );
    assert!(found(&groups, "other").open().is_ok());
}

#[test]
fn texts_are_parsed_or_refused_with_their_place() {
    let section = config::parse("a = 1 # one\nb = [\"x\\\"y\", -2, 3]\nc { d = 1.5 }\n").unwrap();
    assert_eq!(section.number("a").unwrap(), 1);
    assert_eq!(section.list("b").unwrap().len(), 3);
    assert_eq!(section.section("c").unwrap().text("d").unwrap(), "1.5");
    for (text, what) in [
        ("a = 1\nb = \"x", "line 2, column 5: a string without end"),
        ("a { b = 1", "line 1, column 10: a closing brace is missing"),
        (
            "a } b",
            "line 1, column 3: neither '=' nor '{' after a name",
        ),
        ("a = 1 }", "line 1, column 7: a closing brace too many"),
        ("a = [1, ", "line 1, column 9: a value is missing"),
        ("= 1", "line 1, column 1: a name is missing"),
    ] {
        let error = config::parse(text).unwrap_err();
        assert_eq!(error.message(), format!("LVM metadata, {what}"));
    }
    let deep = "a {".repeat(100_000);
    assert!(
        config::parse(&deep)
            .unwrap_err()
            .message()
            .contains("too many sections")
    );
}

#[test]
fn damage_ends_without_harm() {
    let whole = head(IDS[0], REAL, 512);
    let mut random = 1u64;
    for _ in 0..1500 {
        // The checksums are made to fit, or nothing behind them would be tried.
        let mut text = REAL.as_bytes().to_vec();
        let mut head = whole[..8192].to_vec();
        for _ in 0..3 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = (random >> 33) as usize;
            let n = text.len();
            text[at % n] = b"{}[]=\"#0123456789 ,x\n\xff"[(random >> 58) as usize % 22];
            head[512 + at % 512] ^= (random >> 50) as u8;
            head[AREA + at % 512] ^= (random >> 40) as u8;
        }
        if let Ok(group) = Group::parse(&String::from_utf8_lossy(&text)) {
            let device: Arc<dyn BlockRead> = Arc::new(whole.clone());
            let devices = HashMap::from([(IDS[0].to_owned(), device)]);
            for volume in assemble::volumes(&group, &devices) {
                let _ = volume.open().map(|volume| piece(volume.as_ref(), 0, 4096));
            }
        }
        for (start, sum_at) in [(512, 16), (AREA, 0)] {
            let sector = &mut head[start..start + 512];
            let sum = label::sum(&sector[sum_at + 4..]);
            sector[sum_at..sum_at + 4].copy_from_slice(&sum.to_le_bytes());
        }
        if let Ok(Some(volume)) = PhysicalVolume::open(Arc::new(head)) {
            VolumeGroups::assemble(vec![volume]);
        }
    }
}
