//! Changes of a text.

use proptest::prelude::*;

use crate::xl::{Document, Literal, format, parse};

const FILE: &str = "# web, by hand\nname='web'   # its name\nmemory = \"768\"\n\nvcpus=2;acpi=1#text\n\
    disk = [ 'phy:/dev/vg/web,xvda,w',   # root\n         'phy:/dev/vg/swap,xvdb,w', # swap\n       ]\nextra = \"a\"\nextra += ' b'\n";

fn document() -> Document {
    Document::parse(FILE).unwrap()
}

fn text(value: &str) -> Literal {
    Literal::Text(value.to_owned())
}

/// Lines of `FILE` that changed, and what they became.
fn changed(document: &Document) -> Vec<(String, String)> {
    let pairs = FILE.lines().zip(document.text().lines());
    let different = pairs.filter(|(old, new)| old != new);
    different
        .map(|(old, new)| (old.to_owned(), new.to_owned()))
        .collect()
}

#[test]
fn a_value_changes_in_its_place_and_in_its_quotes() {
    for (name, value, old, new) in [
        (
            "name",
            "mail",
            "name='web'   # its name",
            "name='mail'   # its name",
        ),
        (
            "name",
            "it's",
            "name='web'   # its name",
            "name=\"it's\"   # its name",
        ),
        ("memory", "1024", "memory = \"768\"", "memory = \"1024\""),
        ("vcpus", "4", "vcpus=2;acpi=1#text", "vcpus=4;acpi=1#text"),
        (
            "acpi",
            "no",
            "vcpus=2;acpi=1#text",
            "vcpus=2;acpi=\"no\"#text",
        ),
    ] {
        let mut document = document();
        document.set(name, &text(value)).unwrap();
        assert_eq!(changed(&document), [(old.to_owned(), new.to_owned())]);
        assert_eq!(document.text().lines().count(), FILE.lines().count());
    }
}

#[test]
fn a_value_that_is_there_already_changes_nothing() {
    let mut document = document();
    document.set("memory", &text("768")).unwrap();
    document.set("extra", &text("a b")).unwrap();
    assert_eq!(document.text(), FILE);
}

#[test]
fn what_was_added_goes_with_the_value_it_was_added_to() {
    let mut document = document();
    document.set("extra", &text("c")).unwrap();
    assert!(
        document.text().ends_with("extra = \"c\"\n"),
        "{}",
        document.text()
    );
    let mut document = Document::parse("a += 'x'\na += 'y'\nb=1\n").unwrap();
    document.set("a", &text("5")).unwrap();
    assert_eq!(document.text(), "a = 5\nb=1\n");
}

#[test]
fn a_new_setting_comes_at_the_end_of_a_whole_line() {
    let mut document = Document::parse("a=1").unwrap();
    document.set("b", &text("x")).unwrap();
    document.set("c", &Literal::read("['y', 2]")).unwrap();
    assert_eq!(document.text(), "a=1\nb = \"x\"\nc = [\"y\", 2]\n");
    assert_eq!(
        document.set("B", &text("x")).unwrap_err().to_string(),
        "invalid name 'B': names of xl.cfg are small letters, digits, '_' and '.'"
    );
}

#[test]
fn elements_of_a_list_keep_their_comments() {
    let mut document = document();
    document
        .set_element("disk", 1, &text("/dev/vg/swap,raw,xvdb,rw"))
        .unwrap();
    let new = "         '/dev/vg/swap,raw,xvdb,rw', # swap";
    assert_eq!(changed(&document)[0].1, new);
    assert!(document.set_element("disk", 2, &text("x")).is_err());
}

#[test]
fn elements_of_a_list_that_stay_keep_their_comments() {
    let set = |list: &str, elements: &str| {
        let mut document = Document::parse(&format!("disk = {list} # end\nb=1\n")).unwrap();
        let value = Literal::read(elements);
        document.set("disk", &value).unwrap();
        let stated = &document.config().get("disk").unwrap().value;
        assert_eq!(Literal::of(stated), value);
        let list = document.text().strip_prefix("disk = ").unwrap();
        list.strip_suffix(" # end\nb=1\n").unwrap().to_owned()
    };
    let two = "[ 'a',   # root\n         'b', # swap\n       ]";
    for (new, changed) in [
        ("['a']", "[ 'a',   # root\n       ]"),
        ("['b']", "[ 'b', # swap\n       ]"),
        ("[]", "[\n       ]"),
        (
            "['a','b','c']",
            "[ 'a',   # root\n         'b', # swap\n         'c',\n       ]",
        ),
        (
            "['a','c','b']",
            "[ 'a',   # root\n         'c',\n         'b', # swap\n       ]",
        ),
        (
            "['c','a','b']",
            "[ 'c',\n         'a',   # root\n         'b', # swap\n       ]",
        ),
        (
            "['a','c']",
            "[ 'a',   # root\n         'c', # swap\n       ]",
        ),
    ] {
        assert_eq!(set(two, new), changed, "{new}");
    }
    for (old, new, changed) in [
        ("['a', 'b',]", "[]", "[]"),
        ("['a', 'b', 'c']", "['a','c']", "['a', 'c']"),
        ("['a', 'b', 'c']", "['b']", "['b']"),
        ("['a']", "['a','b']", "['a', 'b']"),
        ("[ ]", "['a', 2]", "[ \"a\", 2 ]"),
        (
            "[ # disks\n 'a'\n]",
            "['b','a']",
            "[ # disks\n 'b',\n 'a'\n]",
        ),
        ("[ # none\n]", "['a']", "[ # none\n    \"a\"\n]"),
        ("['a', # root\n 'b']", "['a']", "['a' # root\n]"),
        (
            "['a' # root\n]",
            "['a','b']",
            "['a', # root\n        'b'\n]",
        ),
        (
            "[\n 'a', 'b', # both\n 'c']",
            "['a','c']",
            "[\n 'a', # both\n 'c']",
        ),
        (
            "[\n # the root\n 'a',\n # swap, twice\n 'b', 'c' # x\n , 'd']",
            "['a','d']",
            "[\n # the root\n 'a',\n # swap, twice\n 'd']",
        ),
        ("[['a',], 'b']", "[['c'],'b']", "[[\"c\"], 'b']"),
    ] {
        assert_eq!(set(old, new), changed, "{old} {new}");
    }
}

#[test]
fn a_setting_is_taken_out_with_its_line() {
    let mut document = document();
    assert!(document.remove("name").unwrap() && document.remove("extra").unwrap());
    assert!(document.remove("vcpus").unwrap() && !document.remove("nothing").unwrap());
    assert!(
        document
            .text()
            .starts_with("# web, by hand\nmemory = \"768\"\n\nacpi=1#text\n")
    );
    assert!(document.text().ends_with("       ]\n"));
}

#[test]
fn a_value_is_read_as_a_user_means_it() {
    assert_eq!(Literal::read("4"), text("4"));
    assert_eq!(Literal::read("'4'"), text("4"));
    assert_eq!(Literal::read("web 1"), text("web 1"));
    assert_eq!(Literal::read("True"), text("True"));
    assert_eq!(Literal::read("1;b=2"), text("1;b=2"));
    assert_eq!(
        Literal::read("[1, 'x']"),
        Literal::List(vec![text("1"), text("x")])
    );
    assert_eq!(Literal::read(""), text(""));
}

#[test]
fn formatting_changes_blanks_only() {
    assert_eq!(
        format(FILE).unwrap(),
        "# web, by hand\nname = 'web'  # its name\nmemory = \"768\"\n\nvcpus = 2\nacpi = 1  #text\n\
         disk = ['phy:/dev/vg/web,xvda,w',  # root\n    'phy:/dev/vg/swap,xvdb,w',  # swap\n]\nextra = \"a\"\nextra += ' b'\n"
    );
    assert_eq!(format("a=1\n\n\n\n# x").unwrap(), "a = 1\n\n# x\n");
    assert_eq!(
        format("a=1;\nb=2; # why\nc=3;;d=4 ;\n\n;e=[];# x").unwrap(),
        "a = 1\nb = 2  # why\nc = 3\nd = 4\n\ne = []  # x\n"
    );
    assert_eq!(
        format("a=[\n[1,2 ],\n 3]").unwrap(),
        "a = [\n    [1, 2],\n    3]\n"
    );
    assert_eq!(format("").unwrap(), "");
    assert!(format("a = True\n").is_err());
    // libxlutil passes over a last byte that is no word.
    assert_eq!(format("a=1\n'").unwrap(), "a = 1\n");
    let mut document = Document::parse("a=1 \"").unwrap();
    document.set("b", &text("2")).unwrap();
    assert_eq!(document.text(), "a=1 \nb = 2\n");
}

/// Configurations that libxlutil takes, in odd layouts.
fn odd() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("'x y'".to_owned()),
        Just("\"q\\\"\\\\\"".to_owned()),
        Just("[]".to_owned()),
        Just("[ 'a',# c\n\n  2 ,]".to_owned()),
        Just("[['a' ,'b'],\t'c'\n]".to_owned()),
    ];
    let name = prop_oneof![Just("a"), Just("b"), Just("name"), Just("disk")];
    let end = prop_oneof![
        Just("\n"),
        Just(";"),
        Just(";\n"),
        Just("; # it's\n"),
        Just("  # it's\n"),
        Just("\n\n"),
        Just("\n#[\n")
    ];
    let statement = (
        name,
        prop_oneof![Just("="), Just(" = "), Just("\t=")],
        value,
        end,
    )
        .prop_map(|(name, equals, value, end)| format!("{name}{equals}{value}{end}"));
    prop::collection::vec(statement, 0..8).prop_map(|statements| statements.concat())
}

/// What `text` sets, without its layout.
fn settings(text: &str) -> Vec<(String, Literal)> {
    let config = parse(text).unwrap();
    assert_eq!(config.faults, [], "{text}");
    let settings = config.settings.iter();
    settings
        .map(|setting| (setting.name.clone(), Literal::of(&setting.value)))
        .collect()
}

proptest! {
    #[test]
    fn a_change_changes_one_setting(file in odd(), name in "[ab]|disk|new", value in "[a-z'\"\\\\ 0-9]{0,6}", list: bool) {
        let value = if list { Literal::List(vec![text(&value), text("z"), text("9")]) } else { text(&value) };
        let mut document = Document::parse(&file).unwrap();
        prop_assert_eq!(document.text(), &file);
        document.set(&name, &value).unwrap();
        let mut expected = settings(&file);
        match expected.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value.clone(),
            None => expected.push((name.clone(), value.clone())),
        }
        prop_assert_eq!(settings(document.text()), expected);
        let comments = |text: &str| text.matches("# it's").count() + text.matches("#[").count() + text.matches("# c").count();
        if !list {
            let lost = comments(&file) - comments(document.text());
            prop_assert!(lost <= file.matches(name.as_str()).count());
        }
    }

    #[test]
    fn a_comment_stays_with_its_element(
        old in prop::collection::vec((any::<bool>(), any::<bool>(), 0..3usize), 0..6),
        comma: bool,
        gap in prop_oneof![Just(""), Just(" "), Just("\n")],
    ) {
        // An element of two is on a line of its own with a comment; it stays, goes, or has a new one before it.
        let (mut file, mut new) = ("disk = [".to_owned(), Vec::new());
        for (number, (alone, commented, fate)) in old.iter().enumerate() {
            let end = if number + 1 < old.len() || comma { "," } else { "" };
            let (lead, note) = match (alone, commented) {
                (true, true) => ("\n  ", format!(" # old{number}#\n")),
                (true, false) => ("\n  ", String::new()),
                _ => (" ", String::new()),
            };
            file += &format!("{lead}'old{number}'{end}{note}");
            if *fate == 2 {
                new.push(text(&format!("new{number}")));
            }
            if *fate != 1 {
                new.push(text(&format!("old{number}")));
            }
        }
        file += &format!("{gap}]\n");
        let mut document = Document::parse(&file).unwrap();
        document.set("disk", &Literal::List(new.clone())).unwrap();
        let stated = &document.config().get("disk").unwrap().value;
        prop_assert_eq!(Literal::of(stated), Literal::List(new));
        // A new element in place of an old one has its comment.
        for line in document.text().lines() {
            let (elements, comment) = line.split_once('#').unwrap_or((line, ""));
            for number in 0..old.len() {
                let is_there = elements.contains(&format!("'old{number}'"));
                let is_own = comment == format!(" old{number}#");
                prop_assert!(comment.is_empty() || is_own || !is_there, "{}{}", file, document.text());
            }
        }
    }

    #[test]
    fn formatting_keeps_every_setting_and_is_done_once(file in odd()) {
        let once = format(&file).unwrap();
        prop_assert_eq!(settings(&once), settings(&file));
        prop_assert_eq!(format(&once).unwrap(), once.clone());
        prop_assert_eq!(once.matches('#').count(), file.matches('#').count());
    }
}
