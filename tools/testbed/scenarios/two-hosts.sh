# proves: two hosts on one wire reach each other, and a disk goes from one to a volume on the other
# hosts: 2
# disk: data 1G

until ssh -o ConnectTimeout=5 two true 2>/dev/null; do sleep 1; done
say "the other host is $(ssh two hostname)"
ssh two 'pvcreate -q /dev/testbed/data && vgcreate -q vg0 /dev/testbed/data' >/dev/null

ssh two innkeeper import - --to lv:vg0/guest </testbed/images/guest.tar.gz
here=$(innkeeper digest /testbed/images/grub.img | grep -o 'idd1:[0-9a-f]*' | head -1)
there=$(ssh two innkeeper digest /dev/vg0/guest | grep -o 'idd1:[0-9a-f]*' | head -1)
say "here  $here"
say "there $there"
[ -n "$here" ] && [ "$here" = "$there" ] || fail 'the disks differ'

ssh two 'xl list >/out/domains'
