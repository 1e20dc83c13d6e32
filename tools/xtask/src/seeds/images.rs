//! Seeds of the targets that read disk images and descriptions of guests.

use testkit::vma::{Backup, CLUSTER};
use testkit::xva::{Disk, Sum, export};

/// Targets whose seeds are folded: their files are mostly zeros.
pub(super) const FOLDED: &[&str] = &["qcow2", "vdi", "vhd", "vhdx", "vmdk", "vmdk_stream"];

/// As the table of other seeds. `image` writes the disk `disk.img` by qemu-img: in this format, with
/// these arguments.
pub(super) const SEEDS: &[(&str, &str, &str)] = &[
    ("qcow2", "version-2", "image qcow2 -o compat=0.10"),
    ("qcow2", "version-3", "image qcow2 -o lazy_refcounts=on"),
    (
        "qcow2",
        "clusters-of-512",
        "image qcow2 -o cluster_size=512,refcount_bits=1",
    ),
    (
        "qcow2",
        "clusters-of-2m",
        "image qcow2 -o cluster_size=2M,refcount_bits=64",
    ),
    ("qcow2", "zlib", "image qcow2 -c"),
    (
        "qcow2",
        "zlib-clusters-of-4096",
        "image qcow2 -c -o cluster_size=4096",
    ),
    ("qcow2", "zstd", "image qcow2 -c -o compression_type=zstd"),
    (
        "qcow2",
        "extended-l2",
        "image qcow2 -o extended_l2=on,cluster_size=16k",
    ),
    (
        "qcow2",
        "extended-l2-zlib",
        "image qcow2 -c -o extended_l2=on,cluster_size=32k",
    ),
    (
        "qcow2",
        "snapshots",
        "image qcow2 -o cluster_size=4096 >s.qcow2
        qemu-img snapshot -c one s.qcow2
        qemu-io -c 'write -P 7 8k 12k' -c 'write -z 64k 4k' s.qcow2 >/dev/null
        qemu-img snapshot -c two s.qcow2
        qemu-io -c 'discard 0 4k' s.qcow2 >/dev/null; cat s.qcow2",
    ),
    (
        "qcow2",
        "bitmap",
        "image qcow2 >b.qcow2; qemu-img bitmap --add b.qcow2 changes; cat b.qcow2",
    ),
    ("vdi", "dynamic", "image vdi"),
    ("vdi", "static", "image vdi -o static=on"),
    (
        "vdi",
        "empty",
        "qemu-img create -q -f vdi e.vdi 100M; cat e.vdi",
    ),
    ("vhd", "dynamic", "image vpc"),
    ("vhd", "dynamic-exact", "image vpc -o force_size=on"),
    ("vhd", "fixed", "image vpc -o subformat=fixed"),
    (
        "vhd",
        "empty",
        "qemu-img create -q -f vpc e.vhd 100M; cat e.vhd",
    ),
    ("vhdx", "dynamic", "image vhdx -o block_size=1M"),
    (
        "vhdx",
        "fixed",
        "image vhdx -o subformat=fixed,block_size=1M",
    ),
    (
        "vhdx",
        "log",
        "image vhdx -o block_size=1M >l.vhdx
        python3 \"$ROOT/tools/xtask/src/seeds/vhdx-log.py\" l.vhdx",
    ),
    (
        "vhdx",
        "empty",
        "qemu-img create -q -f vhdx e.vhdx 4G; cat e.vhdx",
    ),
    ("vmdk", "sparse", "image vmdk"),
    (
        "vmdk",
        "sparse-zeroed-grains",
        "image vmdk -S 0 -o zeroed_grain=on",
    ),
    (
        "vmdk",
        "stream-optimized",
        "image vmdk -o subformat=streamOptimized",
    ),
    (
        "vmdk_stream",
        "tables-in-front",
        "image vmdk -o subformat=streamOptimized",
    ),
    (
        "manifest",
        "sha-1",
        "printf 'SHA1(a.ovf)= %040d\\nSHA1(a-disk1.vmdk)= %040d\\r\\n' 1 2",
    ),
    (
        "manifest",
        "sha-256-and-512",
        "sha256sum --tag disk.img; sha512sum --tag guest/guest.cfg",
    ),
    (
        "manifest",
        "like-a-certificate",
        "printf 'SHA256(a.mf)= %064d\\n' 3; printf 'SHA256(./b)= %064d\\n' 4",
    ),
    ("guest", "ovf-vmware", "guest 0 ovf/tests/vmware.ovf"),
    (
        "guest",
        "ovf-virtualbox",
        "guest 0 ovf/tests/virtualbox.ovf",
    ),
    ("guest", "ovf-xcp", "guest 0 ovf/tests/xcp.ovf"),
    ("guest", "ovf-ovirt", "guest 0 ovf/tests/ovirt.ovf"),
    ("guest", "xva", "guest 1 xva/tests/ova.xml"),
    ("guest", "xl-completed", "guest 2 xl/tests/completed.cfg"),
    ("guest", "xl-guessed", "guest 2 xl/tests/guessed.cfg"),
    ("guest", "libvirt-kvm", "guest 3 libvirt/tests/shop-kvm.xml"),
    ("guest", "libvirt-xen", "guest 3 libvirt/tests/mail-xen.xml"),
    ("guest", "vmx", "guest 4 vmx/tests/win.vmx"),
    ("guest", "proxmox", "guest 5 proxmox/tests/shop.conf"),
    ("guest", "vbox", "guest 6 vbox/tests/desk.vbox"),
    ("vbox", "desk", "guest '' vbox/tests/desk.vbox"),
    (
        "vbox",
        "utf-16",
        "iconv -t UTF-16 \"$ROOT/crates/guest/vmconfig/src/vbox/tests/desk.vbox\"",
    ),
    (
        "vbox",
        "older",
        // Before version 1.15 the controllers were no part of the hardware.
        "guest '' vbox/tests/desk.vbox | sed '/<\\/*Hardware>/d; /<Snapshot /,/<\\/Snapshot>/d'",
    ),
    (
        "vbox",
        "small",
        "printf '<VirtualBox><Machine name=\"a\"><Hardware><Memory RAMSize=\"512\"/></Hardware></Machine></VirtualBox>'",
    ),
    ("guest", "ovf-two", "guest 0 ovf/tests/two.ovf"),
    ("guest", "ovf-sizes", "guest 0 ovf/tests/sizes.ovf"),
    (
        "guest",
        "ovf-utf-16",
        "printf '\\0'; iconv -t UTF-16 \"$ROOT/crates/guest/vmconfig/src/ovf/tests/two.ovf\"",
    ),
];

/// What the commands above share beside what all share.
pub(super) const PRELUDE: &str = "
    image() {
        qemu-img convert -f raw -O \"$@\" disk.img image.tmp && cat image.tmp && rm image.tmp
    }
    guest() { printf \"${1:+\\\\$1}\"; cat \"$ROOT/crates/guest/vmconfig/src/$2\"; }
    ";

/// Seeds that no program at hand makes: the target, the name, the content.
pub(super) fn made() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("xva", "xxhash", xva(Sum::Xxh64, &[])),
        ("xva", "sha1", xva(Sum::Sha1, &[])),
        ("xva", "first-version", xva(Sum::None, &[])),
        ("xva", "keep-alives", xva(Sum::Xxh64, &[1, 3])),
        ("vma", "in-order", vma(|_| {})),
        ("vma", "shuffled", vma(|backup| backup.order.reverse())),
        ("vma", "small-extents", vma(|backup| backup.in_extent = 2)),
        ("vma", "without-devices", Backup::new(&[]).header()),
    ]
}

/// An export of two disks, the first with a hole and a short last chunk; in front of it the size of both.
fn xva(sum: Sum, keep_alives: &[u64]) -> Vec<u8> {
    let mut content = vec![7; 4500];
    content[1500..3000].fill(0);
    content[4400..].fill(9);
    let disk = |reference, content: &[u8], padded| Disk {
        unit: 1500,
        sum,
        keep_alives: keep_alives.to_vec(),
        padded,
        ..Disk::new(reference, content.to_vec())
    };
    let disks = [
        disk("Ref:5", &content, false),
        disk("Ref:9", &vec![0; 4500], true),
    ];
    [&4500u32.to_le_bytes()[..], &export(&disks)].concat()
}

/// A backup of a disk whose end lies in a block, of a small one, and of saved memory.
fn vma(change: impl FnOnce(&mut Backup)) -> Vec<u8> {
    let mut content = vec![0; CLUSTER + 600];
    for at in [0, 9000, CLUSTER] {
        content[at..at + 500].fill(7);
    }
    let mut backup = Backup::new(&[("drive-scsi0", &content), ("drive-efidisk0", &[3; 512])]);
    change(&mut backup);
    backup.devices.push(testkit::vma::Device {
        name: "vmstate".into(),
        content: vec![1; 100],
    });
    backup.order.push((3, 0));
    backup.bytes()
}
