# proves: when the volume group or the pool is full halfway, the command fails and what it made is gone
# disk: data 400M

volume_group vg0 data
before=$(lvs --noheadings -o name vg0)
gone() {
    udevadm settle
    [ "$(lvs --noheadings -o name vg0)" = "$before" ] || fail "volumes are left: $(lvs --noheadings -o name vg0)"
}

say 'two disks, of which the second finds no room any more'
mkdir /tmp/two
cp --sparse=always /testbed/images/grub.img /tmp/two/first.img
cp --sparse=always /testbed/images/grub.img /tmp/two/second.img
tar -C /tmp -cSf /root/two.tar two/first.img two/second.img
ends 4 innkeeper import /root/two.tar --to 'lv:vg0/{name}-{disk}'
says 'lv:vg0/two-1'
gone

say 'a disk that is larger than the group'
ends 4 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/guest --size 1G
says 'vg0'
gone

say 'a pool that promises more than it has'
lvcreate -q --type thin-pool -L 12M -n pool vg0 >/dev/null
lvchange -q --errorwhenfull y vg0/pool >/dev/null
before=$(lvs --noheadings -o name vg0)
ends 1 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/pool/guest
says 'lv:vg0/pool/guest'
gone
