//! The testbed's guest: a real kernel with a greeting, as the images that scenarios take in.
//!
//! | image | what it is |
//! |---|---|
//! | `grub.img` | a disk with one partition, booted through `/boot/grub/grub.cfg`; a PC's firmware finds a boot sector that greets too |
//! | `extlinux.img` | a file system on the whole disk, booted through `/boot/extlinux/extlinux.conf` |
//! | `guest.tar.gz` | `grub.img` as `guest/disk.img`, stored sparse, beside a configuration that leaves most things out |
//! | `guest.vdi` | `grub.img` as VirtualBox would bring it |

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use error::{Result, hex};
use sha2::{Digest, Sha256};
use testkit::shell::{file_error, run};

use crate::dom0::Dom0;
use crate::initrd::Initrd;
use crate::kept::Kept;

/// The disk that holds the images, and its label.
pub(crate) const DISK: &str = "images.img";

/// Bytes of each image.
const SIZE: u64 = 256 << 20;
/// Where the partition begins, in sectors of 512 bytes.
const FIRST_SECTOR: u32 = 2048;
/// Bytes that the guest reads back and that no compression makes smaller.
const PAYLOAD: usize = 8 << 20;
/// What the guest needs to find its root file system.
const MODULES: &[&str] = &["xen-blkfront", "crc32c_generic", "ext4"];
/// What the boot sector says; it is the second sector's text.
const BOOT_GREETING: &[u8] = b"greetings from an HVM guest, boot sector read\r\n\0";

/// This module, whose changes make the images anew.
const RECIPE: &str = include_str!("guest.rs");
/// What the images are made of, in `tools/testbed/`.
const SOURCES: &[&str] = &[
    "initrd",
    "guest/boot.s",
    "guest/extlinux.conf",
    "guest/grub.cfg",
    "guest/guest.cfg",
    "guest/init",
];

/// Where the images are kept in `store`, as made from what lies in `source` and from `dom0`.
///
/// # Errors
/// A file in `source` cannot be read.
pub(crate) fn kept(store: &Path, source: &Path, dom0: &Kept) -> Result<Kept> {
    let mut inputs = vec![
        RECIPE.as_bytes().to_vec(),
        dom0.path().as_os_str().as_encoded_bytes().to_vec(),
    ];
    for name in SOURCES {
        inputs.push(read(&source.join(name))?);
    }
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    Ok(Kept::new(store, "images", &inputs))
}

/// Makes the images in `dir`, on a disk.
///
/// # Errors
/// A program that makes one is missing or fails.
pub(crate) fn make(dir: &Path, source: &Path, dom0: &Dom0) -> Result<()> {
    let maker = Maker { dir, source, dom0 };
    let images = dir.join("images");
    fs::create_dir(&images).map_err(file_error(&images))?;
    maker.plant()?;
    maker.whole_disk(&images.join("extlinux.img"))?;
    let grub = images.join("grub.img");
    maker.partitioned(&grub)?;
    maker.tarball(&grub, &images.join("guest.tar.gz"))?;
    let vdi = images.join("guest.vdi");
    run(dom0
        .program("usr/bin/qemu-img")
        .args(["convert", "-q", "-O", "vdi"])
        .args([&grub, &vdi]))?;
    dom0.mke2fs("images", &images, &dir.join(DISK), 0, 1 << 30)?;
    fs::remove_dir_all(&images).map_err(file_error(&images))?;
    fs::remove_dir_all(maker.tree()).map_err(file_error(&maker.tree()))
}

struct Maker<'a> {
    dir: &'a Path,
    source: &'a Path,
    dom0: &'a Dom0,
}

impl Maker<'_> {
    /// What becomes the guest's file system.
    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    fn plant(&self) -> Result<()> {
        let tree = self.tree();
        let directories = "bin sbin dev proc sys boot/grub boot/extlinux";
        for directory in directories.split(' ') {
            let path = tree.join(directory);
            fs::create_dir_all(&path).map_err(file_error(&path))?;
        }
        let mut payload = vec![0; PAYLOAD];
        let mut noise = blake3::Hasher::new().finalize_xof();
        noise.fill(&mut payload);
        let sum = format!("{}  /payload\n", hex(&Sha256::digest(&payload)));
        let kernel = self.dom0.kernel()?;
        let init = read(&self.source.join("initrd"))?;
        let initrd = Initrd::new(self.dom0, MODULES, &init)?.finish();
        let files = [
            ("bin/busybox", self.dom0.read("bin/busybox")?),
            ("sbin/init", read(&self.source.join("guest/init"))?),
            ("boot/vmlinuz", read(&kernel)?),
            ("boot/initrd", initrd),
            ("payload", payload),
            ("payload.sha256", sum.into_bytes()),
        ];
        for (name, content) in files {
            write(&tree.join(name), &content)?;
        }
        Ok(())
    }

    fn whole_disk(&self, image: &Path) -> Result<()> {
        let config = self.tree().join("boot/extlinux/extlinux.conf");
        write(&config, &read(&self.source.join("guest/extlinux.conf"))?)?;
        self.dom0.mke2fs("guest", &self.tree(), image, 0, SIZE)?;
        fs::remove_file(&config).map_err(file_error(&config))
    }

    fn partitioned(&self, image: &Path) -> Result<()> {
        let config = self.tree().join("boot/grub/grub.cfg");
        write(&config, &read(&self.source.join("guest/grub.cfg"))?)?;
        let start = u64::from(FIRST_SECTOR) * 512;
        self.dom0
            .mke2fs("guest", &self.tree(), image, start, SIZE)?;
        let file = OpenOptions::new().write(true).open(image);
        let file = file.map_err(file_error(image))?;
        let head = [
            master_boot_record(&self.boot_code()?),
            BOOT_GREETING.to_vec(),
        ];
        file.write_all_at(&head.concat(), 0)
            .map_err(file_error(image))
    }

    /// What the firmware of a PC runs, at most 440 bytes.
    fn boot_code(&self) -> Result<Vec<u8>> {
        let [object, code] = ["boot.o", "boot.bin"].map(|name| self.dir.join(name));
        let text = self.source.join("guest/boot.s");
        run(Command::new("as").arg("-o").args([&object, &text]))?;
        run(Command::new("objcopy")
            .args(["-O", "binary", "-j", ".text"])
            .args([&object, &code]))?;
        read(&code)
    }

    fn tarball(&self, disk: &Path, tarball: &Path) -> Result<()> {
        let guest = self.dir.join("guest");
        fs::create_dir(&guest).map_err(file_error(&guest))?;
        write(
            &guest.join("guest.cfg"),
            &read(&self.source.join("guest/guest.cfg"))?,
        )?;
        let inside = guest.join("disk.img");
        fs::hard_link(disk, &inside).map_err(file_error(&inside))?;
        run(Command::new("tar")
            .arg("-C")
            .arg(self.dir)
            .arg("-czSf")
            .arg(tarball)
            .args(["guest/guest.cfg", "guest/disk.img"]))?;
        fs::remove_dir_all(&guest).map_err(file_error(&guest))
    }
}

/// The first sector of a disk with one active Linux partition up to its end.
fn master_boot_record(code: &[u8]) -> Vec<u8> {
    let sectors = (SIZE / 512) as u32 - FIRST_SECTOR;
    let mut sector = code.to_vec();
    sector.resize(446, 0);
    // Active; cylinders, heads and sectors say "see the numbers that follow".
    sector.extend([0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff]);
    sector.extend(FIRST_SECTOR.to_le_bytes());
    sector.extend(sectors.to_le_bytes());
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    sector
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(file_error(path))
}

/// Writes a file that may be run.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).map_err(file_error(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(file_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn the_partition_reaches_to_the_disks_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.img");
        let sector = master_boot_record(&[0xfa]);
        assert_eq!(sector.len(), 512);
        let file = File::create(&path).unwrap();
        file.set_len(SIZE).unwrap();
        file.write_all_at(&sector, 0).unwrap();
        let path = path.to_str().unwrap();
        let says = testkit::machine::run("blkid", &["-p", "-o", "value", "-s", "PTTYPE", path]);
        assert_eq!(says, "dos");
        let table = testkit::machine::run("partx", &["-g", "-o", "START,END,TYPE,FLAGS", path]);
        let fields: Vec<_> = table.split_whitespace().collect();
        assert_eq!(fields, ["2048", "524287", "0x83", "0x80"]);
    }
}
