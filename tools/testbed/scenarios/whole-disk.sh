# proves: a file system on the whole disk with extlinux.conf boots from a volume
# disk: data 1G

volume_group vg0 data
ends 0 innkeeper import /testbed/images/extlinux.img --to lv:vg0/guest
same /testbed/images/extlinux.img /dev/vg0/guest
configuration whole
greets /root/whole.cfg 'greetings from a PV guest, payload intact'
