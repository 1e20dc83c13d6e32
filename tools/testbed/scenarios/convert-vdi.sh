# proves: a VirtualBox disk converted onto a volume boots
# disk: data 1G

volume_group vg0 data
ends 0 innkeeper convert /testbed/images/guest.vdi lv:vg0/guest
same /testbed/images/grub.img /dev/vg0/guest
configuration converted
greets /root/converted.cfg 'greetings from a PV guest, payload intact'
