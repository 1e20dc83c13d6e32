# proves: disks with sectors of 4 KiB take an image, bare and as a volume, and give it back
# disk: bare 256M 4096
# disk: large 512M 4096
# disk: data 1G 4096

[ "$(blockdev --getss /dev/testbed/bare)" = 4096 ] || fail 'the disk has other sectors'
ends 0 innkeeper import /testbed/images/guest.tar.gz --to /dev/testbed/bare --verify
same /testbed/images/grub.img /dev/testbed/bare

say 'old data under and behind the disk'
yes 'old data' | dd of=/dev/testbed/large bs=1M count=512 iflag=fullblock conv=fsync status=none
ends 0 innkeeper import /testbed/images/guest.tar.gz --to /dev/testbed/large
same /testbed/images/grub.img /dev/testbed/large

volume_group vg0 data
[ "$(blockdev --getss /dev/testbed/data)" = 4096 ] || fail "the group has other sectors"
ends 0 innkeeper import /testbed/images/guest.vdi --to lv:vg0/guest --verify
same /testbed/images/grub.img /dev/vg0/guest

say 'a disk whose size is no whole number of such sectors'
head -c $((64 * 1024 * 1024 + 512)) /testbed/images/grub.img >/tmp/odd.img
ends 0 innkeeper import /tmp/odd.img --to lv:vg0/odd --verify --force-truncated
same /tmp/odd.img /dev/vg0/odd
