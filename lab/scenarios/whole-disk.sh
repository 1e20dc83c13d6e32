# proves: a file system on the whole disk with extlinux.conf boots from a volume
# disk: data 1G

volume_group vg0 data
ends 0 innkeeper import /lab/images/extlinux.img --to lv:vg0/guest
same /lab/images/extlinux.img /dev/vg0/guest
cat >/root/guest.cfg <<'EOF'
name = "whole"
memory = 256
bootloader = "pygrub"
disk = ["format=raw, vdev=xvda, access=rw, target=/dev/vg0/guest"]
EOF
greets /root/guest.cfg 'greetings from a PV guest, payload intact'
