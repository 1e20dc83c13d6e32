mod descriptors;
mod hostile;
mod spellings;

use std::collections::HashMap;
use std::sync::Arc;

use error::{Error, Result};
use proptest::prelude::*;
use sparse::BlockRead;

use crate::test_util::{by_qemu, content, disks, patched, qemu_img, random, read};
use crate::{Advice, Directory, FileAccess, Format, Image, OpenOptions};

/// The files of one directory.
#[derive(Clone, Default)]
struct Files(HashMap<String, Vec<u8>>);

impl Directory for Files {
    fn open(&self, name: &str) -> Result<Arc<dyn BlockRead>> {
        match self.0.get(name) {
            Some(file) => Ok(Arc::new(file.clone())),
            None => Err(Error::io(format!("{name} cannot be opened"), "not there")),
        }
    }
}

impl Files {
    /// What qemu-img makes of `disk`: `d.vmdk` and whatever is beside it.
    fn by_qemu(disk: &[u8], subformat: &str) -> Self {
        let room = tempfile::tempdir().unwrap();
        let path = |name: &str| room.path().join(name).display().to_string();
        std::fs::write(path("raw"), disk).unwrap();
        let option = format!("subformat={subformat}");
        let (raw, to) = (path("raw"), path("d.vmdk"));
        qemu_img(&[
            "convert", "-f", "raw", "-O", "vmdk", "-o", &option, &raw, &to,
        ]);
        Files::of(room.path())
    }

    fn of(directory: &std::path::Path) -> Self {
        let files = std::fs::read_dir(directory).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        });
        Files(files.collect())
    }

    fn with(names: &[(&str, &[u8])]) -> Self {
        let files = names.iter();
        Files(
            files
                .map(|(name, file)| ((*name).into(), file.to_vec()))
                .collect(),
        )
    }

    fn how(&self) -> OpenOptions {
        let here = Arc::new(self.clone());
        OpenOptions {
            access: FileAccess::none()
                .with_extents_beside(here.clone())
                .with_images_below(here),
            ..OpenOptions::default()
        }
    }

    fn image(&self, name: &str) -> Result<Image> {
        Image::open(Format::Vmdk, Arc::new(self.0[name].clone()), &self.how())
    }

    fn read(&self) -> Result<Vec<u8>> {
        content(&mut self.image("d.vmdk")?)
    }

    fn refusal(&self) -> String {
        self.read().unwrap_err().to_string()
    }
}

fn descriptor(lines: &str) -> String {
    format!(
        "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"custom\"\n{lines}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn what_qemu_img_writes_is_read(disk in disks()) {
        for options in [
            "subformat=monolithicSparse",
            "subformat=streamOptimized",
            "zeroed_grain=on",
            "compat6=on",
        ] {
            let file = by_qemu(&disk, "vmdk", options, &[]);
            prop_assert!(read(Format::Vmdk, file).unwrap() == disk, "{}", options);
        }
        for subformat in ["monolithicFlat", "twoGbMaxExtentFlat", "twoGbMaxExtentSparse"] {
            let files = Files::by_qemu(&disk, subformat);
            prop_assert!(files.read().unwrap() == disk, "{}", subformat);
        }
    }
}

#[test]
fn a_disk_without_anything_is_nothing() {
    let file = by_qemu(&[0; 512], "vmdk", "", &[]);
    let text = String::from_utf8_lossy(&file[512..1024]).replace("RW 1 ", "RW 0 ");
    let file = patched(&patched(&file, 512, text.as_bytes()), 12, &[0]);
    assert!(read(Format::Vmdk, file).unwrap().is_empty());
}

#[test]
fn grains_of_zeros_are_holes_and_neighbours_one_stretch() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("d.vmdk").display().to_string();
    qemu_img(&[
        "create",
        "-q",
        "-f",
        "vmdk",
        "-o",
        "zeroed_grain=on",
        &path,
        "1G",
    ]);
    let commands = [
        "write -P 5 0 192k",
        "write -z 64k 64k",
        "write -z 640M 128k",
    ];
    for command in commands {
        let run = std::process::Command::new("qemu-io")
            .args(["-f", "vmdk", "-c", command, &path])
            .output()
            .expect("qemu-io is needed (Debian package qemu-utils)");
        assert!(run.status.success());
    }
    let mut image = Files::of(room.path()).image("d.vmdk").unwrap();
    let mut found = Vec::new();
    let mut at = 0;
    while at < image.size() {
        let stretch = image.lookup(at).unwrap();
        found.push((
            at >> 10,
            stretch.len >> 10,
            stretch.location != crate::Location::Nowhere,
        ));
        at += stretch.len;
    }
    assert_eq!(
        found[..3],
        [(0, 64, true), (64, 64, false), (128, 64, true)]
    );
    assert!(found[3..].iter().all(|(_, _, data)| !data));
    let plain = by_qemu(&random(1, 1 << 20), "vmdk", "", &[]);
    let mut image = Image::open(Format::Vmdk, Arc::new(plain), &OpenOptions::default()).unwrap();
    assert_eq!(image.lookup(0).unwrap().len, 1 << 20);
}

#[test]
fn extents_of_all_kinds_make_one_disk() {
    let data = random(3, 300 << 10);
    let sparse = by_qemu(&data[..200 << 10], "vmdk", "", &[]);
    let packed = by_qemu(&data[200 << 10..], "vmdk", "subformat=streamOptimized", &[]);
    let text = descriptor(
        "RW 400 SPARSE \"a b.vmdk\"\nRDONLY 7 ZERO\nRW 200 SPARSE \"c\"\nRW 3 VMFS \"f\"\nRW 2 FLAT \"f\" 1\n",
    );
    let files = [
        ("d.vmdk", text.as_bytes()),
        ("a b.vmdk", &sparse),
        ("c", &packed),
        ("f", &data[..1536]),
    ];
    let mut expected = data[..200 << 10].to_vec();
    expected.extend([0; 7 * 512]);
    expected.extend(&data[200 << 10..]);
    expected.extend(&data[..1536]);
    expected.extend(&data[512..1536]);
    assert!(Files::with(&files).read().unwrap() == expected);
}

#[test]
fn somebody_who_looks_sees_extents_that_are_not_there() {
    let text = descriptor("RW 400 SPARSE \"a\"\nRW 3 FLAT \"b\" 0\nchangeTrackPath=\"c\"");
    let how = OpenOptions {
        access: FileAccess::looking(),
        ..OpenOptions::default()
    };
    let mut image = Image::open(Format::Vmdk, Arc::new(text.into_bytes()), &how).unwrap();
    assert_eq!(image.size(), 403 * 512);
    assert_eq!(
        image.lookup(512).unwrap().location,
        crate::Location::Nowhere
    );
    assert_eq!(image.files().len(), 2);
    let about = image.about();
    let refers = about.refers.iter();
    let refers: Vec<_> = refers.map(|one| (one.what, one.name.as_str())).collect();
    let expected = [
        ("extent", "a"),
        ("extent", "b"),
        ("change tracking file", "c"),
    ];
    assert_eq!(refers, expected);
    assert_eq!(about.variant, "custom");
    assert_eq!(about.notes, [("CID", "12345678".to_owned())]);
}

#[test]
fn a_child_lies_on_its_parent() {
    let room = tempfile::tempdir().unwrap();
    let path = |name: &str| room.path().join(name).display().to_string();
    let disk = random(9, 256 << 10);
    std::fs::write(path("raw"), &disk).unwrap();
    qemu_img(&[
        "convert",
        "-O",
        "vmdk",
        "-o",
        "subformat=twoGbMaxExtentSparse",
        &path("raw"),
        &path("base.vmdk"),
    ]);
    qemu_img(&[
        "create",
        "-q",
        "-f",
        "vmdk",
        "-b",
        &path("base.vmdk"),
        "-F",
        "vmdk",
        &path("d.vmdk"),
    ]);
    let run = std::process::Command::new("qemu-io")
        .args(["-f", "vmdk", "-c", "write -P 7 64k 64k", &path("d.vmdk")])
        .output();
    assert!(
        run.expect("qemu-io is needed (Debian package qemu-utils)")
            .status
            .success()
    );
    let mut files = Files::of(room.path());
    let mut expected = disk;
    expected[64 << 10..128 << 10].fill(7);
    assert!(files.read().unwrap() == expected);

    let none = Image::open(
        Format::Vmdk,
        Arc::new(files.0["d.vmdk"].clone()),
        &OpenOptions::default(),
    );
    assert_eq!(none.unwrap_err().advice(), Some(&Advice::AllowBacking));
    let how = OpenOptions {
        access: FileAccess::looking(),
        ..OpenOptions::default()
    };
    let seen = Image::open(Format::Vmdk, Arc::new(files.0["d.vmdk"].clone()), &how).unwrap();
    assert_eq!(seen.about().refers[0].what, "parent");

    let base = String::from_utf8(files.0["base.vmdk"].clone()).unwrap();
    let start = base.find("CID=").unwrap() + 4;
    let cid = base[start..].lines().next().unwrap().to_owned();
    let other = base.replace(&format!("\nCID={cid}\n"), "\nCID=11111111\n");
    files.0.insert("base.vmdk".into(), other.into_bytes());
    let told = files.refusal();
    assert!(
        told.starts_with(&format!("needs a parent with the CID {cid:0>8}, and \"")),
        "{told}"
    );
    assert!(
        told.ends_with("base.vmdk\" has 11111111: one of them was changed"),
        "{told}"
    );
    assert!(super::stream::Stream::new(sparse::SliceSource::new(&files.0["d.vmdk"]), 1).is_err());
}

#[test]
fn what_programs_write_into_descriptors_passes() {
    let text = "# Disk DescriptorFile\r\nversion = 3\nencoding=\"windows-1252\"\nCID=fffffffe\nparentCID=ffffffff\nisNativeSnapshot=\"no\"\ncreateType=\"vmfs\"\n\n# Extent description\nRW 2 VMFS \"d-flat.vmdk\" 0\n\n# Change Tracking File\nchangeTrackPath=\"d-ctk.vmdk\"\n\n# The Disk Data Base \n#DDB\n\nddb.adapterType = \"lsilogic\"\nddb.comment = \"a=b\"\nddb.uuid = \"60 00 C2\"\n\0\0rubbish";
    let files = Files::with(&[("d.vmdk", text.as_bytes()), ("d-flat.vmdk", &[8; 1024])]);
    assert_eq!(files.read().unwrap(), [8; 1024]);
}
