//! Memory of machines and programs, and the state of suspended guests.

use super::Kind::Memory;
use super::Known;

const fn memory(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Memory, what, magic)
}

pub(super) const TABLE: &[Known] = &[
    memory(
        "a suspended guest of Xen",
        &[(0, b"Xen saved domain, xl format\n")],
    ),
    memory("a suspended guest of Xen", &[(0, b"LinuxGuestRecord")]),
    memory("a suspended guest of Xen", &[(0, b"XenSavedDom")]),
    memory("a suspended guest of Xen", &[(0, b"libvirt-xml\n \0 \r")]),
    memory(
        "a suspended guest of Xen",
        &[(0, b"\xff\xff\xff\xff\xff\xff\xff\xffXENF")],
    ),
    memory("a suspended guest of libvirt", &[(0, b"LibvirtQemudSave")]),
    memory("a suspended guest of libvirt", &[(0, b"LibvirtQemudPart")]),
    memory("a suspended guest of QEMU", &[(0, b"QEVM\0\0\0")]),
    memory(
        "a suspended guest of VirtualBox",
        &[(0, b"\x7fVirtualBox SavedState ")],
    ),
    memory("a suspended guest of VMware", &[(0, b"\xd0\xbe\xd2\xbe")]),
    memory("a suspended guest of VMware", &[(0, b"\xd1\xba\xd1\xba")]),
    memory("a suspended guest of VMware", &[(0, b"\xd2\xbe\xd2\xbe")]),
    memory("a suspended guest of VMware", &[(0, b"\xd3\xbe\xd3\xbe")]),
    memory("VMware's non-volatile memory", &[(0, b"MRVN")]),
    memory("a kernel's crash dump", &[(0, b"KDUMP   ")]),
    memory("a kernel's crash dump", &[(0, b"DISKDUMP")]),
    memory("a kernel's crash dump", &[(0, b"makedumpfile\0\0\0\0")]),
    memory(
        "a kernel's crash dump",
        &[(0, b"\xa8\x19\x01\x73\x61\x8f\x23\xed")],
    ),
    memory(
        "a kernel's crash dump",
        &[(0, b"\xed\x23\x8f\x61\x73\x01\x19\xa8")],
    ),
    memory(
        "a kernel's crash dump",
        &[(0, b"\xa8\x19\x01\x73\x61\x8f\x23\xfd")],
    ),
    memory("a kernel's crash dump", &[(0, b"minidump FreeBSD/")]),
    memory("a Windows crash dump", &[(0, b"PAGEDUMP")]),
    memory("a Windows crash dump", &[(0, b"PAGEDU64")]),
    memory("a Windows crash dump", &[(0, b"MDMP\x93\xa7")]),
    memory("a Windows hibernation file", &[(0, b"hibr")]),
    memory("a Windows hibernation file", &[(0, b"HIBR")]),
    memory("a Windows hibernation file", &[(0, b"WAKE")]),
    memory("a Windows hibernation file", &[(0, b"RSTR")]),
    memory("a memory image of LiME", &[(0, b"EMiL\x01\0\0\0")]),
    memory("a memory image of AVML", &[(0, b"LMVA\x02\0\0\0")]),
    memory("a memory image of HPAK", &[(0, b"HPAK")]),
    memory("a process's core dump", &[(0, b"\x7fELF"), (16, b"\x04\0")]),
    memory("a process's core dump", &[(0, b"\x7fELF"), (16, b"\0\x04")]),
    memory("a Java heap dump", &[(0, b"JAVA PROFILE 1.0")]),
];
