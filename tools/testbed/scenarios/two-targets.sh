# proves: one pass writes two volumes at once; when one of them fails, the other is whole
# disk: data 2G
# disk: bad 512M

volume_group vg0 data
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/one --to lv:vg0/two --verify
same /testbed/images/grub.img /dev/vg0/one
same /testbed/images/grub.img /dev/vg0/two

say 'a device that fails halfway'
sectors=$(blockdev --getsz /dev/testbed/bad)
dmsetup create failing --table "0 $sectors linear /dev/testbed/bad 0"
mkfifo /tmp/source
image=/testbed/images/guest.tar.gz
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
