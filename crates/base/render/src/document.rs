//! The envelope of every JSON document that the program prints.

use error::Error;
use serde_json::{Value, json};

/// The version of the documents' shape. It changes when a script that read the old one could no longer.
pub const SCHEMA: u32 = 1;

/// `content`, an object, with the `schema` beside what it has.
pub fn document(content: Value) -> Value {
    let mut document = content;
    document["schema"] = SCHEMA.into();
    document
}

/// A document as text that a terminal can show: control characters and those that turn the direction of writing, which JSON
/// allows in a string, are written as `\u` and four digits.
pub fn text(document: &Value) -> String {
    let is_unsafe = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = format!("{document:#}");
    if !text.contains(is_unsafe) {
        return text;
    }
    let escaped = text.chars().map(|c| {
        if is_unsafe(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    });
    escaped.collect()
}

/// The document of a command that failed with these `errors`.
pub fn failure(errors: &[Error]) -> Value {
    document(json!({ "errors": self::errors(errors) }))
}

/// Errors or warnings, each with its kind, place, message, causes and hint.
pub fn errors(errors: &[Error]) -> Vec<Value> {
    errors.iter().map(Error::to_json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_tell_their_schema() {
        assert_eq!(
            document(json!({ "size": 4 })),
            json!({ "schema": 1, "size": 4 })
        );
        let failed = failure(&[Error::corrupt("is short").at("disk.img")]);
        assert_eq!(failed["schema"], 1);
        assert_eq!(failed["errors"][0]["place"], "disk.img");
    }
}
