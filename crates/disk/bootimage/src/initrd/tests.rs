use std::process::{Command, Stdio};

use super::*;

/// The files of a directory as a cpio archive, packed with `packer` where it is not empty.
fn cpio(files: &[&str], packer: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.repeat(100)).unwrap();
    }
    let packer = if packer.is_empty() { "cat" } else { packer };
    let script = format!("find . | sort | cpio -o -H newc --quiet | {packer}");
    let made = Command::new("sh")
        .args(["-ec", &script])
        .current_dir(directory.path())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(made.status.success());
    made.stdout
}

fn names(initrd: &[u8]) -> Result<(Initrd, Vec<String>)> {
    let mut names = Vec::new();
    let bytes = initrd.to_vec();
    let initrd = read(&bytes, &Limits::default(), &mut |name| {
        names.push(String::from_utf8_lossy(name).into_owned());
    })?;
    Ok((initrd, names))
}

#[test]
fn microcode_comes_before_what_is_packed() {
    let packers = [
        ("gzip", Compression::Gzip),
        ("xz --check=crc32", Compression::Xz),
        ("zstd -q", Compression::Zstd),
        ("lz4 -q -l", Compression::Lz4),
        ("lzma", Compression::Lzma),
        ("bzip2", Compression::Bzip2),
        ("lzop", Compression::Lzop),
    ];
    for (packer, compression) in packers {
        let mut bytes = cpio(&["kernel/x86/microcode/GenuineIntel.bin"], "");
        bytes.resize(bytes.len().next_multiple_of(1024), 0);
        bytes.extend(cpio(&["usr/lib/modules/xen-blkfront.ko", "init"], packer));
        let (initrd, names) = names(&bytes).unwrap();
        assert_eq!(initrd.archives, [None, Some(compression)], "{packer}");
        assert!(names.contains(&"kernel/x86/microcode/GenuineIntel.bin".into()));
        assert!(names.contains(&"usr/lib/modules/xen-blkfront.ko".into()));
        assert_eq!(names.last().unwrap(), "usr/lib/modules/xen-blkfront.ko");
        assert_eq!(initrd.files, names.len() as u64);
    }
}

#[test]
fn archives_that_are_not_packed_follow_each_other() {
    let mut bytes = cpio(&["one"], "");
    bytes.extend(cpio(&["two"], ""));
    let (initrd, names) = names(&bytes).unwrap();
    assert_eq!(initrd.archives, [None, None]);
    assert_eq!(names, [".", "one", ".", "two"]);
    assert_eq!(initrd.bytes, 600);
}

#[test]
fn what_is_no_cpio_archive_is_unsupported() {
    let error = names(&[b'x'; 600]).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Unsupported);
    assert!(
        error
            .message()
            .starts_with("what is at byte 0 of the initial RAM disk")
    );
    let error = names(&[0; 600]).unwrap_err();
    assert_eq!(error.message(), "the initial RAM disk is empty");
}

#[test]
fn one_that_is_cut_off_is_corrupt() {
    let bytes = cpio(&["one", "two"], "");
    for len in [100, 111, 300, 600] {
        let error = names(&bytes[..len]).unwrap_err();
        assert_eq!(error.kind(), error::Kind::Corrupt, "{len}: {error:?}");
    }
    let mut damaged = bytes.clone();
    damaged[54..62].copy_from_slice(b"zzzzzzzz");
    let error = names(&damaged).unwrap_err();
    let text = "a cpio header at byte 0 has 'zzzzzzzz' where a number must be";
    assert_eq!(error.message(), text);
}
