//! The languages of values: cards, devices, screens, sizes.

use crate::xl::{disk, parse, pci, size, usb, vfb, vif};

#[test]
fn a_network_card_says_what_it_says() {
    let spec = vif::parse("mac=00-16-3E:0:0:1, bridge=br0,ip=1.2.3.4,,rate=1Mb/s,trusted").unwrap();
    assert_eq!(spec.mac.as_deref(), Some("00:16:3e:00:00:01"));
    assert_eq!(spec.bridge.as_deref(), Some("br0"));
    assert_eq!(spec.at.bridge, Some(27));
    assert_eq!(spec.others, ["ip=1.2.3.4", "trusted"]);
    assert_eq!(spec.rate.unwrap().bytes_per_second, 125_000);
    assert_eq!(spec.rate.unwrap().interval, 50_000);
    assert_eq!(vif::parse("").unwrap(), vif::Spec::default());
}

#[test]
fn what_xl_does_not_know_in_a_network_card_has_no_effect() {
    let spec =
        vif::parse("bridge = br0,type=netfront,mac=00:16,foo=1,accel=1,\tmodel=e1000").unwrap();
    let ignored: Vec<_> = spec
        .ignored
        .iter()
        .map(|wrong| (wrong.at, wrong.to_string()))
        .collect();
    let expected = [
        (0, "near `bridge = br0': unrecognized argument"),
        (18, "near `netfront': Invalid parameter `type'."),
        (31, "near `00:16': Invalid parameter `mac'."),
        (37, "near `foo=1': unrecognized argument"),
        (
            43,
            "near `accel=1': the accel parameter for vifs is currently not supported",
        ),
        (51, "near `\tmodel=e1000': unrecognized argument"),
    ];
    assert_eq!(ignored, expected.map(|(at, text)| (at, text.to_owned())));
    assert_eq!(spec.bridge, None);
    for (text, message) in [
        ("rate=fast", "near `fast': invalid rate"),
        ("rate=", "no rate specified"),
        ("rate=08Mb/s", "near `08Mb/s': rate overflow"),
        ("rate=1Mb/s@x", "near `x': invalid replenishment interval"),
        (
            "rate=1Mb/s@5000s",
            "near `5000s': replenishment interval overflow",
        ),
        ("devid=x", "near `x': failed to convert to number"),
    ] {
        assert_eq!(vif::parse(text).unwrap_err().to_string(), message);
    }
}

#[test]
fn rates_are_in_bytes_and_intervals_in_microseconds() {
    for (text, bytes, interval) in [
        ("10Mb/s", 1_250_000, 50_000),
        ("250KB/s", 250_000, 50_000),
        ("1GB/s@20ms", 1_000_000_000, 20_000),
        ("010B/s@1", 8, 1_000_000),
        ("100b/s@7us", 12, 7),
    ] {
        let rate = vif::parse(&format!("rate={text}")).unwrap().rate.unwrap();
        assert_eq!(
            (rate.bytes_per_second, rate.interval),
            (bytes, interval),
            "{text}"
        );
    }
}

#[test]
fn a_disk_names_its_deprecated_spellings_and_the_places_of_its_parts() {
    let spec = disk::parse("phy:/dev/vg/a,xvda:disk,w").unwrap();
    let deprecated: Vec<_> = spec
        .deprecated
        .iter()
        .map(|d| (d.at, d.text.as_str(), d.instead))
        .collect();
    assert_eq!(deprecated, [(0, "phy:", ""), (18, ":disk", "devtype=disk")]);
    assert_eq!((spec.at.target, spec.at.vdev), (Some(4), Some(14)));
    let spec = disk::parse("format=qcow2, vdev=xvda, backendtype=qdisk,target=/a,b").unwrap();
    assert_eq!(
        (spec.at.format, spec.at.vdev, spec.at.target),
        (Some(7), Some(19), Some(50))
    );
    assert_eq!(spec.target.as_deref(), Some("/a,b"));
    let wrong = disk::parse("/a,QCOW2,xvda,w").unwrap_err();
    assert_eq!(
        (wrong.at, wrong.to_string().as_str()),
        (3, "near `QCOW2': unknown value for format")
    );
    let wrong = disk::parse("phy:/a,hda:floppy,w").unwrap_err();
    assert_eq!((wrong.at, wrong.near.as_str()), (11, "floppy"));
    let spec = disk::parse("drbd:r0,xvda,w").unwrap();
    assert_eq!(spec.script.as_deref(), Some("block-drbd"));
}

#[test]
fn places_in_values_are_places_in_the_file() {
    let config = parse("a = 'x\\ty'\na += \"zé\\\\w\"\n").unwrap();
    let crate::xl::Node::Text(text) = &config.get("a").unwrap().value else {
        panic!("a string");
    };
    assert_eq!(text.text, "x\tyzé\\w");
    let place = |at| text.place(at).to_string();
    assert_eq!(place(0), "line 1, column 6");
    assert_eq!(place(2), "line 1, column 9");
    assert_eq!(place(3), "line 2, column 7");
    assert_eq!(place(text.text.find('w').unwrap()), "line 2, column 11");
    assert_eq!(config.statements[1].span, 11..24);
}

#[test]
fn pci_devices_are_read() {
    let spec = pci::parse("0000:01:1f.7@1e,permissive=1,msitranslate=0,rdm_policy=STRICT").unwrap();
    assert_eq!(spec.device.unwrap().to_string(), "0000:01:1f.7");
    assert_eq!(
        (spec.slot, spec.permissive, spec.msitranslate),
        (Some(0x1e), Some(true), Some(false))
    );
    assert_eq!(spec.rdm_policy.as_deref(), Some("strict"));
    assert_eq!(
        pci::parse("1:2.*").unwrap().device.unwrap().to_string(),
        "0000:01:02.*"
    );
    assert_eq!(pci::parse("bdf=01:00.0,vslot=3").unwrap().slot, Some(3));
    assert_eq!(
        pci::parse("name=gpu,seize=1").unwrap().name.as_deref(),
        Some("gpu")
    );
    for (text, at) in [
        ("01:00", 0),
        ("01:20.0", 0),
        ("01:00.8", 0),
        ("01:00.0x", 7),
        ("01:00.0,foo=1", 8),
        ("01:00.0,seize", 8),
        ("01:00.0,name=x", 0),
        ("01:00.0,rdm_policy=lax", 19),
        ("01:00.0@20", 0),
        ("", 0),
    ] {
        assert_eq!(pci::parse(text).unwrap_err().at, at, "{text}");
    }
}

#[test]
fn usb_controllers_and_devices_are_read() {
    let spec = usb::controller("type=PV, version=2,ports=0x8").unwrap();
    assert_eq!(
        (spec.kind.as_deref(), spec.version, spec.ports),
        (Some("pv"), Some(2), Some(0))
    );
    let spec = usb::device("type=hostdev,hostbus=1,hostaddr=0x1f,controller=0,port=2").unwrap();
    assert_eq!(
        (spec.bus, spec.address, spec.port),
        (Some(1), Some(31), Some(2))
    );
    assert_eq!(usb::device("hostbus=1,vendor=3").unwrap_err().at, 10);
    assert_eq!(
        usb::controller("type=xhci").unwrap_err().to_string(),
        "near `xhci': Invalid usb type"
    );
}

#[test]
fn a_screen_ends_at_the_first_word_without_a_value() {
    let spec = vfb::parse("vnc=1, vnclisten=::1,foo=1,vncunused,vncpasswd=x");
    assert_eq!(
        (spec.vnc, spec.vnc_listen.as_deref()),
        (Some(true), Some("::1"))
    );
    assert_eq!(spec.ignored, ["foo=1", "vncunused", "vncpasswd=x"]);
    assert!(spec.vnc_password.is_none());
}

#[test]
fn sizes_have_units_of_one_letter() {
    for (text, kib) in [
        ("1024", 1 << 20),
        ("2g", 2 << 20),
        ("1T", 1 << 30),
        ("7k", 7),
        ("2048b", 2),
        ("-1m", -1024),
        ("", 0),
    ] {
        assert_eq!(size::kib(text), Some(kib), "{text}");
    }
    for text in ["1gb", "1x", "1.5g", "9999999999999t"] {
        assert_eq!(size::kib(text), None, "{text}");
    }
}
