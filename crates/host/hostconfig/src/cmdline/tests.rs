use std::path::Path;

use error::Position;

use super::*;
use crate::traced::Place;

fn place(column: usize) -> Place {
    Place {
        file: Path::new("/f").into(),
        position: Position { line: 1, column },
    }
}

fn line(reader: Reader, text: &str) -> CommandLine {
    let text = Traced::at(text, place(1));
    CommandLine { reader, text }
}

fn pairs(reader: Reader, text: &str) -> Vec<(String, Option<String>)> {
    let all = line(reader, text).parameters();
    let text = |part: &Traced| part.as_str().to_owned();
    all.iter()
        .map(|one| (text(&one.name), one.value.as_ref().map(text)))
        .collect()
}

fn expect(reader: Reader, text: &str, expected: &[(&str, Option<&str>)]) {
    let own = |(name, value): &(&str, Option<&str>)| (name.to_string(), value.map(str::to_owned));
    let expected: Vec<_> = expected.iter().map(own).collect();
    assert_eq!(pairs(reader, text), expected, "{text}");
}

#[test]
fn linux_keeps_blanks_in_quotes_and_ends_at_two_dashes() {
    expect(
        Reader::Linux,
        " root=/dev/sda1\tro quiet ",
        &[("root", Some("/dev/sda1")), ("ro", None), ("quiet", None)],
    );
    expect(
        Reader::Linux,
        "a=\"b c\" d",
        &[("a", Some("b c")), ("d", None)],
    );
    expect(
        Reader::Linux,
        "\"a=b c\" d",
        &[("a", Some("b c")), ("d", None)],
    );
    expect(Reader::Linux, "=a=b", &[("=a", Some("b"))]);
    expect(Reader::Linux, "a=", &[("a", Some(""))]);
    expect(Reader::Linux, "\"", &[("", None)]);
    expect(Reader::Linux, "a=\"", &[("a", Some(""))]);
    expect(Reader::Linux, "\"a=\"", &[("a", Some(""))]);
    expect(Reader::Linux, "quiet -- init=x", &[("quiet", None)]);
    expect(Reader::Linux, "", &[]);
}

#[test]
fn xen_knows_no_quotes_and_leaves_the_rest_to_dom0() {
    expect(
        Reader::Xen,
        "placeholder  dom0_mem=1G,max:1G \"a b\" -- quiet",
        &[
            ("placeholder", None),
            ("dom0_mem", Some("1G,max:1G")),
            ("\"a", None),
            ("b\"", None),
        ],
    );
    expect(Reader::Xen, "a=b=c", &[("a", Some("b=c"))]);
}

#[test]
fn the_last_of_an_option_counts_and_all_are_known() {
    let line = line(
        Reader::Xen,
        "smt=on no-smt console=com1 console=vga smt=off",
    );
    let last = line.last("smt").unwrap().unwrap();
    assert_eq!(last.value_text(), "off");
    assert_eq!(last.name.place(), Some(&place(40)));
    assert_eq!(last.value.unwrap().place(), Some(&place(44)));
    assert_eq!(line.all("smt").len(), 3);
    assert_eq!(line.all("console").len(), 2);
    assert_eq!(line.last("dom0_mem"), Ok(None));
}

#[test]
fn what_is_not_known_may_set_an_option() {
    let mut text = Traced::at("dom0_mem=1G ", place(1));
    text.append(&Traced::gap(place(13), "'x' is not set".into(), None));
    let unknown = CommandLine {
        reader: Reader::Xen,
        text: text.clone(),
    };
    assert_eq!(
        unknown.last("dom0_mem").unwrap_err().to_string(),
        "'x' is not set"
    );
    text.append(&Traced::at(" dom0_mem=2G", place(20)));
    let settled = CommandLine { text, ..unknown };
    assert_eq!(
        settled.last("dom0_mem").unwrap().unwrap().value_text(),
        "2G"
    );
    let mut text = Traced::default();
    let choices = Some(vec![String::new(), "no-real-mode edd=off".into()]);
    text.append(&Traced::gap(place(1), "it depends".into(), choices));
    let either = CommandLine { text, ..settled };
    assert_eq!(either.last("dom0_mem"), Ok(None));
    assert!(either.last("edd").is_err());
}

#[test]
fn booleans_are_read_as_xen_reads_them() {
    let said = |text: &str| line(Reader::Xen, text).parameters()[0].boolean();
    assert_eq!(said("smt"), Some(true));
    assert_eq!(said("no-smt"), Some(false));
    assert_eq!(said("smt=disable"), Some(false));
    assert_eq!(said("no-smt=off"), Some(true));
    assert_eq!(said("smt=maybe"), None);
    assert_eq!(parse_boolean("xpti", "no-xpti"), Some(false));
    assert_eq!(parse_boolean("xpti", "xpti=yes"), Some(true));
    assert_eq!(parse_boolean("xpti", "no-xpti=yes"), None);
    assert_eq!(parse_boolean("xpti", "xptix"), None);
}

#[test]
fn names_are_compared_as_their_reader_does() {
    let first = |reader, text| line(reader, text).parameters()[0].clone();
    assert!(first(Reader::Linux, "log-buf_len=1").is("log_buf-len"));
    assert!(!first(Reader::Xen, "dom0-mem=1").is("dom0_mem"));
    assert_eq!(
        first(Reader::Xen, "ivrs_ioapic[4]=x").option_name(),
        "ivrs_ioapic"
    );
    assert_eq!(
        first(Reader::Xen, "no-real-mode").option_name(),
        "real-mode"
    );
    assert!(first(Reader::Xen, "no-real-mode").is("no-real-mode"));
    let items = first(Reader::Xen, "dom0=pvh,shadow").items();
    assert_eq!(items[1], "shadow");
    assert_eq!(items[1].place(), Some(&place(10)));
}

#[test]
fn sizes_are_in_kib_without_a_unit() {
    assert_eq!(size_and_unit("2"), (2048, ""));
    assert_eq!(size_and_unit("2g,"), (2 << 30, ","));
    assert_eq!(size_and_unit("0x10MB"), (16 << 20, "B"));
    assert_eq!(size_and_unit("010b"), (8, ""));
    assert_eq!(size_and_unit("08k"), (0, "8k"));
    assert_eq!(size_and_unit("x"), (0, "x"));
}

#[test]
fn dom0_mem_has_a_language_of_its_own() {
    let bytes = |bytes| Amount {
        bytes,
        ..Amount::default()
    };
    let read = |text| Dom0Memory::parse(text).map_err(|error| error.to_string());
    let memory = read("1024M,max:2G").unwrap();
    assert_eq!(memory.size, Some(bytes(1 << 30)));
    assert_eq!((memory.min, memory.max), (None, Some(bytes(2 << 30))));
    let memory = read("min:-512M,1G+25%").unwrap();
    assert!(memory.min.unwrap().is_subtracted);
    let share = Amount {
        percent: 25,
        ..bytes(1 << 30)
    };
    assert_eq!(memory.size, Some(share));
    assert_eq!(
        read("2048MB").unwrap_err(),
        "invalid size '2048MB' of memory"
    );
    assert_eq!(
        read("100%").unwrap_err(),
        "invalid share of memory '100%': must be less than 100"
    );
    for wrong in ["", "max:", "1G,", "1G+", "mid:1G", "--1G"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn dom0_max_vcpus_is_a_range() {
    let read = |text| {
        Dom0Vcpus::parse(text)
            .map(|range| (range.min, range.max))
            .ok()
    };
    assert_eq!(read("4"), Some((4, Some(4))));
    assert_eq!(read("1-4"), Some((1, Some(4))));
    assert_eq!(read("2-"), Some((2, None)));
    assert_eq!(read("-8"), Some((1, Some(8))));
    assert_eq!(read("4x"), None);
    assert_eq!(read("1-x"), None);
}
