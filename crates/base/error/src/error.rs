//! One error type, told apart by [`Kind`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Whose problem an error is; fixes the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reading or writing failed, or a helper program did.
    Io,
    /// The user or a signal stopped the work.
    Interrupted,
    /// The reader of the output has gone, and nothing can be reported to it.
    Closed,
    /// The command line asks for something that makes no sense.
    Usage,
    /// The input contradicts its own format: their data is damaged.
    Corrupt,
    /// The input is well-formed but beyond what this program does: our limit.
    Unsupported,
    /// The input is well-formed and understood, and taken only on request: policy.
    Refused,
    /// The target cannot or must not take the disk: too small, mounted, in use, holds data.
    Target,
}

impl Kind {
    /// The program's exit status for an error of this kind: 1 failed, 2 usage, 3 input refused,
    /// 4 target refused.
    pub fn exit_status(self) -> u8 {
        match self {
            Kind::Io | Kind::Interrupted | Kind::Closed => 1,
            Kind::Usage => 2,
            Kind::Corrupt | Kind::Unsupported | Kind::Refused => 3,
            Kind::Target => 4,
        }
    }

    /// The kind's name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Io => "io",
            Kind::Interrupted => "interrupted",
            Kind::Closed => "closed",
            Kind::Usage => "usage",
            Kind::Corrupt => "corrupt",
            Kind::Unsupported => "unsupported",
            Kind::Refused => "refused",
            Kind::Target => "target",
        }
    }
}

/// A problem: a line that names the thing and the numbers, its causes, and a hint where one exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    place: Option<String>,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    /// What the program may make a hint of.
    advice: Option<Arc<dyn Any + Send + Sync>>,
    /// Whether a lower layer has named the place already.
    located: bool,
}

/// Advice follows from the rest, and cannot be compared.
impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.place == other.place
            && self.message == other.message
            && self.causes == other.causes
            && self.hint == other.hint
            && self.located == other.located
    }
}

impl Eq for Parts {}

impl Error {
    /// An error of `kind`. `message` is one line without a full stop that names the numbers.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Parts {
            kind,
            place: None,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            advice: None,
            located: false,
        }))
    }

    /// Reading or writing failed; `cause` is what the operating system reports.
    pub fn io(message: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self::new(Kind::Io, message).cause(cause)
    }

    /// The input contradicts its own format.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Kind::Corrupt, message)
    }

    /// The input is beyond what this program can read.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// Policy: the input is taken only with an option that allows it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The target cannot or must not take the disk.
    pub fn target(message: impl Into<String>) -> Self {
        Self::new(Kind::Target, message)
    }

    /// The command line asks for something that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds a cause below the message; call it from the nearest cause to the farthest.
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.causes.push(cause.to_string());
        self
    }

    /// Adds another error as a cause, with its own causes, and its hint where there is none yet.
    pub fn because(self, other: Error) -> Self {
        self.cause(&other).because_of(other)
    }

    /// Adds another error's causes and its hint or advice, but not the error: it is the same one again.
    pub fn because_of(mut self, other: Error) -> Self {
        self.0.causes.extend(other.0.causes);
        if !self.is_advised() {
            self.0.hint = other.0.hint;
            self.0.advice = other.0.advice;
        }
        self
    }

    /// Sets what the user can do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self.0.advice = None;
        self
    }

    /// Sets what can be done about it where only the program can say how, because its options are part of
    /// that: `advice` is of a type of the library's own, and the program makes a hint of it.
    pub fn advise(mut self, advice: impl Any + Send + Sync) -> Self {
        self.0.hint = None;
        self.0.advice = Some(Arc::new(advice));
        self
    }

    /// The advice, if it is of the type `A`.
    pub fn advice<A: Any>(&self) -> Option<&A> {
        self.0.advice.as_deref()?.downcast_ref()
    }

    /// Whether there is a hint, or advice to make one of.
    pub fn is_advised(&self) -> bool {
        self.0.hint.is_some() || self.0.advice.is_some()
    }

    /// Names the thing the error is about: a file, a URL, a target. A name already there is kept
    /// behind the new one (`guest.zip: disk.img.gz: …`), so each layer adds only what it knows.
    /// An interruption is about no thing and stays as it is.
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        if self.0.kind == Kind::Interrupted {
            return self;
        }
        self.0.place = Some(match self.0.place.take() {
            Some(inner) => format!("{place}: {inner}"),
            None => place.to_string(),
        });
        self
    }

    /// Names the thing the error is about unless a lower layer has: an error that passes through
    /// several layers belongs to the one it came from. An empty `place` is the outermost thing.
    pub fn within(mut self, place: &str) -> Self {
        if self.0.located {
            return self;
        }
        self.0.located = true;
        match place {
            "" => self,
            place => self.at(place),
        }
    }

    /// Whose problem it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The message without place, causes and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, if known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The causes, nearest first.
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// The error as JSON: `kind`, `place`, `message`, `causes`, `hint`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.0.kind.name(),
            "place": self.0.place,
            "message": self.0.message,
            "causes": self.0.causes,
            "hint": self.0.hint,
        })
    }

    /// The error as a user reads it, without colour: the line, its causes, the hint.
    pub fn to_text(&self) -> String {
        self.as_text("error")
    }

    /// The same for a warning, which does not stop the work: `warning: …`.
    pub fn to_warning(&self) -> String {
        self.as_text("warning")
    }

    fn as_text(&self, what: &str) -> String {
        let mut text = format!("{what}: {}", printable(&self.to_string()));
        for cause in &self.0.causes {
            text += &format!("\n  because: {}", printable(cause));
        }
        if let Some(hint) = &self.0.hint {
            text += &format!("\nhint: {}", printable(hint));
        }
        text
    }
}

/// `text` as one line, its control characters escaped: names come from strangers' archives.
pub fn printable(text: &str) -> String {
    let escaped = |c: char| match c {
        c if c.is_control() || is_invisible(c) => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.place {
            Some(place) => write!(f, "{place}: {}", self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl std::error::Error for Error {}

/// Bytes as checksums are written: two small hexadecimal digits each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Marks that turn the direction of text or break lines without being control characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_place_cause_and_hint() {
        let error = Error::io("cannot be read", "Input/output error")
            .hint("check the disk")
            .at("disk.img")
            .at("guest.tar");
        assert_eq!(
            error.to_text(),
            "error: guest.tar: disk.img: cannot be read\n  because: Input/output error\nhint: check the disk"
        );
        assert_eq!(error.to_json()["place"], "guest.tar: disk.img");
    }

    #[test]
    fn advice_goes_with_an_error_until_a_hint_takes_its_place() {
        #[derive(Debug, PartialEq)]
        struct Wait(u32);
        let error = Error::io("failed", "busy").because(Error::target("is busy").advise(Wait(3)));
        assert_eq!(error.advice(), Some(&Wait(3)));
        assert_eq!(error.advice::<u32>(), None, "of another type");
        assert!(error.is_advised() && error.hint_text().is_none());
        let error = error.hint("wait 3 seconds");
        assert_eq!(error.advice::<Wait>(), None);
        assert_eq!(error.hint_text(), Some("wait 3 seconds"));
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        let error = Error::corrupt("is odd").at("a\n\x1b[31mb");
        assert_eq!(error.to_text(), r"error: a\n\u{1b}[31mb: is odd");
    }

    #[test]
    fn kinds_fix_the_exit_status() {
        assert_eq!(Error::corrupt("").kind().exit_status(), 3);
        assert_eq!(Error::target("").kind().exit_status(), 4);
        assert_eq!(Error::usage("").kind().exit_status(), 2);
        assert_eq!(Error::io("", "").kind().exit_status(), 1);
    }

    #[test]
    fn another_error_brings_its_causes_and_its_hint() {
        let other = Error::io("b cannot be removed", "busy").hint("wait");
        let error = Error::io("a cannot be written", "full").because(other);
        assert_eq!(
            error.to_text(),
            "error: a cannot be written\n  because: full\n  because: b cannot be removed\n  because: busy\nhint: wait"
        );
    }

    #[test]
    fn an_error_belongs_to_the_nearest_place() {
        let error = Error::corrupt("is short").within("inner").within("outer");
        assert_eq!(error.at("file").to_string(), "file: inner: is short");
        let error = Error::corrupt("is short").within("").within("outer");
        assert_eq!(error.at("file").to_string(), "file: is short");
    }
}
