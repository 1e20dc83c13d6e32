use super::*;

fn message(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn elements_have_local_names_places_and_text() {
    let text = "<?xml version='1.0'?>\n<o:a xmlns:o='u'>\n <b o:c='1 &amp; 2'> x&#65;<![CDATA[<]]></b>\n</o:a>\n";
    let root = parse(text).unwrap();
    let b = root.child("b").unwrap();
    assert_eq!((root.name.as_str(), root.position.line), ("a", 2));
    assert_eq!((b.position.line, b.text.as_str()), (3, "xA<"));
    assert_eq!(b.position.column, 2);
    assert_eq!(b.attribute("c"), Some("1 & 2"));
    assert!(root.attributes.is_empty());
}

#[test]
fn a_bomb_has_no_fuse() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]>\n<a>&c;</a>";
    let error = parse(bomb).unwrap_err();
    assert_eq!(error.kind(), error::Kind::Refused);
    assert_eq!(
        error.to_string(),
        "line 1: XML: a document type has no place in a description of a guest"
    );
    assert_eq!(
        message("<a>\n&c;</a>"),
        "line 2: XML: &c; stands for nothing"
    );
    assert_eq!(
        message("<a>&#x110000;</a>"),
        "line 1: XML: &#x110000; stands for nothing"
    );
}

#[test]
fn everything_is_bounded() {
    let cases = [
        (
            "<a>".repeat(100),
            "line 1: XML: elements are nested more than 64 deep",
        ),
        (
            format!("<r>{}</r>", "<a/>".repeat(250_000)),
            "line 1: XML: there are more than 250000 elements and attributes",
        ),
        (
            format!("<r {}/>", "a='1' ".repeat(65)),
            "line 1: XML: an element has more than 64 attributes",
        ),
        (
            " ".repeat((4 << 20) + 1),
            "it has 4194305 bytes, more than 4194304",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(message(&text), expected);
        assert_eq!(parse(&text).unwrap_err().kind(), error::Kind::Unsupported);
    }
}

#[test]
fn what_is_not_well_formed_is_corrupt() {
    let cases = [
        ("", "XML: there is no element in it"),
        (
            "<a>\n<b>",
            "line 2: XML: the text ends inside of <b> of line 2",
        ),
        ("x<a/>", "line 1: XML: text outside of all elements"),
        (
            "<a/><b/>",
            "line 1: XML: a second element follows the first",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(message(text), expected, "{text}");
    }
    for text in ["<a></b>", "<a b=1/>", "<a", "<a b='&x;'/>", "</a>"] {
        assert_eq!(
            parse(text).unwrap_err().kind(),
            error::Kind::Corrupt,
            "{text}"
        );
    }
}

#[test]
fn the_documents_own_words_stay_in_one_line() {
    let long = "b".repeat(5000);
    for text in [
        "<a></b\n\u{1b}>",
        "<a\n\u{1b}b>",
        "<a>&\nx\u{1b};</a>",
        "<a b='&\nx\u{1b};'/>",
        &format!("<a></{long}>"),
        &format!("<a>&{long};</a>"),
        &format!("<a b='&{long};'/>"),
        &format!("<{long}>"),
        // Each of them is six characters long when it is shown.
        &format!("<a></{}>", "\u{6}".repeat(5000)),
    ] {
        let told = message(text);
        assert!(told.len() < 500, "{told}");
        assert!(!told.chars().any(char::is_control), "{told:?}");
    }
}

#[test]
fn what_is_written_is_read() {
    let hostile = "a\"'<>&]]>-->\n\t\r\u{0}\u{1b}é";
    let text = format!(
        "<a b=\"{0}\">{0}</a><!-- {1} -->",
        escape(hostile),
        comment(hostile)
    );
    let root = parse(&text).unwrap();
    let clean = hostile.replace(['\u{0}', '\u{1b}'], "\u{fffd}");
    assert_eq!(root.attribute("b"), Some(clean.as_str()));
    assert_eq!(root.text, clean);
    assert!(!comment("----").contains("--"));
}
