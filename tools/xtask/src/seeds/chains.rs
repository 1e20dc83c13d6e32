//! Seeds of images that are in several files or on top of another. What a command puts into the directory `beside` is
//! behind the image in the seed, in the order of the names; the image names these files by their numbers.

/// The target, the seed's name, and the command that writes the image to standard output.
pub(super) const SEEDS: &[(&str, &str, &str)] = &[
    (
        "qcow2",
        "on-raw",
        "beside raw; on qcow2 raw",
    ),
    (
        "qcow2",
        "on-qcow2-of-512",
        "beside qcow2 -o cluster_size=512; on qcow2 qcow2",
    ),
    ("qcow2", "on-vmdk", "beside vmdk; on qcow2 vmdk"),
    ("qcow2", "on-vdi", "beside vdi; on qcow2 vdi"),
    ("qcow2", "on-vhd", "beside vpc; on qcow2 vpc"),
    ("qcow2", "on-vhdx", "beside vhdx -o block_size=1M; on qcow2 vhdx"),
    (
        "qcow2",
        "bad-data-file",
        "qemu-img create -q -f qcow2 -o data_file=data.raw d.qcow2 96K; cat d.qcow2",
    ),
    (
        "qcow2",
        "bad-luks",
        "qemu-img create -q -f qcow2 --object secret,id=s,data=x \
            -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 l.qcow2 96K; head -c 64K l.qcow2",
    ),
    (
        "qcow2",
        "bad-aes",
        "qemu-img create -q -f qcow2 e.qcow2 96K; patch e.qcow2 32 00000001; cat e.qcow2",
    ),
    ("vdi", "on-vdi", "beside vdi; qemu-img create -q -f vdi c.vdi 96K; patch c.vdi 76 04000000
        id=$(dd if=beside/1 bs=1 skip=392 count=16 status=none | xxd -p); patch c.vdi 424 $id; cat c.vdi"),
    ("vhd", "on-vhd", "beside vpc -o force_size=on; python3 \"$ROOT/tools/xtask/src/seeds/differencing.py\" vhd beside/1"),
    ("vhdx", "on-vhdx", "beside vhdx -o block_size=1M; python3 \"$ROOT/tools/xtask/src/seeds/differencing.py\" vhdx beside/1"),
    ("vmdk", "on-vmdk", "beside vmdk; on vmdk vmdk"),
    ("vmdk", "flat", "split monolithicFlat"),
    ("vmdk", "split-flat", "split twoGbMaxExtentFlat"),
    ("vmdk", "split-sparse", "split twoGbMaxExtentSparse"),
    ("vmdk", "part-alone", "split twoGbMaxExtentSparse >/dev/null; cat beside/*; rm -r beside"),
    (
        "vmdk",
        "of-all-kinds",
        "mkdir beside; qemu-img convert -O vmdk small.img beside/1; cp small.img beside/2
        printf '# Disk DescriptorFile\\r\\nversion=1\\r\\nCID=fffffffe\\r\\nparentCID=ffffffff\\r\\ncreateType=\"custom\"\\r\\n'
        printf 'encoding=\"windows-1252\"\\nchangeTrackPath=\"c\"\\nnew.key=\"1\"\\nddb.x=\"1\"\\n'
        printf 'RW 192 SPARSE \"1\"\\nRW 64 ZERO\\nRDONLY 100 FLAT \"2\" 8\\nRW 84 VMFS \"2\" 108\\n'",
    ),
    (
        "vmdk",
        "bad-twice",
        "printf '# Disk DescriptorFile\\nversion=1\\nCID=0\\nparentCID=1\\nRW 1 FLAT \"a\" 0\\nRW 1 FLAT \"a\" 0\\n'",
    ),
    (
        "vmdk",
        "bad-names",
        "printf '# Disk DescriptorFile\\nversion=1\\nRW 1 FLAT \"../a\" 0\\n'",
    ),
    (
        "vmdk",
        "bad-sectors",
        "printf '# Disk DescriptorFile\\nversion=1\\nRW 18446744073709551615 ZERO\\nRW 9223372036854775807 ZERO\\n'",
    ),
    (
        "vmdk",
        "bad-device",
        "printf '# Disk DescriptorFile\\nversion=1\\ncreateType=\"fullDevice\"\\nRW 1 FLAT \"a\" 0\\n'",
    ),
    ("vmdk", "bad-cowd", "printf COWD; head -c 1020 /dev/zero"),
    ("vmdk", "bad-sesparse", "printf '\\276\\272\\376\\312\\0\\0\\0\\0'; head -c 1016 /dev/zero"),
    (
        "vmdk",
        "unclean",
        "image vmdk >u.vmdk; patch u.vmdk 72 01; cat u.vmdk",
    ),
    (
        "vmdk",
        "bad-descriptor-inside",
        "qemu-img convert -O vmdk small.img i.vmdk; at=$(grep -abo 'RW 192 SP' i.vmdk | cut -d: -f1)
        printf 'RW 1 ZERO\\nRW 0002 ZERO' | dd of=i.vmdk bs=1 seek=$at conv=notrunc status=none; cat i.vmdk",
    ),
    ("vmdk", "bad-version", "descriptor 'version=9\\nRW 1 ZERO'"),
    ("vmdk", "bad-native", "descriptor 'version=1\\nisNativeSnapshot=\"yes\"\\nRW 1 ZERO'"),
    ("vmdk", "bad-encrypted", "descriptor 'version=1\\nencryption.keySafe=\"x\"\\nRW 1 ZERO'"),
    ("vmdk", "bad-key-twice", "descriptor 'CID=1\\nCID=2\\nRW 1 ZERO'"),
    ("vmdk", "bad-access", "descriptor 'NOACCESS 1 ZERO'"),
    ("vmdk", "bad-type", "descriptor 'RW 1 VMFSSPARSE \"a\"'"),
    ("vmdk", "bad-cid", "descriptor 'CID=x\\nRW 1 ZERO'"),
    ("vmdk", "bad-line", "descriptor 'not understood %090d\\nRW 1 ZERO'"),
    ("vmdk", "bad-offset", "descriptor 'RW 1 FLAT \"1\" x'"),
    ("vmdk", "bad-far", "descriptor 'RW 1 FLAT \"1\" 18446744073709551615'"),
    ("vmdk", "bad-no-name", "descriptor 'RW 1 FLAT 0'"),
    ("vmdk", "bad-key", "descriptor 'a(b)=1\\nRW 1 ZERO'"),
    (
        "vmdk",
        "bad-stale-parent",
        "mkdir beside; descriptor 'CID=1\\nRW 1 ZERO' >beside/1
        descriptor 'CID=1\\nparentCID=2\\nparentFileNameHint=\"1\"\\nRW 1 ZERO'",
    ),
    ("vmdk", "footer", "stream 192 1"),
    ("vmdk", "footer-and-holes", "stream 200000 1100 1105 1106"),
    (
        "vmdk",
        "zeroed",
        "qemu-img create -q -f vmdk -o zeroed_grain=on z.vmdk 1M
        qemu-io -c 'write -P 7 64k 1k' -c 'write -z 128k 256k' z.vmdk >/dev/null; cat z.vmdk",
    ),
    ("vmdk_stream", "footer", "stream 192 1"),
    ("vmdk_stream", "footer-and-holes", "stream 200000 1100 1105 1106"),
    ("vmdk_stream", "bad-behind-end", "stream 192 1; head -c 512 disk.img"),
    ("vmdk_stream", "bad-no-end", "stream 192 1 | head -c -512"),
    (
        "vhdx",
        "log-of-two",
        "qemu-img create -q -f vhdx -o block_size=1M l.vhdx 2M; qemu-io -c 'write -P 7 0 1k' l.vhdx >/dev/null
        python3 \"$ROOT/tools/xtask/src/seeds/vhdx-log.py\" l.vhdx two",
    ),
    ("vhdx", "bad-regions", "vhdx 196616 00080000"),
    ("vhdx", "bad-region-unknown", "vhdx 196624 00000000 196652 00000000"),
    ("vhdx", "bad-region-needed", "vhdx 196624 00000000 196652 01000000"),
    ("vhdx", "bad-region-odd", "vhdx 196640 01"),
    ("vhdx", "bad-region-twice", "vhdx 196656 6677c22d23f600429d64115e9bfd4a08"),
    ("vhdx", "bad-metadata-none", "vhdx 3145728 00"),
    ("vhdx", "bad-metadata-many", "vhdx 3145738 ffff"),
    ("vhdx", "bad-item-unknown", "vhdx 3145760 00 3145784 00"),
    ("vhdx", "bad-item-needed", "vhdx 3145760 00"),
    ("vhdx", "bad-item-far", "vhdx 3145776 00000000"),
    ("vhdx", "bad-item-twice", "vhdx 3145792 3767a1ca36fa434db3b633f0aa44e76b"),
    ("vhdx", "bad-item-long", "vhdx 3145780 10"),
    ("vhdx", "bad-item-missing", "vhdx 3145760 00 3145784 00000000"),
    ("vhdx", "bad-parameters", "vhdx 3145738 0300"),
    ("vhdx", "bad-no-locator", "vhdx 3211268 02"),
    ("vhdx", "bad-block-odd", "vhdx 3211266 11"),
    ("vhdx", "bad-sector-odd", "vhdx 3211296 00010000"),
    ("vhdx", "bad-size-odd", "vhdx 3211272 01"),
    ("vhdx", "bad-size-huge", "vhdx 3211278 0100"),
    ("vhdx", "bad-state", "vhdx 2097152 05"),
    ("vhdx", "bad-far", "vhdx 2097152 06000000000000ff"),
    ("vhdx", "bad-shared", "vhdx 2097152 0600400000000000 2097160 0600400000000000"),
    ("vhdx", "bad-zero-state", "vhdx 2097152 02 2097160 03"),
    ("vhdx", "bad-neighbours", "vhdx 2097152 0600400000000000 2097160 0600500000000000"),
    ("vhdx", "bad-table-short", "vhdx 3211276 01"),
    ("vhdx", "bad-version", "vhdx 131138 02"),
    ("vhdx", "bad-log-lost", "vhdx 131120 01"),
    ("vhdx", "bad-log-long", "vhdx 131140 00000008 131120 01"),
    ("zip", "methods", "python3 \"$ROOT/tools/xtask/src/seeds/zip-methods.py\""),
];

/// What the commands above share. `beside` makes the disk that is below by qemu-img, `on FORMAT BELOW` an image on top of
/// it, in which a little is written; `split KIND` makes a VMDK in several files; `patch FILE BYTE HEX` changes bytes;
/// `descriptor LINES` writes a VMDK's text, `stream CAPACITY GRAIN…` a streamOptimized VMDK;
/// `vhdx [BYTE HEX]…` an empty VHDX with changes. Its headers are at 64 and 128 KiB, the regions at 192 KiB, the block table at
/// 2 MiB, the metadata at 3 MiB and their items at 3136 KiB.
pub(super) const PRELUDE: &str = "
    descriptor() { printf \"# Disk DescriptorFile\\n$1\\n\"; }
    stream() { python3 \"$ROOT/tools/xtask/src/seeds/vmdk-stream.py\" $@; }
    vhdx() {
        qemu-img create -q -f vhdx -o block_size=1M v.vhdx 4M; patch v.vhdx 65536 00000000; patch v.vhdx 262144 00000000
        while [ $# -gt 0 ]; do patch v.vhdx $1 $2; shift 2; done; cat v.vhdx
    }
    patch() { printf %s \"$3\" | xxd -r -p | dd of=\"$1\" bs=1 seek=\"$2\" conv=notrunc status=none; }
    beside() { mkdir beside; qemu-img convert -f raw -O \"$@\" small.img beside/1; }
    on() {
        qemu-img create -q -f $1 -b beside/1 -F $2 top.tmp
        qemu-io -c 'write -P 7 8k 1k' -c 'write -P 8 90k 2k' top.tmp >/dev/null; cat top.tmp; rm top.tmp
    }
    split() {
        mkdir beside; qemu-img convert -f raw -O vmdk -o subformat=$1 small.img split.vmdk
        cat split.vmdk; rm split.vmdk; mv split-* beside/
    }
    ";
