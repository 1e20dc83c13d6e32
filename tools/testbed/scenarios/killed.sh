# proves: killed halfway, a volume does not look like a disk; the same command then succeeds
# disk: data 1G

volume_group vg0 data
mkfifo /tmp/source
image=/testbed/images/guest.tar.gz
half=$(($(stat -c %s "$image") / 2))

# halfway COMMAND…: half of the image goes into the pipe, and when all of it is taken, the command is killed.
halfway() {
    say "kill -9: $*"
    "$@" >/tmp/said 2>&1 &
    pid=$!
    exec 3>/tmp/source
    head -c "$half" "$image" >&3
    # Less than a pipe holds is on its way: the volume is being written.
    until [ "$(dd if=/dev/vg0/guest bs=1M skip=1 count=200 status=none 2>/dev/null | tr -d '\0' | wc -c)" -gt 1000000 ]; do sleep 0.2; done
    kill -9 $pid
    wait $pid || true
    exec 3>&-
}

say 'onto a volume of its own'
halfway innkeeper import /tmp/source --to lv:vg0/guest
[ -z "$(blkid -p -o value -s PTTYPE /dev/vg0/guest)" ] || fail 'the half volume has a partition table'
ends 0 innkeeper import "$image" --to lv:vg0/guest --config /root/guest.cfg
same /testbed/images/grub.img /dev/vg0/guest

say 'onto the same volume, which holds a good disk'
halfway innkeeper import /tmp/source --to lv:vg0/guest --force
[ -z "$(blkid -p -o value -s PTTYPE /dev/vg0/guest)" ] || fail 'the half volume has a partition table'
ends 0 innkeeper import "$image" --to lv:vg0/guest
same /testbed/images/grub.img /dev/vg0/guest
greets /root/guest.cfg 'greetings from a PV guest, payload intact'
