//! What the tests need of a machine: root, loop devices, mounts, and a pretended LVM.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use extent::{ByteSource, Fill};
use tempfile::TempDir;

use crate::Host;
use crate::block::{Number, number};

/// Runs a command that has to succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("the tests need {program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?} failed (the tests need root): {errors}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Held while a loop device is set up: two that do it at once open the same device for a moment,
/// which looks like a writer.
const LOOP_LOCK: &str = "/tmp/innkeeper-tests-loop.lock";

/// Bytes that hold no zeros and differ from one seed to the next.
pub(crate) fn noise(seed: u8, len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed) | 1)
        .collect()
}

/// A loop device over a file of its own; detached when dropped.
pub(crate) struct Disk {
    pub(crate) path: PathBuf,
    image: PathBuf,
    _directory: Option<TempDir>,
}

impl Disk {
    pub(crate) fn new(size: u64) -> Self {
        Self::with_options(size, &[])
    }

    pub(crate) fn with_options(size: u64, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut disk = Self::over(&directory.path().join("image"), size, options);
        disk._directory = Some(directory);
        disk
    }

    /// A loop device over `image`, created with `size` bytes.
    pub(crate) fn over(image: &Path, size: u64, options: &[&str]) -> Self {
        File::create(image).unwrap().set_len(size).unwrap();
        let start = [LOOP_LOCK, "losetup", "--show", "-f"];
        let path = run(
            "flock",
            &[&start, options, &[image.to_str().unwrap()]].concat(),
        );
        Disk {
            path: path.into(),
            image: image.to_owned(),
            _directory: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn number(&self) -> Number {
        number(&fs::metadata(&self.path).unwrap()).unwrap()
    }

    pub(crate) fn fill(&self, offset: u64, data: &[u8]) {
        let device = File::options().write(true).open(&self.path).unwrap();
        device.write_all_at(data, offset).unwrap();
        device.sync_all().unwrap();
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut device = File::open(&self.path).unwrap();
        device.read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Bytes that the file behind the device takes.
    pub(crate) fn taken(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&self.image).unwrap().blocks() * 512
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.path).status();
    }
}

/// Something mounted on a directory of its own; unmounted when dropped.
pub(crate) struct Mount {
    pub(crate) point: TempDir,
}

impl Mount {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let point = tempfile::tempdir().unwrap();
        let path = point.path().to_str().unwrap().to_owned();
        run("mount", &[arguments, &[&path]].concat());
        Mount { point }
    }

    pub(crate) fn tmpfs(options: &str) -> Self {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.point.path().join(name)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.point.path())
            .status();
    }
}

/// A pretended `/proc` and `/sys` in which nobody uses anything yet.
pub(crate) struct FakeHost {
    directory: TempDir,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        let fake = FakeHost {
            directory: tempfile::tempdir().unwrap(),
        };
        fake.write("proc/self/mountinfo", "");
        fake
    }

    pub(crate) fn host(&self) -> Host {
        Host {
            root: self.directory.path().into(),
            dev: self.directory.path().join("dev"),
            lvm: None,
        }
    }

    /// Writes a file, and the directories it is in.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a symbolic link, and the directories it is in.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Makes the device known to sysfs, as disk `name`.
    pub(crate) fn disk(&self, name: &str, number: Number) {
        self.write(&format!("sys/devices/{name}/dev"), &number.to_string());
        self.write(&format!("sys/devices/{name}/ro"), "0\n");
        self.link(
            &format!("sys/dev/block/{number}"),
            format!("../../devices/{name}"),
        );
    }
}

/// A pretended LVM: shell scripts that keep the volumes of group `vg0` as loop devices. Attributes
/// and sizes lie in files, so a test can set the scene.
pub(crate) struct FakeLvm {
    directory: TempDir,
}

/// What all scripts start with: no other language than C, no input.
const PRELUDE: &str = r#"#!/bin/sh
set -e
[ "$LC_ALL" = C ] || { echo "wrong language" >&2; exit 9; }
state=STATE
echo "${0##*/} $*" >> $state/log
for last; do :; done
"#;

const VGS: &str = r#"
[ -d "$state/$last" ] || {
    echo "  Volume group \"$last\" not found" >&2
    echo "  Cannot process volume group $last" >&2
    exit 5
}
echo "{\"report\":[{\"vg\":[{\"vg_free\":\"$(cat $state/free)\",\"vg_extent_size\":\"4194304\"}]}]}"
"#;

const LVS: &str = r#"
printf '{"report":[{"lv":['
comma=
for attr in $state/$last/*.attr; do
    [ -e "$attr" ] || continue
    name=$(basename $attr .attr)
    pool=$(cat $state/$last/$name.pool 2>/dev/null || true)
    printf '%s{"lv_name":"%s","lv_attr":"%s","pool_lv":"%s"}' "$comma" $name "$(cat $attr)" "$pool"
    comma=,
done
printf ']}]}\n'
"#;

const LVCREATE: &str = r#"
pool=
attr=-wi-a-----
while [ $# -gt 1 ]; do
    case $1 in
        -n) name=$2; shift ;;
        -L) size=$2; shift ;;
        -V) size=$2; attr=Vwi-a-tz--; shift ;;
        --thinpool) pool=$2; shift ;;
    esac
    shift
done
[ ! -e $state/$last/$name.attr ] || {
    echo "  Logical Volume \"$name\" already exists in volume group \"$last\"" >&2
    exit 5
}
image=$state/$last/$name.img
if [ -n "$pool" ]; then
    truncate -s ${size%b} $image
    printf %s $pool > $state/$last/$name.pool
else
    # What lay there before is still there.
    head -c ${size%b} /dev/zero | tr '\0' '\252' > $image
fi
printf %s $attr > $state/$last/$name.attr
mkdir -p $state/dev/$last
ln -s $(flock LOCK losetup --show -f $image) $state/dev/$last/$name
"#;

const LVREMOVE: &str = r#"
[ ! -e $state/stuck ] || { echo "  Logical volume $last in use." >&2; exit 5; }
losetup -d $(readlink $state/dev/$last)
rm $state/dev/$last $state/$last.*
"#;

impl FakeLvm {
    /// A group `vg0` with `free` bytes and no volumes.
    pub(crate) fn new(free: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path();
        fs::create_dir(state.join("vg0")).unwrap();
        fs::write(state.join("free"), free.to_string()).unwrap();
        for (name, body) in [
            ("vgs", VGS),
            ("lvs", LVS),
            ("lvcreate", LVCREATE),
            ("lvremove", LVREMOVE),
        ] {
            let prelude = PRELUDE.replace("STATE", state.to_str().unwrap());
            let body = body.replace("LOCK", LOOP_LOCK);
            fs::write(state.join(name), prelude + &body).unwrap();
            fs::set_permissions(state.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        FakeLvm { directory }
    }

    pub(crate) fn host(&self) -> Host {
        Host {
            dev: self.path("dev"),
            lvm: Some(self.directory.path().into()),
            ..Host::default()
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Declares a volume without a device.
    pub(crate) fn declare(&self, name: &str, attributes: &str, pool: &str) {
        fs::write(self.path(&format!("vg0/{name}.attr")), attributes).unwrap();
        if !pool.is_empty() {
            fs::write(self.path(&format!("vg0/{name}.pool")), pool).unwrap();
        }
    }

    /// Declares a volume whose device is `disk`.
    pub(crate) fn attach(&self, name: &str, attributes: &str, pool: &str, disk: &Disk) {
        self.declare(name, attributes, pool);
        fs::create_dir_all(self.path("dev/vg0")).unwrap();
        symlink(&disk.path, self.path(&format!("dev/vg0/{name}"))).unwrap();
    }

    /// Whether the volume is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(&format!("vg0/{name}.attr")).exists()
    }

    /// The commands that were run, without the reports.
    pub(crate) fn changes(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let changes = log.lines().filter(|line| line.starts_with("lv"));
        changes
            .filter(|line| !line.starts_with("lvs "))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for FakeLvm {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.path("dev/vg0")).into_iter().flatten() {
            let Ok(device) = fs::read_link(entry.unwrap().path()) else {
                continue;
            };
            let _ = Command::new("losetup").arg("-d").arg(device).output();
        }
    }
}

/// Everything a source gives, holes written out, and the number of bytes in holes.
pub(crate) fn collect(source: &mut dyn ByteSource) -> report::Result<(Vec<u8>, u64)> {
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
