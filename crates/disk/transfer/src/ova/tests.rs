use std::io::Write;
use std::process::{Command, Stdio};

use diskimage::Format;
use vmconfig::{Disk as Plugged, Origin, Vm};

use super::told::Told;
use super::{Ova, tar};
use crate::config::{Config, ConfigKind};
use crate::disk::Disk;

fn told(guest: Option<Vm>, source: &str) -> Told {
    let ova = Ova {
        name: "web".into(),
        guest,
    };
    Told::new(&ova, source, &Default::default())
}

fn disk(member: &str) -> Disk {
    Disk {
        member: member.into(),
        size: Some(1 << 20),
        format: Format::Raw,
        variant: String::new(),
    }
}

/// A guest with disks that lie in these files.
fn guest(files: &[&str]) -> Vm {
    let from = Origin::stated("web.cfg", "line 1");
    let disks = files.iter().zip(1..).map(|(file, number)| Plugged {
        source: Some((*file).to_owned()),
        ..Plugged::new(format!("xvd{number}"), &from)
    });
    Vm::guess("web", disks.collect())
}

/// The ids of disks that the description leaves out.
fn left_out(told: &Told) -> Vec<String> {
    let lacks = told.end(None);
    let ids = lacks.iter().filter_map(|lack| {
        let (_, rest) = lack.message().split_once("leaves out disk ")?;
        Some(rest.split_once(',')?.0.to_owned())
    });
    ids.collect()
}

#[test]
fn the_disk_is_the_one_of_its_name_or_the_first() {
    let files = ["/dev/vg0/web", "/srv/data.img", "/srv/more.img"];
    let cases = [
        ("", "/tmp/data.img", ["xvd1", "xvd3"]),
        ("dir/more.img", "web.tar", ["xvd1", "xvd2"]),
        ("xvd2", "web.xva", ["xvd1", "xvd3"]),
        ("a.tar:more.img", "data.img", ["xvd1", "xvd2"]),
        ("disk0", "web.tar", ["xvd2", "xvd3"]),
    ];
    for (member, source, expected) in cases {
        let told = told(Some(guest(&files)), source);
        told.meet(&disk(member), &[]);
        assert_eq!(left_out(&told), expected, "{member} in {source}");
    }
}

#[test]
fn room_is_known_as_soon_as_nothing_can_come() {
    let configs = [Config {
        member: "web.cfg".into(),
        kind: ConfigKind::Xl,
        text: "name = 'web01'\nmemory = 512\n".into(),
    }];
    let given = told(Some(guest(&["a"])), "web.tar");
    assert!(given.room().is_some());
    let alone = told(None, "disk.img");
    assert!(alone.room().is_none());
    alone.meet(&disk(""), &[]);
    assert!(alone.room().is_some());
    let before = told(None, "web.tar");
    before.meet(&disk("disk.img"), &configs);
    assert!(before.room().is_some());
    let behind = told(None, "web.tar");
    behind.meet(&disk("disk.img"), &[]);
    assert!(behind.room().is_none());
    behind.end(Some(&guest(&["disk.img"])));
    assert!(behind.room().is_some());
}

#[test]
fn the_description_fits_whatever_its_numbers_become() {
    let told = told(Some(guest(&["a"])), "web.tar");
    let room = told.room().unwrap();
    for number in [0, 1 << 33, u64::MAX] {
        told.holds(number);
        let text = told.descriptor(number, number, room).unwrap();
        assert!(text.len() <= room && room - text.len() <= 3 * 20);
    }
    assert_eq!(told.descriptor(0, 0, 100), None);
}

#[test]
fn tar_lists_a_member_of_any_size() {
    for size in [0, 511, (1 << 33) - 1, 1 << 33, 1 << 45] {
        let mut list = Command::new("tar")
            .args(["-tvf", "-"])
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tar is needed");
        let header = tar::header("web-disk1.vmdk", size);
        list.stdin.take().unwrap().write_all(&header).unwrap();
        let output = list.wait_with_output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let words: Vec<_> = listed.split_whitespace().collect();
        let size = size.to_string();
        let expected = [
            "-rw-r--r--",
            "root/root",
            &size,
            "1980-01-01",
            "00:00",
            "web-disk1.vmdk",
        ];
        assert_eq!(words, expected);
    }
}
