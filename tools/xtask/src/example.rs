//! `examples/guest.tar.gz`: a guest of a few kilobytes, the same bytes from the same tools.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use clap::Args;
use error::{Error, Result};

use crate::shell::{command, file_error, output, root, run as run_command, which};

/// The disk's size in bytes.
const DISK: u64 = 64 << 20;

/// Where its only partition begins, in bytes.
const PARTITION: u64 = 1 << 20;

/// Every time stamp in the example: 2026-01-01 00:00:00 UTC.
const TIME: u64 = 1_767_225_600;

/// Every identifier in the example.
const UUID: &str = "6a1e55ed-0000-4000-8000-000000000001";

/// The files of the guest's only file system.
const FILES: &[(&str, &str)] = &[
    (
        "boot/grub/grub.cfg",
        "menuentry 'Guest' { linux /boot/vmlinuz root=LABEL=guest ro }\n",
    ),
    ("etc/fstab", "LABEL=guest / ext4 defaults 0 1\n"),
    ("etc/hostname", "guest\n"),
    (
        "root/README",
        "This guest has files and no kernel: it shows an import and does not boot.\n",
    ),
];

/// The guest's configuration: not enough to start it, as found in real life.
const CONFIG: &str = "\
# Brought along from the old host. Disks, network and boot loader are not in it yet.
name = \"guest\"
memory = 512
";

/// What to do.
#[derive(Args)]
pub(crate) struct Options {
    /// Check the example that is there instead of making it
    #[arg(long)]
    check: bool,
}

/// Makes the example, or checks it.
///
/// # Errors
/// A tool fails, or the example has not what it should.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.check {
        return check();
    }
    let dir = temporary()?;
    let guest = dir.path().join("guest");
    fs::create_dir(&guest).map_err(file_error(&guest))?;
    make_disk(dir.path(), &guest.join("disk.img"))?;
    write(&guest.join("guest.cfg"), CONFIG)?;
    let archive = archive();
    pack(dir.path(), &archive)?;
    let size = fs::metadata(&archive).map_err(file_error(&archive))?.len();
    println!("{}: {size} bytes", archive.display());
    Ok(())
}

/// Unpacks the example with GNU tar and looks at what is in it. Its bytes are not compared with a
/// new one: other releases of e2fsprogs and gzip make other bytes of the same guest.
///
/// # Errors
/// Something is not as the recipe has it.
pub(crate) fn check() -> Result<()> {
    let dir = temporary()?;
    let mut tar = command("tar", &["-xzf"]);
    run_command(tar.arg(archive()).arg("-C").arg(dir.path()))?;
    let disk = dir.path().join("guest/disk.img");
    let config = dir.path().join("guest/guest.cfg");
    let text = fs::read_to_string(&config).map_err(file_error(&config))?;
    expect("guest/guest.cfg", text.as_str(), CONFIG)?;
    let length = fs::metadata(&disk).map_err(file_error(&disk))?.len();
    expect("the disk's size", &length, &DISK)?;
    let mut sector = [0; 512];
    let file = File::open(&disk).map_err(file_error(&disk))?;
    file.read_exact_at(&mut sector, 0)
        .map_err(file_error(&disk))?;
    expect("the partition table", &sector, &partition_table(DISK))?;
    let system = partition(&disk);
    output(e2fs("e2fsck")?.args(["-fn", &system]))?;
    for (name, content) in FILES {
        let request = format!("cat /{name}");
        let found = output(e2fs("debugfs")?.args(["-R", &request, &system]))?;
        expect(name, found.as_str(), content)?;
    }
    Ok(())
}

fn expect<T: PartialEq + ?Sized>(what: &str, found: &T, expected: &T) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(
            Error::corrupt(format!("{what} is not as `cargo xtask example` makes it"))
                .at("examples/guest.tar.gz"),
        )
    }
}

fn archive() -> PathBuf {
    root().join("examples/guest.tar.gz")
}

/// A disk with a partition table and a file system that holds [`FILES`].
pub(crate) fn make_disk(scratch: &Path, disk: &Path) -> Result<()> {
    let tree = scratch.join("tree");
    for (name, content) in FILES {
        write(&tree.join(name), content)?;
    }
    for (name, _) in FILES {
        for part in Path::new(name).ancestors() {
            age(&tree.join(part))?;
        }
    }
    let file = File::create(disk).map_err(file_error(disk))?;
    file.set_len(DISK).map_err(file_error(disk))?;
    file.write_all_at(&partition_table(DISK), 0)
        .map_err(file_error(disk))?;
    let extended =
        format!("offset={PARTITION},hash_seed={UUID},root_owner=0:0,lazy_itable_init=1,nodiscard");
    // Without a journal and the features newer releases add: smaller, and more alike everywhere.
    let features = "^has_journal,^resize_inode,^orphan_file,^metadata_csum_seed";
    let blocks = format!("{}k", (DISK - PARTITION) >> 10);
    let mut make = e2fs("mke2fs")?;
    make.args([
        "-q", "-F", "-t", "ext4", "-L", "guest", "-U", UUID, "-O", features, "-E", &extended,
    ]);
    make.arg("-d").arg(&tree).arg(disk).arg(blocks);
    run_command(&mut make)?;
    // mke2fs copies the time of the last change of an inode, which nobody can set beforehand.
    let parts = FILES
        .iter()
        .flat_map(|(name, _)| Path::new(name).ancestors());
    let fields = parts.map(|part| format!("set_inode_field /{} ctime @{TIME}\n", part.display()));
    let script = scratch.join("times");
    write(&script, &fields.collect::<String>())?;
    let mut set = e2fs("debugfs")?;
    set.arg("-w").arg("-f").arg(&script).arg(partition(disk));
    output(&mut set).map(drop)
}

/// The partition of `disk`, as e2fsprogs want it named.
fn partition(disk: &Path) -> String {
    format!("{}?offset={PARTITION}", disk.display())
}

/// A program of e2fsprogs, with the clock stopped.
fn e2fs(program: &str) -> Result<Command> {
    let path = which(program)
        .ok_or_else(|| Error::io(format!("{program} is missing"), "see cargo xtask setup"))?;
    let mut command = Command::new(path);
    command
        .env("E2FSPROGS_FAKE_TIME", TIME.to_string())
        .env("TZ", "UTC");
    Ok(command)
}

/// A master boot record, without code, of a disk of so many bytes: one Linux partition up to its end.
pub(crate) fn partition_table(disk: u64) -> [u8; 512] {
    let mut sector = [0; 512];
    let first = (PARTITION / 512) as u32;
    let count = ((disk - PARTITION) / 512) as u32;
    sector[440..444].copy_from_slice(&0x6a1e_55ed_u32.to_le_bytes());
    // Active, type 0x83; the cylinder addresses say "too far, look at the block numbers".
    sector[446..454].copy_from_slice(&[0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff]);
    sector[454..458].copy_from_slice(&first.to_le_bytes());
    sector[458..462].copy_from_slice(&count.to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

/// Packs `guest` below `dir`, sparse, as GNU tar does by default.
fn pack(dir: &Path, archive: &Path) -> Result<()> {
    let mut tar = command(
        "tar",
        &[
            "--sparse",
            "--hole-detection=raw",
            "--format=gnu",
            "--sort=name",
        ],
    );
    tar.args([
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=u=rwX,go=rX",
    ]);
    tar.arg(format!("--mtime=@{TIME}"))
        .arg("-C")
        .arg(dir)
        .args(["-cf", "-", "guest"]);
    let mut tar = tar
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|cause| Error::io("tar cannot be started", cause))?;
    let Some(bytes) = tar.stdout.take() else {
        return Err(Error::io("tar has no output", "no pipe"));
    };
    let target = File::create(archive).map_err(file_error(archive))?;
    run_command(command("gzip", &["-n9"]).stdin(bytes).stdout(target))?;
    let status = tar
        .wait()
        .map_err(|cause| Error::io("tar cannot be waited for", cause))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::io("tar failed", status))
    }
}

fn write(path: &Path, content: &str) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(file_error(parent))?;
    fs::write(path, content).map_err(file_error(path))
}

/// Makes `path` as old as everything else.
fn age(path: &Path) -> Result<()> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    let file = File::open(path).map_err(file_error(path))?;
    file.set_times(times).map_err(file_error(path))
}

/// A directory that goes away when it is dropped.
///
/// # Errors
/// There is no place for one.
pub(crate) fn temporary() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|cause| Error::io("no temporary directory", cause))
}
