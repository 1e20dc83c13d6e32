//! The description of a guest.

/// The `ova.xml` of a guest called `name` whose disks have these references and sizes in bytes: the
/// parts of an export's that say something about hardware.
pub fn ova_xml(name: &str, disks: &[(&str, u64)]) -> String {
    let mut objects = object(
        "VM",
        "Ref:0",
        &[
            ("name_label", name),
            ("name_description", ""),
            ("memory_static_max", "1073741824"),
            ("memory_dynamic_max", "1073741824"),
            ("VCPUs_max", "2"),
            ("VCPUs_at_startup", "2"),
            ("HVM_boot_policy", "BIOS order"),
            ("PV_bootloader", ""),
        ],
    );
    for (i, (reference, size)) in disks.iter().enumerate() {
        let (device, drive) = (i.to_string(), format!("Ref:{}", 100 + i));
        let links = [
            ("VM", "Ref:0"),
            ("VDI", *reference),
            ("userdevice", device.as_str()),
            ("type", "Disk"),
            ("mode", "RW"),
        ];
        objects += &object("VBD", &drive, &links);
        let (label, size) = (format!("disk {i}"), size.to_string());
        let about = [
            ("name_label", label.as_str()),
            ("virtual_size", &size),
            ("type", "user"),
        ];
        objects += &object("VDI", reference, &about);
    }
    ova_xml_of(&objects)
}

/// The `ova.xml` that holds these objects, one after the other.
pub fn ova_xml_of(objects: &str) -> String {
    let version =
        "<value><struct><member><name>export_vsn</name><value>2</value></member></struct></value>";
    format!(
        "<value><struct><member><name>version</name>{version}</member>\
         <member><name>objects</name><value><array><data>{objects}</data></array></value></member>\
         </struct></value>"
    )
}

/// An object of a class, by the reference that others call it.
pub fn object(class: &str, id: &str, snapshot: &[(&str, &str)]) -> String {
    let snapshot: String = snapshot
        .iter()
        .map(|(key, value)| text(key, value))
        .collect();
    format!(
        "<value><struct>{}{}<member><name>snapshot</name><value><struct>{snapshot}</struct></value>\
         </member></struct></value>",
        text("class", class),
        text("id", id)
    )
}

fn text(key: &str, value: &str) -> String {
    format!("<member><name>{key}</name><value>{value}</value></member>")
}
