//! What to type about an error: the advice of libraries, in the options of the command that was given.
//!
//! ```text
//!   error ─ transfer::Advice ──► disk  ─┐
//!         ─ diskimage::Advice ─► image ─┼─► hint
//!         ─ unpack::Advice ────► layer ─┤
//!         ─ endpoint::Advice ──► place ─┘
//! ```

mod disk;
mod image;
mod layer;
mod place;

use error::Error;

/// The commands whose errors carry advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `innkeeper import`.
    Import,
    /// `innkeeper convert`.
    Convert,
    /// `innkeeper inspect`.
    Inspect,
    /// `innkeeper digest`.
    Digest,
}

impl Command {
    /// The option by which it takes the source's format.
    fn source_format(self) -> &'static str {
        match self {
            Command::Import | Command::Inspect | Command::Digest => "--format",
            Command::Convert => "--source-format",
        }
    }

    /// How the disk is taken that an error is about.
    fn name(self) -> &'static str {
        match self {
            // What is inspected is going to be imported.
            Command::Import | Command::Inspect | Command::Digest => "import",
            Command::Convert => "convert",
        }
    }

    /// Whether it writes disks, and so has the options that say how.
    fn writes(self) -> bool {
        match self {
            Command::Import | Command::Convert => true,
            Command::Inspect | Command::Digest => false,
        }
    }

    /// What must not be asked for where a source is read in any order.
    fn without_whole_source(self) -> &'static str {
        if self.writes() {
            ", without --keep, --sha256, --sha512 and --checksums"
        } else {
            ""
        }
    }

    /// `error`, with a hint in the place of the advice that it carries.
    pub(crate) fn worded(self, error: Error) -> Error {
        match words(&error, self) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Gives each of `errors` a hint in the place of the advice that it carries.
    pub(crate) fn word<'e>(self, errors: impl IntoIterator<Item = &'e mut Error>) {
        for error in errors {
            *error = self.worded(error.clone());
        }
    }
}

/// The hint that the advice of `error` becomes, if there is any.
fn words(error: &Error, command: Command) -> Option<String> {
    let disk = error.advice().map(|advice| disk::words(advice, command));
    disk.or_else(|| error.advice().map(|advice| image::words(*advice, command)))
        .or_else(|| error.advice().map(|advice| layer::words(*advice)))
        .or_else(|| error.advice().map(|advice| place::words(advice, command)))
}

#[cfg(test)]
mod tests {
    use std::any::Any;

    use transfer::Advice;

    use super::*;

    fn hint(command: Command, advice: impl Any + Send + Sync) -> String {
        let error = Error::refused("is text").advise(advice);
        let hint = command.worded(error).hint_text().map(str::to_owned);
        hint.expect("a hint")
    }

    #[test]
    fn advice_names_the_options_of_the_command() {
        for (command, expected) in [
            (Command::Import, "--format raw"),
            (Command::Inspect, "--format raw"),
            (Command::Convert, "--source-format raw"),
        ] {
            let expected = format!("give {expected} if it is to be written as it is");
            assert_eq!(hint(command, Advice::DeclareRaw), expected);
        }
        let command = "cat a.gz".to_owned();
        assert_eq!(
            hint(Command::Convert, Advice::Pipe { command }),
            "cat a.gz | innkeeper convert - …"
        );
    }

    #[test]
    fn a_member_is_named_as_a_shell_takes_it() {
        for (name, expected) in [
            ("a.img", "a.img"),
            ("a b.img", "'a b.img'"),
            ("a'b", r"'a'\''b'"),
        ] {
            let example = Some(name.to_owned());
            assert_eq!(
                hint(Command::Import, Advice::SelectMember { example }),
                format!("choose one with --member, for instance --member {expected}")
            );
        }
    }

    #[test]
    fn parts_are_joined_in_front_of_the_command() {
        let pattern = Some("d/a.img.[0-9]??".to_owned());
        assert_eq!(
            hint(Command::Import, Advice::JoinParts { pattern }),
            "join them first: cat d/a.img.[0-9]?? | innkeeper import - …; where each is a whole disk: innkeeper import - … <FILE"
        );
        let unknown = Advice::JoinParts { pattern: None };
        assert!(hint(Command::Import, unknown).starts_with("join them first in the order"));
    }

    #[test]
    fn an_error_without_advice_stays_as_it_is() {
        let error = Error::refused("is text").hint("do this");
        assert_eq!(Command::Import.worded(error.clone()), error);
    }

    #[test]
    fn every_library_is_worded() {
        for (hint, expected) in [
            (
                hint(Command::Convert, endpoint::Advice::OverwriteAgain),
                "convert to it again with --force",
            ),
            (
                hint(Command::Import, diskimage::Advice::GiveFile),
                "give it as a file, without --keep, --sha256, --sha512 and --checksums",
            ),
            (
                hint(Command::Inspect, diskimage::Advice::GiveFile),
                "give it as a file",
            ),
            (
                hint(Command::Inspect, diskimage::Advice::AllowBacking),
                "to import it, give --allow-backing DIR if it is in DIR and may be read",
            ),
            (
                hint(Command::Import, unpack::Advice::AllowMemory { mib: 152 }),
                "give --memory 152M",
            ),
        ] {
            assert_eq!(hint, expected);
        }
    }
}
