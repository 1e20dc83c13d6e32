use std::fs;
use std::os::unix::net::UnixListener;
use std::thread;

use error::Kind;
use proptest::prelude::*;
use testkit::machine::{Disk, noise, run};

use super::*;

fn open(path: &Path) -> Result<FileSource> {
    FileSource::open("it", path)
}

/// Everything a source gives, holes written out, and the number of bytes in holes.
fn collect(source: &mut dyn ByteSource) -> Result<(Vec<u8>, u64)> {
    let (mut all, mut holes) = (Vec::new(), 0);
    let mut buffer = vec![0xee; 70_000];
    loop {
        match source.fill(&mut buffer)? {
            Fill::Data(n) => all.extend_from_slice(&buffer[..n]),
            Fill::Hole(n) => {
                holes += n;
                all.resize(all.len() + n as usize, 0);
            }
            Fill::End => return Ok((all, holes)),
        }
    }
}

fn sparse(path: &Path, size: u64, data: &[(u64, Vec<u8>)]) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for (offset, bytes) in data {
        file.write_all_at(bytes, *offset).unwrap();
    }
}

#[test]
fn holes_come_as_holes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let data = noise(1, 64 << 10);
    sparse(
        &path,
        9 << 20,
        &[(1 << 20, data.clone()), (5 << 20, data.clone())],
    );
    let mut source = open(&path).unwrap();
    assert_eq!(source.size(), Some(9 << 20));
    let (all, holes) = collect(&mut source).unwrap();
    assert_eq!(all, fs::read(&path).unwrap());
    assert_eq!(
        holes,
        (9 << 20) - (128 << 10),
        "the tests need a file system with holes"
    );
    assert_eq!(source.fill(&mut [0]).unwrap(), Fill::End);
}

#[test]
fn an_empty_file_is_empty() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut source = open(file.path()).unwrap();
    assert_eq!(source.size(), Some(0));
    assert_eq!(source.fill(&mut [0]).unwrap(), Fill::End);
}

#[test]
fn a_terabyte_of_nothing_is_one_step() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 40).unwrap();
    let mut source = open(file.path()).unwrap();
    assert_eq!(source.fill(&mut [0]).unwrap(), Fill::Hole(1 << 40));
    assert_eq!(source.fill(&mut [0]).unwrap(), Fill::End);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn any_layout_reads_as_it_is(
        size in 1u64..400_000,
        runs in prop::collection::vec((0u64..400_000, 1usize..30_000), 0..6),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let data: Vec<_> = runs
            .iter()
            .map(|&(offset, len)| (offset % size, len.min((size - offset % size) as usize)))
            .map(|(offset, len)| (offset, noise(len as u8, len)))
            .collect();
        sparse(&path, size, &data);
        let (all, _) = collect(&mut open(&path).unwrap()).unwrap();
        prop_assert_eq!(all, fs::read(&path).unwrap());
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = open(directory.path()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Refused, "is a directory, not a file")
    );

    let socket = directory.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let error = open(&socket).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Refused, "is a socket, not a file")
    );

    let error = open(&directory.path().join("absent")).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Io, "cannot be opened")
    );
    assert_eq!(error.causes(), ["No such file or directory (os error 2)"]);

    let error = open(Path::new("/dev/ptmx")).unwrap_err();
    let message = "is a terminal, not a file or a pipe";
    assert_eq!((error.kind(), error.message()), (Kind::Usage, message));
}

#[test]
fn a_file_that_changes_its_size_is_an_error() {
    let change = |from: u64, to: u64, data: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(from).unwrap();
        file.as_file().write_all_at(data, 0).unwrap();
        let mut source = open(file.path()).unwrap();
        let mut buffer = [0; 1000];
        source.fill(&mut buffer).unwrap();
        file.as_file().set_len(to).unwrap();
        let error = collect(&mut source).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        error.message().to_owned()
    };
    let message = |from, to| {
        format!("changed while it was read: it had {from} bytes, now it ends at byte {to}")
    };
    assert_eq!(change(9000, 5000, &noise(1, 9000)), message(9000, 5000));
    assert_eq!(
        change(1 << 20, 5000, &noise(1, 4000)),
        message(1 << 20, 5000)
    );
    assert_eq!(change(9000, 9001, &noise(1, 9000)), message(9000, 9001));
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    run("mkfifo", &[path.to_str().unwrap()]);
    let data = noise(3, 300_000);
    let (writer_path, sent) = (path.clone(), data.clone());
    let writer = thread::spawn(move || fs::write(writer_path, sent).unwrap());
    let mut source = open(&path).unwrap();
    assert_eq!(source.size(), None);
    assert_eq!(collect(&mut source).unwrap(), (data, 0));
    writer.join().unwrap();
}

#[test]
fn input_is_read_from_where_it_stands() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all_at(&noise(1, 10_000), 0).unwrap();
    file.read_exact(&mut [0; 1000]).unwrap();
    let mut source = FileSource::new("-".into(), file).unwrap();
    assert_eq!(source.size(), Some(9000));
    assert_eq!(collect(&mut source).unwrap().0, noise(1, 10_000)[1000..]);
}

#[test]
fn a_block_device_has_a_size_and_no_holes() {
    let disk = Disk::new(3 << 20);
    disk.fill(4096, &noise(1, 9000));
    let mut source = open(&disk.path).unwrap();
    assert_eq!(source.size(), Some(3 << 20));
    assert_eq!(collect(&mut source).unwrap(), (disk.bytes(), 0));
}

#[test]
fn a_second_look_sees_the_medium() {
    // The file behind the device is changed behind the device's back: only its cache differs.
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    File::create(&image).unwrap().set_len(1 << 20).unwrap();
    let disk = Disk::over(&image, &[]);
    let _cached_while_open = File::open(&disk.path).unwrap();
    assert!(disk.bytes().iter().all(|&byte| byte == 0));
    let file = File::options().write(true).open(&image).unwrap();
    file.write_all_at(&[7; 4096], 8192).unwrap();
    assert_eq!(disk.bytes()[8192], 0, "the device was not cached");
    let mut source = FileSource::from_medium("it", &disk.path).unwrap();
    assert_eq!(collect(&mut source).unwrap().0[8192], 7);
}

#[test]
fn a_file_read_at_any_offset_must_keep_its_length() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1 << 20).unwrap();
    let open = || {
        let source = FileSource::open("disk", file.path()).unwrap();
        source.at_any_offset().unwrap()().unwrap().unwrap()
    };
    let at = open();
    assert_eq!(at.run_at(0).unwrap(), sparse::Run::Hole(1 << 20));
    at.check_unchanged().unwrap();
    for (len, end) in [(1 << 19, 1 << 19), (1 << 21, 1 << 21)] {
        file.as_file().set_len(len).unwrap();
        let message =
            format!("changed while it was read: it had 1048576 bytes, now it ends at byte {end}");
        assert_eq!(at.check_unchanged().unwrap_err().message(), message);
        if len < 1 << 20 {
            let shrunk = [
                at.run_at(0).map(drop),
                at.read_at(len - 1, &mut [0; 2]).map(drop),
            ];
            for result in shrunk {
                assert_eq!(result.unwrap_err().message(), message);
            }
        }
    }
}
