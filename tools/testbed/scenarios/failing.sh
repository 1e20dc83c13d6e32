# proves: a target that fails halfway does not take the others with it, and what a full group or pool stopped is gone
# disk: data 2G
# disk: bad 512M
# disk: small 400M

volume_group vg0 data
image=/testbed/images/guest.tar.gz

say 'two volumes at once'
ends 0 innkeeper import "$image" --to lv:vg0/one --to lv:vg0/two --verify
same /testbed/images/grub.img /dev/vg0/one
same /testbed/images/grub.img /dev/vg0/two

say 'a device that fails halfway'
sectors=$(blockdev --getsz /dev/testbed/bad)
dmsetup create failing --table "0 $sectors linear /dev/testbed/bad 0"
mkfifo /tmp/source
half=$(($(stat -c %s "$image") / 2))
innkeeper import /tmp/source --to /dev/mapper/failing --to lv:vg0/three >/tmp/said 2>&1 &
exec 3>/tmp/source
head -c "$half" "$image" >&3
dmsetup reload failing --table "0 $sectors error"
dmsetup suspend --noflush --nolockfs failing
dmsetup resume failing
tail -c "+$((half + 1))" "$image" >&3
exec 3>&-
status=0
wait $! || status=$?
sed 's/^/    /' /tmp/said
[ "$status" = 1 ] || fail "status $status, not 1"
says '/dev/mapper/failing'
says 'Input/output error'
same /testbed/images/grub.img /dev/vg0/three
[ -z "$(blkid -p -o value -s PTTYPE /dev/testbed/bad)" ] || fail 'the device that failed looks like a disk'

volume_group vg1 small
before=$(lvs --noheadings -o name vg1)
gone() {
    udevadm settle
    [ "$(lvs --noheadings -o name vg1)" = "$before" ] || fail "volumes are left: $(lvs --noheadings -o name vg1)"
}

say 'two disks, of which the second finds no room any more'
mkdir /tmp/two
cp --sparse=always /testbed/images/grub.img /tmp/two/first.img
cp --sparse=always /testbed/images/grub.img /tmp/two/second.img
tar -C /tmp -cSf /root/two.tar two/first.img two/second.img
ends 4 innkeeper import /root/two.tar --to 'lv:vg1/{name}-{disk}'
says 'lv:vg1/two-1'
gone

say 'a disk that is larger than the group'
ends 4 innkeeper import "$image" --to lv:vg1/guest --size 1G
says 'vg1'
gone

say 'a pool that promises more than it has'
lvcreate -q --type thin-pool -L 12M -n pool vg1 >/dev/null
lvchange -q --errorwhenfull y vg1/pool >/dev/null
before=$(lvs --noheadings -o name vg1)
ends 1 innkeeper import "$image" --to lv:vg1/pool/guest
says 'lv:vg1/pool/guest'
gone
