# proves: images in tarballs and of VirtualBox land on thick volumes, byte for byte, and boot as PV, PVH and HVM guests
# disk: data 2G

volume_group vg0 data
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/guest --config /root/guest.cfg
same /testbed/images/grub.img /dev/vg0/guest
greets /root/guest.cfg 'greetings from a PV guest, payload intact'

say 'PVH'
# QEMU's CPU has no rdtscp; with the native TSC the guest does without.
sed 's/^type = "pv"/type = "pvh"/; $ a tsc_mode = "native"' /root/guest.cfg >/root/pvh.cfg
greets /root/pvh.cfg 'greetings from a PVH guest, payload intact'

say 'HVM'
cat >/root/hvm.cfg <<'EOF'
name = "hvm"
type = "hvm"
memory = 128
disk = ["format=raw, vdev=xvda, access=rw, target=/dev/vg0/guest"]
serial = "file:/tmp/serial"
tsc_mode = "native"
vnc = 0
sdl = 0
nographic = 1
EOF
runs /root/hvm.cfg hvm
sed 's/^/    /' /tmp/serial
grep -qF 'greetings from an HVM guest, boot sector read' /tmp/serial || fail 'the boot sector did not greet'

say 'a VirtualBox disk'
ends 0 innkeeper convert /testbed/images/guest.vdi lv:vg0/converted
same /testbed/images/grub.img /dev/vg0/converted
configuration converted
greets /root/converted.cfg 'greetings from a PV guest, payload intact'

say 'a file system on the whole disk, with extlinux.conf'
ends 0 innkeeper import /testbed/images/extlinux.img --to lv:vg0/whole
same /testbed/images/extlinux.img /dev/vg0/whole
configuration whole
greets /root/whole.cfg 'greetings from a PV guest, payload intact'
