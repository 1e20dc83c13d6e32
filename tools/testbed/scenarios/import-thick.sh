# proves: an image in a tarball lands on a thick volume, byte for byte, and boots as a PV guest
# disk: data 2G

volume_group vg0 data
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/guest --config /root/guest.cfg
same /testbed/images/grub.img /dev/vg0/guest
cat /root/guest.cfg
greets /root/guest.cfg 'greetings from a PV guest, payload intact'
