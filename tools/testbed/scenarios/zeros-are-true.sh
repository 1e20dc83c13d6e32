# proves: on volumes full of old data, thick and thin, the whole disk reads back exactly, holes as zeros
# disk: data 2G

volume_group vg0 data
old() { yes 'old data of the last tenant' | dd of="$1" bs=1M count=256 iflag=fullblock conv=fsync status=none; }

say 'a thick volume'
lvcreate -q -Wn -L 256M -n thick vg0 >/dev/null
old /dev/vg0/thick
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/thick
same /testbed/images/grub.img /dev/vg0/thick

say 'a thin volume in a pool that does not zero what it hands out'
lvcreate -q --type thin-pool -L 1G -Zn -n pool vg0 >/dev/null
lvcreate -q -V 256M --thinpool vg0/pool -n thin >/dev/null
old /dev/vg0/thin
full=$(lvs --noheadings -o data_percent vg0/thin | tr -d ' ')
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/thin
same /testbed/images/grub.img /dev/vg0/thin
used=$(lvs --noheadings -o data_percent vg0/thin | tr -d ' ')
say "the volume used $full % and uses $used %"
[ "${used%.*}" -lt 30 ] || fail 'the holes take space in the pool'

say 'a new thin volume in chunks that others have used and given back'
lvremove -qq -f vg0/thin >/dev/null
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/pool/guest
same /testbed/images/grub.img /dev/vg0/guest
