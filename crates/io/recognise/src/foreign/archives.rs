//! Archives, compressed files, backups and what is encrypted.

use super::Kind::{Archive, Backup, Compressed, Encrypted};
use super::{Known, check};

const fn archive(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Archive, what, magic)
}

const fn compressed(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Compressed, what, magic)
}

const fn backup(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Backup, what, magic)
}

const fn encrypted(what: &'static str, magic: &'static [(usize, &'static [u8])]) -> Known {
    Known::new(Encrypted, what, magic)
}

const CPIO: &str = "cpio -i --to-stdout MEMBER <FILE";
const UNRAR: &str = "unrar p -inul FILE MEMBER";
const COMPRESS: &str = "gzip -dc FILE";
const ZPAQ: &str = "extract it first: zpaq x FILE";
const STUFFIT: &str = "extract it first: unar FILE";
const PBS: &str = "restore the disk with proxmox-backup-client restore first";
const GPG: &str = "gpg -d FILE";
const DUMP: &str = "it holds files and not a disk: restore -r unpacks it into a file system";
const RECEIVE: &str = "it holds a file system's changes and not a disk: receive it first";
const ACRONIS: &str = "restore it with Acronis to a disk, or convert it to a VHD";
const REPOSITORY: &str = "restore the disk from the repository first";

pub(super) const TABLE: &[Known] = &[
    // Archives.
    archive("a 7-Zip archive", &[(0, b"7z\xbc\xaf\x27\x1c")]).pipe("7z x -so FILE MEMBER"),
    archive("a RAR archive", &[(0, b"Rar!\x1a\x07")]).pipe(UNRAR),
    archive("a RAR archive", &[(0, b"RE~^")]).pipe(UNRAR),
    archive("a cpio archive", &[(0, b"070701")]).pipe(CPIO),
    archive("a cpio archive", &[(0, b"070702")]).pipe(CPIO),
    archive("a cpio archive", &[(0, b"070707")]).pipe(CPIO),
    archive("a cpio archive", &[(0, b"\xc7\x71")])
        .when(check::cpio)
        .pipe(CPIO),
    archive("a cpio archive", &[(0, b"\x71\xc7")])
        .when(check::cpio)
        .pipe(CPIO),
    archive("a Debian package", &[(0, b"!<arch>\ndebian")])
        .say("unpack it first: dpkg-deb -x FILE DIRECTORY"),
    archive("an ar archive", &[(0, b"!<arch>\n")]).pipe("ar p FILE MEMBER"),
    archive("an ar archive", &[(0, b"!<thin>\n")]).pipe("ar p FILE MEMBER"),
    archive("an RPM package", &[(0, b"\xed\xab\xee\xdb")])
        .say("unpack it first: rpm2cpio FILE | cpio -id"),
    archive("a cabinet archive", &[(0, b"MSCF\0\0\0\0")]).pipe("cabextract -p -F MEMBER FILE"),
    archive("an InstallShield cabinet", &[(0, b"ISc(")]).say("extract it first: unshield x FILE"),
    archive("an ARJ archive", &[(0, b"\x60\xea")])
        .when(check::arj)
        .say("extract it first: arj x FILE"),
    archive("an LHA archive", &[(2, b"-lh")])
        .when(check::lha)
        .say("extract it first: lha x FILE"),
    archive("an LHA archive", &[(2, b"-lz")])
        .when(check::lha)
        .say("extract it first: lha x FILE"),
    archive("a ZOO archive", &[(20, b"\xdc\xa7\xc4\xfd")]).say("extract it first: zoo x FILE"),
    archive("an ACE archive", &[(7, b"**ACE**")]).say("extract it first: unace x FILE"),
    archive("an ARC archive", &[(0, b"\x1a")])
        .when(check::arc)
        .say("extract it first: arc x FILE"),
    archive("a FreeArc archive", &[(0, b"ArC\x01")]).say("extract it first: arc x FILE"),
    archive("an ALZ archive", &[(0, b"ALZ\x01")]).say("extract it first: unar FILE"),
    archive("an EGG archive", &[(0, b"EGGA")]).say("extract it first: unar FILE"),
    archive("a xar archive", &[(0, b"xar!")]).say("extract it first: xar -xf FILE"),
    archive("a StuffIt archive", &[(0, b"SIT!"), (10, b"rLau")]).say(STUFFIT),
    archive("a StuffIt archive", &[(0, b"StuffIt (c)1997-")]).say(STUFFIT),
    archive("a StuffIt archive", &[(0, b"StuffIt!")]).say(STUFFIT),
    archive("a ZPAQ archive", &[(0, b"7kSt\xa07")]).say(ZPAQ),
    archive("a ZPAQ archive", &[(0, b"zPQ")])
        .when(check::zpaq)
        .say(ZPAQ),
    archive(
        "an Electron archive",
        &[(0, b"\x04\0\0\0"), (12, b"{\"files\":")],
    ),
    archive("a Synology package archive", &[(0, b"\xad\xde\xad\xbe")]),
    archive("a web archive", &[(0, b"WARC/")]),
    archive("a PAR2 recovery set", &[(0, b"PAR2\0PKT")]).say("it repairs other files: give those"),
    archive("a SAP archive", &[(0, b"CAR 2.0")]).say("extract it first: SAPCAR -xf FILE"),
    archive("an MPQ archive", &[(0, b"MPQ\x1a")]),
    // Compressed files.
    compressed("a lrzip file", &[(0, b"LRZI")]).pipe("lrzip -d -o - FILE"),
    compressed("a file from compress (.Z)", &[(0, b"\x1f\x9d")])
        .when(check::compress)
        .pipe(COMPRESS),
    compressed("a file from compress -H (.Z)", &[(0, b"\x1f\xa0")]).pipe(COMPRESS),
    compressed("a file from pack (.z)", &[(0, b"\x1f\x1e")]).pipe(COMPRESS),
    compressed("a file from freeze (.F)", &[(0, b"\x1f\x9f")]),
    compressed("a bzip3 file", &[(0, b"BZ3v1")]).pipe("bzip3 -dc FILE"),
    compressed("a framed Snappy file", &[(0, b"\xff\x06\0\0sNaPpY")]).pipe("snzip -dc FILE"),
    compressed("an LZFSE file", &[(0, b"bvx2")]).pipe("lzfse -decode -i FILE"),
    compressed("an LZFSE file", &[(0, b"bvxn")]).pipe("lzfse -decode -i FILE"),
    compressed("an LZFSE file", &[(0, b"bvx-")]).pipe("lzfse -decode -i FILE"),
    compressed(
        "a file from Microsoft's compress",
        &[(0, b"SZDD\x88\xf0\x27\x33")],
    )
    .say("expand it first: msexpand FILE"),
    compressed(
        "a file from Microsoft's compress",
        &[(0, b"KWAJ\x88\xf0\x27\xd1")],
    )
    .say("expand it first: msexpand FILE"),
    compressed("a file from rzip", &[(0, b"RZIP")]).say("decompress it first: rzip -d FILE"),
    // Backups.
    backup(
        "a part of a Proxmox Backup Server's store",
        &[(0, b"\x42\xab\x38\x07\xbe\x83\x70\xa1")],
    )
    .say(PBS),
    backup(
        "a part of a Proxmox Backup Server's store",
        &[(0, b"\x31\xb9\x58\x42\x6f\xb6\xa3\x7f")],
    )
    .say(PBS),
    backup(
        "a part of a Proxmox Backup Server's store",
        &[(0, b"\x7b\x67\x85\xbe\x22\x2d\x4c\xf0")],
    )
    .say(PBS),
    backup(
        "a part of a Proxmox Backup Server's store",
        &[(0, b"\xe6\x59\x1b\xbf\x0b\xbf\xd8\x0b")],
    )
    .say(PBS),
    backup(
        "a Proxmox Backup Server's index",
        &[(0, b"\x2f\x7f\x41\xed\x91\xfd\x0f\xcd")],
    )
    .say(PBS),
    backup(
        "a Proxmox Backup Server's index",
        &[(0, b"\x1c\x91\x4e\xa5\x19\xba\xb3\xcd")],
    )
    .say(PBS),
    backup(
        "a Proxmox Backup Server's catalog",
        &[(0, b"\x91\xfd\x60\xf9\xc4\x67\x58\xd5")],
    )
    .say(PBS),
    backup("an Acronis backup", &[(0, b"\xce\x24\xb9\xa2\x20\0\0\0")]).say(ACRONIS),
    backup("an Acronis backup", &[(0, b"\xb4\x6e\x68\x44")]).say(ACRONIS),
    backup("an FSArchiver backup", &[(0, b"FsA0")])
        .when(check::fsarchiver)
        .say("restore it to a file system: fsarchiver restfs FILE id=0,dest=DEVICE"),
    backup("a Windows backup (BKF)", &[(0, b"TAPE\0\0")]),
    backup("a dump of a file system", &[(24, b"\x6c\xea\0\0")]).say(DUMP),
    backup("a dump of a file system", &[(24, b"\0\0\xea\x6c")]).say(DUMP),
    backup("a dump of a file system", &[(24, b"\x6b\xea\0\0")]).say(DUMP),
    backup("a dump of a file system", &[(24, b"\0\0\xea\x6b")]).say(DUMP),
    backup("a dump of a file system", &[(24, b"\x19\x01\x54\x19")]).say(DUMP),
    backup("a dump of a file system", &[(24, b"\x19\x54\x01\x19")]).say(DUMP),
    backup("a dump of an XFS file system", &[(0, b"xFSdump0")])
        .say("it holds files and not a disk: xfsrestore unpacks it into a file system"),
    backup("a ZFS send stream", &[(8, b"\xac\xcb\xba\xf5\x02\0\0\0")]).say(RECEIVE),
    backup("a ZFS send stream", &[(8, b"\0\0\0\x02\xf5\xba\xcb\xac")]).say(RECEIVE),
    backup("a btrfs send stream", &[(0, b"btrfs-stream\0")]).say(RECEIVE),
    backup("a part of a Borg repository", &[(0, b"BORG_SEG")]).say(REPOSITORY),
    backup("a part of an Attic repository", &[(0, b"ATTICSEG")]).say(REPOSITORY),
    backup("a dar archive", &[(0, b"\0\0\0\x7b")])
        .when(check::dar)
        .say("extract it first: dar -x BASENAME"),
    backup("a Bacula volume", &[(12, b"BB02")]).say("extract it first: bextract"),
    backup("a Bacula volume", &[(12, b"BB01")]).say("extract it first: bextract"),
    backup("an Amanda dump", &[(0, b"AMANDA: ")]).say("extract it first: amrestore FILE"),
    backup("an AIX backup", &[(0, b"\x09\0\x6b\xea")]),
    backup("an AIX backup", &[(0, b"\xea\x6b\0\x09")]),
    backup("an Android backup", &[(0, b"ANDROID BACKUP\n")]),
    backup("a Subversion dump", &[(0, b"SVN-fs-dump-format-version:")]),
    // What is encrypted.
    encrypted("a file encrypted by openssl enc", &[(0, b"Salted__")])
        .pipe("openssl enc -d -CIPHER -in FILE"),
    encrypted("an age encrypted file", &[(0, b"age-encryption.org/v")]).pipe("age -d FILE"),
    encrypted(
        "an age encrypted file",
        &[(0, b"-----BEGIN AGE ENCRYPTED FILE-----")],
    )
    .pipe("age -d FILE"),
    encrypted(
        "an OpenPGP encrypted message",
        &[(0, b"-----BEGIN PGP MESSAGE-----")],
    )
    .pipe(GPG),
    encrypted("an OpenPGP message", &[])
        .when(check::openpgp)
        .pipe(GPG),
    encrypted(
        "a file encrypted by Ansible Vault",
        &[(0, b"$ANSIBLE_VAULT;")],
    )
    .pipe("ansible-vault decrypt --output - FILE"),
    encrypted("a file encrypted by AES Crypt", &[(0, b"AES")])
        .when(check::aes_crypt)
        .pipe("aescrypt -d -o - FILE"),
    encrypted("a file encrypted by scrypt", &[(0, b"scrypt\0")]).pipe("scrypt dec FILE"),
    encrypted("a file encrypted by mcrypt", &[(0, b"\0m\x03")]).pipe("mcrypt -d <FILE"),
    encrypted("a file encrypted by eCryptfs", &[])
        .when(check::ecryptfs)
        .say("mount the encrypted directory and give the file in it"),
    encrypted(
        "a file encrypted by AxCrypt",
        &[(0, b"\xc0\xb9\x07\x2e\x4f\x93\xf1\x46")],
    ),
    encrypted("an encrypted Apple disk image", &[(0, b"encrcdsa")])
        .say("decrypt it first: hdiutil convert FILE -format UDTO -o DISK"),
    encrypted("a CMS (PKCS #7) message", &[])
        .when(check::cms)
        .pipe("openssl cms -decrypt -inform DER -in FILE"),
    encrypted("a KeePass database", &[(0, b"\x03\xd9\xa2\x9a")]),
    encrypted("a file encrypted by Vim", &[(0, b"VimCrypt~")]),
];
