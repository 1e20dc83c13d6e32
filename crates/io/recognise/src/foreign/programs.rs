//! Kernels and other programs.

use super::Kind::{Archive, Program};
use super::{Known, check};

const fn program(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Program, what, magic)
}

/// What to do with archives that come as a program.
const UNPACK: &str = "if it is an archive that unpacks itself, unpack it and give the disk in it; a zip is read \
                      from a file and not from a pipe";

pub(super) const TABLE: &[Known] = &[
    // A Linux kernel ends its first sector as a boot sector does.
    program("a Linux kernel", &[(514, b"HdrS")]).when(|_| true),
    program("a Linux kernel", &[(56, b"ARM\x64")]),
    program("a Linux kernel", &[(56, b"RSC\x05")]),
    program("a Linux kernel", &[(36, b"\x18\x28\x6f\x01")]),
    // These have a boot sector's signature to run without an operating system as well.
    program("an actually portable executable", &[(0, b"MZqFpD='")]),
    program("an actually portable executable", &[(0, b"jartsr='")]),
    Known::new(Archive, "an AppImage", &[(0, b"\x7fELF"), (8, b"AI\x01")])
        .say("it holds a program and not a disk"),
    Known::new(Archive, "an AppImage", &[(0, b"\x7fELF"), (8, b"AI\x02")])
        .say("it holds a program and not a disk"),
    program("an ELF program", &[(0, b"\x7fELF")]),
    program("a Windows program", &[(0, b"MZ")])
        .when(check::portable_executable)
        .say(UNPACK),
    program("a DOS or EFI program", &[(0, b"MZ")]).say(UNPACK),
    program("a Mach-O program", &[(0, b"\xfe\xed\xfa\xce")]),
    program("a Mach-O program", &[(0, b"\xfe\xed\xfa\xcf")]),
    program("a Mach-O program", &[(0, b"\xce\xfa\xed\xfe")]),
    program("a Mach-O program", &[(0, b"\xcf\xfa\xed\xfe")]),
    program(
        "a Java class or a universal program",
        &[(0, b"\xca\xfe\xba\xbe")],
    ),
    program("a WebAssembly program", &[(0, b"\0asm")]),
    program("an Android program", &[(0, b"dex\n0")]),
    program("an Android program", &[(0, b"oat\n")]),
    program("LLVM bitcode", &[(0, b"BC\xc0\xde")]),
    program("a compiled Lua program", &[(0, b"\x1bLua")]),
    program("a script", &[(0, b"#!/")]).say(UNPACK),
    program("a script", &[(0, b"#! /")]).say(UNPACK),
];
