//! dom0: its root directory out of Debian's packages, its disk, and the programs in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use error::{Error, Result};
use testkit::shell::{file_error, output, run};

use crate::kept::Kept;

/// Debian's release of the testbed: the one whose Xen is 4.17.
const SUITE: &str = "bookworm";

/// What is in dom0, and what makes and runs the testbed: its QEMU, mke2fs and qemu-img are dom0's own, so
/// that the machine's are neither needed nor touched.
const PACKAGES: &[&str] = &[
    "bridge-utils",
    "busybox-static",
    "dmsetup",
    "e2fsprogs",
    "ethtool",
    "fdisk",
    "iproute2",
    "iputils-ping",
    "kmod",
    "linux-image-amd64",
    "lvm2",
    "mount",
    "nftables",
    "openssh-client",
    "openssh-server",
    "procps",
    "python3",
    "qemu-system-x86",
    "qemu-system-xen",
    "qemu-utils",
    "seabios",
    "thin-provisioning-tools",
    "udev",
    "xen-system-amd64",
    "xen-utils-4.17",
    "xenstore-utils",
    "xz-utils",
    "zstd",
];

/// Lets root go from one host of the testbed to another by ssh without being asked anything: both have the
/// same keys. `$1` is the root directory.
const KEYS: &str = r#"
mkdir -m 700 "$1/root/.ssh"
chroot "$1" ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp "$1/root/.ssh/id_ed25519.pub" "$1/root/.ssh/authorized_keys"
for name in one two; do
    echo "$name $(cut -d' ' -f1,2 "$1/etc/ssh/ssh_host_ed25519_key.pub")"
done >"$1/root/.ssh/known_hosts"
"#;

/// The disk: whole, ext4, found by this label.
pub(crate) const LABEL: &str = "dom0";
const DISK: u64 = 3 << 30;

/// dom0 as it was made.
pub(crate) struct Dom0 {
    dir: PathBuf,
}

/// Where dom0 is kept in `store`.
pub(crate) fn kept(store: &Path) -> Kept {
    let packages = PACKAGES.join(" ");
    let disk = DISK.to_string();
    let inputs = [SUITE, &packages, KEYS, LABEL, &disk];
    Kept::new(store, "dom0", &inputs.map(str::as_bytes))
}

impl Dom0 {
    /// The one made in `dir`.
    pub(crate) fn new(dir: &Path) -> Dom0 {
        Dom0 {
            dir: dir.to_owned(),
        }
    }

    /// Makes one in `dir`.
    ///
    /// # Errors
    /// Packages cannot be had, or the caller is not root.
    pub(crate) fn make(dir: &Path) -> Result<()> {
        eprintln!("making dom0 out of Debian's packages, once; it takes a minute or two");
        let dom0 = Dom0::new(dir);
        dom0.install()?;
        dom0.unpack_xen()?;
        dom0.mke2fs(LABEL, &dom0.root(), &dom0.disk(), 0, DISK)
    }

    /// The root directory.
    fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// The disk, raw. Hosts write to copies of it.
    pub(crate) fn disk(&self) -> PathBuf {
        self.dir.join("disk.img")
    }

    /// The hypervisor as QEMU's multiboot loader takes it: an unpacked ELF file.
    pub(crate) fn xen(&self) -> PathBuf {
        self.dir.join("xen.elf")
    }

    /// The kernel of dom0 and of guests.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub(crate) fn kernel(&self) -> Result<PathBuf> {
        only(&self.root().join("boot"), "vmlinuz-")
    }

    /// The content of the file at `path`, relative to the root directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>> {
        let path = self.root().join(path);
        fs::read(&path).map_err(file_error(&path))
    }

    /// The program at `path` of the root directory, to be run on this machine. It is started by dom0's
    /// own dynamic loader with dom0's own libraries, so that neither root nor a matching machine is needed.
    pub(crate) fn program(&self, path: &str) -> Command {
        self.load(Command::new(self.loader()), path)
    }

    /// Like [`Dom0::program`], and killed by the kernel when the thread that started it is gone, even if
    /// that was killed itself.
    pub(crate) fn companion(&self, path: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(self.loader());
        self.load(command, path)
    }

    fn loader(&self) -> PathBuf {
        self.root().join("lib64/ld-linux-x86-64.so.2")
    }

    fn load(&self, mut loader: Command, path: &str) -> Command {
        let root = self.root();
        let libraries = root.join("usr/lib/x86_64-linux-gnu");
        loader
            .env("QEMU_MODULE_DIR", libraries.join("qemu"))
            .arg("--library-path")
            .arg(&libraries)
            .arg(root.join(path));
        loader
    }

    /// Makes a file system that holds what lies in `tree`, from byte `start` of the file `disk`, whose
    /// size becomes `size` bytes.
    ///
    /// # Errors
    /// The disk cannot be written, or is too small.
    pub(crate) fn mke2fs(
        &self,
        label: &str,
        tree: &Path,
        disk: &Path,
        start: u64,
        size: u64,
    ) -> Result<()> {
        sparse(disk, size)?;
        run(self
            .program("usr/sbin/mke2fs")
            // Without a journal: nobody goes on after a crash, every run begins with a fresh copy.
            .args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-L", label])
            .args(["-E", &format!("offset={start}"), "-d"])
            .args([tree, disk])
            .arg(format!("{}k", (size - start) >> 10)))
    }

    /// Directories where QEMU finds its firmware.
    pub(crate) fn firmware(&self) -> [PathBuf; 2] {
        ["qemu", "seabios"].map(|name| self.root().join("usr/share").join(name))
    }

    /// The kernel modules of these names and what they need, in the order of loading: each one's file
    /// name and content.
    ///
    /// # Errors
    /// There is no such module.
    pub(crate) fn modules(&self, names: &[&str]) -> Result<Vec<(String, Vec<u8>)>> {
        let dir = only(&self.root().join("usr/lib/modules"), "")?;
        let list = dir.join("modules.dep");
        let text = fs::read_to_string(&list).map_err(file_error(&list))?;
        let order = in_order(&text, names).map_err(|error| error.at(list.display()))?;
        let read = |module: &str| {
            let path = dir.join(module);
            let name = module.rsplit('/').next().unwrap_or(module);
            Ok((name.to_owned(), fs::read(&path).map_err(file_error(&path))?))
        };
        order.into_iter().map(read).collect()
    }

    /// Makes the root directory. The kernel gets no initial RAM disk from Debian's tools, which take long
    /// and know nothing of the testbed.
    fn install(&self) -> Result<()> {
        let mut mmdebstrap = Command::new("mmdebstrap");
        mmdebstrap
            .env("INITRD", "No")
            .args([
                "--quiet",
                "--mode=root",
                "--variant=apt",
                "--format=directory",
            ])
            .arg("--aptopt=Apt::Install-Recommends \"false\"")
            .arg("--aptopt=Acquire::Retries \"5\"")
            .arg(format!("--include={}", PACKAGES.join(",")))
            .arg(format!("--customize-hook={KEYS}"))
            .arg(SUITE)
            .arg(self.root());
        output(&mut mmdebstrap).map(drop)
    }

    fn unpack_xen(&self) -> Result<()> {
        let packed = only(&self.root().join("boot"), "xen-4.17-amd64.gz")?;
        let input = File::open(&packed).map_err(file_error(&packed))?;
        let mut output = File::create(self.xen()).map_err(file_error(&self.xen()))?;
        let mut decoder = flate2::read::GzDecoder::new(input);
        std::io::copy(&mut decoder, &mut output).map_err(file_error(&packed))?;
        Ok(())
    }
}

/// A file of `size` bytes that are a hole.
///
/// # Errors
/// It cannot be made.
pub(crate) fn sparse(path: &Path, size: u64) -> Result<()> {
    let file = File::create(path).map_err(file_error(path))?;
    file.set_len(size).map_err(file_error(path))
}

/// The only entry of `dir` whose name begins with `prefix`.
fn only(dir: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(dir).map_err(file_error(dir))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(file_error(dir))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            found.push(entry.path());
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        many => Err(Error::unsupported(format!(
            "holds {} entries that begin with '{prefix}', one is expected",
            many.len()
        ))
        .at(dir.display())),
    }
}

/// The modules `names` and what they depend on, each after what it needs, as paths of modules.dep(5).
fn in_order<'a>(modules_dep: &'a str, names: &[&str]) -> Result<Vec<&'a str>> {
    let mut needs = BTreeMap::new();
    let mut paths = BTreeMap::new();
    for (path, list) in modules_dep.lines().filter_map(|line| line.split_once(':')) {
        // The list runs from the nearest to the farthest; what is farthest is loaded first.
        needs.insert(path, list.split_whitespace().rev().collect::<Vec<_>>());
        paths.insert(module_name(path), path);
    }
    let mut order = Vec::new();
    for name in names {
        let path = paths.get(name.replace('-', "_").as_str()).ok_or_else(|| {
            Error::unsupported(format!("has no module {name}"))
                .hint("a module that is built into the kernel is not listed")
        })?;
        for module in needs[path].iter().chain([path]) {
            if !order.contains(module) {
                order.push(*module);
            }
        }
    }
    Ok(order)
}

/// `kernel/fs/ext4/ext4.ko` is ext4; `-` and `_` are the same.
fn module_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    stem.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    use super::*;

    const DEP: &str = "\
kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/lib/crc16.ko
kernel/fs/jbd2/jbd2.ko:
kernel/lib/crc16.ko:
kernel/drivers/xen-blkfront.ko: kernel/lib/crc16.ko
";

    #[test]
    fn modules_come_after_what_they_need_and_once() {
        assert_eq!(
            in_order(DEP, &["ext4", "xen-blkfront"]).unwrap(),
            [
                "kernel/lib/crc16.ko",
                "kernel/fs/jbd2/jbd2.ko",
                "kernel/fs/ext4/ext4.ko",
                "kernel/drivers/xen-blkfront.ko"
            ]
        );
        let error = in_order(DEP, &["ext5"]).unwrap_err();
        assert_eq!(error.message(), "has no module ext5");
    }

    #[test]
    fn a_companion_goes_when_who_started_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        symlink("/", dir.path().join("root")).unwrap();
        let mut shell = Dom0::new(dir.path()).companion("usr/bin/sh");
        shell.args(["-c", "echo up; exec sleep 1000000"]);
        shell.stdout(Stdio::piped());
        let start = std::thread::spawn(move || {
            let mut child = shell.spawn().unwrap();
            let mut up = [0; 3];
            child.stdout.as_mut().unwrap().read_exact(&mut up).unwrap();
            child
        });
        let mut child = start.join().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
