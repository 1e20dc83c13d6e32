//! xl.cfg: places are in the text, a document keeps what is not changed, and formatting changes blanks only.

use error::Result;
use vmconfig::opennebula;
use vmconfig::xen::Release;
use vmconfig::xl::{
    Config, Document, Literal, cpus, disk, format, judge, parse, pci, size, usb, vfb, vif,
};

use crate::told::told;

/// Releases whose language differs.
const RELEASES: [Release; 3] = [Release::OLDEST, Release::new(4, 4), Release::NEWEST];

/// Reads the input as a configuration, and each line of it as each of the languages of values.
///
/// # Errors
/// The text is too long, or holds too much.
pub fn xl(data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data);
    text.lines().for_each(value);
    told(&opennebula::read(&text, "guest"));
    let config = parse(&text)?;
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for release in RELEASES {
        for finding in judge(&config, release) {
            let line = lines.get(finding.position.line - 1);
            let width = line.expect("a line of the text");
            assert!(
                finding.position.column <= width + 1,
                "{finding:?} in {text:?}"
            );
        }
    }
    if config.faults.is_empty() {
        document(&text, &config);
    }
    Ok(())
}

fn value(line: &str) {
    let wrong = [
        disk::parse(line).err(),
        vif::parse(line).err(),
        pci::parse(line).err(),
        usb::controller(line).err(),
        usb::device(line).err(),
    ];
    for wrong in wrong.into_iter().flatten() {
        assert!(line.is_char_boundary(wrong.at), "{wrong:?} in {line:?}");
    }
    let _ = (vfb::parse(line), size::kib(line));
    for release in RELEASES {
        if let Ok(mask) = cpus::mask(line, release) {
            let host = cpus::Topology {
                cpus: 8,
                nodes: vec![vec![0, 1], vec![2, 3]],
            };
            let found = mask.resolve(&host);
            assert!(!mask.is_always_empty() || found.is_empty(), "{line:?}");
        }
    }
}

/// What a configuration sets.
fn settings(config: &Config) -> Vec<(String, Literal)> {
    let settings = config.settings.iter();
    settings
        .map(|setting| (setting.name.clone(), Literal::of(&setting.value)))
        .collect()
}

fn document(text: &str, config: &Config) {
    let mut document = Document::parse(text).expect("it has no faults");
    assert_eq!(document.text(), text);
    for setting in &config.settings {
        let same = Literal::of(&setting.value);
        document.set(&setting.name, &same).expect("it can be set");
    }
    assert_eq!(document.text(), text, "nothing was changed");
    let once = format(text).expect("it has no faults");
    let formatted = parse(&once).expect("it is not longer than texts may be");
    assert_eq!(
        settings(&formatted),
        settings(config),
        "{text:?} became {once:?}"
    );
    assert_eq!(format(&once).expect("it has no faults"), once);
    let mut expected = settings(config);
    let Some((name, value)) = expected.first_mut() else {
        return;
    };
    *value = Literal::Text("other".to_owned());
    document.set(name, value).expect("it can be set");
    assert_eq!(settings(document.config()), expected, "{text:?}");
}
