//! What tests of several languages share.

use std::path::Path;

use proptest::prelude::*;

/// Compares `text` with the file called `name` below `src`; writes it instead when `UPDATE_GOLDEN` is
/// set, for a user to look at.
pub(crate) fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "{name}");
}

/// Text that means to break out of where it is put.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "\n",
        "\r",
        "\"",
        "'",
        "\\",
        "#",
        ";",
        ",",
        "=",
        "[",
        "]",
        "]]>",
        "--",
        "-->",
        "<",
        "&",
        "é",
        "\t",
        "\u{b}",
        "a",
        "0",
        " ",
        "script=/x",
        "name = 'x'",
        "*/",
        "\u{2028}",
        "%s",
        "/",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}
