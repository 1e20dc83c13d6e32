//! What a person is told about an input.

use error::{Error, Kind, Result};

/// What is wrong with the input is the input's fault, and said in a safe line.
pub fn presentable(error: &Error) {
    assert_ne!(error.kind(), Kind::Usage, "{error:?}");
    for line in error.to_text().lines() {
        safe(line);
    }
    let message = error.message();
    assert!(
        !message.contains('\n') && message.len() < 1000,
        "{message:?}"
    );
    assert!(!message.ends_with('.'), "{message:?}");
}

/// An outcome that is an error is one that can be shown.
pub fn told<T>(outcome: &Result<T>) {
    if let Err(error) = outcome {
        presentable(error);
    }
}

/// Nothing in `line` moves a cursor or rings a bell.
pub fn safe(line: &str) {
    assert!(
        !line.chars().any(char::is_control),
        "{line:?} holds control characters"
    );
}
