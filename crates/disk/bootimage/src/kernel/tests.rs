use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// Notes of Xen's: types and values.
fn notes(of: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Another program's note comes first, as in Linux.
    let gnu: (&[u8], u32, &[u8]) = (b"GNU\0", 3, b"build-id-x");
    let xen = of
        .iter()
        .map(|(kind, value)| (b"Xen\0".as_slice(), *kind, *value));
    for (name, kind, value) in std::iter::once(gnu).chain(xen) {
        for number in [name.len() as u32, value.len() as u32, kind] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(name);
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// An ELF file for x86 with its notes behind a megabyte of code.
fn elf(is_64: bool, of: &[(u32, &[u8])]) -> Vec<u8> {
    let notes = notes(of);
    let at = 0x10_0000u64;
    let mut bytes = vec![0; at as usize];
    bytes[..7].copy_from_slice(&[0x7F, b'E', b'L', b'F', 1 + u8::from(is_64), 1, 1]);
    bytes[18] = if is_64 { 62 } else { 3 };
    let mut put = |at: usize, value: u64, len: usize| {
        bytes[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
    };
    let len = notes.len() as u64;
    if is_64 {
        put(32, 64, 8);
        put(54, 56, 2);
        put(56, 2, 2);
        put(64, 1, 4);
        put(120, 4, 4);
        put(128, at, 8);
        put(152, len, 8);
    } else {
        put(28, 52, 4);
        put(42, 32, 2);
        put(44, 2, 2);
        put(52, 1, 4);
        put(84, 4, 4);
        put(88, at, 4);
        put(100, len, 4);
    }
    bytes.extend(notes);
    bytes.extend([7; 5000]);
    bytes
}

/// `bytes` through a program, with the length behind as Linux's build appends it.
fn packed(bytes: &[u8], program: &[&str]) -> Vec<u8> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let given = bytes.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&given).unwrap());
    let mut output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    if program[0] != "gzip" {
        output.stdout.extend((bytes.len() as u32).to_le_bytes());
    }
    output.stdout
}

/// A bzImage around `payload`.
fn bz_image(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 5 * 512];
    bytes[0x1F1] = 4;
    bytes[0x1FE..0x200].copy_from_slice(&[0x55, 0xAA]);
    bytes[0x202..0x206].copy_from_slice(b"HdrS");
    bytes[0x206..0x208].copy_from_slice(&0x20Fu16.to_le_bytes());
    bytes[0x20E..0x210].copy_from_slice(&0x400u16.to_le_bytes());
    let release = b"6.1.0-18-amd64 (debian@example) #1\0";
    bytes[0x600..0x600 + release.len()].copy_from_slice(release);
    bytes[0x236] = 1;
    bytes[0x248..0x24C].copy_from_slice(&100u32.to_le_bytes());
    bytes[0x24C..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend([0x90; 100]);
    bytes.extend(payload);
    bytes.extend([0x90; 300]);
    bytes
}

fn read(bytes: Vec<u8>) -> Kernel {
    Kernel::read(&bytes, &Limits::default()).unwrap()
}

const BOTH: [(u32, &[u8]); 4] = [(6, b"linux\0"), (7, b"2.6\0"), (1, &[0; 8]), (18, &[0; 8])];

#[test]
fn what_xen_can_start_is_read_through_every_compression() {
    let elf = elf(true, &BOTH);
    let packers: [(&[&str], Compression); 7] = [
        (&["gzip", "-n"], Compression::Gzip),
        (
            &["xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"],
            Compression::Xz,
        ),
        (&["zstd", "-q", "-22", "--ultra"], Compression::Zstd),
        (&["lz4", "-q", "-l"], Compression::Lz4),
        (&["xz", "--format=lzma"], Compression::Lzma),
        (&["bzip2"], Compression::Bzip2),
        (&["lzop"], Compression::Lzop),
    ];
    for (program, compression) in packers {
        let kernel = read(bz_image(&packed(&elf, program)));
        assert_eq!(kernel.format, Format::BzImage);
        assert_eq!(kernel.packed, Packed::As(compression), "{program:?}");
        assert_eq!(kernel.release, "6.1.0-18-amd64");
        assert_eq!(kernel.width, Some(Width::Bits64));
        let notes = kernel.xen.clone().unwrap().unwrap();
        assert_eq!(notes.guest, "linux 2.6");
        assert_eq!(
            (kernel.starts_pv(), kernel.starts_pvh()),
            (Some(true), Some(true))
        );
    }
}

#[test]
fn a_kernel_without_xen_says_so() {
    let kernel = read(bz_image(&packed(&elf(true, &[]), &["gzip"])));
    assert_eq!(
        (kernel.starts_pv(), kernel.starts_pvh()),
        (Some(false), Some(false))
    );
    let kernel = read(elf(true, &[(18, &[0; 4])]));
    assert_eq!(
        (kernel.starts_pv(), kernel.starts_pvh()),
        (Some(false), Some(true))
    );
    assert_eq!((kernel.format, kernel.packed), (Format::Elf, Packed::Not));
}

#[test]
fn an_elf_of_32_bits_may_be_packed_as_a_whole() {
    let kernel = read(packed(&elf(false, &BOTH), &["gzip"]));
    assert_eq!(kernel.format, Format::Elf);
    assert_eq!(kernel.width, Some(Width::Bits32));
    assert_eq!(kernel.starts_pv(), Some(true));
}

#[test]
fn what_cannot_be_unpacked_is_not_known() {
    let mut payload = packed(&elf(true, &BOTH), &["gzip"]);
    payload[0] = b'?';
    let kernel = read(bz_image(&payload));
    assert_eq!(kernel.starts_pv(), None);
    assert_eq!(kernel.xen.unwrap_err().kind(), error::Kind::Unsupported);
    assert_eq!(kernel.width, Some(Width::Bits64));

    let mut cut = bz_image(&packed(&elf(true, &BOTH), &["gzip"]));
    cut.truncate(cut.len() - 500);
    let error = Kernel::read(&cut, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Corrupt);
}

#[test]
fn other_files_are_no_kernels_for_xen() {
    let unknown = read(b"just a text".to_vec());
    assert_eq!(
        (unknown.format, unknown.starts_pv()),
        (Format::Unknown, None)
    );
    let mut arm = vec![0; 4096];
    arm[..2].copy_from_slice(b"MZ");
    arm[56..60].copy_from_slice(b"ARM\x64");
    assert_eq!(read(arm.clone()).format, Format::Arm64);
    arm[56] = 0;
    assert_eq!(read(arm).format, Format::Efi);
    // A file that is packed and no kernel.
    let text = packed(b"a long text without an end", &["gzip"]);
    assert_eq!(read(text).format, Format::Unknown);
}
