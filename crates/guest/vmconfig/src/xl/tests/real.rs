//! Comparison with libxlutil, the parser xl itself uses.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::xl::{Literal, disk, number, parse, pci};

/// What libxlutil is asked about.
#[derive(Default)]
pub(super) struct Asked {
    /// Configurations, and the names whose values are wanted.
    pub configs: Vec<(String, Vec<String>)>,
    pub disks: Vec<String>,
    pub pcis: Vec<String>,
}

/// What libxlutil says.
pub(super) fn libxlutil(asked: &Asked) -> Json {
    let script = include_str!("libxlutil.py");
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is missing: apt-get install python3");
    let asked = json!({ "configs": asked.configs, "disks": asked.disks, "pcis": asked.pcis });
    let asked = asked.to_string();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
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
    let names = vec!["a".to_owned()];
    let configs = CONFIGS
        .iter()
        .map(|text| ((*text).to_owned(), names.clone()));
    let asked = Asked {
        configs: configs.collect(),
        ..Asked::default()
    };
    let answers = libxlutil(&asked);
    for ((text, _), answer) in asked
        .configs
        .iter()
        .zip(answers["configs"].as_array().unwrap())
    {
        let config = parse(text).unwrap();
        assert_eq!(config.faults.is_empty(), answer["ok"], "{text:?}");
        match config.faults.first() {
            None => {
                let ours = config.get("a").and_then(|setting| setting.value.text());
                assert_eq!(ours, answer["values"]["a"]["string"].as_str(), "{text:?}");
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
    let disks = DISKS.iter().map(|text| (*text).to_owned());
    let asked = Asked {
        disks: disks.collect(),
        ..Asked::default()
    };
    let answers = libxlutil(&asked);
    for (text, answer) in asked.disks.iter().zip(answers["disks"].as_array().unwrap()) {
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

const PCIS: &[&str] = &[
    "01:00.0",
    "0000:01:00.0@5,permissive=1,msitranslate=0",
    "0000:0a:1f.*",
    "bdf=01:00.0,vslot=1f,seize=1",
    "name=gpu,power_mgmt=1,rdm_policy=relaxed",
    "01:00.8",
    "01:20.1",
    "01:00.0,name=x",
    "01:00.0,foo=1",
    "01:00.0 ",
    "ffff:ff:1f.7@1f,rdm_policy=STRICT,",
];

/// Random numbers, the same every time (xorshift64, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    /// Words in a row, or one of `seeds`; then damaged in a few places.
    fn text(&mut self, seeds: &[&str], words: &[&str]) -> String {
        let mut text = match self.below(3) {
            0 => (0..=self.below(12)).map(|_| self.pick(words)).collect(),
            1 => self.pick(seeds).to_owned(),
            _ => self.pick(seeds).to_owned() + self.pick(seeds),
        };
        for _ in 0..self.below(4) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places
                .get(self.below(places.len() + 1))
                .copied()
                .unwrap_or(text.len());
            match self.below(3) {
                0 => text.insert_str(at, self.pick(words)),
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.truncate(at),
            }
        }
        text
    }
}

const CONFIG_WORDS: &[&str] = &[
    "a", "b", "name", "disk", "=", "=", " = ", "+=", "[", "]", ",", ";", "\n", "\n", "# x\n", "#",
    "'x'", "\"y\\n\"", "'\\''", "1", "0x1f", "010", "'-1'", "'7 '", "True", "-", "(", ".", "\t",
    " ", "é", "\r", "'", "\"", "\\",
];

// Of a line end where it expects none, libxlutil's lexer ends the process.
const DISK_WORDS: &[&str] = &[
    "/dev/a",
    "raw",
    "qcow2",
    "QCOW2",
    "xvda",
    "hdc",
    ":cdrom",
    ":disk",
    ":",
    "rw",
    "r",
    "w",
    "ro",
    ",",
    ",",
    ",",
    " ",
    "=",
    "format=",
    "vdev=",
    "target=",
    "access=",
    "script=",
    "backend=",
    "backendtype=",
    "phy",
    "tap",
    "qdisk",
    "specification=",
    "virtio",
    "xen",
    "devtype=",
    "cdrom",
    "disk",
    "empty",
    "",
    "phy:",
    "file:",
    "aio:",
    "tap2:",
    "vhd:",
    "iscsi:",
    "drbd:",
    "foo:",
    "foo=",
    "discard",
    "no-discard",
    "direct-io-safe",
    "colo",
    "colo-port=",
    "colo-host=",
    "active-disk=",
    "12",
    "x",
    "\t",
    "é",
    "A=",
];

const PCI_WORDS: &[&str] = &[
    "01:00.0",
    "0000:",
    "1",
    "f",
    "1f",
    "20",
    ":",
    ".",
    "*",
    "@",
    ",",
    ",",
    "=",
    "permissive=",
    "msitranslate=",
    "seize=",
    "power_mgmt=",
    "rdm_policy=",
    "strict",
    "relaxed",
    "name=",
    "bdf=",
    "vslot=",
    "0x",
    " ",
    "-1",
    "x",
];

/// Whether libxlutil reads a variable that it has not set: behind numbers with colons there is no dot.
fn is_undefined(spec: &str) -> bool {
    let addresses = std::iter::once(spec).chain(spec.split("bdf=").skip(1));
    addresses.into_iter().any(|text| {
        let behind = text.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == ':');
        let colons = text[..text.len() - behind.len()].contains(':');
        let digits = text.contains("0x") || text.contains(['-', ' ']);
        colons && (digits || !behind.starts_with('.'))
    })
}

#[test]
fn damaged_inputs_are_taken_and_refused_as_libxlutil_does() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut asked = Asked::default();
    while asked.configs.len() < 8000 {
        let text = random.text(CONFIGS, CONFIG_WORDS);
        let names = parse(&text)
            .unwrap()
            .settings
            .into_iter()
            .map(|setting| setting.name);
        asked.configs.push((text.clone(), names.collect()));
    }
    asked.disks = (0..10_000)
        .map(|_| random.text(DISKS, DISK_WORDS))
        .collect();
    while asked.pcis.len() < 4000 {
        let text = random.text(PCIS, PCI_WORDS);
        if !is_undefined(&text) {
            asked.pcis.push(text);
        }
    }
    let answers = libxlutil(&asked);
    let of = |what: &str| answers[what].as_array().unwrap().iter();
    // All that differ are told, not the first only.
    let mut differing = 0;
    let mut taken = |agrees: &dyn Fn() -> bool| {
        let agreed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(agrees));
        differing += usize::from(agreed.is_err());
        agreed.unwrap_or(false)
    };
    let configs = asked.configs.iter().zip(of("configs"));
    let configs = configs.filter(|((text, _), answer)| taken(&|| agrees_on_config(text, answer)));
    let configs = configs.count();
    let disks = asked.disks.iter().zip(of("disks"));
    let disks = disks
        .filter(|(text, answer)| taken(&|| agrees_on_disk(text, answer)))
        .count();
    let pcis = asked.pcis.iter().zip(of("pcis"));
    let pcis = pcis
        .filter(|(text, answer)| taken(&|| agrees_on_pci(text, answer)))
        .count();
    assert_eq!(differing, 0);
    let fewest = configs.min(disks).min(pcis);
    assert!(fewest > 400, "too few are taken: {configs} {disks} {pcis}");
}

/// Compares; whether it is taken.
fn agrees_on_config(text: &str, answer: &Json) -> bool {
    let config = parse(text).unwrap();
    if config
        .faults
        .iter()
        .any(|fault| fault.message.contains("octal"))
    {
        return false;
    }
    assert_eq!(
        config.faults.is_empty(),
        answer["ok"],
        "{text:?}: {} / {:?}",
        answer["said"],
        config.faults
    );
    if !config.faults.is_empty() {
        return false;
    }
    for setting in &config.settings {
        let theirs = &answer["values"][&setting.name];
        match Literal::of(&setting.value) {
            Literal::Text(ours) => {
                assert_eq!(theirs["string"], ours.as_str(), "{text:?}");
                let negative = |it: &str| it.starts_with('-') || it == "0";
                match (number(&ours), theirs["number"].as_str()) {
                    (Ok(ours), Some(theirs)) => assert_eq!(ours.to_string(), theirs, "{text:?}"),
                    (Ok(_), None) => assert!(setting.added, "{text:?}"),
                    (Err(_), Some(theirs)) => assert!(negative(theirs), "{text:?}: {theirs}"),
                    (Err(_), None) => {}
                }
            }
            Literal::List(ours) => {
                let ours: Vec<_> = ours
                    .iter()
                    .map(|element| match element {
                        Literal::Text(text) => Json::from(text.as_str()),
                        Literal::List(_) => Json::Null,
                    })
                    .collect();
                assert_eq!(theirs["list"], Json::from(ours), "{text:?}");
            }
        }
    }
    true
}

fn agrees_on_disk(text: &str, answer: &Json) -> bool {
    match disk::parse(text) {
        Ok(spec) => {
            assert_eq!(answer["ok"], true, "{text:?}: {}", answer["said"]);
            let string = |name: &str| answer[name].as_str().map(str::to_owned);
            assert_eq!(spec.target, string("target"), "{text:?}");
            assert_eq!(spec.vdev, string("vdev"), "{text:?}");
            assert_eq!(spec.script, string("script"), "{text:?}");
            assert_eq!(spec.backend, string("backend"), "{text:?}");
            assert_eq!(spec.backend_type, string("backend_type"), "{text:?}");
            assert_eq!(spec.specification, string("specification"), "{text:?}");
            assert_eq!(
                spec.format.as_deref().unwrap_or("raw"),
                answer["format"],
                "{text:?}"
            );
            assert_eq!(
                (spec.read_only, spec.cdrom),
                (answer["read_only"] == true, answer["cdrom"] == true),
                "{text:?}"
            );
            true
        }
        Err(wrong) => {
            assert_eq!(answer["ok"], false, "{text:?}: {wrong}");
            let said = answer["said"].as_str().unwrap();
            let message = format!("disk specification: {}", wrong.message);
            assert!(said.contains(&message), "{text:?}: {said} / {wrong}");
            false
        }
    }
}

fn agrees_on_pci(text: &str, answer: &Json) -> bool {
    let spec = match pci::parse(text) {
        Ok(spec) => spec,
        Err(wrong) => {
            assert_eq!(answer["ok"], false, "{text:?}: {wrong}");
            return false;
        }
    };
    assert_eq!(answer["ok"], true, "{text:?}: {}", answer["said"]);
    if let Some(device) = spec.device {
        assert_eq!(answer["address"], device.to_string(), "{text:?}");
    }
    assert_eq!(answer["name"].as_str(), spec.name.as_deref(), "{text:?}");
    assert_eq!(answer["slot"], spec.slot.unwrap_or(0), "{text:?}");
    for (name, ours) in [
        ("msitranslate", spec.msitranslate),
        ("power_mgmt", spec.power_mgmt),
        ("permissive", spec.permissive),
        ("seize", spec.seize),
    ] {
        assert_eq!(answer["flags"][name], ours.unwrap_or(false), "{text:?}");
    }
    true
}
