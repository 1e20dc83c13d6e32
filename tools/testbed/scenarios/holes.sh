# proves: holes take no space on thin volumes, and read as zeros on volumes full of old data, thick and thin
# disk: data 2G

volume_group vg0 data

# used VOLUME: the share of a thin volume that takes space, in percent.
used() { lvs --noheadings -o data_percent "$1" | tr -d ' '; }

# old VOLUME: fills a volume of 256 MiB with data of others.
old() { yes 'old data of the last tenant' | dd of="$1" bs=1M count=256 iflag=fullblock conv=fsync status=none; }

say 'a thin volume, from a web server'
lvcreate -q --type thin-pool -L 512M --chunksize 64k -n pool vg0 >/dev/null
busybox httpd -p 127.0.0.1:8080 -h /testbed/images
ends 0 innkeeper import http://127.0.0.1:8080/guest.tar.gz --to lv:vg0/pool/guest --verify
same /testbed/images/grub.img /dev/vg0/guest
# A chunk of the pool is used if the disk has a byte that is not zero in it.
chunks=$(python3 - <<'EOF'
chunk = 64 << 10
disk = open("/testbed/images/grub.img", "rb")
print(sum(any(piece) for piece in iter(lambda: disk.read(chunk), b"")))
EOF
)
wanted=$(python3 -c "print('%.2f' % ($chunks * 100 * (64 << 10) / (256 << 20)))")
say "the disk has data in $chunks chunks, $wanted %; the volume uses $(used vg0/guest) %"
[ "$(used vg0/guest)" = "$wanted" ] || fail "the volume uses more or less than the data"

say 'a thick volume full of old data'
lvcreate -q -Wn -L 256M -n thick vg0 >/dev/null
old /dev/vg0/thick
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/thick
same /testbed/images/grub.img /dev/vg0/thick

say 'a thin volume in a pool that does not zero what it hands out'
lvcreate -q --type thin-pool -L 512M -Zn -n unzeroed vg0 >/dev/null
lvcreate -q -V 256M --thinpool vg0/unzeroed -n thin >/dev/null
old /dev/vg0/thin
full=$(used vg0/thin)
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/thin
same /testbed/images/grub.img /dev/vg0/thin
now=$(used vg0/thin)
say "the volume used $full % and uses $now %"
[ "${now%.*}" -lt 30 ] || fail 'the holes take space in the pool'

say 'a new thin volume in chunks that others have used and given back'
lvremove -qq -f vg0/thin >/dev/null
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/unzeroed/again
same /testbed/images/grub.img /dev/vg0/again
