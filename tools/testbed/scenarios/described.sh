# proves: a guest that an OVF describes boots from the xl.cfg written for it, and xl understands what is written for UEFI
# disk: data 1G

volume_group vg0 data
# The network that the configuration guesses.
ip link add xenbr0 type bridge
ip link set xenbr0 up

# description FIRMWARE: an OVF as VMware's products write it.
description() {
    cat <<END
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References><File ovf:href="disk1.vmdk" ovf:id="file1"/></References>
 <DiskSection><Info>Disks</Info>
  <Disk ovf:capacity="256" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1" ovf:fileRef="file1"/></DiskSection>
 <NetworkSection><Info>Networks</Info><Network ovf:name="VM Network"><Description>any</Description></Network></NetworkSection>
 <VirtualSystem ovf:id="greeter"><Info>A guest</Info><Name>greeter</Name>
  <OperatingSystemSection ovf:id="94"><Info>System</Info><Description>Ubuntu Linux (64-bit)</Description></OperatingSystemSection>
  <VirtualHardwareSection><Info>Hardware</Info>
   <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>128</rasd:VirtualQuantity></Item>
   <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>lsilogic</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:Connection>VM Network</rasd:Connection><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
   <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="$1"/>
  </VirtualHardwareSection>
 </VirtualSystem>
</Envelope>
END
}

ends 0 innkeeper convert /testbed/images/grub.img disk1.vmdk --format vmdk
for firmware in bios efi; do
    description $firmware >vm.ovf
    { echo "SHA256(vm.ovf)= $(sha256sum <vm.ovf | cut -c 1-64)"; echo "SHA256(disk1.vmdk)= $(sha256sum <disk1.vmdk | cut -c 1-64)"; } >vm.mf
    tar -cf $firmware.ova vm.ovf disk1.vmdk vm.mf
done

ends 0 innkeeper import bios.ova --to lv:vg0/guest --config /root/bios.cfg --strict
says '2 files agree (SHA-256)'
same /testbed/images/grub.img /dev/vg0/guest
# Only where the serial line goes, and QEMU's CPU has no rdtscp.
sed 's|^serial = .*|serial = "file:/tmp/serial"|; $ a tsc_mode = "native"' bios.cfg >run.cfg
sed 's/^/    /' run.cfg
runs run.cfg greeter
sed 's/^/    /' /tmp/serial
grep -qF 'greetings from an HVM guest, boot sector read' /tmp/serial || fail 'the boot sector did not greet'

# Debian's OVMF is built without Xen's drivers: what xl makes of the configuration is all that can be shown.
ends 0 innkeeper import efi.ova --to lv:vg0/guest --config /root/efi.cfg --force
ends 0 xl -N create efi.cfg
says '"bios": "ovmf"'
