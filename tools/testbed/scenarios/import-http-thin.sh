# proves: an image from a web server lands on a thin volume whose used share is the disk's data and no more
# disk: data 2G

volume_group vg0 data
lvcreate -q --type thin-pool -L 1G --chunksize 64k -n pool vg0 >/dev/null
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
used=$(lvs --noheadings -o data_percent vg0/guest | tr -d ' ')
say "the disk has data in $chunks chunks, $wanted %; the volume uses $used %"
[ "$used" = "$wanted" ] || fail "the volume uses more or less than the data"
