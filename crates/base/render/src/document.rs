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
