# proves: volumes that are too small, mounted, held by somebody or used by a guest are refused and keep every byte
# disk: data 2G
# disk: parted 320M

volume_group vg0 data
image=/testbed/images/guest.tar.gz

# refused VOLUME TEXT: the import ends with status 4, says the text, and the volume is what it was.
refused() {
    before=$(cksum <"$1")
    ends 4 innkeeper import "$image" --to "$1" --force
    says "$2"
    [ "$(cksum <"$1")" = "$before" ] || fail "$1 has changed"
}

say 'too small'
lvcreate -q -Wn -L 128M -n small vg0 >/dev/null
yes small | dd of=/dev/vg0/small bs=1M count=128 iflag=fullblock status=none
refused /dev/vg0/small 'holds 128.0 MiB, the disk needs 256.0 MiB'

say 'mounted'
lvcreate -q -L 256M -n mounted vg0 >/dev/null
mkfs.ext4 -q /dev/vg0/mounted
mount -o ro /dev/vg0/mounted /mnt
refused /dev/vg0/mounted 'is mounted'
umount /mnt

say 'a partition of it is mounted'
sfdisk -q /dev/testbed/parted <<'EOF'
label: gpt
size=300MiB
EOF
udevadm settle
part=$(readlink -f /dev/testbed/parted)p1
mkfs.ext4 -q "$part"
mount -o ro "$part" /mnt
refused /dev/testbed/parted 'is mounted'
umount /mnt

say 'held by device mapper'
lvcreate -q -Wn -L 256M -n held vg0 >/dev/null
dmsetup create holder --table "0 $(blockdev --getsz /dev/vg0/held) linear /dev/vg0/held 0"
refused /dev/vg0/held 'holder'
dmsetup remove holder

say 'the disk of a running guest'
ends 0 innkeeper import "$image" --to lv:vg0/guest --config /root/guest.cfg
ends 0 xl create -p /root/guest.cfg
refused /dev/vg0/guest 'is a disk of the running Xen domain'
xl destroy greeter

say 'a disk of somebody else, without --force'
ends 4 innkeeper import "$image" --to lv:vg0/mounted
says 'give --force to overwrite it'
