//! An LVM of shell scripts: tests run where there is no device mapper.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::disk::LOOP_LOCK;
use super::{Disk, FakeTools};

/// A pretended LVM: scripts that keep the volumes of one group as loop devices. Attributes and sizes
/// lie in files, so a test can set the scene. What it made is taken away when it is dropped.
pub struct FakeLvm {
    tools: FakeTools,
    group: String,
    dev: PathBuf,
}

const VGS: &str = r#"
[ -d "$state/groups/$last" ] || {
    echo "  Volume group \"$last\" not found" >&2
    echo "  Cannot process volume group $last" >&2
    exit 5
}
echo "{\"report\":[{\"vg\":[{\"vg_free\":\"$(cat $state/free)\",\"vg_extent_size\":\"4194304\"}]}]}"
"#;

const LVS: &str = r#"
printf '{"report":[{"lv":['
comma=
for attr in $state/groups/$last/*.attr; do
    [ -e "$attr" ] || continue
    name=$(basename $attr .attr)
    pool=$(cat $state/groups/$last/$name.pool 2>/dev/null || true)
    case $(cat $attr) in t*) chunk=$(cat $state/chunk) ;; *) chunk=0 ;; esac
    printf '%s{"lv_name":"%s","lv_attr":"%s","pool_lv":"%s","chunk_size":"%s"}' \
        "$comma" $name "$(cat $attr)" "$pool" $chunk
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
volume=$state/groups/$last/$name
[ ! -e $volume.attr ] || {
    echo "  Logical Volume \"$name\" already exists in volume group \"$last\"" >&2
    exit 5
}
if [ -n "$pool" ]; then
    truncate -s ${size%b} $volume.img
    printf %s $pool > $volume.pool
else
    # What lay there before is still there.
    head -c ${size%b} /dev/zero | tr '\0' '\252' > $volume.img
fi
printf %s $attr > $volume.attr
mkdir -p $dev/$last
ln -s $(flock LOCK losetup --show -f $volume.img) $dev/$last/$name
"#;

const LVREMOVE: &str = r#"
[ ! -e $state/stuck ] || { echo "  Logical volume $last in use." >&2; exit 5; }
losetup -d $(readlink $dev/$last)
rm $dev/$last $state/groups/$last.*
"#;

impl FakeLvm {
    /// What a new volume with space of its own is full of: the data of an earlier one.
    pub const OLD_DATA: u8 = 0o252;

    /// A group `vg0` with `free` bytes and no volumes, its device nodes in a directory of its own.
    pub fn new(free: u64) -> Self {
        let tools = FakeTools::new();
        let dev = tools.state().join("dev");
        Self::over(tools, "vg0", dev, free)
    }

    /// A group with `free` bytes and no volumes, its device nodes in `dev/group`. In `/dev`, the
    /// group's name has to be one that nobody else uses.
    pub fn with_group(group: &str, dev: &Path, free: u64) -> Self {
        Self::over(FakeTools::new(), group, dev.to_owned(), free)
    }

    fn over(tools: FakeTools, group: &str, dev: PathBuf, free: u64) -> Self {
        let lvm = FakeLvm {
            tools,
            group: group.to_owned(),
            dev,
        };
        fs::create_dir_all(lvm.path("groups").join(group)).unwrap();
        fs::write(lvm.path("free"), free.to_string()).unwrap();
        lvm.chunk(64 << 10);
        for (name, body) in [
            ("vgs", VGS),
            ("lvs", LVS),
            ("lvcreate", LVCREATE),
            ("lvremove", LVREMOVE),
        ] {
            let body = body.replace("LOCK", LOOP_LOCK);
            lvm.tools
                .script(name, &format!("dev={}\n{body}", lvm.dev.display()));
        }
        lvm
    }

    fn path(&self, name: &str) -> PathBuf {
        self.tools.state().join(name)
    }

    /// The group's name.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The directory that the group's device nodes lie below, `/dev` to the scripts.
    pub fn dev(&self) -> &Path {
        &self.dev
    }

    /// The directory of the scripts.
    pub fn programs(&self) -> PathBuf {
        self.tools.programs()
    }

    /// Where volume `name` of the group has its device node.
    pub fn node(&self, name: &str) -> PathBuf {
        self.dev.join(&self.group).join(name)
    }

    fn fact(&self, volume: &str, what: &str) -> PathBuf {
        self.path(&format!("groups/{}/{volume}.{what}", self.group))
    }

    /// Declares a volume without a device; `pool` is empty or names its thin pool.
    pub fn declare(&self, name: &str, attributes: &str, pool: &str) {
        fs::write(self.fact(name, "attr"), attributes).unwrap();
        if !pool.is_empty() {
            fs::write(self.fact(name, "pool"), pool).unwrap();
        }
    }

    /// Declares a volume whose device is `disk`.
    pub fn attach(&self, name: &str, attributes: &str, pool: &str, disk: &Disk) {
        self.declare(name, attributes, pool);
        let node = self.node(name);
        fs::create_dir_all(node.parent().unwrap()).unwrap();
        symlink(&disk.path, node).unwrap();
    }

    /// Thin pools have chunks of `size` bytes; 64 KiB without this.
    pub fn chunk(&self, size: u64) {
        fs::write(self.path("chunk"), size.to_string()).unwrap();
    }

    /// From now on no volume can be removed.
    pub fn refuse_removal(&self) {
        fs::write(self.path("stuck"), "").unwrap();
    }

    /// Whether the volume is there.
    pub fn has(&self, name: &str) -> bool {
        self.fact(name, "attr").exists()
    }

    /// The commands that were run, without the reports.
    pub fn changes(&self) -> Vec<String> {
        let calls = self.tools.calls().into_iter();
        calls
            .filter(|call| call.starts_with("lv") && !call.starts_with("lvs "))
            .collect()
    }
}

impl Drop for FakeLvm {
    fn drop(&mut self) {
        let nodes = self.node("");
        for entry in fs::read_dir(&nodes).into_iter().flatten().flatten() {
            let name = entry.file_name();
            // An attached disk is detached by its owner: by now its device may be another's.
            let created = self.fact(&name.to_string_lossy(), "img").exists();
            if let (true, Ok(device)) = (created, fs::read_link(entry.path())) {
                let _ = Command::new("losetup").arg("-d").arg(device).output();
            }
            let _ = fs::remove_file(entry.path());
        }
        let _ = fs::remove_dir(nodes);
    }
}
