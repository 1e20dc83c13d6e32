//! Comparison with libxlutil, the parser xl itself uses.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::xl::{disk, parse};

/// What libxlutil says about configurations and disks.
pub(super) fn libxlutil(configs: &[String], disks: &[String]) -> Json {
    let script = include_str!("libxlutil.py");
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is missing: apt-get install python3");
    let asked = json!({ "configs": configs, "disks": disks }).to_string();
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(asked.as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "libxlutil could not be asked");
    serde_json::from_slice(&output.stdout).unwrap()
}

const CONFIGS: &[&str] = &[
    "a=1\n",
    "a=1",
    "A=1\n",
    "a=True\n",
    "a=-1\n",
    "a=1.5\n",
    "a=\"\\x41\"\n",
    "a=1 # x",
    "a=1\n# x",
    "a=1 # x\n",
    "a=[1,\n2,]\n",
    "a=[1,,2]\n",
    "a=[,]\n",
    "a=[]\n",
    "a=[[1,2],3]\n",
    "a=[\n#c\n1 #d\n,2\n]\n",
    "a=1;b=2\n",
    "a=1;;b=2",
    "a 1\n",
    "a=1 b=2\n",
    "=1\n",
    "a=\"x\n",
    "a=\"\\q\"\n",
    "a.b=1\n",
    "a-b=1\n",
    "a=0x1fz\n",
    "a=[1\n",
    "a='x\\'y'\n",
    "a='\\a\\b\\f\\n\\r\\t\\v\\\\\\\"'\n",
    "a+=1\na+=2\n",
    "a='x'\na='y'\n",
    "a=1\na+=[2]\n",
    "a='x' 'y'\n",
    "a=[1 2]\n",
    "a==1\n",
    "a=1\r\n",
    "a='x\ty'\n",
    "a=[1,2\nb=3\n",
    "a=(1)\n",
    "a+ =1\n",
    "a = 0777zz\n",
    "a=1,\n",
    "a=]\n",
    "é=1\n",
    "a='é'\n",
    "a='\\'\n",
    "a=[\n,1]\n",
    "a = [ 1, True ]\n",
    "a=1\u{c}\n",
    "a='\\",
    "a",
];

#[test]
fn configurations_are_taken_and_refused_as_libxlutil_does() {
    let asked: Vec<_> = CONFIGS.iter().map(|text| (*text).to_owned()).collect();
    let answers = libxlutil(&asked, &[]);
    for (text, answer) in asked.iter().zip(answers["configs"].as_array().unwrap()) {
        let config = parse(text).unwrap();
        assert_eq!(config.faults.is_empty(), answer["ok"], "{text:?}");
        match config.faults.first() {
            None => {
                let ours = config.get("a").and_then(|setting| setting.value.text());
                assert_eq!(ours, answer["strings"]["a"].as_str(), "{text:?}");
            }
            Some(fault) => {
                let said = answer["said"].as_str().unwrap().lines().next().unwrap();
                let message = fault.message.as_str();
                assert!(said.ends_with(message), "{text:?}: {said} / {fault}");
                // Of the line, libxlutil is not always sure.
                if !said.contains("[list]") && !fault.near.is_empty() {
                    let near = format!(
                        "f:{}: config parsing error near `{}'",
                        fault.position.line, fault.near
                    );
                    assert!(said.starts_with(&near), "{text:?}: {said} / {fault}");
                }
            }
        }
    }
}

const DISKS: &[&str] = &[
    "/dev/vg/a,raw,xvda,rw",
    "/dev/vg/a,,xvda",
    "phy:/dev/a,xvda,w",
    "file:/a.img,hda:cdrom,r",
    ",hdc:cdrom,r",
    ",empty,hdc,r",
    "format=raw, vdev=xvda, access=rw, target=/dev/vg/a,b",
    "tap:aio:/a,xvda,w",
    "tap:qcow2:/a,xvda,w",
    "/a,raw,xvda,rw,x",
    "/a",
    "vdev=xvda",
    "vdev=hdc,cdrom",
    "vdev=hdc, devtype=cdrom, format=empty",
    "format=raw,vdev=xvda,target=/a\nscript=evil",
    "foo:/a,xvda,w",
    "foo=1,/a,raw,xvda",
    "iscsi:iqn,xvda,w",
    "/a,raw,xvda:cdrom",
    "/a,raw,xvda,q",
    "devtype=foo,/a,raw,xvda",
    "format=zz,/a",
    "vdev=a,vdev=b,target=/a",
    "target=/a,",
    "format=raw,vdev=xvda,target=",
    "/a:b,raw,xvda",
    "a:/b,raw,xvda",
    "",
    "/a,raw, xvda , rw",
    "raw:/a,xvda",
    "vhd:/a,xvda,w",
    "raw:qcow2:/a,xvda",
    "access=rw,access=r,/a,raw,xvda",
    "cdrom,/a,raw,xvda",
    "/a,raw,xvda,r,cdrom",
    "direct-io-safe,/a,raw,xvda",
    "discard,/a,raw,xvda",
    "backendtype=phy,/a,raw,xvda",
    "backendtype=no,/a,raw,xvda",
    "FORMAT=raw,/a,,xvda",
    "script=block-x,vdev=xvda,target=y",
    "specification=virtio,/a,raw,xvda",
    "file:/a,hda:cdrom:x",
    "drbd:x,xvda",
    "/a,=b",
    "cdromx,/a,raw,xvda",
    "/a=b,raw,xvda",
    "format=raw,format=qcow2,/a,vdev=xvda",
    "http://h/x,raw,xvda",
    "file:http://h/x,xvda",
    "a b,raw,xvda",
    "vdev=,/a,raw,xvdb",
    "/a,raw,,rw",
    "colo-port=x,/a,raw,xvda",
];

#[test]
fn disks_are_taken_and_refused_as_libxlutil_does() {
    let asked: Vec<_> = DISKS.iter().map(|text| (*text).to_owned()).collect();
    let answers = libxlutil(&[], &asked);
    for (text, answer) in asked.iter().zip(answers["disks"].as_array().unwrap()) {
        let said = answer["said"].as_str().unwrap();
        match disk::parse(text) {
            Ok(spec) => {
                assert_eq!(answer["ok"], true, "{text:?}: {said}");
                assert_eq!(
                    spec.target.as_deref(),
                    answer["target"].as_str(),
                    "{text:?}"
                );
                assert_eq!(spec.vdev.as_deref(), answer["vdev"].as_str(), "{text:?}");
            }
            Err(wrong) => {
                assert_eq!(answer["ok"], false, "{text:?}: {}", wrong.message);
                let message = format!("disk specification: {}", wrong.message);
                assert!(
                    said.contains(&message),
                    "{text:?}: {said} / {}",
                    wrong.message
                );
            }
        }
    }
}
